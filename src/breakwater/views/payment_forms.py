"""The modals of a payment: its evidence as it was delivered, and what is written beforehand into an incident's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breakwater.model.events import Event
from breakwater.model.expectations import Expected, is_transfer_of_ours
from breakwater.model.money import format_minor
from breakwater.model.payment_history import has_no_time
from breakwater.model.payments import PaymentTrace, ProcessingState
from breakwater.model.records import Kind, Record, Side, clean_reference
from breakwater.views.blocks import MODAL_TITLE, Block, code, context, cut, divider, escape, plain, section
from breakwater.views.payment_words import PROCESSING_WORDS, RECONCILIATION_WORDS, REFERENCE_WORDS, WENT_BACK, lateness, money_words
from breakwater.views.record_places import place
from breakwater.views.words import heading, joined, moment_utc

RAW_SHOWN = 2_400
PIECES_SHOWN = 20
QUESTION_MOST, KNOWN_MOST = 1_100, 800  # people add to them, and the preview carries both
# What a partner can look a payment up by. Our own record ids and the other side's names for a batch say nothing to them.
_PARTNER_FINDS_BY = (
    "ref_partner_id", "ref_end_to_end_id", "ref_uetr", "ref_tx_id", "ref_arn", "ref_rrn", "ref_network_id", "ref_payment_id",
    "ref_batch_id", "ref_payout_trace_id",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of evidence: where it stands, and the record as it was delivered; `raw` None where it can't be shown as text.

    `line` is what the format of its file counts: lines, entries, messages or rows.
    """

    file_name: str
    line: int | None
    format: str = ""
    what: str
    raw: str | None


def evidence_loading() -> Block:
    """What is on the screen while kept files are read."""
    return _closed([section("Reading the files as they were delivered …")])


def evidence_modal(reference: str, pieces: Sequence[Piece]) -> Block:
    """Every record and event of a payment with its file, its place in it and its raw text, as it was kept: card numbers masked."""
    blocks = [section(f"What the files say of {code(reference)}, as they were delivered. Card numbers are masked.")]
    for piece in pieces[:PIECES_SHOWN]:
        where = place(piece.line, format=piece.format, name=piece.file_name)
        raw = f"```{cut(_fenced(piece.raw), RAW_SHOWN)}```" if piece.raw else "_Not kept as text that could be shown here._"
        blocks += [divider(), section(f"{joined((code(piece.file_name, 120), where), ' ')} · {escape(piece.what)}\n{raw}")]
    more = len(pieces) - PIECES_SHOWN
    blocks += [context(f"{more:,} more pieces are in the CSV")] if more > 0 else []
    if not pieces:
        blocks.append(section("No file that was taken in says anything of it."))
    return _closed(blocks)


def title_for(trace: PaymentTrace) -> str:
    """The title of an incident about a payment, in words that a partner may read."""
    name = _partner_names(trace)
    return f"{heading(_noun(trace))} {name[0][1] if name else trace.payment_id}"[:120]


def known_of(trace: PaymentTrace, *, expected: Expected | None) -> str:
    """What we know, for ourselves: the states, the money, what is late, the breaks."""
    processing = PROCESSING_WORDS[trace.processing] if trace.events else "not known from any event"
    states = f"Processing {processing}; money {money_words(trace)}"
    reconciled = RECONCILIATION_WORDS[trace.reconciliation][1]
    breaks = [f"{b.id} {b.kind.replace('_', ' ')}, {format_minor(b.amount_minor, b.currency)} at stake" for b in trace.breaks]
    late = f"{expected.what} is late by {lateness(expected)}." if expected and expected.overdue is not None else ""
    lines = (f"{trace.payment_id}: {_amount(trace)}", f"{states}; {reconciled}.", late, *breaks)
    return cut("\n".join(line for line in lines if line), KNOWN_MOST)


def question_for(trace: PaymentTrace, *, expected: Expected | None) -> str:
    """What to ask the partner: exactly the references they find it by, what we see, and what we need. Nothing of ours beside it."""
    names = [f"{sort}: {value}" for sort, value in _partner_names(trace)]
    day = next((r.value_date or r.booked_on for r in _payments(trace)), None)
    facts = [f"Amount: {_amount(trace)}", *([f"Date: {day}"] if day else [])]
    owed = expected is not None and not expected.what.startswith("our ")
    missing = f" We are waiting for {expected.what}, due by {moment_utc(expected.by)}." if expected and owed else ""
    return cut("\n".join([*names, *facts, "", _seen(trace) + missing, _ask(trace)]), QUESTION_MOST)


def _partner_names(trace: PaymentTrace) -> list[tuple[str, str]]:
    """The names its partner finds it by: (sort, value), each once. What another partner calls it is no business of this one."""
    everything: list[Record | Event] = [*(e.record for e in trace.evidence), *trace.events]
    sources = [x for x in everything if x.partner == trace.partner]
    named = [(REFERENCE_WORDS[n], clean_reference(getattr(x, n, None))) for n in _PARTNER_FINDS_BY for x in sources]
    words = {"Partner's reference": "Your reference", "Payment id": "Our reference"}
    return list(dict.fromkeys((words.get(sort, sort), value) for sort, value in named if value))


def _seen(trace: PaymentTrace) -> str:
    """The last that happened, in words: what nobody told us is no state, and a code that we can't read is theirs to explain."""
    standing = trace.history.standing
    if standing is None:
        return f"We know of no status of this {_noun(trace)}."
    if standing.state is ProcessingState.UNKNOWN:
        return f"The last we know is a status that we can't read, {standing.event.raw_code or standing.event.state}, on {_on(trace)}."
    return f"The last we know: {PROCESSING_WORDS[standing.state]} on {_on(trace)}."


def _ask(trace: PaymentTrace) -> str:
    noun, is_ours = _noun(trace), is_transfer_of_ours(trace)
    about = (Kind.PAYMENT, Kind.PAYOUT) if is_ours else (Kind.PAYMENT,)
    if any(e.record.kind in about and e.side is Side.THEIRS for e in trace.evidence):
        return f"Please check your line about this {noun} and tell us what it stands for."
    end = "the payee will have it" if is_ours else "it will be with us" if noun == "payout" else "it will be settled"
    return f"Please tell us where this {noun} is, what holds it, and when {end}."


def _noun(trace: PaymentTrace) -> str:
    """What the money is called between us and the partner."""
    kinds = {r.kind for r in _payments(trace)}
    return "payout" if kinds == {Kind.PAYOUT} else "payment"


def _payments(trace: PaymentTrace) -> list[Record]:
    records = [e.record for side in Side for e in trace.evidence if e.side is side]
    return [r for r in records if r.kind is Kind.PAYMENT] or records


def _amount(trace: PaymentTrace) -> str:
    first = next(iter(_payments(trace)), None)
    if first:
        return ", ".join(filter(None, (format_minor(abs(first.amount_minor), first.currency), _direction(trace, first))))
    return next((format_minor(e.amount_minor, e.currency) for e in trace.events if e.amount_minor), "not known")


def _direction(trace: PaymentTrace, record: Record) -> str:
    """Which way the money goes, where it is no payment to us; an amount alone does not say that."""
    if record.kind is Kind.PAYOUT:
        return "paid out by us" if is_transfer_of_ours(trace) else "paid out to us"
    if record.kind is Kind.PAYMENT:
        return "taken from us" if record.amount_minor < 0 else ""
    return WENT_BACK.get(record.kind, record.kind.replace("_", " "))


def _on(trace: PaymentTrace) -> str:
    standing = trace.history.standing
    assert standing
    at = standing.event.occurred_at
    return str(at.date()) if has_no_time(standing.event) else moment_utc(at)


def _fenced(raw: str | None) -> str:
    return escape((raw or "").replace("```", "'''"))


def _closed(blocks: Sequence[Block]) -> Block:
    """A modal to read."""
    title = {"type": "plain_text", "text": plain("Evidence", MODAL_TITLE), "emoji": True}
    return {"type": "modal", "title": title, "close": {"type": "plain_text", "text": "Close"}, "blocks": list(blocks)}

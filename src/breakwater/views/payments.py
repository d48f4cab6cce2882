"""Where a payment is: its three states kept apart, the money, the timeline, and the evidence of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.breaks import Break
from breakwater.model.events import Event
from breakwater.model.masking import mask_cards
from breakwater.model.payments import Evidence, MoneyState, PaymentTrace, ProcessingState, ReconciliationState
from breakwater.model.records import Kind, Record, Side, clean_reference
from breakwater.views.blocks import Block, Message, bold, code, context, fit, listing, section, word
from breakwater.views.breaks import kind_words, sign, state_line
from breakwater.views.words import day, heading, joined, moment, money, plain_money, plural

EVENTS_SHOWN = 10
EVIDENCE_SHOWN = 8
BREAKS_SHOWN = 5
REFERENCES_SHOWN = 12
OTHERS_SHOWN = 5

PROCESSING_WORDS: Mapping[ProcessingState, str] = {s: s.replace("_", " ") for s in ProcessingState} | {
    ProcessingState.PENDING_ACTION: "waiting for the payer",
    ProcessingState.CLEARING: "in clearing",
    ProcessingState.RETURN_REQUESTED: "return requested",
    ProcessingState.DISPUTE_WON: "dispute won",
    ProcessingState.DISPUTE_LOST: "dispute lost",
    ProcessingState.ON_HOLD: "on hold",
    ProcessingState.UNKNOWN: "unknown",
}
REFERENCE_WORDS: Mapping[str, str] = {
    "ref_payment_id": "Payment id",
    "ref_partner_id": "Partner's reference",
    "ref_end_to_end_id": "EndToEndId",
    "ref_uetr": "UETR",
    "ref_tx_id": "TxId",
    "ref_arn": "ARN",
    "ref_rrn": "RRN",
    "ref_network_id": "Network transaction id",
    "ref_batch_id": "Batch",
    "ref_payout_trace_id": "Payout trace id",
    "ref_original": "Refers to",
}
_RECONCILIATION: Mapping[ReconciliationState, tuple[str, str]] = {
    ReconciliationState.MATCHED: ("🟢", "reconciled"),
    ReconciliationState.PENDING: ("🟡", "waiting for the other side, still in time"),
    ReconciliationState.IN_BREAK: ("🔴", "in a break"),
    ReconciliationState.NOT_RUN: ("⚪", "not reconciled yet"),
}


def payment_answer(trace: PaymentTrace, *, partner_names: Mapping[str, str]) -> Message:
    """Everything known of a payment. The first line answers; the rest is the proof."""
    names = [partner_names.get(p, p) for p in _partners(trace)]
    blocks = [section("\n".join(_answer(trace, names)))]
    blocks += [section(text) for text in (_breaks(trace.breaks), _one_sided(trace), _others(trace)) if text]
    blocks += _block("Timeline", _timeline(trace), most=EVENTS_SHOWN)
    blocks += _block("Evidence", [_evidence(e) for e in trace.evidence], most=EVIDENCE_SHOWN)
    blocks += _block("References", _references(trace), most=REFERENCES_SHOWN)
    blocks.append(context(joined((f"Searched: {word(trace.searched, 300)}", _newest(trace)))))
    return fit(Message(text=_twin(trace, names), blocks=tuple(blocks)))


def payment_not_found(reference: str, *, searched: str) -> Message:
    """Nothing is known of a reference: what was looked through, and what to try."""
    asked = mask_cards(" ".join(reference.split()))
    where = f"Searched: {word(searched, 600)}."
    todo = "Check the reference, or try another one of the same payment. If it is minutes old, its file may not have come yet."
    text = f"No payment found for {word(asked, 120)}. {where} {todo}"
    return Message(text=text, blocks=(section(f"🔎 *No payment found* for {code(asked, 120)}\n{where}\n{todo}"),))


def _answer(trace: PaymentTrace, names: Sequence[str]) -> list[str]:
    emoji, reconciled = _RECONCILIATION[trace.reconciliation]
    worth = joined((_amount(trace), ", ".join(bold(n) for n in names[:3]), code(trace.reference)))
    # A payout may be the latest event and still not be where the payment stands.
    deciding = [e for e in trace.events if e.state == trace.processing] or trace.events
    latest = max(deciding, key=lambda e: (e.occurred_at, e.event_id), default=None)
    since = f" since {moment(latest.occurred_at)}" if latest else ""
    raw = f" ({code(latest.raw_code)})" if latest and latest.raw_code else ""
    by = sorted({e.pass_name for e in trace.evidence if e.pass_name and e.reconciliation is ReconciliationState.MATCHED})
    passes = f" by {', '.join(code(p) for p in by[:3])}" if by and trace.reconciliation is ReconciliationState.MATCHED else ""
    return [
        f"{emoji} *{_headline(trace)}*",
        worth,
        f"Processing: *{_processing(trace)}*{raw}{since}",
        f"Money: *{_money(trace)}*",
        f"Reconciliation: *{reconciled}*{passes}",
    ]


def _headline(trace: PaymentTrace) -> str:
    """Where it stands, in one breath."""
    active = [b for b in trace.breaks if b.active]
    if active:
        return f"In a break: {kind_words(active[0].kind)}, {plain_money(active[0].amount_minor, active[0].currency)} at stake"
    return heading(joined((_processing(trace) if trace.events else "", _RECONCILIATION[trace.reconciliation][1]), ", "))


def _processing(trace: PaymentTrace) -> str:
    if not trace.events:
        return "no events known"
    return PROCESSING_WORDS[trace.processing]


def _money(trace: PaymentTrace) -> str:
    if trace.money is MoneyState.EXPECTED:
        return "expected, not seen at the partner yet"
    return {MoneyState.CLEARED: "cleared at the partner", MoneyState.PAID_OUT: "paid out to us", MoneyState.NONE: "none seen"}[trace.money]


def _amount(trace: PaymentTrace) -> str:
    """What the payment is worth; both sides where they disagree."""
    by_side = {side: _first_amount(trace.evidence, side) for side in Side}
    ours, theirs = by_side[Side.OURS], by_side[Side.THEIRS]
    if ours and theirs and ours != theirs:
        return f"ours {money(*ours)}, theirs {money(*theirs)}"
    if known := ours or theirs:
        return money(*known)
    return money(trace.events[-1].amount_minor, trace.events[-1].currency) if trace.events else "*no amount known*"


def _first_amount(evidence: Sequence[Evidence], side: Side) -> tuple[int, str] | None:
    records = [e.record for e in evidence if e.side is side]
    chosen = next((r for r in records if r.kind is Kind.PAYMENT), records[0] if records else None)
    return (chosen.amount_minor, chosen.currency) if chosen else None


def _one_sided(trace: PaymentTrace) -> str:
    sides = {e.side for e in trace.evidence}
    if sides == {Side.OURS}:
        return "*Only our ledger has it.* No partner file received so far shows this payment."
    if sides == {Side.THEIRS}:
        return "*Only the partner has it.* Our ledger has no record of this payment."
    return "" if sides else "*Events only.* Neither our ledger nor a partner file has a record that moves its money."


def _others(trace: PaymentTrace) -> str:
    if not trace.other_payment_ids:
        return ""
    shown = " ".join(code(p) for p in trace.other_payment_ids[:OTHERS_SHOWN])
    more = len(trace.other_payment_ids) - OTHERS_SHOWN
    return f"This reference leads to other payment ids as well: {shown}" + (f" and {more:,} more" if more > 0 else "")


def _breaks(breaks: Sequence[Break]) -> str:
    lines = [
        f"{sign(b)} {code(b.id)} {heading(kind_words(b.kind))} · {money(b.amount_minor, b.currency)} · {state_line(b)}" for b in breaks
    ]
    return listing(lines, most=BREAKS_SHOWN, rest="`/recon breaks`") if lines else ""


def _timeline(trace: PaymentTrace) -> list[str]:
    """Newest first: that is the line people look for."""
    usual = _first_amount(trace.evidence, Side.OURS) or _first_amount(trace.evidence, Side.THEIRS)
    return [_event(event, usual) for event in sorted(trace.events, key=lambda e: (e.occurred_at, e.event_id), reverse=True)]


def _event(event: Event, usual: tuple[int, str] | None) -> str:
    state = PROCESSING_WORDS[ProcessingState(event.state)] if event.state in set(ProcessingState) else f"unknown state {word(event.state)}"
    raw = code(event.raw_code) if event.raw_code else ""
    amount = "" if usual == (event.amount_minor, event.currency) else plain_money(event.amount_minor, event.currency)
    return f"• {moment(event.occurred_at)} *{state}* " + joined((raw, amount, word(event.reason or "", 120)))


def _evidence(evidence: Evidence) -> str:
    record, side = evidence.record, "Ours" if evidence.side is Side.OURS else "Theirs"
    fee = f"fee {plain_money(record.fee_minor, record.currency)}" if record.fee_minor is not None else ""
    value = f"value {day(record.value_date)}" if record.value_date and record.value_date != record.booked_on else ""
    first = joined(
        (
            f"*{side}* {record.kind.replace('_', ' ')}",
            money(record.amount_minor, record.currency),
            _original(record),
            fee,
            day(record.booked_on),
            value,
        )
    )
    outcome = _RECONCILIATION[evidence.reconciliation][1]
    matched = (
        f"matched by {code(evidence.pass_name)}"
        if evidence.pass_name and evidence.reconciliation is ReconciliationState.MATCHED
        else outcome
    )
    line = f" line {record.line:,}" if record.line else ""
    raw = code(record.raw_status or record.raw_code or "") if record.raw_status or record.raw_code else ""
    return f"{first}\n{joined((code(evidence.file_name) + line, raw, matched))}"


def _original(record: Record) -> str:
    if record.original_amount_minor is None or record.original_currency in (None, record.currency):
        return ""
    return f"originally {plain_money(record.original_amount_minor, record.original_currency)}"


def _references(trace: PaymentTrace) -> list[str]:
    found: dict[str, list[str]] = {}
    for source in (*(e.record for e in trace.evidence), *trace.events):
        for name in REFERENCE_WORDS:
            value = clean_reference(getattr(source, name, None))
            if value and value not in found.setdefault(name, []):
                found[name].append(value)
    for event in trace.events:
        if event.payment_id not in found.setdefault("ref_payment_id", []):
            found["ref_payment_id"].append(event.payment_id)
    return [
        f"{REFERENCE_WORDS[name]} {' '.join(code(v) for v in found[name][:4])}{_beyond(found[name])}"
        for name in REFERENCE_WORDS
        if found.get(name)
    ]


def _beyond(values: Sequence[str]) -> str:
    return f" and {len(values) - 4:,} more" if len(values) > 4 else ""


def _block(title: str, lines: Sequence[str], *, most: int) -> list[Block]:
    return [section(listing([f"*{title}*", *lines], most=most + 1, rest=""))] if lines else []


def _partners(trace: PaymentTrace) -> list[str]:
    return list(dict.fromkeys([*(e.record.partner for e in trace.evidence), *(e.partner for e in trace.events)]))


def _newest(trace: PaymentTrace) -> str:
    received = [e.received_at for e in trace.evidence if e.received_at]
    return f"Newest file received {moment(max(received))}" if received else ""


def _twin(trace: PaymentTrace, names: Sequence[str]) -> str:
    at = f" at {', '.join(word(n) for n in names[:3])}" if names else ""
    breaks = f" {plural(len(trace.breaks), 'break')}: {kind_words(trace.breaks[0].kind)}." if trace.breaks else ""
    amount = _amount(trace).replace("*", "")
    return (
        f"Payment {word(trace.reference)}{at}: {amount}. Processing {_processing(trace)}; money {_money(trace)}; "
        f"{_RECONCILIATION[trace.reconciliation][1]}.{breaks} {_one_sided(trace).replace('*', '')}"
    ).strip()

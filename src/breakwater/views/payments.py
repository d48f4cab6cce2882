"""Where a payment is: its three states kept apart, the money, what comes next, the timeline, and the evidence of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.breaks import Break
from breakwater.model.events import Event
from breakwater.model.expectations import Expected, Holder, holder
from breakwater.model.live import LiveAnswer
from breakwater.model.masking import mask_cards
from breakwater.model.payment_history import Told, has_amount, has_no_time
from breakwater.model.payments import Evidence, PaymentTrace, ProcessingState, ReconciliationState
from breakwater.model.records import Kind, Record, Side, clean_reference
from breakwater.model.runs import BY_HAND
from breakwater.views.arrivals import arrival_lines, in_short, never_came
from breakwater.views.blocks import Block, Message, actions, bold, button, code, context, fit, listing, section, word
from breakwater.views.breaks import break_words, sign, state_line
from breakwater.views.payment_words import (
    HOLDER_WORDS,
    PROCESSING_WORDS,
    RECONCILIATION_WORDS,
    REFERENCE_WORDS,
    WENT_BACK,
    money_words,
    next_words,
)
from breakwater.views.record_places import place
from breakwater.views.words import day, heading, joined, moment, money, plain_money, plural

EVIDENCE, WATCH, UNWATCH, INCIDENT, ASK, EXPORT, SHOW = (
    f"payment_{name}" for name in ("evidence", "watch", "unwatch", "incident", "ask", "export", "show")
)  # fmt: skip
EVENTS_SHOWN = 10
EVIDENCE_SHOWN = 8
BREAKS_SHOWN = 5
INCIDENTS_SHOWN = 3
REFERENCES_SHOWN = 12
OTHERS_SHOWN = 5
BATCHES_SHOWN = 2
FACTS_SHOWN = 5


def payment_answer(
    trace: PaymentTrace,
    *,
    partner_names: Mapping[str, str],
    expected: Expected | None = None,
    is_watched: bool = False,
    asking: Sequence[str] = (),
) -> Message:
    """Everything known of a payment: the first line answers, the rest is the proof. `asking`: live sources that have not answered yet."""
    names = [partner_names.get(p, p) for p in _partners(trace)]
    blocks = [section("\n".join(_answer(trace, names, expected)))]
    blocks += [section(text) for text in (_breaks(trace.breaks), _incidents(trace), _one_sided(trace), _others(trace)) if text]
    blocks.append(actions(*_buttons(trace, is_watched=is_watched)))
    blocks += _block("Timeline", [_told(told, trace) for told in reversed(trace.history.told)], most=EVENTS_SHOWN)
    blocks += _live(trace.live, asking)
    blocks += _block("Evidence", [_evidence(e, trace) for e in trace.evidence], most=EVIDENCE_SHOWN)
    blocks += _block("References", references(trace), most=REFERENCES_SHOWN)
    blocks.append(context(joined((f"Searched: {word(trace.searched, 300)}", _newest(trace), _passes(trace)))))
    return fit(Message(text=_twin(trace, names, expected), blocks=tuple(blocks)))


def payment_not_found(reference: str, *, searched: str, live: Sequence[LiveAnswer] = (), asking: Sequence[str] = ()) -> Message:
    """Nothing is known of a reference: what was looked through, and what to try."""
    asked = mask_cards(" ".join(reference.split()))
    where = f"Searched: {word(searched, 600)}."
    todo = "Check the reference, or try another one of the same payment. If it is minutes old, its file may not have come yet."
    text = f"No payment found for {word(asked, 120)}. {where} {todo}"
    return Message(text=text, blocks=(section(f"🔎 *No payment found* for {code(asked, 120)}\n{where}\n{todo}"), *_live(live, asking)))


def references(trace: PaymentTrace) -> list[str]:
    """Every name it has, by sort, as text to copy."""
    found: dict[str, list[str]] = {}
    named = [(name, getattr(x, name, None)) for x in (*(e.record for e in trace.evidence), *trace.events) for name in REFERENCE_WORDS]
    for name, given in (*named, *(pair for answer in trace.live for pair in answer.references)):
        value = clean_reference(given)
        sort = REFERENCE_WORDS.get(name, heading(word(name, 40)))
        if value and name != "record_id" and value not in found.setdefault(sort, []):
            found[sort].append(value)
    order = list(dict.fromkeys([*REFERENCE_WORDS.values(), *found]))
    return [f"{sort} {' '.join(code(v) for v in found[sort][:4])}{_beyond(found[sort])}" for sort in order if found.get(sort)]


def amount_of(trace: PaymentTrace) -> str:
    """What the payment is worth; both sides where they disagree, or where the partner converted it."""
    ours, theirs = (_first_amount(trace.evidence, side) for side in Side)
    if ours and theirs and ours != theirs:
        is_converted = ours in [
            (e.record.original_amount_minor, e.record.original_currency) for e in trace.evidence if e.side is Side.THEIRS
        ]
        return f"{money(*ours)}, settled as {money(*theirs)}" if is_converted else f"ours {money(*ours)}, theirs {money(*theirs)}"
    if known := ours or theirs:
        return money(*known)
    stated = [e for e in trace.events if has_amount(e)]
    return money(stated[-1].amount_minor, stated[-1].currency) if stated else "*no amount known*"


def _answer(trace: PaymentTrace, names: Sequence[str], expected: Expected | None) -> list[str]:
    emoji, reconciled = RECONCILIATION_WORDS[trace.reconciliation]
    emoji = "🔴" if never_came(trace.arrivals) else emoji
    standing, began = trace.history.standing, trace.history.began
    since = f" since {_when(began.event)}" if began else ""
    raw = f" ({code(standing.event.raw_code)})" if standing and standing.event.raw_code else ""
    late = "⏰ " if expected and expected.overdue is not None else ""
    lines = [
        f"{emoji} *{_headline(trace)}*",
        joined((amount_of(trace), ", ".join(bold(n) for n in names[:3]), code(trace.found_as or trace.reference))),
        f"You asked for {code(trace.reference)}, found as {code(trace.found_as)}." if trace.found_as else "",
        f"Processing: *{_processing(trace)}*{raw}{since}",
        f"Money: *{money_words(trace)}*",
        arrival_lines(trace.arrivals),
        f"Reconciliation: *{reconciled}*",
        f"Who has it: *{_holder(trace, names)}*",
        f"{late}Next: {next_words(expected, trace.processing)}",
    ]
    return [line for line in lines if line]


def _headline(trace: PaymentTrace) -> str:
    """Where it stands, in one breath."""
    active = [b for b in trace.breaks if b.active]
    if active:
        return f"In a break: {break_words(active[0])}, {plain_money(active[0].amount_minor, active[0].currency)} at stake"
    if lost := never_came(trace.arrivals):
        return heading(lost)
    return heading(joined((_processing(trace) if trace.events else "", RECONCILIATION_WORDS[trace.reconciliation][1]), ", "))


def _processing(trace: PaymentTrace) -> str:
    return PROCESSING_WORDS[trace.processing] if trace.events else "no events known"


def _holder(trace: PaymentTrace, names: Sequence[str]) -> str:
    """Who has the money; where only a part went back, who has which part."""
    has = holder(trace)
    if has is Holder.PAYER and trace.part_back:
        return f"the payer has {plain_money(*trace.part_back)} of it again, the rest is with us or the partner"
    return HOLDER_WORDS[has].format(partner=word(names[0]) if names else "the partner")


def _first_amount(evidence: Sequence[Evidence], side: Side) -> tuple[int, str] | None:
    records = [e.record for e in evidence if e.side is side]
    chosen = next((r for r in records if r.kind is Kind.PAYMENT), records[0] if records else None)
    return (chosen.amount_minor, chosen.currency) if chosen else None


def _one_sided(trace: PaymentTrace) -> str:
    sides = {e.side for e in trace.evidence}
    if trace.arrivals and sides == {Side.THEIRS}:
        return ""  # a payout or its credit: that our ledger has none of it is for the agreements to say
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
    lines = [f"{sign(b)} {code(b.id)} {heading(break_words(b))} · {money(b.amount_minor, b.currency)} · {state_line(b)}" for b in breaks]
    return listing(lines, most=BREAKS_SHOWN, rest="`/recon breaks`") if lines else ""


def _incidents(trace: PaymentTrace) -> str:
    lines = [
        joined((f"🚨 {code(i.id)} {word(i.title, 120)}", "open" if i.open else "resolved", f"since {moment(i.opened_at)}"))
        for i in trace.incidents
    ]
    return listing(lines, most=INCIDENTS_SHOWN, rest="`/incident list`") if lines else ""


def _told(told: Told, trace: PaymentTrace) -> str:
    """A line of the timeline: when, what, in whose words, and from which file."""
    event = told.event
    usual = _first_amount(trace.evidence, Side.OURS) or _first_amount(trace.evidence, Side.THEIRS)
    is_strange = event.state not in set(ProcessingState) and told.state is ProcessingState.UNKNOWN
    state = f"unknown state {word(event.state)}" if is_strange else PROCESSING_WORDS[told.state]
    undone = "failed later" if told in trace.history.undone else ""
    raw = code(event.raw_code) if event.raw_code else ""
    amount = plain_money(event.amount_minor, event.currency) if has_amount(event) and usual != (event.amount_minor, event.currency) else ""
    return f"• {_when(event)} *{state}* " + joined((raw, amount, word(event.reason or "", 120), undone, _source(event, trace)))


def _source(event: Event, trace: PaymentTrace) -> str:
    source = trace.sources.get(event.source_file or "")
    live = next((answer.source for answer in trace.live if event in answer.events), "")
    if source is None:
        return f"asked just now: {word(live)}" if live else ""
    where = place(event.line, format=source.format, name=source.name)
    return "our ledger" if source.side is Side.OURS else joined((word(source.name, 60), where), " ")


def _when(event: Event) -> str:
    return f"{day(event.occurred_at.date())}, no time given" if has_no_time(event) else moment(event.occurred_at)


def _live(answers: Sequence[LiveAnswer], asking: Sequence[str]) -> list[Block]:
    """What partners' own systems said when they were asked, and which of them failed, so that old news is not taken for new."""
    lines = []
    for answer in answers:
        silent = f"{word(answer.problem, 300)} What is shown here is as of our files." if answer.problem else ""
        if answer.knows_nothing:
            lines.append(f"{bold(answer.source)} knows nothing under these references, asked {moment(answer.asked_at)}")
        elif answer.facts or answer.events:
            facts = listing([f"• {word(fact, 300)}" for fact in answer.facts], most=FACTS_SHOWN, rest="") if answer.facts else ""
            lines.append(joined((f"{bold(answer.source)}, asked {moment(answer.asked_at)}", facts, f"⚠️ {silent}" if silent else ""), "\n"))
        else:
            lines.append(f"⚠️ {silent}")  # a problem names its source
    if asking:
        lines.append(f"⏳ Asking {', '.join(bold(name) for name in asking)} … news follows here.")
    return [section(line) for line in lines]


def _evidence(evidence: Evidence, trace: PaymentTrace) -> str:
    record, side = evidence.record, "Ours" if evidence.side is Side.OURS else "Theirs"
    fee = f"fee {plain_money(record.fee_minor, record.currency)}" if record.fee_minor is not None else ""
    value = f"value {day(record.value_date)}" if record.value_date and record.value_date != record.booked_on else ""
    kind = WENT_BACK.get(record.kind, record.kind.replace("_", " "))
    amount = money(record.amount_minor, record.currency)
    first = joined((f"*{side}* {kind}", amount, _original(record), fee, day(record.booked_on), value))
    is_matched = evidence.pass_name and evidence.reconciliation is ReconciliationState.MATCHED
    by_hand = " by hand" if evidence.pass_name == BY_HAND else ""
    outcome = f"matched{by_hand}" if is_matched else RECONCILIATION_WORDS[evidence.reconciliation][1]
    source = trace.sources.get(record.source_file or "")
    where = place(record.line, format=source.format if source else "", name=evidence.file_name)
    raw = code(record.raw_status or record.raw_code or "") if record.raw_status or record.raw_code else ""
    return f"{first}\n{joined((joined((code(evidence.file_name), where), ' '), raw, outcome))}"


def _original(record: Record) -> str:
    if record.original_amount_minor is None or record.original_currency in (None, record.currency):
        return ""
    return f"originally {plain_money(record.original_amount_minor, record.original_currency)}"


def _beyond(values: Sequence[str]) -> str:
    return f" and {len(values) - 4:,} more" if len(values) > 4 else ""


def _block(title: str, lines: Sequence[str], *, most: int) -> list[Block]:
    return [section(listing([f"*{title}*", *lines], most=most + 1, rest=""))] if lines else []


def _buttons(trace: PaymentTrace, *, is_watched: bool) -> list[Block]:
    asked = {"reference": trace.found_as or trace.reference}
    payment = {"reference": trace.payment_id}
    watch = button(UNWATCH, "Stop watching", payment) if is_watched else button(WATCH, "Watch", payment)
    batches = [button(f"{SHOW}_batch_{n}", f"Batch {b}", {"reference": b}) for n, b in enumerate(trace.batches[:BATCHES_SHOWN])]
    work = [button(INCIDENT, "Open incident", asked), button(ASK, "Ask the partner", asked)] if trace.partner else []
    return [button(EVIDENCE, "Evidence", asked), watch, *work, *batches, button(EXPORT, "SQL and CSV", asked)]


def _partners(trace: PaymentTrace) -> list[str]:
    return list(dict.fromkeys([*(e.record.partner for e in trace.evidence), *(e.partner for e in trace.events)]))


def _newest(trace: PaymentTrace) -> str:
    received = [e.received_at for e in trace.evidence if e.received_at]
    return f"Newest file received {moment(max(received))}" if received else ""


def _passes(trace: PaymentTrace) -> str:
    """By which passes of the agreement it was matched: for whoever maintains that."""
    by = {e.pass_name for e in trace.evidence if e.pass_name and e.reconciliation is ReconciliationState.MATCHED} - {BY_HAND}
    return f"Matched by the agreement's {'pass' if len(by) == 1 else 'passes'} {', '.join(code(p) for p in sorted(by)[:3])}" if by else ""


def _twin(trace: PaymentTrace, names: Sequence[str], expected: Expected | None) -> str:
    at = f" at {', '.join(word(n) for n in names[:3])}" if names else ""
    breaks = f" {plural(len(trace.breaks), 'break')}: {break_words(trace.breaks[0])}." if trace.breaks else ""
    amount = amount_of(trace).replace("*", "")
    late = f" Late: {expected.what}." if expected and expected.overdue is not None else ""
    axes = f"Processing {_processing(trace)}; money {money_words(trace)}; {RECONCILIATION_WORDS[trace.reconciliation][1]}."
    said = f"Payment {word(trace.found_as or trace.reference)}{at}: {amount}. {axes}{breaks}{in_short(trace.arrivals)}{late}"
    return f"{said} {_one_sided(trace).replace('*', '')}".strip()

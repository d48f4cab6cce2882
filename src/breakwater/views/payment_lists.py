"""Answers that are no single payment: a short list to choose from, a batch with its sums, and what somebody watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.model.arrivals import ArrivalState
from breakwater.model.money import format_minor
from breakwater.model.payment_batches import Batch, BatchSheet
from breakwater.model.payment_hits import Hit, Hits, Why
from breakwater.model.payment_watches import Watch
from breakwater.model.payments import Evidence, ReconciliationState
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.views.arrivals import arrival_lines, in_short, never_came
from breakwater.views.blocks import Message, button, code, context, fit, listing, section, word
from breakwater.views.payment_words import PROCESSING_WORDS, RECONCILIATION_WORDS, REFERENCE_WORDS
from breakwater.views.payments import SHOW, UNWATCH
from breakwater.views.words import day, heading, joined, moment, money, plain_money, plural

SHEETS_SHOWN = 4
LINES_SHOWN = 8
WATCHES_SHOWN = 20
_ADDS_UP = "*adds up*"
_WHY: Mapping[Why, str] = {
    Why.SEVERAL: "{asked} is on several payments. Which one?",
    Why.NEAR: "Nothing carries {asked} as you typed it. Did you mean one of these? They differ by leading zeros, or where systems cut.",
    Why.AMOUNT: "Payments of {asked}. Which one?",
    Why.NEAR_DAY: "No payment of {asked} on that day, but these within three days of it. Is it one of them?",
}


def hits(found: Hits, *, partner_names: Mapping[str, str]) -> Message:
    """A short list, each with a button; nothing is assumed."""
    asks = _WHY[found.why].format(asked=code(found.asked, 100))
    shown = [_hit(hit, partner_names) for hit in found.hits]
    blocks = [section(f"🔎 {asks}")]
    blocks += [
        section(text, accessory=button(f"{SHOW}_{n}", "Show", {"reference": hit.reference}))
        for n, (hit, text) in enumerate(zip(found.hits, shown, strict=True))
    ]
    more = "There are more; add the partner, or ask by a reference." if found.more else ""
    small = joined((more, word(found.note, 200)))
    blocks += [context(small)] if small else []
    names = "; ".join(f"{hit.reference} ({format_minor(hit.amount_minor, hit.currency)})" for hit in found.hits)
    return fit(Message(text=f"{_WHY[found.why].format(asked=word(found.asked, 100))} {word(names, 600)}", blocks=tuple(blocks)))


def batch(found: Batch, *, partner_names: Mapping[str, str]) -> Message:
    """What is in a batch, and whether it adds up: of each account and currency by itself, since currencies can't be added."""
    blocks = [section(f"{_verdict_sign(found)} *Batch* {code(found.reference)}: {_verdict(found)}")]
    blocks += [section("\n".join(_sheet(s, partner_names))) for s in found.sheets[:SHEETS_SHOWN]]
    blocks += [section(f"*At our bank*\n{arrived}")] if (arrived := arrival_lines(found.arrivals)) else []
    shown_side = {e.side for e in found.payments}  # all of it is listed
    other_side = [e for e in found.in_breaks if e.record.kind is not Kind.PAYOUT and e.side not in shown_side]
    of_both = sorted(
        [*found.payments, *other_side], key=lambda e: (e.reconciliation is ReconciliationState.MATCHED, -abs(e.record.amount_minor))
    )
    lines = [_line(e, is_of_other_side=e.side not in shown_side) for e in of_both]
    if lines:
        blocks.append(section(listing(["*In it*, what is not matched first", *lines], most=LINES_SHOWN + 1, rest="ask for any of them")))
    more = len(found.sheets) - SHEETS_SHOWN
    side = "the partner's lines" if any(s.side is Side.THEIRS for s in found.sheets) else "our own lines: the partner has sent none"
    text = f"Batch {word(found.reference)}: {_verdict(found).replace('*', '')}.{in_short(found.arrivals)}"
    cut = f"The sums are of all lines; listed are only the first {len(found.payments):,}" if found.is_cut else ""
    small = joined((f"From {side}", f"{plural(more, 'more account')} not shown" if more > 0 else "", cut))
    blocks.append(context(small))
    return fit(Message(text=text, blocks=tuple(blocks)))


def watching(watches: Sequence[Watch]) -> Message:
    """The payments somebody watches, each with a button that ends it."""
    if not watches:
        text = "You watch no payment. Look one up with `/payment` and press *Watch*: I write to you when it moves."
        return Message(text=text.replace("*", ""), blocks=(section(text),))
    blocks = [section(f"👀 You watch {plural(len(watches), 'payment')}. I write to you when one moves.")]
    for n, watch in enumerate(watches[:WATCHES_SHOWN]):
        line = f"{code(watch.payment_id)} {PROCESSING_WORDS[watch.processing]} · watched since {moment(watch.since)}"
        blocks.append(section(line, accessory=button(f"{UNWATCH}_{n}", "Stop watching", {"reference": watch.payment_id})))
    more = len(watches) - WATCHES_SHOWN
    blocks += [context(f"{more:,} more not shown")] if more > 0 else []
    names = ", ".join(word(w.payment_id) for w in watches[:WATCHES_SHOWN])
    return fit(Message(text=f"You watch {plural(len(watches), 'payment')}: {names}.", blocks=tuple(blocks)))


def watch_begun(payment_id: str) -> Message:
    """Somebody watches a payment from now on."""
    text = f"👀 I write to you when {code(payment_id)} moves. `/payment watching` lists what you watch."
    return Message(text=f"Watching {word(payment_id)}.", blocks=(section(text),))


def watch_ended(payment_id: str) -> Message:
    """Somebody does not watch it any more."""
    return Message(text=f"Not watching {word(payment_id)} any more.", blocks=(section(f"You no longer watch {code(payment_id)}."),))


def _hit(hit: Hit, partner_names: Mapping[str, str]) -> str:
    sort = REFERENCE_WORDS.get(hit.sort, hit.sort)
    partner = word(partner_names.get(hit.partner, hit.partner))
    return f"{sort} {code(hit.reference)}\n{joined((money(hit.amount_minor, hit.currency), partner, day(hit.day)))}"


def _line(evidence: Evidence, *, is_of_other_side: bool) -> str:
    record = evidence.record
    side = "our line" if evidence.side is Side.OURS else "their line"
    what = f"{code(_name(record))} {money(record.amount_minor, record.currency)} {word(record.kind.replace('_', ' '))}"
    return f"• {joined((what, side if is_of_other_side else '', RECONCILIATION_WORDS[evidence.reconciliation][1]))}"


def _verdict(found: Batch) -> str:
    """Whether it adds up, and what is wrong all the same: a payout that is not at our bank, and lines in breaks."""
    missing, sums = _missing(found), _sums(found)
    return joined((sums, missing), ", but " if sums == _ADDS_UP else "; ")


def _missing(found: Batch) -> str:
    lost = never_came(found.arrivals)
    count = len([e for e in found.in_breaks if not (lost and e.record.kind is Kind.PAYOUT)])
    of = f" of the first {len(found.payments):,}" if found.is_cut else ""
    broken = f"{plural(count, 'line')}{of} {'is in a break' if count == 1 else 'are in breaks'}" if count else ""
    otherwise = any(a.state is ArrivalState.DIFFERS for a in found.arrivals)
    arrived = lost or ("what arrived at our bank is not what was reported" if otherwise else "")
    return f"*{joined((arrived, broken), ', and ')}*" if arrived or broken else ""


def _sums(found: Batch) -> str:
    open_ones = [s for s in found.sheets if s.difference_minor is None]
    wrong = [s for s in found.sheets if s.difference_minor]
    if wrong:
        return "*does not add up*: " + ", ".join(_off(s) for s in wrong[:SHEETS_SHOWN])
    if open_ones:
        return "no line says that it was paid out yet" if open_ones[0].payout_minor is None else "no line says what is in it"
    return _ADDS_UP


def _verdict_sign(found: Batch) -> str:
    if _missing(found) or any(s.difference_minor for s in found.sheets):
        return "🔴"
    is_there = not any(a.is_awaited for a in found.arrivals)
    return "🟢" if is_there and found.sheets and all(s.difference_minor == 0 for s in found.sheets) else "🟡"


def _off(sheet: BatchSheet) -> str:
    difference = sheet.difference_minor or 0
    return f"{plain_money(abs(difference), sheet.currency)} {'too much' if difference > 0 else 'too little'} was paid out"


def _sheet(sheet: BatchSheet, partner_names: Mapping[str, str]) -> list[str]:
    """One account in one currency: its items by kind, the fees, what that comes to, and what was paid out."""
    head = joined((f"*{word(partner_names.get(sheet.partner, sheet.partner))}*", word(sheet.account or ""), word(sheet.currency)))
    lines = [head] + [
        f"• {plural(count, heading(kind.replace('_', ' ')))} {money(amount, sheet.currency)}"
        for kind, (count, amount) in sheet.items.items()
    ]
    lines += [f"• Fees on these lines {money(-sheet.fees_minor, sheet.currency)}"] if sheet.fees_minor else []
    lines += [f"Comes to {money(sheet.net_minor, sheet.currency)}"] if sheet.items else []
    if sheet.payout_minor is None:
        return [*lines, "Paid out: no line says so yet"]
    names = " ".join(code(name) for name in sheet.payout_references[:2])
    known = "adds up" if sheet.difference_minor == 0 else f"*{_off(sheet)}*"
    verdict = "no line says what is in it" if sheet.difference_minor is None else known
    return [*lines, f"Paid out {joined((money(sheet.payout_minor, sheet.currency), names, verdict))}"]


def _name(record: object) -> str:
    names = ("ref_payment_id", "ref_original", "ref_end_to_end_id", "ref_partner_id", "record_id")
    return next(value for name in names if (value := clean_reference(getattr(record, name))))

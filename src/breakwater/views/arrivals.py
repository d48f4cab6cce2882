"""Is the money at our bank? One line for each payout."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.records import Record, clean_reference
from breakwater.views.blocks import bold, code, listing, word
from breakwater.views.words import day, joined, money, plain_money

ARRIVALS_SHOWN = 5
_SIGNS = {
    ArrivalState.ARRIVED: "🟢",
    ArrivalState.DIFFERS: "🔴",
    ArrivalState.EXPECTED: "🟡",
    ArrivalState.MISSING: "🔴",
    ArrivalState.OPENING_ITEM: "⚪",
}


def arrival_lines(arrivals: Sequence[Arrival]) -> str:
    """Every payout and where it is; empty where no leg knows of any."""
    return listing([_line(a) for a in arrivals], most=ARRIVALS_SHOWN, rest="ask for one of them") if arrivals else ""


def never_came(arrivals: Sequence[Arrival]) -> str:
    """What is said first of all where a payout should be at the bank and is not; empty where that is not so."""
    missing = next((a for a in arrivals if a.state is ArrivalState.MISSING), None)
    return f"paid out by {word(missing.provider)}, not at {word(missing.bank)}" if missing else ""


def in_short(arrivals: Sequence[Arrival]) -> str:
    """The same in one plain sentence, for notifications."""
    if missing := next((a for a in arrivals if a.is_awaited), None):
        return f" Paid out by {word(missing.provider)}, not at {word(missing.bank)}: due by {day(missing.due_on)}."
    there = next((a for a in arrivals if a.is_there), None)
    return f" At {word(there.bank)} {_when(there)}." if there and there.credits else ""


def _line(a: Arrival) -> str:
    paid = f"{_SIGNS[a.state]} {bold(a.provider)} paid out {money(a.amount_minor, a.payout.currency)} on {day(a.payout.booked_on)}"
    return joined((paid, _where(a), code(a.break_id) if a.break_id else ""))


def _where(a: Arrival) -> str:
    bank = word(a.bank)
    if a.state is ArrivalState.MISSING:
        return f"*not at {bank}*, it was due by {day(a.due_on)}"
    if a.state is ArrivalState.EXPECTED:
        return f"not at {bank} yet, due by {day(a.due_on)}"
    if a.state is ArrivalState.OPENING_ITEM:
        return f"from before arrivals at {bank} were watched"
    named = " ".join(code(name) for credit in a.credits[:2] if (name := _name(credit)))
    other = "" if a.state is ArrivalState.ARRIVED else ", *not as it was reported*" + _other_amount(a)
    return joined((f"at {bank} {_when(a)}{other}", named), " ")


def _when(a: Arrival) -> str:
    return f"on {day(max(c.value_date or c.booked_on for c in a.credits))}" if a.credits else ""


def _other_amount(a: Arrival) -> str:
    currencies = {c.currency for c in a.credits}
    if len(currencies) != 1:
        return ""
    arrived = sum(c.amount_minor for c in a.credits)
    return f": {plain_money(arrived, currencies.pop())}"


def _name(credit: Record) -> str | None:
    return clean_reference(credit.ref_end_to_end_id) or clean_reference(credit.ref_partner_id)

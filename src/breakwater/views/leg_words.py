"""What a break of a leg is called: who reports a payout, and where it has or has not arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from breakwater.model.breaks import BreakKind
from breakwater.views.blocks import word

Ends = tuple[str, str]  # the names of who reports the payouts of a leg, and of the bank where they arrive

_WORDS: Mapping[BreakKind, str] = {
    BreakKind.MISSING_AT_PARTNER: "payout reported by {source}, not at {target}",
    BreakKind.MISSING_IN_LEDGER: "credit at {target} that {source} reports no payout for",
    BreakKind.DUPLICATE_IN_LEDGER: "payout reported twice by {source}",
    BreakKind.DUPLICATE_AT_PARTNER: "payout of {source} arrived twice at {target}",
    BreakKind.AMOUNT_MISMATCH: "payout of {source} arrived at {target} with another amount",
    BreakKind.FX_VARIANCE: "payout of {source} arrived at {target} at another exchange rate",
    BreakKind.CURRENCY_MISMATCH: "payout of {source} arrived at {target} in another currency",
    BreakKind.FEE_VARIANCE: "fee not as agreed between {source} and {target}",
    BreakKind.STATUS_MISMATCH: "statuses differ between {source} and {target}",
    BreakKind.REFERENCE_MISMATCH: "payout of {source} arrived at {target} under another reference",
    BreakKind.LATE_SETTLEMENT: "payout of {source} arrived late at {target}",
    BreakKind.BATCH_INCOMPLETE: "payouts of {source} and what arrived at {target} do not add up",
    BreakKind.AMBIGUOUS_MATCH: "payout of {source} may be more than one credit at {target}",
}


def leg_words(kind: BreakKind, ends: Ends, *, mark: Callable[[str], str] = word) -> str:
    """A kind of break in a leg, in plain words; empty for one that no leg has. `mark` is what is done to the names."""
    source, target = map(mark, ends)
    return _WORDS[kind].format(source=source, target=target) if kind in _WORDS else ""


def apart(days: int, ends: Ends) -> str:
    """How many business days lie between the report of a payout and its arrival."""
    source, target = map(word, ends)
    count = f"{abs(days):,} business day{'' if abs(days) == 1 else 's'}"
    return f"{target} booked it {count} {'after' if days > 0 else 'before'} {source} paid it out"


def group(payouts: int, credits: int, ends: Ends) -> str:
    """How many records of each end are in one break."""
    source, target = map(word, ends)
    return f"{payouts:,} payout{'' if payouts == 1 else 's'} of {source} against {credits:,} at {target}"

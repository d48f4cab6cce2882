"""What a break of a leg is called: who reports a payout, and where it has or has not arrived."""

from __future__ import annotations

from collections.abc import Callable

from breakwater.model.break_kinds import LEG_KIND_WORDS
from breakwater.model.breaks import BreakKind
from breakwater.views.blocks import word

Ends = tuple[str, str]  # the names of who reports the payouts of a leg, and of the bank where they arrive


def leg_words(kind: BreakKind, ends: Ends, *, mark: Callable[[str], str] = word) -> str:
    """A kind of break in a leg, in plain words; empty for one that no leg has. `mark` is what is done to the names."""
    source, target = map(mark, ends)
    return LEG_KIND_WORDS[kind].format(source=source, target=target) if kind in LEG_KIND_WORDS else ""


def apart(days: int, ends: Ends) -> str:
    """How many business days lie between the report of a payout and its arrival."""
    source, target = map(word, ends)
    count = f"{abs(days):,} business day{'' if abs(days) == 1 else 's'}"
    return f"{target} booked it {count} {'after' if days > 0 else 'before'} {source} paid it out"


def group(payouts: int, credits: int, ends: Ends) -> str:
    """How many records of each end are in one break."""
    source, target = map(word, ends)
    return f"{payouts:,} payout{'' if payouts == 1 else 's'} of {source} against {credits:,} at {target}"

"""Arrivals: whether what a provider reports as paid out is at our bank, and until when it has to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from breakwater.model.records import Record


class ArrivalState(StrEnum):
    """Where a payout stands on its way to our bank, by the last run of its leg."""

    ARRIVED = "arrived"
    DIFFERS = "differs"  # it is there, and in a break: another amount, too late, twice
    EXPECTED = "expected"
    MISSING = "missing"
    OPENING_ITEM = "opening_item"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One payout of a leg. `credits` are the records of the bank that it is matched with, or in one break with.

    `amount_minor` is what was paid out, unsigned. It has to be at the bank at the end of `due_on` at the latest; `break_id` names its
    break, where it is in one.
    """

    leg: str
    provider: str
    bank: str
    payout: Record
    state: ArrivalState
    due_on: date
    credits: tuple[Record, ...] = ()
    break_id: str | None = None

    @property
    def amount_minor(self) -> int:
        """What was paid out."""
        return abs(self.payout.amount_minor)

    @property
    def is_there(self) -> bool:
        """True if the bank shows it, as it was reported or otherwise."""
        return self.state in (ArrivalState.ARRIVED, ArrivalState.DIFFERS)

    @property
    def is_awaited(self) -> bool:
        """True if it should still come: what is from before the leg went live is nobody's to wait for."""
        return self.state in (ArrivalState.EXPECTED, ArrivalState.MISSING)

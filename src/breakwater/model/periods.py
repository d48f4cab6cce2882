"""Months: the periods that are booked and signed off."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from breakwater.errors import RefusedError

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, written '2026-10'."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def month_of(day: date) -> Month:
    """The month a day lies in."""
    return Month(day.year, day.month)


def month_named(word: str, *, example: str) -> Month:
    """The month that '2026-10' names; anything else is refused with `example`."""
    found = _MONTH.fullmatch(word)
    if not found:
        raise RefusedError(f"'{word[:20]}' is not a month.", remedy=example)
    return Month(int(found[1]), int(found[2]))

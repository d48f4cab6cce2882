"""Age and weight of breaks: how old in business days of the partner's calendar, and how badly one needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from breakwater.model.breaks import Break
from breakwater.model.calendar import AGE_BANDS, BusinessCalendar, age_band

BANDS = tuple(name for name, _, _ in AGE_BANDS)


class BreakSeverity(StrEnum):
    """How badly a break needs somebody, from its materiality and its age."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


# By ageing band, youngest first: what a break below and one above the agreement's materiality weigh.
_IMMATERIAL = (BreakSeverity.LOW, BreakSeverity.LOW, BreakSeverity.MEDIUM, BreakSeverity.MEDIUM, BreakSeverity.HIGH)
_MATERIAL = (BreakSeverity.MEDIUM, BreakSeverity.MEDIUM, BreakSeverity.HIGH, BreakSeverity.HIGH, BreakSeverity.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class AgedBreak:
    """A break, its age in business days of its partner's calendar (a date ahead counts as 0), and the day it wakes if it sleeps."""

    brk: Break
    age_days: int
    asleep_until: date | None = None

    @property
    def band(self) -> str:
        """Its ageing band, 'T+0–2' to 'T+61+'."""
        return age_band(self.age_days)

    @property
    def severity(self) -> BreakSeverity:
        """How badly it needs somebody."""
        return severity(is_material=self.brk.material, age_days=self.age_days)


@dataclass(frozen=True, kw_only=True)
class DatedFigure:
    """Breaks of one date and currency: how many, and what they are worth in minor units."""

    dated: date
    currency: str
    count: int
    value_minor: int


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Breaks that grew into a band: how many, worth what per currency in minor units, and the largest of them."""

    band: str
    count: int
    value_minor: Mapping[str, int]
    largest: tuple[AgedBreak, ...] = ()


def aged(brk: Break, *, calendar: BusinessCalendar, today: date) -> AgedBreak:
    """The break with its age on the partner's business date `today`."""
    age_days = max(calendar.between(brk.dated, today), 0)
    return AgedBreak(brk=brk, age_days=age_days, asleep_until=brk.asleep_until(today=today))


def severity(*, is_material: bool, age_days: int) -> BreakSeverity:
    """Material breaks are never low, and critical from T+61 on; small ones rise to high in the end."""
    return (_MATERIAL if is_material else _IMMATERIAL)[BANDS.index(age_band(age_days))]

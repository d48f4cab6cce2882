"""Business days: weekends and holidays, counted as bankers count them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import holidays

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_YEAR, _LAST_YEAR = 2000, 2060


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days are business days: not a weekend weekday (0 = Monday) and not a holiday."""

    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.weekend >= frozenset(range(7)):
            raise ValueError("a week without a business day is no calendar")

    def is_business_day(self, day: date) -> bool:
        """True if banks of this calendar work on `day`."""
        return day.weekday() not in self.weekend and day not in self.holidays

    def shift(self, day: date, business_days: int) -> date:
        """The business day `business_days` after `day` (before it where negative); 0 gives `day`, or the next business day."""
        if business_days == 0:
            while not self.is_business_day(day):
                day += timedelta(days=1)
        step = 1 if business_days > 0 else -1
        while business_days:
            day += timedelta(days=step)
            business_days -= step if self.is_business_day(day) else 0
        return day

    def between(self, first: date, last: date) -> int:
        """B(last) − B(first): business days after `first` up to and including `last`. Friday to Monday is 1, Friday to Saturday 0."""
        if last < first:
            return -self.between(last, first)
        days = (last - first).days
        weeks, rest = divmod(days, 7)
        count = weeks * (7 - len(self.weekend))
        count += sum((first + timedelta(days=n)).weekday() not in self.weekend for n in range(1, rest + 1))
        return count - sum(first < day <= last and day.weekday() not in self.weekend for day in self.holidays)


def parse_weekend(names: Iterable[str]) -> frozenset[int]:
    """Weekday numbers of names like 'sat'. KeyError names the unknown one."""
    numbers = {name: number for number, name in enumerate(WEEKDAYS)}
    return frozenset(numbers[name] for name in names)


@cache
def named_calendar(name: str) -> BusinessCalendar:
    """The calendar 'TARGET2' (the ECB's), 'weekends' (no holidays), or a country by ISO 3166 code such as 'DE'. KeyError if unknown."""
    years = range(_FIRST_YEAR, _LAST_YEAR)
    if name == "weekends":
        return BusinessCalendar()
    try:
        days = holidays.financial_holidays("ECB", years=years) if name == "TARGET2" else holidays.country_holidays(name, years=years)
    except NotImplementedError:
        raise KeyError(name) from None
    return BusinessCalendar(holidays=frozenset(days))


AGE_BANDS = (("T+0–2", 0, 2), ("T+3–5", 3, 5), ("T+6–30", 6, 30), ("T+31–60", 31, 60), ("T+61+", 61, None))


def age_band(age_days: int) -> str:
    """The ageing band of an age in business days: 'T+0–2' … 'T+61+'. Ages below 0 (value dates ahead) count as 0."""
    return next(name for name, low, high in AGE_BANDS if max(age_days, 0) >= low and (high is None or age_days <= high))

"""Office hours: when somebody sits at their desk, and when so many hours of it have passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from breakwater.model.calendar import BusinessCalendar

_LOOK_AHEAD_DAYS = 1_000  # no span of office hours is longer, whatever the holidays


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """From `opens` to `closes` on a clock in `time_zone`, on the business days of `calendar`."""

    calendar: BusinessCalendar
    time_zone: ZoneInfo
    opens: time
    closes: time

    def is_open(self, at: datetime) -> bool:
        """True while somebody is at the desk."""
        local = at.astimezone(self.time_zone)
        return self.calendar.is_business_day(local.date()) and self.opens <= local.time() < self.closes

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The moment (UTC) by which `span` of office hours have passed since `start`; `span` is more than zero."""
        left = span
        for opens_at, closes_at in self._days(start.astimezone(self.time_zone).date()):
            begun_at = max(opens_at, start.astimezone(UTC))
            passed = max(closes_at - begun_at, timedelta())
            if passed >= left:
                return begun_at + left
            left -= passed
        raise ValueError(f"{span} of office hours do not pass within {_LOOK_AHEAD_DAYS} days")

    def begin_of(self, day: date) -> datetime:
        """The first moment (UTC) of a calendar day on that clock."""
        return datetime.combine(day, time(), self.time_zone).astimezone(UTC)

    def _days(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        """The office hours of each business day from `first` on, in UTC: a day on which clocks change is longer or shorter."""
        for n in range(_LOOK_AHEAD_DAYS):
            day = first + timedelta(days=n)
            if self.calendar.is_business_day(day):
                yield tuple(datetime.combine(day, at, self.time_zone).astimezone(UTC) for at in (self.opens, self.closes))  # type: ignore[misc]

"""Hourly series: what was attempted, approved and worth how much, and what each hour is called where the partner is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from breakwater.model.calendar import BusinessCalendar

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
DAY_H = 24
WEEK_H = 168
SUNDAY = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class HourlySeries:
    """The payments of one partner, network and currency, hour by hour from `start` (aware UTC, a whole hour).

    An hour in which nothing was attempted is a zero; an hour not known yet is not in the series. `attempts` counts payments tried,
    `approved` those that went through, `approved_minor` what these were worth together. `network` is None where several are summed.
    """

    partner: str
    currency: str
    network: str | None
    start: datetime
    attempts: Counts
    approved: Counts
    approved_minor: Counts

    def __post_init__(self) -> None:
        whole = self.start.utcoffset() == timedelta(0) and self.start == self.start.replace(minute=0, second=0, microsecond=0)
        if not whole:
            raise ValueError(f"a series starts at a whole hour in UTC, not at {self.start.isoformat()}")
        if not len(self.attempts) == len(self.approved) == len(self.approved_minor):
            raise ValueError("the columns of a series are equally long")

    @classmethod
    def of_hours(
        cls, rows: Sequence[tuple[datetime, int, int, int]], *, partner: str, currency: str, network: str | None, end: datetime
    ) -> HourlySeries:
        """A series of rows (hour, attempts, approved, approved_minor), from its first row up to `end`; hours without a row are zeros."""
        start = min(hour for hour, *_ in rows)
        columns = np.zeros((3, (end - start) // HOUR), dtype=np.int64)
        for hour, *figures in rows:
            columns[:, (hour - start) // HOUR] = figures
        attempts, approved, approved_minor = columns
        return cls(
            partner=partner,
            currency=currency,
            network=network,
            start=start,
            attempts=attempts,
            approved=approved,
            approved_minor=approved_minor,
        )

    def complete_hours(self, now: datetime) -> int:
        """How many hours of the series have passed at `now`: the hour that is running does not count."""
        return max(0, min(len(self.attempts), (now - self.start) // HOUR))

    def last(self, hours: int, *, until: int) -> HourlySeries:
        """The last `hours` hours of the first `until` ones."""
        first = max(0, until - hours)
        return replace(
            self,
            start=self.at(first),
            attempts=self.attempts[first:until],
            approved=self.approved[first:until],
            approved_minor=self.approved_minor[first:until],
        )

    def at(self, hour: int) -> datetime:
        """When the hour with this index begins."""
        return self.start + hour * HOUR


def total(series: Sequence[HourlySeries], *, currency: str = "") -> HourlySeries:
    """Several series as one, from the earliest start to the latest end. Amounts are only meaningful within one currency."""
    start = min(s.start for s in series)
    hours = max((s.start - start) // HOUR + len(s.attempts) for s in series)
    columns = np.zeros((3, hours), dtype=np.int64)
    for one in series:
        first = (one.start - start) // HOUR
        columns[:, first : first + len(one.attempts)] += np.stack([one.attempts, one.approved, one.approved_minor])
    networks = {s.network for s in series}
    return HourlySeries(
        partner=series[0].partner,
        currency=currency,
        network=networks.pop() if len(networks) == 1 else None,
        start=start,
        attempts=columns[0],
        approved=columns[1],
        approved_minor=columns[2],
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalHours:
    """What the hours of a series are called at the partner. `day` counts local days from that of the first hour, whose date is `first_day`.

    `hour` and `weekday` (0 = Monday) are local, so summer time moves them; `holiday` marks the hours of holidays.
    """

    first_day: date
    day: npt.NDArray[np.int64]
    hour: npt.NDArray[np.int64]
    weekday: npt.NDArray[np.int64]
    holiday: npt.NDArray[np.bool_]

    def hours_of(self, day: int) -> tuple[int, int]:
        """The first hour of a local day and the one after its last; 23 or 25 apart when the clocks change."""
        first, after = np.searchsorted(self.day, [day, day + 1])
        return int(first), int(after)


@lru_cache(maxsize=256)
def local_hours(*, start: datetime, hours: int, time_zone: ZoneInfo, calendar: BusinessCalendar) -> LocalHours:
    """The local names of `hours` hours from `start`."""
    utc = [start + n * HOUR for n in range(hours)]
    offsets_s = np.array([int((moment.astimezone(time_zone).utcoffset() or timedelta()).total_seconds()) for moment in utc], dtype=np.int64)
    local_s = int(start.astimezone(UTC).timestamp()) + 3600 * np.arange(hours, dtype=np.int64) + offsets_s
    since_epoch = local_s // 86_400
    first = int(since_epoch[0]) if hours else 0
    first_day = date(1970, 1, 1) + timedelta(days=first)
    closed = np.array([(d - date(1970, 1, 1)).days for d in calendar.holidays], dtype=np.int64)
    return LocalHours(
        first_day=first_day,
        day=since_epoch - first,
        hour=local_s // 3600 % DAY_H,
        weekday=(since_epoch + 3) % 7,  # 1 January 1970 was a Thursday
        holiday=np.isin(since_epoch, closed),
    )


def rest_day(calendar: BusinessCalendar) -> int:
    """The weekday that a holiday resembles: Sunday, or the last day of another weekend."""
    return SUNDAY if SUNDAY in calendar.weekend or not calendar.weekend else max(calendar.weekend)

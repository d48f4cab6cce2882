"""Hours: the words of hourly series, and what each hour is called where the partner is."""

from __future__ import annotations

from dataclasses import dataclass
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

"""Many hourly series side by side, and the scopes they add up to: segments, a partner's currency, a partner, a currency, a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from breakwater.detection.series import DAY_H, HOUR, Floats, LocalHours, local_hours
from breakwater.model.calendar import BusinessCalendar

Bools = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.int64]
Scope = tuple[tuple[str, str], ...]
"""What a scope fixes, such as (("partner", "nordbank"), ("currency", "EUR")). What it leaves open, it covers entirely."""

PAYDAYS_FROM = 28  # from this day of a month to the first of the next, salaries arrive
ROLL_UPS = (("partner", "network"), ("partner", "currency"), ("partner",), ("network",), ("currency",), ("network", "currency"), ())


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The narrowest place payments are counted: one partner, network and currency, on its local clock."""

    partner: str
    network: str
    currency: str
    time_zone: ZoneInfo
    calendar: BusinessCalendar

    def scope(self, fields: Sequence[str] = ("partner", "network", "currency")) -> Scope:
        """The scope of this segment that fixes `fields`."""
        return tuple((name, str(getattr(self, name))) for name in fields)


@dataclass(frozen=True, kw_only=True, eq=False)
class Clock:
    """The local time of segments that share a time zone and a calendar (`rows` of the panel)."""

    rows: Indexes
    hours: LocalHours
    cell: Indexes
    payday: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Segments × hours from `start`, a UTC midnight: payments tried, declined, and the amount of those approved in minor units."""

    segments: tuple[Segment, ...]
    start: datetime
    attempts: Floats
    declined: Floats
    amount_minor: Floats
    clocks: tuple[Clock, ...] = field(init=False)

    def __post_init__(self) -> None:
        groups: dict[tuple[ZoneInfo, BusinessCalendar], list[int]] = {}
        for row, segment in enumerate(self.segments):
            groups.setdefault((segment.time_zone, segment.calendar), []).append(row)
        object.__setattr__(self, "clocks", tuple(self._clock(*key, rows=rows) for key, rows in groups.items()))

    @property
    def hours(self) -> int:
        """How many hours are known."""
        return int(self.attempts.shape[1])

    def at(self, hour: int) -> datetime:
        """When the hour with this index begins."""
        return self.start + hour * HOUR

    def _clock(self, time_zone: ZoneInfo, calendar: BusinessCalendar, *, rows: list[int]) -> Clock:
        # One day beyond the data: the day that is running is forecast whole.
        hours = local_hours(start=self.start, hours=self.hours + DAY_H, time_zone=time_zone, calendar=calendar)
        paydays = np.array([is_payday(hours.first_day + timedelta(days=int(d))) for d in range(int(hours.day[-1]) + 1)])
        return Clock(
            rows=np.array(rows, dtype=np.int64),
            hours=hours,
            cell=hours.weekday * DAY_H + hours.hour,
            payday=paydays[hours.day],
        )


def is_payday(day: date) -> bool:
    """True from the 28th to the first."""
    return day.day >= PAYDAYS_FROM or day.day == 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """An announced rise: the rows it covers, its hours from `first` to before `after`, and the hour it became known."""

    rows: Indexes
    first: int
    after: int
    announced: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Scopes:
    """The segments first, then every roll-up of several; `members` lists the rows of each, one after the other."""

    names: tuple[Scope, ...]
    sizes: Indexes
    members: Indexes
    starts: Indexes

    def rows(self, scope: int) -> Indexes:
        """The panel rows a scope covers."""
        return self.members[self.starts[scope] : self.starts[scope] + self.sizes[scope]]

    def covering(self, rows: Indexes) -> int:
        """The scope that covers exactly these rows."""
        alike = np.flatnonzero(self.sizes == len(rows)).tolist()
        return next(scope for scope in alike if np.array_equal(self.rows(scope), rows))

    def add_up(self, values: Floats) -> Floats:
        """Segments × anything summed to scopes × anything."""
        summed: Floats = np.add.reduceat(values[self.members], self.starts, axis=0)
        return summed

    def add_up_beside(self, values: Floats, *, told: Sequence[Indexes]) -> Floats:
        """The same, but a scope that holds only some of the rows of another told alert must do without them."""
        if not told:
            return self.add_up(values)
        rest = values.copy()
        rest[np.concatenate(told)] = 0.0
        is_cut = np.zeros(len(self.names), dtype=bool)
        for rows in told:
            held = np.add.reduceat(np.isin(self.members, rows), self.starts, dtype=np.int64)
            is_cut |= (held > 0) & (held < len(rows))
        return np.where(is_cut[:, None], self.add_up(rest), self.add_up(values))

    def inside(self, rows: Indexes) -> Indexes:
        """The scopes that hold nothing but some of these rows."""
        held = np.add.reduceat(np.isin(self.members, rows), self.starts, dtype=np.int64)
        return np.flatnonzero(held == self.sizes)

    def touching(self, rows: Indexes) -> Indexes:
        """The scopes that share a row with these."""
        hit = np.add.reduceat(np.isin(self.members, rows), self.starts) > 0
        return np.flatnonzero(hit)


def scopes_of(segments: Sequence[Segment]) -> Scopes:
    """Every segment, and every roll-up that covers at least two and is not the same as one met before."""
    names = [segment.scope() for segment in segments]
    members: list[tuple[int, ...]] = [(row,) for row in range(len(segments))]
    known = set(members)
    for fields in ROLL_UPS:
        groups: dict[Scope, list[int]] = {}
        for row, segment in enumerate(segments):
            groups.setdefault(segment.scope(fields), []).append(row)
        for name, rows in groups.items():
            if tuple(rows) not in known:
                known.add(tuple(rows))
                names.append(name)
                members.append(tuple(rows))
    sizes = np.array([len(rows) for rows in members], dtype=np.int64)
    return Scopes(
        names=tuple(names),
        sizes=sizes,
        members=np.concatenate([np.array(rows, dtype=np.int64) for rows in members]),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
    )


def covered(segments: Sequence[Segment], fixed: Mapping[str, str]) -> Indexes:
    """The rows of the segments that lie in a scope which fixes these fields."""
    inside = [row for row, segment in enumerate(segments) if all(getattr(segment, name) == value for name, value in fixed.items())]
    return np.array(inside, dtype=np.int64)


def panel_of(
    segments: tuple[Segment, ...],
    *,
    places: Sequence[tuple[str, str, str]],
    hours: npt.NDArray[np.datetime64],
    columns: Mapping[str, npt.NDArray[np.int64]],
    ends_at: datetime,
) -> Panel:
    """A panel of rows (partner, network, currency and UTC hour of each), up to `ends_at`; an hour without a row is zero. KeyError for a
    row of no segment."""
    row_of = {(s.partner, s.network, s.currency): row for row, s in enumerate(segments)}
    rows = np.array([row_of[place] for place in places], dtype=np.int64)
    at = hours.astype("datetime64[h]").astype(np.int64)
    first, end = int(at.min()) // DAY_H * DAY_H, int(ends_at.timestamp()) // 3600
    known = at < end
    arrays = {name: np.zeros((len(segments), end - first)) for name in ("attempts", "declined", "amount_minor")}
    for name, values in arrays.items():
        values[rows[known], at[known] - first] = columns[name][known]
    return Panel(segments=segments, start=datetime.fromtimestamp(first * 3600, tz=UTC), **arrays)

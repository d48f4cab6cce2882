"""All payments hour by hour as they become known: hours are added, late data revises history, and only new hours are looked at.

A past hour is never looked at again, so what comes late can end an alert but not invent one. A watch that begins anew replays the
history it is given as if it had been there, and says from which hour on its alerts are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from breakwater.detection.panel import Bools, Indexes, Panel, Segment
from breakwater.detection.series import DAY_H, WEEK_H, Counts
from breakwater.detection.watch import Watch

HISTORY_H = 9 * WEEK_H
ROOM_H = 2 * WEEK_H  # a live panel has room for so much more; then it begins anew
COLUMNS = ("attempts", "approved", "declined", "approved_minor")
Key = tuple[str, str, str]
"""Partner, network and currency."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HourRows:
    """Hourly counts as rows: the place of each, its hour (whole hours since 1970, UTC) and its figures by the names of `COLUMNS`."""

    places: Sequence[Key]
    hours: npt.NDArray[np.int64]
    columns: Mapping[str, Counts]

    @property
    def newest(self) -> int:
        """The last hour of any row."""
        return int(self.hours.max())


class Live:
    """The counts of some segments from a UTC midnight on, and the watch over them."""

    def __init__(self, rows: HourRows, *, segment_of: Callable[[Key], Segment], since: datetime) -> None:
        keys = sorted(set(rows.places))
        self._row_of = {key: row for row, key in enumerate(keys)}
        self._first = int(since.timestamp()) // 3600 // DAY_H * DAY_H
        oldest = max(self._first, int(rows.hours.min()) // DAY_H * DAY_H)
        self._first = oldest
        self.newest = rows.newest
        hours = max(rows.newest - oldest, 0) // DAY_H * DAY_H + ROOM_H
        self.counts: dict[str, Counts] = {name: np.zeros((len(keys), hours), dtype=np.int64) for name in COLUMNS}
        shape = (len(keys), hours)
        self.panel = Panel(
            segments=tuple(segment_of(key) for key in keys),
            start=datetime.fromtimestamp(oldest * 3600, tz=UTC),
            attempts=np.zeros(shape),
            declined=np.zeros(shape),
            amount_minor=np.zeros(shape),
        )
        self._count(rows)
        self.end = 0
        self.watch = Watch(self.panel)

    @property
    def until(self) -> int:
        """The hour after the last one looked at, as an index of the panel."""
        return min(self.watch.next_hour, self.end)

    def has_room_for(self, rows: HourRows) -> bool:
        """False if these rows are of a place not known yet, or lie beyond what fits: then everything begins anew."""
        return set(rows.places) <= self._row_of.keys() and rows.newest - self._first < self.panel.hours

    def add(self, rows: HourRows) -> None:
        """Add counts, of new hours or late ones of hours looked at already: these revise what open alerts rest on."""
        place, at = self._count(rows)
        late = at < self.until
        if late.any():
            self.watch.reconsider(np.unique(place[late]))

    def _count(self, rows: HourRows) -> tuple[Indexes, Indexes]:
        """Add counts to the panel; the rows and hours they went to. What is older than the panel is left out."""
        place, at, kept = self.placed(rows.places, rows.hours)
        for name in COLUMNS:
            np.add.at(self.counts[name], (place, at), rows.columns[name][kept])
        self._refresh(place, at)
        self.newest = max(self.newest, rows.newest)
        return place, at

    def advance(self, *, now: datetime, then: Callable[[int], None] | None = None) -> None:
        """Look at every hour that is over and wholly told: the newest hour of the feed may be half told, and so is the running one.

        `then` is called with each hour right after it was looked at, so that it knows no more than could be known.
        """
        self.close_feed(now=now)
        born = self.panel.attempts > 0
        self.watch.born = np.where(born.any(1), born.argmax(1), self.panel.hours + DAY_H)
        while self.watch.next_hour < self.end:
            self.watch.advance(self.watch.next_hour + 1)
            if then:
                then(self.watch.next_hour - 1)

    def close_feed(self, *, now: datetime) -> None:
        """Decide which hours are over and wholly told: all before `end`."""
        self.end = min(min(self.newest, int(now.timestamp()) // 3600) - self._first, self.panel.hours)

    def placed(self, places: Sequence[Key], hours: Counts) -> tuple[Indexes, Indexes, Bools]:
        """The row and hour in the panel of each count that is not older than it, and which these are. KeyError for an unknown place."""
        at = hours - self._first
        kept = at >= 0
        return np.array([self._row_of[key] for key in places], dtype=np.int64)[kept], at[kept], kept

    def hour_of(self, at: datetime) -> int:
        """The index of the hour in which this moment lies."""
        return int(at.timestamp()) // 3600 - self._first

    def rows_of(self, partner: str) -> Indexes:
        """The rows of a partner."""
        return np.array([row for row, s in enumerate(self.panel.segments) if s.partner == partner], dtype=np.int64)

    def _refresh(self, place: Indexes, at: Indexes) -> None:
        """Bring the panel up to date where counts changed. Whatever was neither declined nor is wrong counts as approved there, at the
        average of what was: outcomes come some seconds after the attempt, perhaps in the next hour."""
        attempts, declined = self.counts["attempts"][place, at], self.counts["declined"][place, at]
        approved, minor = self.counts["approved"][place, at], self.counts["approved_minor"][place, at]
        declined = np.minimum(declined, attempts)
        self.panel.attempts[place, at] = attempts
        self.panel.declined[place, at] = declined
        self.panel.amount_minor[place, at] = np.where(approved > 0, (attempts - declined) * (minor / np.maximum(approved, 1)), 0.0)

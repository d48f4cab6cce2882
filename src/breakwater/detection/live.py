"""All payments hour by hour as they become known: hours are added, late data revises history, and only new hours are looked at.

A past hour is never looked at again, so what comes late can end an alert but not invent one. A watch that begins anew replays the
history it is given as if it had been there, and says from which hour on its alerts are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from breakwater.detection.panel import Bools, Indexes, Panel, Segment
from breakwater.detection.series import DAY_H, WEEK_H, Counts
from breakwater.detection.watch import WARM_UP_H, Watch

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
    """The counts of some segments from a UTC midnight on (`first`, in whole hours since 1970), and the watch over them."""

    def __init__(self, keys: Iterable[Key], *, segment_of: Callable[[Key], Segment], first: int, hours: int) -> None:
        """Nothing is counted yet."""
        self.keys = tuple(sorted(set(keys)))
        self._row_of = {key: row for row, key in enumerate(self.keys)}
        self.first = self.newest = first
        shape = (len(self.keys), hours)
        self.counts: dict[str, Counts] = {name: np.zeros(shape, dtype=np.int64) for name in COLUMNS}
        self.panel = Panel(
            segments=tuple(segment_of(key) for key in self.keys),
            start=datetime.fromtimestamp(first * 3600, tz=UTC),
            attempts=np.zeros(shape),
            declined=np.zeros(shape),
            amount_minor=np.zeros(shape),
        )
        self.end = 0
        self.watch = Watch(self.panel)

    @classmethod
    def of(cls, rows: HourRows, *, segment_of: Callable[[Key], Segment], since: datetime) -> Live:
        """With these counts, none of which was looked at; what is older than `since` is left out."""
        first = max(first_hour(since), int(rows.hours.min()) // DAY_H * DAY_H)
        live = cls(rows.places, segment_of=segment_of, first=first, hours=room_h(first, newest=rows.newest))
        live._count(rows)
        live._note_births()
        return live

    @property
    def until(self) -> int:
        """The hour after the last one looked at, as an index of the panel."""
        return min(self.watch.next_hour, self.end)

    def has_room_for(self, rows: HourRows) -> bool:
        """False if these rows are of a place not known yet, or lie beyond what fits: what is known must be carried to where they do."""
        return set(rows.places) <= self._row_of.keys() and rows.newest - self.first < self.panel.hours

    def reaches(self, since: datetime) -> bool:
        """True if enough hours from `since` on were looked at for everything older to be left out."""
        return self.first + self.watch.next_hour - max(self.first, first_hour(since)) >= WARM_UP_H

    def add(self, rows: HourRows) -> bool:
        """Add counts of new hours, or late ones of hours looked at, which revise what open alerts rest on. True if some were late."""
        place, at = self._count(rows)
        late = at < self.until
        if late.any():
            self.watch.reconsider(np.unique(place[late]))
        return bool(late.any())

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
        self._note_births()
        while self.watch.next_hour < self.end:
            self.watch.advance(self.watch.next_hour + 1)
            if then:
                then(self.watch.next_hour - 1)

    def _note_births(self) -> None:
        born = self.panel.attempts > 0
        self.watch.born = np.where(born.any(1), born.argmax(1), self.panel.hours + DAY_H)

    def close_feed(self, *, now: datetime) -> None:
        """Decide which hours are over and wholly told: all before `end`."""
        self.end = min(min(self.newest, int(now.timestamp()) // 3600) - self.first, self.panel.hours)

    def placed(self, places: Sequence[Key], hours: Counts) -> tuple[Indexes, Indexes, Bools]:
        """The row and hour in the panel of each count that is not older than it, and which these are. KeyError for an unknown place."""
        at = hours - self.first
        kept = at >= 0
        return np.array([self._row_of[key] for key in places], dtype=np.int64)[kept], at[kept], kept

    def hour_of(self, at: datetime) -> int:
        """The index of the hour in which this moment lies."""
        return int(at.timestamp()) // 3600 - self.first

    def rows_of(self, partner: str) -> Indexes:
        """The rows of a partner."""
        return np.array([row for row, s in enumerate(self.panel.segments) if s.partner == partner], dtype=np.int64)

    def _refresh(self, place: Indexes | slice, at: Indexes | slice) -> None:
        """Bring the panel up to date where counts changed. Whatever was neither declined nor is wrong counts as approved there, at the
        average of what was: outcomes come some seconds after the attempt, perhaps in the next hour."""
        attempts, declined = self.counts["attempts"][place, at], self.counts["declined"][place, at]
        approved, minor = self.counts["approved"][place, at], self.counts["approved_minor"][place, at]
        declined = np.minimum(declined, attempts)
        self.panel.attempts[place, at] = attempts
        self.panel.declined[place, at] = declined
        self.panel.amount_minor[place, at] = np.where(approved > 0, (attempts - declined) * (minor / np.maximum(approved, 1)), 0.0)

    def refresh(self) -> None:
        """Bring the whole panel up to date with the counts."""
        self._refresh(slice(None), slice(None))


def first_hour(since: datetime) -> int:
    """The hour at which the UTC day of this moment begins, in whole hours since 1970."""
    return int(since.timestamp()) // 3600 // DAY_H * DAY_H


def room_h(first: int, *, newest: int) -> int:
    """How many hours a panel has room for that begins with hour `first`."""
    return max(newest - first, 0) // DAY_H * DAY_H + ROOM_H

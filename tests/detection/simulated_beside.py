"""Simulated declines by reason beside simulated payments, and the hours of both as they pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from simulated import HISTORY_H, HOUR, Payments, a_partner, rows_of, segments

from breakwater.detection.beside import Beside
from breakwater.detection.continuing import Change, News, changes, one_per_place, same_anomaly
from breakwater.detection.live import Live
from breakwater.detection.occurrences import OccurrenceRows
from breakwater.model.findings import Finding
from breakwater.model.partners import Partner

USUAL_FAMILIES = {"funds": 0.4, "refused": 0.3, "authentication": 0.15, "fraud": 0.1, "technical": 0.05}
Happened = dict[str, np.ndarray]


def reasons(series: Payments, *, seed: int = 7, shares: Mapping[str, float] = USUAL_FAMILIES) -> Happened:
    """The declines of a series by family, hour by hour."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(series.attempts - series.approved, list(shares.values()))
    return {family: drawn[:, n] for n, family in enumerate(shares)}


def recoded(happened: Happened, series: Payments, *, first: int, after: int, into: str, share: float) -> Happened:
    """The same declines, of which as many as make `share` of the attempts have another reason from hour `first` up to `after`."""
    changed = {family: counts.copy() for family, counts in happened.items()}
    for family in ("funds", "refused"):
        moved = np.minimum(changed[family][first:after], (series.attempts[first:after] * share / 2).astype(int))
        changed[family][first:after] -= moved
        changed[into][first:after] += moved
    return changed


def occurrences_of(
    series: Iterable[Payments], happened: Iterable[Happened], *, first: int, after: int, minor: int = 4_000
) -> OccurrenceRows:
    """What the lake would say of the hours `first` up to `after`."""
    rows = [
        (one.key, int(one.start.timestamp()) // 3600 + hour, what, int(counts[hour]))
        for one, by_what in zip(series, happened, strict=True)
        for what, counts in by_what.items()
        for hour in (first + np.flatnonzero(counts[first:after])).tolist()
    ]
    return OccurrenceRows(
        places=[row[0] for row in rows],
        hours=np.array([row[1] for row in rows], dtype=np.int64),
        what=[row[2] for row in rows],
        count=np.array([row[3] for row in rows], dtype=np.int64),
        minor=np.array([row[3] * minor for row in rows], dtype=np.int64),
    )


@dataclass
class BesideStory:
    """Hours as they pass: what is open, and what was told when (hour, change)."""

    series: Sequence[Payments]
    happened: Sequence[Happened]
    partners: Mapping[str, Partner] = field(default_factory=lambda: {"meridian": a_partner()})
    cautions: Mapping[tuple[str, str], float] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    told: list[tuple[int, Change]] = field(default_factory=list)
    live: Live | None = None
    beside: Beside | None = None
    looked: datetime | None = None
    known: int = 0

    def until(self, hour: int) -> BesideStory:
        """The pass after which every hour before `hour` is looked at."""
        start = self.series[0].start
        rows = rows_of(self.series, first=self.known, after=hour + 1)
        if self.live is None:
            since = start + hour * HOUR - HISTORY_H * HOUR
            self.live = Live.of(rows, segment_of=lambda key: segments(self.partners, key), since=since)
            self.beside = Beside(self.live)
        else:
            self.live.add(rows)
        assert self.beside
        self.beside.add(occurrences_of(self.series, self.happened, first=self.known, after=hour + 1))
        self.known = hour + 1
        return self.look(now=start + (hour + 0.5) * HOUR)

    def look(self, *, now: datetime) -> BesideStory:
        """One pass over what is known."""
        assert self.live
        assert self.beside
        self.beside.learn(self.findings.values(), cautions=self.cautions)
        self.live.advance(now=now, then=self.beside.step)
        done = changes(
            self.findings.values(), one_per_place(self.beside.seen(partners=self.partners, now=now)), same=same_anomaly, now=now,
            looked_until=self.looked, accepted=self.beside.accepted(partners=self.partners, now=now),
        )  # fmt: skip
        self.findings |= {change.now.id: change.now for change in done}
        self.told += [(self.live.until, change) for change in done if change.news]
        self.looked = self.live.panel.at(self.live.until)
        return self

    def through(self, first: int, after: int) -> BesideStory:
        """One pass each hour."""
        for hour in range(first, after + 1):
            self.until(hour)
        return self

    @property
    def open(self) -> list[Finding]:
        return [f for f in self.findings.values() if f.open]

    def news(self, kind: News) -> list[tuple[int, Finding]]:
        """When something of this kind was told, and of what."""
        return [(hour, change.now) for hour, change in self.told if change.news is kind]

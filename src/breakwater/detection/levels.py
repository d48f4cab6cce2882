"""Levels by day: what a partner charges, how it converts, how long it takes to settle, how much of it is broken.

A level stands still until somebody changes it: each day is held against the median of the last normal days, and how far these lay from it.
A shift opens once it is far beyond that and worth telling, and is over when a day is back more than half of the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from breakwater.model.findings import Finding, FindingKind, FindingState, Place

HISTORY_D = 28
LEAST_D = 10  # days with figures before a level is known
AT_ONCE, AGAIN = 8.0, 5.0  # deviations: of one day, and of the second of two
PARTIAL = 0.3  # a day with a smaller share of what days have is not all there yet
ACCEPTED_AFTER_D = 10
_TO_SIGMA = 1.4826  # from the median absolute deviation


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is worth telling of a kind: a shift of `least` in its unit, and of a share `least_share` of the level; `least_count` is how many
    records a day must have, `steady` the deviation no level is believed to be below, `both_ways` whether less of it is news, too."""

    least: float
    least_share: float
    least_count: int
    steady: float
    both_ways: bool = False


RULES: Mapping[FindingKind, Rule] = {
    FindingKind.FEE_DRIFT: Rule(least=2.0, least_share=0.05, least_count=20, steady=0.3, both_ways=True),  # basis points
    FindingKind.RATE_DRIFT: Rule(least=10.0, least_share=0.0, least_count=5, steady=1.0, both_ways=True),  # basis points
    FindingKind.SETTLEMENT_SLOW: Rule(least=0.75, least_share=0.0, least_count=20, steady=0.05),  # business days
    FindingKind.BREAK_RATE_UP: Rule(least=50.0, least_share=1.0, least_count=100, steady=3.0),  # basis points of what is due
}


@dataclass(frozen=True, kw_only=True)
class DailyFigure:
    """A level of one day: `value` in the unit of its kind, from so many records worth `volume_minor`."""

    kind: FindingKind
    place: Place
    currency: str
    day: date
    value: float
    count: int
    volume_minor: int


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A level that is another one since the day `onset`: usual before, and the figures from then on, the last day last.

    `days` are the last weeks of figures, each with what was usual then (None while too little was known).
    """

    kind: FindingKind
    place: Place
    currency: str
    onset: date
    fired: date
    closed: date | None
    accepted: bool
    usual: float
    since: tuple[DailyFigure, ...]
    days: tuple[tuple[DailyFigure, float | None], ...]

    @property
    def seen(self) -> float:
        """The level since then, by volume."""
        volume = sum(figure.volume_minor for figure in self.since)
        weighted = sum(figure.value * figure.volume_minor for figure in self.since)
        return weighted / volume if volume else sum(figure.value for figure in self.since) / len(self.since)


def shifts(
    figures: Iterable[DailyFigure], *, said: Iterable[Finding] = (), caution: Mapping[tuple[FindingKind, Place], float] | None = None
) -> list[Shift]:
    """Every shift of every series there was. A level that somebody called normal (`said`) is expected from its first day on; `caution` is
    how many deviations more a series must stray, by kind and place."""
    series: dict[tuple[FindingKind, Place], list[DailyFigure]] = defaultdict(list)
    for figure in figures:
        series[figure.kind, figure.place].append(figure)
    taught: dict[tuple[FindingKind, Place], list[date]] = defaultdict(list)
    for finding in said:
        if finding.state in (FindingState.FALSE_POSITIVE, FindingState.NEW_LEVEL):
            taught[finding.kind, finding.place].append(finding.since.date())
    found: list[Shift] = []
    for (kind, place), days in sorted(series.items(), key=lambda item: (item[0][0], item[0][1])):
        more = (caution or {}).get((kind, place), 0.0)
        found += _Series(kind, place, sorted(days, key=lambda f: f.day), taught=taught[kind, place], more=more).shifts()
    return found


def too_new(figures: Iterable[DailyFigure]) -> set[tuple[FindingKind, Place]]:
    """The series of which no level is known yet, or whose days are too small to have one."""
    counts: dict[tuple[FindingKind, Place], int] = defaultdict(int)
    for figure in figures:
        counts[figure.kind, figure.place] += figure.count >= RULES[figure.kind].least_count
    return {series for series, days in counts.items() if days < LEAST_D}


class _Series:
    """The days of one series, oldest first."""

    def __init__(self, kind: FindingKind, place: Place, days: Sequence[DailyFigure], *, taught: Sequence[date], more: float) -> None:
        self.kind, self.place, self.rule, self.taught, self.more = kind, place, RULES[kind], taught, more
        enough = [figure for figure in days if figure.count >= self.rule.least_count]
        # By the days up to then: what was found does not depend on how much comes later.
        usual_count = [median(figure.count for figure in enough[max(0, n + 1 - HISTORY_D) : n + 1]) for n in range(len(enough))]
        self.days = [figure for figure, usual in zip(enough, usual_count, strict=True) if figure.count >= PARTIAL * usual]

    def shifts(self) -> list[Shift]:
        found: list[Shift] = []
        normal: list[DailyFigure] = []
        usual: list[float | None] = []
        strays: list[int] = []
        opened: tuple[int, int, float] | None = None  # the first day, the day it was told, and the level before
        for n, figure in enumerate(self.days):
            if opened:
                first, fired, level = opened
                usual.append(level)
                accepted = n - first >= ACCEPTED_AFTER_D or any(self.days[first].day <= day <= figure.day for day in self._since(first))
                back = abs(figure.value - level) < abs(self._size(first, fired, level)) / 2
                if accepted or back:
                    found.append(self._shift(opened, n, usual, accepted=accepted, is_over=True))
                    normal, opened, strays = (self.days[first : n + 1] if accepted else [*normal, figure]), None, []
                continue
            known = normal[-HISTORY_D:]
            now = self._level(known) if len(known) >= LEAST_D else None
            usual.append(now[0] if now else None)
            deviation = self._deviation(figure, *now) if now else 0.0
            if now and deviation >= AGAIN + self.more:
                strays.append(n)
                if deviation >= AT_ONCE + self.more or (len(strays) > 1 and strays[-2] == n - 1):
                    opened = (strays[-2] if len(strays) > 1 and strays[-2] == n - 1 else n, n, now[0])
                continue
            strays = []
            normal.append(figure)
        if opened:
            found.append(self._shift(opened, len(self.days) - 1, usual, accepted=False, is_over=False))
        return found

    def _since(self, first: int) -> list[date]:
        """The days from which on somebody called this level normal, if it was this shift they meant."""
        return [day for day in self.taught if abs((day - self.days[first].day).days) <= 1]

    def _level(self, days: Sequence[DailyFigure]) -> tuple[float, float]:
        values = [figure.value for figure in days]
        level = median(values)
        return level, max(_TO_SIGMA * median(abs(value - level) for value in values), self.rule.steady)

    def _deviation(self, figure: DailyFigure, level: float, spread: float) -> float:
        """How many deviations a day strays; 0 where that is not worth telling."""
        off = figure.value - level
        least = max(self.rule.least, self.rule.least_share * abs(level))
        if abs(off) < least or (off < 0 and not self.rule.both_ways):
            return 0.0
        return abs(off) / spread

    def _size(self, first: int, fired: int, level: float) -> float:
        return median(figure.value for figure in self.days[first : fired + 1]) - level

    def _shift(self, opened: tuple[int, int, float], last: int, usual: Sequence[float | None], *, accepted: bool, is_over: bool) -> Shift:
        first, fired, level = opened
        until = last if is_over and not accepted else last + 1
        shown = range(max(0, last + 1 - HISTORY_D), last + 1)
        return Shift(
            kind=self.kind,
            place=self.place,
            currency=self.days[first].currency,
            onset=self.days[first].day,
            fired=self.days[fired].day,
            closed=self.days[last].day if is_over else None,
            accepted=accepted,
            usual=level,
            since=tuple(self.days[first:until]),
            days=tuple((self.days[n], usual[n]) for n in shown),
        )

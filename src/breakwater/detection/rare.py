"""Refunds and chargebacks: rare counts over the last day and the last three, against the same days of the weeks before.

Days end with the hour that is looked at, so they have no shape of the day to learn, and a change of clocks hardly moves them. What a
neighbouring day usually brings may also come today, since files of chargebacks come early or late; what holidays kept back follows them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from breakwater.detection.alerts import Lesson, discovery_bar
from breakwater.detection.families import Bars
from breakwater.detection.live import Live
from breakwater.detection.occurrences import Occurrences
from breakwater.detection.panel import Indexes
from breakwater.detection.series import DAY_H, Floats
from breakwater.model.findings import level_of
from breakwater.model.occurrences import Occurrence

DETECTORS: Mapping[Occurrence, str] = {Occurrence.REFUND: "refunds", Occurrence.CHARGEBACK: "chargebacks"}
MORE_BY: Mapping[Occurrence, float] = {Occurrence.REFUND: 5.0, Occurrence.CHARGEBACK: 3.0}  # than expected; fewer are not worth telling
LEAST_TIMES = 1.5
SIZES = (1.5, 2.0, 3.0, 5.0, 9.0, 17.0, 33.0)
WINDOWS_D = (1, 3)
HISTORY_D, LEAST_D = 56, 14
AFTER_D = max(WINDOWS_D)  # the days that are judged do not teach
HALF_LIFE_D = 14.0
WEEK_D, SHAPE_D = 7, 28
WEEKDAY_WORTH = 20.0  # how often a weekday must have been counted to weigh as much as its partner's
LEAST_EXPECTED = 0.1  # a day: what is never counted can still happen
SPREAD, SPREAD_WORTH_D = 0.05, 14.0
AFTER_HOLIDAY_SPREAD = 0.1
CLOSED_BEFORE_D = 5  # how long a holiday keeps things back, at most
CLIP = 4.0
GROWN_AT_MOST = 3.0
AT_LEAST_OPEN_H = 6
ACCEPTED_AFTER_H = 14 * DAY_H
STEPS = 20  # how finely the least number that would be told of is looked for
DEFAULT_RARE_BARS = Bars(at_once=4.2, least=4.2, discovery=0.05)


@dataclass(kw_only=True, eq=False)
class RareAlert:
    """More of something than usual at one scope of the watch. Hours are indexes of the panel; `week` is what each row usually brings on the
    day that ended with the hour it fired, and on the six days before, `day` the share of each hour of the day (UTC), and `size` how many
    times as much came."""

    what: Occurrence
    scope: int
    fired: int
    onset: int
    size: float
    week: Floats
    day: Floats
    closed: int | None = None
    accepted: bool = False
    taught: bool = False

    def usually(self, *, until: int) -> Floats:
        """Rows × hours from the onset up to `until`: how many there would usually have been."""
        hours = np.arange(self.onset, until)
        usually: Floats = self.week[:, (self.fired - hours) // DAY_H % WEEK_D] * self.day[hours % DAY_H]
        return usually


@dataclass(frozen=True, kw_only=True, eq=False)
class _Usual:
    """Segments × days, the latest first: what came, with what alerts explain taken out, and what was usual."""

    came: Floats
    usual: Floats
    known: np.ndarray


class RareWatch:
    """Refunds and chargebacks of a live panel. `step` is called with each hour right after the panel's own watch looked at it."""

    def __init__(self, live: Live, occurrences: Occurrences, *, bars: Bars = DEFAULT_RARE_BARS) -> None:
        self._live, self._occurrences, self._bars = live, occurrences, bars
        self.alerts: list[RareAlert] = []
        self.lessons: Sequence[Lesson] = ()
        self.cautions: Mapping[tuple[str, str], float] = {}
        self._levels = [level_of(name) for name in live.watch.scopes.names]
        partners = [segment.partner for segment in live.panel.segments]
        self._partner = np.unique(partners, return_inverse=True)[1]

    @property
    def open(self) -> list[RareAlert]:
        """The alerts that are not over."""
        return [alert for alert in self.alerts if alert.closed is None]

    def step(self, hour: int) -> None:
        """Look at an hour that has passed."""
        for what in sorted(self._occurrences.minor):
            usual = self._usual(what, hour)
            if usual is None:
                continue
            for alert in self.open:
                if alert.what is what:
                    self._follow(alert, hour, usual)
            self._look(what, hour, usual)

    def daily(self, what: Occurrence, rows: Indexes, *, hour: int) -> tuple[Floats, Floats]:
        """The days that end with this hour, oldest first: how often it happened on these rows, and how often it would usually have."""
        usual = self._usual(what, hour)
        came = _days(self._occurrences.counts[what][rows], hour).sum(0)[::-1]
        if usual is None:
            return came, np.full(len(came), np.nan)
        return came, usual.usual[rows].sum(0)[::-1]

    def sight(self, what: Occurrence, scopes: Indexes, *, hour: int) -> tuple[Floats, Floats]:
        """By scope: how many are usual a day, and the least number that would be told of, within each of `WINDOWS_D`, where every day is
        like the others; not a number where nothing can be expected yet."""
        usual = self._usual(what, hour)
        if usual is None:
            return np.full(len(scopes), np.nan), np.full((len(scopes), len(WINDOWS_D)), np.nan)
        add_up = self._live.watch.scopes.add_up
        is_known = add_up(usual.known[:, 0].astype(np.float64))[scopes] > 0
        a_day = add_up((usual.usual[:, :WEEK_D] * usual.known[:, :WEEK_D]).mean(1))[scopes]
        least = np.stack([self._least(what, a_day, self._spread(usual)[scopes], days=days) for days in WINDOWS_D], 1)
        return np.where(is_known, a_day, np.nan), np.where(is_known[:, None], least, np.nan)

    def _least(self, what: Occurrence, a_day: Floats, spread: Floats, *, days: int) -> Floats:
        expected = days * np.maximum(a_day, LEAST_EXPECTED)
        least = np.ceil(np.maximum(expected + MORE_BY[what], LEAST_TIMES * expected))
        while (short := _likelihoods(least, expected, spread=spread / math.sqrt(days)) < self._bars.least * math.log(10)).any():
            least[short] += np.ceil(least[short] / STEPS)
        return least

    # ------------------------------------------------------------ what is usual

    def _usual(self, what: Occurrence, hour: int) -> _Usual | None:
        """None while there is too little history."""
        came = _days(self._without_alerts(what, hour), hour)
        known = self._known(what, hour, days=came.shape[1])
        if came.shape[1] < LEAST_D + AFTER_D or not known[:, LEAST_D + AFTER_D - 1].any():
            return None
        known &= known[:, LEAST_D + AFTER_D - 1][:, None]
        weight = 0.5 ** (np.arange(came.shape[1]) / HALF_LIFE_D) * known
        weight[:, :AFTER_D] = 0.0
        level = (weight * came).sum(1) / np.maximum(weight.sum(1), 1e-9)
        weekday = np.arange(came.shape[1]) % WEEK_D
        member = np.eye(WEEK_D)[weekday]
        saw, would = (weight * came) @ member, (weight * level[:, None]) @ member
        same_partner = np.eye(int(self._partner.max()) + 1)[self._partner]
        saw_there, would_there = (same_partner.T @ values for values in (saw, would))
        shared = ((saw_there + WEEKDAY_WORTH) / (would_there + WEEKDAY_WORTH))[self._partner]
        factor = (saw + WEEKDAY_WORTH * shared) / (would + WEEKDAY_WORTH)
        usual = (level * self._grown(hour, days=came.shape[1]))[:, None] * factor[:, weekday]
        return _Usual(came=came, usual=usual, known=known)

    def _without_alerts(self, what: Occurrence, hour: int) -> Floats:
        """Counts up to this hour, with what was usual in the place of what alerts explain."""
        counts = self._occurrences.counts[what][:, : hour + 1].astype(np.float64)
        for alert in self.alerts:
            if alert.what is what and not alert.accepted:
                end = hour + 1 if alert.closed is None else alert.closed + 1
                rows = self._live.watch.scopes.rows(alert.scope)
                counts[rows, alert.onset : end] = alert.usually(until=end)
        return counts

    def _known(self, what: Occurrence, hour: int, *, days: int) -> np.ndarray:
        """Segments × days: from when on a partner's were told at all, and from when on a level that was accepted holds."""
        told = self._occurrences.counts[what][:, : hour + 1] > 0
        first = np.where(told.any(1), told.argmax(1), hour + 1)
        of_partner = np.full(int(self._partner.max()) + 1, hour + 1)
        np.minimum.at(of_partner, self._partner, first)
        since = of_partner[self._partner]
        for alert in self.alerts:
            if alert.what is what and alert.accepted:
                rows = self._live.watch.scopes.rows(alert.scope)
                since[rows] = np.maximum(since[rows], alert.onset)
        known: np.ndarray = np.arange(1, days + 1)[None, :] * DAY_H <= (hour + 1 - since)[:, None]
        return known

    def _grown(self, hour: int, *, days: int) -> Floats:
        """Who sells more has more of it, too: attempts of the last fortnight against those of the time that taught."""
        attempts = _days(self._live.panel.attempts[:, : hour + 1], hour)
        late, all_days = attempts[:, :LEAST_D].mean(1), attempts[:, :days].mean(1)
        grown: Floats = np.clip(late / np.maximum(all_days, 1e-9), 1.0, GROWN_AT_MOST)
        return grown

    def _kept_back(self, usual: _Usual, hour: int, *, days: int) -> Floats:
        """What holidays shortly before a window kept back, by segment."""
        part = slice(days, days + CLOSED_BEFORE_D)
        missing = np.maximum(usual.usual[:, part] - usual.came[:, part], 0.0).sum(1)
        closed = np.zeros(len(missing), dtype=bool)
        for clock in self._live.panel.clocks:
            first = max(0, hour + 1 - (days + CLOSED_BEFORE_D) * DAY_H)
            closed[clock.rows] = clock.hours.holiday[first : hour + 1].any()
        kept_back: Floats = missing * closed
        return kept_back

    # ------------------------------------------------------------ what came

    def _look(self, what: Occurrence, hour: int, usual: _Usual) -> None:
        """Open an alert for the worst that is surprising enough, at the scope that explains it best; a second one may follow in an hour."""
        scopes = self._live.watch.scopes
        spread = self._spread(usual)
        ratios, surprises = [], []
        for days in WINDOWS_D:
            came, expected, kept_back = self._window(usual, hour, days=days)
            after = AFTER_HOLIDAY_SPREAD * (kept_back > 0)
            ratio = _likelihoods(came, expected, spread=spread / math.sqrt(days) + after)
            is_much = (came - expected >= MORE_BY[what]) & (came >= LEAST_TIMES * expected)
            ratios.append(ratio)
            surprises.append(is_much * ratio / math.log(10))
        surprise = np.stack(surprises, 1).max(1)
        caution = np.array([self.cautions.get((DETECTORS[what], level), 0.0) for level in self._levels])
        surprise = surprise - caution
        bar = max(self._bars.least, discovery_bar(surprise, share=self._bars.discovery))
        worst = int(surprise.argmax())
        if surprise[worst] < bar:
            return
        best = np.stack(ratios, 1).max(1)
        near = scopes.touching(scopes.rows(worst))
        scope = int(near[int(best[near].argmax())])
        if caution[scope] and surprise[scope] < bar:
            return
        days = WINDOWS_D[int(np.argmax([ratio[scope] for ratio in ratios]))]
        self._open(what, hour, scope, days=days, usual=usual)

    def _window(self, usual: _Usual, hour: int, *, days: int) -> tuple[Floats, Floats, Floats]:
        """By scope: what came in the last days, what was expected, a neighbouring day's share included, and what was kept back before."""
        scopes = self._live.watch.scopes
        around = [usual.usual[:, WEEK_D + shift : WEEK_D + shift + days].sum(1) for shift in (-1, 0, 1)]
        kept_back = self._kept_back(usual, hour, days=days)
        known = usual.known[:, 0]
        came, *expected, kept_back = (scopes.add_up(values * known) for values in (usual.came[:, :days].sum(1), *around, kept_back))
        return came, np.maximum(np.maximum.reduce(expected), days * LEAST_EXPECTED) + kept_back, kept_back

    def _spread(self, usual: _Usual) -> Floats:
        """The relative variance of each scope's days beyond chance, by the weeks before."""
        part = slice(AFTER_D, AFTER_D + 4 * WEEK_D)
        add_up = self._live.watch.scopes.add_up
        came, expected = add_up(usual.came[:, part] * usual.known[:, part]), add_up(usual.usual[:, part] * usual.known[:, part])
        spread = np.full((len(came), 1), SPREAD)
        for _ in range(2):
            off = np.minimum(np.abs(came - expected), CLIP * np.sqrt(expected + spread * expected**2))
            spread = np.maximum((off**2 - expected).sum(1) / np.maximum((expected**2).sum(1), 1e-9), 0.0)[:, None]
        days = (expected > 0).sum(1)
        shrunk: Floats = (days * spread[:, 0] + SPREAD_WORTH_D * SPREAD) / (days + SPREAD_WORTH_D)
        return shrunk

    # ------------------------------------------------------------ alerts

    def _open(self, what: Occurrence, hour: int, scope: int, *, days: int, usual: _Usual) -> None:
        rows = self._live.watch.scopes.rows(scope)
        first = hour + 1 - days * DAY_H
        day = self._shape(what, rows, hour)
        alert = RareAlert(what=what, scope=scope, fired=hour, onset=first, size=1.0, week=usual.usual[rows, :WEEK_D], day=day)
        over = (self._occurrences.counts[what][rows, first : hour + 1] - alert.usually(until=hour + 1)).sum(0)
        alert.onset = first + int(np.cumsum(over[::-1])[::-1].argmax())
        came = float(self._occurrences.counts[what][rows, alert.onset : hour + 1].sum())
        alert.size = came / max(float(alert.usually(until=hour + 1).sum()), LEAST_EXPECTED)
        self.alerts.append(alert)

    def _shape(self, what: Occurrence, rows: Indexes, hour: int) -> Floats:
        """The share of a day that each hour of the day (UTC) has, on all rows together."""
        end = (hour + 1) // DAY_H * DAY_H - AFTER_D * DAY_H
        first = max(0, end - SHAPE_D * DAY_H)
        by_hour = self._without_alerts(what, hour)[rows, first:end].sum(0).reshape(-1, DAY_H).sum(0) + 1.0
        share: Floats = by_hour / by_hour.sum()
        return share

    def _follow(self, alert: RareAlert, hour: int, usual: _Usual) -> None:
        """Carry an open alert over one more hour: over once a day brought what days bring, accepted as how things are, or still open."""
        rows = self._live.watch.scopes.rows(alert.scope)
        for lesson in self.lessons:
            same = lesson.channel == alert.what and abs(lesson.onset - alert.onset) <= DAY_H and lesson.at <= hour
            alert.taught = alert.taught or (same and bool(np.isin(rows, lesson.rows).any()))
        if hour - alert.onset >= ACCEPTED_AFTER_H:
            alert.accepted, alert.closed = True, hour
        elif not alert.taught and hour - alert.fired >= AT_LEAST_OPEN_H:
            came = float(self._occurrences.counts[alert.what][rows, hour + 1 - DAY_H : hour + 1].sum())
            expected = max(float(usual.usual[rows, 0].sum()), LEAST_EXPECTED)
            if came <= max(1.25 * expected, expected + 2 * math.sqrt(expected)):
                alert.closed = hour


def _days(counts: np.ndarray, hour: int) -> Floats:
    """Rows × days that end with this hour, the latest first."""
    days = min(HISTORY_D + AFTER_D, (hour + 1) // DAY_H)
    tail = counts[:, hour + 1 - days * DAY_H : hour + 1].astype(np.float64)
    by_day: Floats = tail.reshape(len(tail), days, DAY_H).sum(2)[:, ::-1]
    return by_day


def _likelihoods(came: Floats, expected: Floats, *, spread: Floats) -> Floats:
    """How much better the best of `SIZES` explains each count than nothing does: negative binomial, Var = mean + spread · mean²."""
    size, usual, beyond = np.array(SIZES), expected[:, None], np.maximum(spread, 1e-6)[:, None]
    grown = np.log1p(beyond * usual * size) - np.log1p(beyond * usual)
    best: Floats = (came[:, None] * (np.log(size) - grown) - grown / beyond).max(1)
    return np.maximum(best, 0.0)

"""What an hour would normally bring, learned from the hours before it and from nothing else.

Counts: an hour-of-week profile in the partner's local time over eight weeks, times the level of the last normal days. Holidays are a day
type of their own, Sunday-like until past holidays say otherwise. Approval rates: an hour-of-day profile times the level of declines.
Both also learn how far their own past windows strayed, so that an unsteady series has to stray further before it is surprising.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakwater.detection.series import DAY_H, WEEK_H, Counts, Floats, HourlySeries, LocalHours, local_hours, rest_day
from breakwater.model.partners import Partner

HISTORY_WEEKS = 8
LEAST_HISTORY_DAYS = 14  # with fewer, a series is new and nothing is expected of it
LEVEL_DAYS = 7
SPREAD_DAYS = 28
PROFILE_WORTH = 30.0  # an hour of the week that saw this many payments weighs as much as its day's and hour's usual shape
ROBUST_FROM = 5.0  # payments in an hour; below it, trimming would bias a skewed count
HOLIDAY_WORTH = 2.0  # past holidays needed to weigh as much as 'like a Sunday'
HOLIDAY_SPREAD = 0.08  # extra relative variance on holidays: what a holiday brings is known badly
USUAL_SPREAD, USUAL_SPREAD_WORTH = 0.01, 10.0  # prior of the relative variance, and how many windows it weighs
RATE_WORTH = 300.0  # attempts an hour of the day needs to weigh as much as the overall rate
USUAL_RATE_SPREAD = 0.001
_CLIP = 3.0  # standard deviations: an incident in the past must not teach that incidents are normal


@dataclass(frozen=True, kw_only=True, eq=False)
class CountBaseline:
    """Attempts expected per hour of the series. Only hours before `cut` taught it; the values before `cut` say what it learned from."""

    expected: Floats
    cut: int
    local: LocalHours
    first: int
    attempts: Counts
    weeks: float

    def spread(self, window_h: int) -> float:
        """The relative variance beyond Poisson of windows of this length: Var = mean + spread · mean²."""
        usable = _recent_windows(self.cut, self.first + LEVEL_DAYS * DAY_H, window_h)
        if not usable:
            return 3 * USUAL_SPREAD
        expected = np.add.reduceat(self.expected[usable.start : usable.stop], np.arange(0, len(usable), window_h))
        seen = np.add.reduceat(self.attempts[usable.start : usable.stop], np.arange(0, len(usable), window_h))
        windows = len(expected)
        spread = USUAL_SPREAD
        for _ in range(3):
            off = np.clip(np.abs(seen - expected), 0, _CLIP * np.sqrt(expected + spread * expected**2))
            spread = max(0.0, float((off**2 - expected).sum() / max((expected**2).sum(), 1e-9)))
        # The profile was fitted to these very windows, so the next one strays further.
        spread *= (self.weeks + 1) / max(self.weeks - 1, 1)
        learned = (windows * spread + USUAL_SPREAD_WORTH * USUAL_SPREAD) / (windows + USUAL_SPREAD_WORTH)
        # A profile learned from few payments is itself a guess.
        return float(learned + 1 / max(self.weeks * float(expected.mean()), 1.0))

    def holiday_spread(self, first: int, after: int) -> float:
        """The further relative variance of a window that holds holiday hours, by their share of what is expected."""
        expected = self.expected[first:after]
        return HOLIDAY_SPREAD * float(expected[self.local.holiday[first:after]].sum() / max(expected.sum(), 1e-9)) ** 2


def count_baseline(series: HourlySeries, *, partner: Partner, cut: int) -> CountBaseline | None:
    """Attempts expected for every hour of the series, as known when `cut` hours of it had passed; None while history is too short."""
    local = local_hours(start=series.start, hours=len(series.attempts), time_zone=partner.time_zone, calendar=partner.calendar)
    first = _first_hour(series.attempts, cut)
    if cut - first < LEAST_HISTORY_DAYS * DAY_H:
        return None
    holiday = local.holiday & (local.weekday != rest_day(partner.calendar))
    profile = _profile(series.attempts, local=local, holiday=holiday, first=first, cut=cut)
    weekday = np.where(holiday, rest_day(partner.calendar), local.weekday)
    shape = profile[weekday, local.hour]
    days = _whole_days(local, first=first, cut=cut)
    level = _levels(series.attempts, shape, local=local, holiday=holiday, days=days)
    expected = shape * level[local.day]
    expected[holiday] *= _holiday_factor(series.attempts, expected, local=local, holiday=holiday, days=days)
    return CountBaseline(expected=expected, cut=cut, local=local, first=first, attempts=series.attempts, weeks=(cut - first) / WEEK_H)


def _first_hour(attempts: Counts, cut: int) -> int:
    """Where the history to learn from begins: eight weeks back, or the first payment of a newer series."""
    oldest = max(0, cut - HISTORY_WEEKS * WEEK_H)
    active = np.flatnonzero(attempts[oldest:cut])
    return oldest + int(active[0]) if len(active) else cut


def _profile(attempts: Counts, *, local: LocalHours, holiday: np.ndarray, first: int, cut: int) -> Floats:
    """The usual share of each (weekday, hour): of each cell itself where it saw enough, else of its weekday times its hour."""
    hours = np.arange(first, cut)
    week = (cut - 1 - hours) // WEEK_H
    weeks = int(week[0]) + 1
    size = np.bincount(week, weights=attempts[first:cut], minlength=weeks) / np.bincount(week, minlength=weeks)
    normal = ~holiday[first:cut] & (size[week] > 0)
    hours, week = hours[normal], week[normal]
    cells = np.full((weeks, 7, DAY_H), np.nan)
    cells[week, local.weekday[hours], local.hour[hours]] = attempts[hours] / size[week]
    seen = np.isfinite(cells).sum(axis=0)
    mean = np.nansum(cells, axis=0) / np.maximum(seen, 1)
    trimmed = (np.nansum(cells, axis=0) - _edge(cells, np.fmax, -np.inf) - _edge(cells, np.fmin, np.inf)) / np.maximum(seen - 2, 1)
    usual = float(np.median(size))
    mean = np.where((mean * usual >= ROBUST_FROM) & (seen > 3), trimmed, mean)
    worth = seen * mean * usual
    profile: Floats = (worth * mean + PROFILE_WORTH * _smooth(mean)) / (worth + PROFILE_WORTH)
    return profile


def _edge(cells: Floats, choose: np.ufunc, start: float) -> Floats:
    edge = choose.reduce(cells, axis=0, initial=start)
    return np.where(np.isfinite(edge), edge, 0.0)


def _smooth(cells: Floats) -> Floats:
    """Weekday times hour of day: the shape without any cell of its own."""
    return np.outer(cells.sum(axis=1), cells.sum(axis=0)) / max(float(cells.sum()), 1e-9)


def _whole_days(local: LocalHours, *, first: int, cut: int) -> list[int]:
    """The local days that lie wholly between `first` and `cut`."""
    if cut <= first:
        return []
    last = int(local.day[cut - 1]) + (1 if cut < len(local.day) and local.day[cut] != local.day[cut - 1] else 0)
    start = int(local.day[first]) + (1 if first > 0 and local.day[first - 1] == local.day[first] else 0)
    return list(range(start, last))


def _levels(attempts: Counts, shape: Floats, *, local: LocalHours, holiday: np.ndarray, days: list[int]) -> Floats:
    """The level each local day starts from: the median of the last normal days before it, each compared with its own weekday."""
    size = np.bincount(local.day, weights=attempts)
    usual = np.bincount(local.day, weights=shape)
    free = set(np.unique(local.day[holiday]).tolist())
    normal = [d for d in days if d not in free and usual[d] > 0]
    ratio = size[normal] / usual[normal]
    before = np.searchsorted(normal, np.arange(len(size)))  # how many normal days lie before each day
    medians = [float(np.median(ratio[max(0, n - LEVEL_DAYS) : n])) if n else np.nan for n in range(len(normal) + 1)]
    level = np.array(medians)[before]
    return np.where(np.isfinite(level), level, medians[min(LEVEL_DAYS, len(normal))])


def _holiday_factor(attempts: Counts, expected: Floats, *, local: LocalHours, holiday: np.ndarray, days: list[int]) -> float:
    """What past holidays brought compared with a Sunday, drawn towards 1 while they are few."""
    past = [d for d in np.unique(local.day[holiday]).tolist() if d in set(days)]
    size, usual = np.bincount(local.day, weights=attempts), np.bincount(local.day, weights=expected)
    ratios = [size[d] / usual[d] for d in past if usual[d] > 0]
    return float((sum(ratios) + HOLIDAY_WORTH) / (len(ratios) + HOLIDAY_WORTH))


@dataclass(frozen=True, kw_only=True, eq=False)
class RateBaseline:
    """The approval rate expected per hour, between 0 and 1, taught by the hours before `cut`."""

    expected: Floats
    cut: int
    first: int
    attempts: Counts
    approved: Counts

    def spread(self, window_h: int) -> float:
        """The correlation between payments of a window beyond chance: Var = n·p·q·(1 + (n − 1)·spread)."""
        usable = _recent_windows(self.cut, self.first + LEVEL_DAYS * DAY_H, window_h)
        if not usable:
            return 3 * USUAL_RATE_SPREAD
        cuts, part = np.arange(0, len(usable), window_h), slice(usable.start, usable.stop)
        n = np.add.reduceat(self.attempts[part], cuts)
        hits = np.add.reduceat(self.approved[part], cuts)
        expected = np.add.reduceat(self.attempts[part] * self.expected[part], cuts)
        n, hits, expected = n[n > 1], hits[n > 1], expected[n > 1]
        chance = expected * (1 - expected / n)
        spread = USUAL_RATE_SPREAD
        for _ in range(3):
            off = np.clip(np.abs(hits - expected), 0, _CLIP * np.sqrt(chance * (1 + (n - 1) * spread)))
            spread = max(0.0, float((off**2 - chance).sum() / max((chance * (n - 1)).sum(), 1e-9)))
        return float((len(n) * spread + USUAL_SPREAD_WORTH * USUAL_RATE_SPREAD) / (len(n) + USUAL_SPREAD_WORTH))


def rate_baseline(series: HourlySeries, *, partner: Partner, cut: int) -> RateBaseline | None:
    """The approval rate expected for every hour of the series, as known when `cut` hours had passed; None while history is too short."""
    local = local_hours(start=series.start, hours=len(series.attempts), time_zone=partner.time_zone, calendar=partner.calendar)
    first = _first_hour(series.attempts, cut)
    if cut - first < LEAST_HISTORY_DAYS * DAY_H:
        return None
    past = slice(max(first, cut - SPREAD_DAYS * DAY_H), cut)
    tried, declined = series.attempts[past], series.attempts[past] - series.approved[past]
    overall = (declined.sum() + 0.5) / (tried.sum() + 1.0)
    by_hour = np.bincount(local.hour[past], weights=declined, minlength=DAY_H) + RATE_WORTH * overall
    by_hour /= np.bincount(local.hour[past], weights=tried, minlength=DAY_H) + RATE_WORTH
    usual = by_hour[local.hour]
    recent = slice(max(first, cut - LEVEL_DAYS * DAY_H), cut)
    level = _rate_level(series, usual=usual, recent=recent)
    return RateBaseline(
        expected=1 - np.clip(usual * level, 1e-4, 1 - 1e-4), cut=cut, first=first, attempts=series.attempts, approved=series.approved
    )


def _rate_level(series: HourlySeries, *, usual: Floats, recent: slice) -> float:
    """Declines of the last days against what their hours usually bring, without the best and the worst day."""
    cuts = np.arange(0, recent.stop - recent.start, DAY_H)
    declined = np.add.reduceat(series.attempts[recent] - series.approved[recent], cuts)
    expected = np.add.reduceat(series.attempts[recent] * usual[recent], cuts)
    order = np.argsort((declined + 1) / (expected + 1))[1:-1]
    return float((declined[order].sum() + 1) / (expected[order].sum() + 1))


def _recent_windows(cut: int, oldest: int, window_h: int) -> range:
    """The hours of the last four weeks that make whole windows ending at `cut`."""
    hours = min(cut - oldest, SPREAD_DAYS * DAY_H) // window_h * window_h
    return range(cut - hours, cut) if hours > 0 else range(0)

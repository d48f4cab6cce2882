"""How surprising a window is: exact tails for small counts, wider where the series itself is unsteady."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from scipy import special, stats

from breakwater.detection.baseline import CountBaseline, RateBaseline
from breakwater.detection.series import DAY_H, Counts, Floats

TAIL_DEVIATIONS = 12
CHECKS = 3  # the hours that vote: an alert needs two of the last three, or one that is beyond doubt


class Direction(StrEnum):
    """Which way something strays."""

    DROP = "drop"
    SPIKE = "spike"


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When something is worth telling. `surprise` is −log10 of the chance that a normal window looks so.

    It must still go on, since a long window remembers what is over: the shortest window that can tell at this size, on its own, must be
    as surprising as `goes_on` says. And a change must be large enough in share, in payments, and in money where `least_minor` names the
    currency.
    """

    windows_h: tuple[int, ...] = (1, 3, 6, 24)
    surprise: float = 4.0
    surprise_at_once: float = 5.0
    goes_on: float = 1.5
    goes_on_at_once: float = 3.0
    goes_on_once_open: float = 1.0
    least_drop: float = 0.10
    least_spike: float = 0.30
    least_approval_drop: float = 0.02
    least_payments: int = 10
    least_expected_per_day: float = 30.0
    least_minor: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Surprise:
    """The most surprising window that ends at the last hour: hours `first` up to `after` (exclusive).

    `score` is its surprise, `now_score` that of the shortest window that can tell: whether it still goes on.
    """

    score: float
    now_score: float
    first: int
    after: int


def low_tail(seen: int, *, expected: float, spread: float) -> float:
    """−log10 of the chance of `seen` or fewer, by the negative binomial with variance expected + spread · expected²."""
    return _score(float(stats.nbinom.logcdf(seen, *_negative_binomial(expected, spread))))


def high_tail(seen: int, *, expected: float, spread: float) -> float:
    """−log10 of the chance of `seen` or more, by the same law."""
    return _score(float(stats.nbinom.logsf(seen - 1, *_negative_binomial(expected, spread))))


def approval_tail(approved: int, *, attempts: int, expected: float, spread: float) -> float:
    """−log10 of the chance of so few approvals by the beta-binomial; `spread` is the correlation between payments."""
    rate, spread = min(max(expected / attempts, 1e-6), 1 - 1e-6), max(spread, 1e-6)
    ups, downs = rate * (1 / spread - 1), (1 - rate) * (1 / spread - 1)
    deviation = math.sqrt(attempts * rate * (1 - rate) * (1 + (attempts - 1) * spread))
    # A normal tail would overstate: rates near 1 are skewed however many payments there are. Far terms add nothing.
    k = np.arange(max(0, approved - math.ceil(TAIL_DEVIATIONS * deviation)), approved + 1)
    ways = special.gammaln(attempts + 1) - special.gammaln(k + 1) - special.gammaln(attempts - k + 1)
    return _score(float(special.logsumexp(ways + special.betaln(k + ups, attempts - k + downs) - special.betaln(ups, downs))))


def count_surprise(
    baseline: CountBaseline, *, direction: Direction, end: int, thresholds: Thresholds, open_already: bool
) -> Surprise | None:
    """The drop or spike ending at hour `end` (exclusive), or None. One that is open already stays while any of the last hours shows it."""
    per_day = float(baseline.expected[max(0, end - DAY_H) : end].sum())
    if per_day < thresholds.least_expected_per_day:
        return None
    spreads = {w: baseline.spread(w) for w in thresholds.windows_h}
    votes = [_count_at(baseline, end=e, spreads=spreads, thresholds=thresholds, direction=direction) for e in _last_hours(end)]
    return _elected(votes, thresholds=thresholds, open_already=open_already)


def approval_surprise(baseline: RateBaseline, *, end: int, thresholds: Thresholds, open_already: bool) -> Surprise | None:
    """The approval drop that ends at hour `end` (exclusive), or None."""
    spreads = {w: baseline.spread(w) for w in thresholds.windows_h}
    votes = [_approval_at(baseline, end=e, spreads=spreads, thresholds=thresholds) for e in _last_hours(end)]
    return _elected(votes, thresholds=thresholds, open_already=open_already)


def _last_hours(end: int) -> list[int]:
    return [end - n for n in range(CHECKS)]


def _elected(votes: list[Surprise | None], *, thresholds: Thresholds, open_already: bool) -> Surprise | None:
    """The newest vote, where one is beyond doubt now, two of three agree, or it is open already and any still shows it."""
    going_on = thresholds.goes_on_once_open if open_already else thresholds.goes_on
    cast = [v for v in votes if v is not None and v.now_score >= going_on]
    newest = votes[0]
    at_once = newest and newest.score >= thresholds.surprise_at_once and newest.now_score >= thresholds.goes_on_at_once
    return cast[0] if cast and (at_once or len(cast) > 1 or open_already) else None


def _count_at(
    baseline: CountBaseline, *, end: int, spreads: Mapping[int, float], thresholds: Thresholds, direction: Direction
) -> Surprise | None:
    tail, sign, least_share = (
        (low_tail, -1, thresholds.least_drop) if direction is Direction.DROP else (high_tail, 1, thresholds.least_spike)
    )
    best: Surprise | None = None
    now_score: float | None = None
    for window_h, spread in spreads.items():
        first = end - window_h
        expected = float(baseline.expected[first:end].sum())
        # A closed hour expects next to nothing, so anything there would be a spike; only windows with traffic are asked.
        if expected < thresholds.least_payments:
            continue
        seen = int(baseline.attempts[first:end].sum())
        strayed, spread = sign * (seen - expected), spread + baseline.holiday_spread(first, end)
        score = tail(seen, expected=expected, spread=spread) if strayed >= least_share * expected else 0.0
        if now_score is None and expected >= thresholds.least_expected_per_day:
            now_score = score
        if score >= thresholds.surprise and strayed >= thresholds.least_payments and (best is None or score > best.score):
            first = _onset(baseline.expected[first:end], baseline.attempts[first:end], spread=spread, end=end)
            best = Surprise(score=score, now_score=0.0, first=first, after=end)
    return best and replace(best, now_score=now_score or 0.0)


def _onset(expected: Floats, seen: Counts, *, spread: float, end: int) -> int:
    """The hour of a window from which on it strays most: a long window begins before what it found."""
    usual, came = np.cumsum(expected[::-1]), np.cumsum(seen[::-1])
    return end - 1 - int(np.argmax(np.abs(came - usual) / np.sqrt(np.maximum(usual, 1e-9) + spread * usual**2)))


def _approval_at(baseline: RateBaseline, *, end: int, spreads: Mapping[int, float], thresholds: Thresholds) -> Surprise | None:
    best: Surprise | None = None
    now_score: float | None = None
    for window_h, spread in spreads.items():
        first = end - window_h
        attempts, approved = int(baseline.attempts[first:end].sum()), int(baseline.approved[first:end].sum())
        expected = float((baseline.attempts[first:end] * baseline.expected[first:end]).sum())
        if attempts < thresholds.least_expected_per_day:
            continue
        lost = expected - approved
        enough = lost >= thresholds.least_approval_drop * attempts
        score = approval_tail(approved, attempts=attempts, expected=expected, spread=spread) if enough else 0.0
        now_score = score if now_score is None else now_score
        if score >= thresholds.surprise and lost >= thresholds.least_payments and (best is None or score > best.score):
            best = Surprise(score=score, now_score=now_score, first=first, after=end)
    return best


def _negative_binomial(expected: float, spread: float) -> tuple[float, float]:
    expected, spread = max(expected, 1e-9), max(spread, 1e-9)
    return 1 / spread, 1 / (1 + spread * expected)


def _score(log_chance: float) -> float:
    return float(np.clip(-log_chance / math.log(10), 0.0, 300.0))

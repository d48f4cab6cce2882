"""How surprising a window is: exact tails for small counts, wider where the series itself is unsteady."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy import stats

from breakwater.detection.baseline import CountBaseline, RateBaseline
from breakwater.detection.series import DAY_H

EXACT_TO = 400  # attempts; above, the normal tail is as good and much faster
CHECKS = 3  # the hours that vote: an alert needs two of the last three, or one that is beyond doubt


class Direction(StrEnum):
    """Which way something strays."""

    DROP = "drop"
    SPIKE = "spike"


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When something is worth telling. `surprise` is −log10 of the chance that a normal window looks so.

    Beside it, a change must be large enough in share, in payments, and in money where `least_minor` names the currency.
    """

    windows_h: tuple[int, ...] = (1, 3, 6, 24)
    surprise: float = 4.0
    surprise_at_once: float = 5.0
    least_drop: float = 0.10
    least_spike: float = 0.30
    least_approval_drop: float = 0.02
    least_payments: int = 10
    least_expected_per_day: float = 30.0
    least_minor: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Surprise:
    """The most surprising window ending at the last hour: hours `first` up to `after` (exclusive), in payments."""

    score: float
    first: int
    after: int
    expected: float
    seen: int


def low_tail(seen: int, *, expected: float, spread: float) -> float:
    """−log10 of the chance of `seen` or fewer, by the negative binomial with variance expected + spread · expected²."""
    return _score(float(stats.nbinom.logcdf(seen, *_negative_binomial(expected, spread))))


def high_tail(seen: int, *, expected: float, spread: float) -> float:
    """−log10 of the chance of `seen` or more, by the same law."""
    return _score(float(stats.nbinom.logsf(seen - 1, *_negative_binomial(expected, spread))))


def approval_tail(approved: int, *, attempts: int, expected: float, spread: float) -> float:
    """−log10 of the chance of so few approvals: beta-binomial, exact up to 400 attempts and normal above."""
    rate, spread = min(max(expected / attempts, 1e-6), 1 - 1e-6), max(spread, 1e-6)
    if attempts <= EXACT_TO:
        pairs = 1 / spread - 1
        return _score(_log(float(stats.betabinom.cdf(approved, attempts, rate * pairs, (1 - rate) * pairs))))
    deviation = math.sqrt(attempts * rate * (1 - rate) * (1 + (attempts - 1) * spread))
    return _score(float(stats.norm.logcdf((approved + 0.5 - attempts * rate) / deviation)))


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
    cast = [v for v in votes if v is not None]
    at_once = votes[0] is not None and votes[0].score >= thresholds.surprise_at_once
    return cast[0] if cast and (at_once or len(cast) > 1 or open_already) else None


def _count_at(
    baseline: CountBaseline, *, end: int, spreads: Mapping[int, float], thresholds: Thresholds, direction: Direction
) -> Surprise | None:
    best: Surprise | None = None
    for window_h, spread in spreads.items():
        first = end - window_h
        expected = float(baseline.expected[first:end].sum())
        seen = int(baseline.attempts[first:end].sum())
        if not _large_enough(seen, expected=expected, thresholds=thresholds, direction=direction):
            continue
        tail = low_tail if direction is Direction.DROP else high_tail
        score = tail(seen, expected=expected, spread=spread + baseline.holiday_spread(first, end))
        if score >= thresholds.surprise and (best is None or score > best.score):
            best = Surprise(score=score, first=first, after=end, expected=expected, seen=seen)
    return best if best and _goes_on(baseline, end=end, thresholds=thresholds, direction=direction) else None


def _large_enough(seen: int, *, expected: float, thresholds: Thresholds, direction: Direction) -> bool:
    if direction is Direction.DROP:
        return expected - seen >= max(thresholds.least_payments, thresholds.least_drop * expected)
    # A closed hour expects next to nothing, so anything there would be a spike; only windows with traffic are asked.
    return expected >= thresholds.least_payments and seen - expected >= max(thresholds.least_payments, thresholds.least_spike * expected)


def _goes_on(baseline: CountBaseline, *, end: int, thresholds: Thresholds, direction: Direction) -> bool:
    """Whether the shortest window that can tell still strays: a long window alone would hold an alert for a day after it is over."""
    for window_h in thresholds.windows_h:
        expected = float(baseline.expected[end - window_h : end].sum())
        if expected >= thresholds.least_expected_per_day:
            off = float(baseline.attempts[end - window_h : end].sum()) / expected - 1
            return off <= -thresholds.least_drop if direction is Direction.DROP else off >= thresholds.least_spike
    return True


def _approval_at(baseline: RateBaseline, *, end: int, spreads: Mapping[int, float], thresholds: Thresholds) -> Surprise | None:
    best: Surprise | None = None
    lasting: bool | None = None
    for window_h, spread in spreads.items():
        first = end - window_h
        attempts = int(baseline.attempts[first:end].sum())
        expected = float((baseline.attempts[first:end] * baseline.expected[first:end]).sum())
        approved = int(baseline.approved[first:end].sum())
        if attempts < thresholds.least_expected_per_day:
            continue
        enough = expected - approved >= thresholds.least_approval_drop * attempts
        lasting = enough if lasting is None else lasting  # the shortest window that can tell
        if not enough or expected - approved < thresholds.least_payments:
            continue
        score = approval_tail(approved, attempts=attempts, expected=expected, spread=spread)
        if score >= thresholds.surprise and (best is None or score > best.score):
            best = Surprise(score=score, first=first, after=end, expected=expected, seen=approved)
    return best if lasting else None


def _negative_binomial(expected: float, spread: float) -> tuple[float, float]:
    expected, spread = max(expected, 1e-9), max(spread, 1e-9)
    return 1 / spread, 1 / (1 + spread * expected)


def _score(log_chance: float) -> float:
    return float(np.clip(-log_chance / math.log(10), 0.0, 300.0))


def _log(chance: float) -> float:
    return math.log(chance) if chance > 0 else -math.inf

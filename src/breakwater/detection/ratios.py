"""What a ratio of sums would normally be tomorrow: declines per attempt, amount per approval. Level times local hour times weekday.

The shapes of the day and of the week are those all segments share, bent towards a segment's own where it has seen enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakwater.detection.panel import Panel
from breakwater.detection.series import DAY_H, Floats

DAYS = 28
HALF_LIFE_DAYS = 10.0
BELIEVABLE = 0.25  # how far a day may lie from the level, besides chance, and still teach in full


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How much is needed to learn: what the `bottom` of a ratio must sum to so that an hour's or weekday's own shape, and an own level,
    weigh as much as the shared ones; and how many units of `bottom` are worth one independent observation."""

    shape_worth: float
    level_worth: float
    per_observation: float


def usual_ratio(panel: Panel, *, top: Floats, bottom: Floats, first: int, learning: Learning, level: Floats) -> Floats:
    """Segments × the 24 hours from `first`. `top` and `bottom` are the weeks before it, zero where nothing may be learned, whole days;
    `level` is where each segment's ratio is drawn to while it has seen little."""
    hours = np.arange(first - top.shape[1], first)
    rough = (top.sum(1) + learning.level_worth * level) / (bottom.sum(1) + learning.level_worth)
    scaled = top / np.maximum(rough, 1e-12)[:, None]
    shape, tomorrow = np.ones_like(top), np.ones((len(top), DAY_H))
    for name, classes in (("hour", DAY_H), ("weekday", 7)):
        by_class = _shape(panel, name=name, classes=classes, hours=hours, top=scaled, bottom=bottom * shape, worth=learning.shape_worth)
        for clock in panel.clocks:
            label = getattr(clock.hours, name)
            shape[clock.rows] *= by_class[clock.rows][:, label[hours]]
            tomorrow[clock.rows] *= by_class[clock.rows][:, label[first : first + DAY_H]]
    ratio: Floats = rough[:, None] * _level(scaled, bottom * shape, learning=learning)[:, None] * tomorrow
    return ratio


def medians(values: Floats) -> Floats:
    """The median of each row, what is not a number left out; not a number where nothing is left."""
    ordered = np.sort(values, axis=1)
    seen = np.isfinite(values).sum(axis=1)
    low, high = np.maximum(seen - 1, 0) // 2, np.minimum(seen // 2, values.shape[1] - 1)
    rows = np.arange(len(values))
    middle: Floats = np.where(seen > 0, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan)
    return middle


def _shape(panel: Panel, *, name: str, classes: int, hours: np.ndarray, top: Floats, bottom: Floats, worth: float) -> Floats:
    """Segments × classes: the ratio of each local hour, or weekday, to the level."""
    tops, bottoms = np.zeros((len(top), classes)), np.zeros((len(top), classes))
    for clock in panel.clocks:
        member = np.eye(classes)[getattr(clock.hours, name)[hours]]
        tops[clock.rows], bottoms[clock.rows] = top[clock.rows] @ member, bottom[clock.rows] @ member
    # The largest segments must not speak for all.
    weight = 1 / np.maximum(bottom.sum(1), 50 * worth)[:, None]
    shared = ((tops * weight).sum(0) + 1e-3) / ((bottoms * weight).sum(0) + 1e-3)
    by_class: Floats = (tops + worth * shared) / (bottoms + worth)
    return by_class


def _level(top: Floats, bottom: Floats, *, learning: Learning) -> Floats:
    """Relative to the rough level: newer days weigh more, and a day far off counts as the furthest believable one."""
    days = top.shape[1] // DAY_H
    tops, bottoms = (values.reshape(len(values), days, DAY_H).sum(2) for values in (top, bottom))
    loose = BELIEVABLE + 3 / np.sqrt(np.maximum(bottoms / learning.per_observation, 0.1))
    kept = np.clip(tops, bottoms * np.maximum(1 - loose, 0), bottoms * (1 + loose))
    weight = 0.5 ** (np.arange(days)[::-1] / HALF_LIFE_DAYS)
    level: Floats = ((kept * weight).sum(1) + learning.level_worth) / ((bottoms * weight).sum(1) + learning.level_worth)
    return level

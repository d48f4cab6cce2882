"""One hourly pass over 10,000 series (5,000 segments: payments and declines; the average ticket comes on top), on one core.

A pass is everything an hour asks of a watch: windows, likelihoods, roll-ups and alerts. What is done once a day (the forecast of the
next day, and how far past ones strayed) is measured apart.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from breakwater.detection.panel import Panel, Segment
from breakwater.detection.series import DAY_H, WEEK_H
from breakwater.detection.watch import WARM_UP_H, Watch
from breakwater.model.calendar import named_calendar

SEGMENTS = 5_000
BUDGET_S = 5.0
PASSES = 5


def main() -> None:
    """Print the seconds of a pass and of a day's learning, and whether the pass keeps its budget."""
    watch = Watch(_panel())
    began = time.process_time()
    watch.begin_day(WARM_UP_H)
    learning_s = time.process_time() - began
    began = time.process_time()
    for hour in range(WARM_UP_H, WARM_UP_H + PASSES):
        watch.step(hour)
    pass_s = (time.process_time() - began) / PASSES
    kept = "kept" if pass_s < BUDGET_S else "MISSED"
    print(f"detection: a pass over {2 * SEGMENTS:,} series, {len(watch.scopes.names):,} scopes: {pass_s:.2f} s, budget {BUDGET_S} s {kept}")
    print(f"detection: first day's forecasts, with the week before it: {learning_s:.2f} s")


def _panel() -> Panel:
    """Three weeks of quiet payments, from 0.5 to 5,000 an hour."""
    random = np.random.default_rng(1)
    per_hour = 10 ** random.uniform(-0.3, 3.7, SEGMENTS)[:, None]
    hours = np.arange(3 * WEEK_H)
    attempts = random.poisson(per_hour * (1 + 0.7 * np.sin(hours % DAY_H / DAY_H * 2 * np.pi))).astype(float)
    declined = random.binomial(attempts.astype(int), 0.1).astype(float)
    calendar, time_zone = named_calendar("DE"), ZoneInfo("Europe/Berlin")
    segments = tuple(
        Segment(partner=f"p{n // 40}", network=f"n{n // 10 % 4}", currency=f"c{n % 10}", time_zone=time_zone, calendar=calendar)
        for n in range(SEGMENTS)
    )
    return Panel(
        segments=segments,
        start=datetime(2026, 3, 2, tzinfo=UTC),
        attempts=attempts,
        declined=declined,
        amount_minor=(attempts - declined) * 4_000,
    )

"""The hourly pass over 10,000 series (5,000 segments: payments and declines; the average ticket comes on top), on one core, as it lives.

A pass is everything an hour asks: its new counts are added, windows, likelihoods, roll-ups and alerts are worked out, and what is open is
put into words. What is watched beside it is measured apart (six families of declines, refunds and chargebacks of the same segments: 40,000
series more), and so is what is done once a day: the forecast of the next day, and how far past ones strayed. A tenth says how it grows.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import numpy as np

from breakwater.detection.beside import Beside
from breakwater.detection.levels import DailyFigure, shifts
from breakwater.detection.live import HourRows, Key, Live
from breakwater.detection.occurrences import OccurrenceRows
from breakwater.detection.panel import Segment
from breakwater.detection.series import DAY_H, WEEK_H
from breakwater.detection.telling import told
from breakwater.detection.watch import WARM_UP_H
from breakwater.model.calendar import named_calendar
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.findings import FindingKind
from breakwater.model.occurrences import Occurrence
from breakwater.model.partners import Partner

SEGMENTS = 5_000
BUDGET_S = 5.0
PASSES = 5
HISTORY_H = 3 * WEEK_H
START = datetime(2026, 3, 2, tzinfo=UTC)
BESIDE = {
    **{str(family): 1 / 60 for family in list(DeclineFamily)[:6]},
    str(Occurrence.REFUND): 0.02,
    str(Occurrence.CHARGEBACK): 0.001,
}  # what happens, and to which share of the attempts
START_H = int(START.timestamp()) // 3600
PARTNERS = {
    f"p{n}": Partner(
        id=f"p{n}", name=f"P{n}", network="cards", calendar=named_calendar("DE"), calendar_name="DE", time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time_of_day(17), live_from=date(2026, 1, 1), agreement="",
    )
    for n in range(SEGMENTS // 40)
}  # fmt: skip


def main() -> None:
    """Print the seconds of a pass and of a day's learning, whether the pass keeps its budget, and how it grows."""
    small_s, _, _, _ = _measured(SEGMENTS // 10)
    pass_s, beside_s, learning_s, scopes = _measured(SEGMENTS)
    kept = "kept" if pass_s < BUDGET_S else "MISSED"
    print(f"detection: a pass over {2 * SEGMENTS:,} series, {scopes:,} scopes: {pass_s:.2f} s, budget {BUDGET_S} s {kept}")
    print(f"detection: that is {pass_s / small_s:.1f} times a pass over a tenth of the series")
    print(f"detection: beside it, {len(BESIDE) * SEGMENTS:,} series of declines by family, refunds and chargebacks: {beside_s:.2f} s")
    print(f"detection: {2 * SEGMENTS:,} levels by day, all six weeks of them, when a file has come: {_levels_s(2 * SEGMENTS):.2f} s")
    print(f"detection: first day's forecasts, with the week before it: {learning_s:.2f} s")


def _measured(segments: int) -> tuple[float, float, float, int]:
    """Seconds of a pass, of what is watched beside it, of the first day's forecasts, and the number of scopes."""
    rows = _rows(segments)
    first = HISTORY_H - PASSES
    known = rows.hours < START_H + first
    live = Live.of(_part(rows, known), segment_of=_segment, since=START)
    began = time.process_time()
    live.watch.begin_day(WARM_UP_H)
    learning_s = time.process_time() - began
    live.watch.next_hour = first - 1  # the hours between are not what is measured
    live.watch.begin_day(first // DAY_H * DAY_H)
    beside = Beside(live)
    beside.add(_occurrences(rows))
    beside.step(first - 2)  # what is usual is learned once a day
    passes_s, beside_s = [], []
    for hour in range(first, HISTORY_H):
        began = time.process_time()
        live.add(_part(rows, rows.hours == START_H + hour))
        live.advance(now=START + timedelta(hours=hour + 1))
        for alert in live.watch.open:
            told(alert, live=live, partners=PARTNERS, now=START)
        passes_s.append(time.process_time() - began)
        began = time.process_time()
        beside.step(hour - 1)
        beside_s.append(time.process_time() - began)
    return sorted(passes_s)[PASSES // 2], sorted(beside_s)[PASSES // 2], learning_s, len(live.watch.scopes.names)


def _part(rows: HourRows, chosen: np.ndarray) -> HourRows:
    places = [rows.places[n] for n in np.flatnonzero(chosen)]
    return HourRows(places=places, hours=rows.hours[chosen], columns={name: values[chosen] for name, values in rows.columns.items()})


def _levels_s(series: int) -> float:
    """Seconds for every shift of so many quiet levels."""
    random = np.random.default_rng(3)
    figures = [
        DailyFigure(
            kind=FindingKind.FEE_DRIFT, place=(("partner", f"p{n}"),), currency="EUR", day=START.date() + timedelta(days=day), value=value,
            count=900, volume_minor=4_000_000,
        )
        for n in range(series)
        for day, value in enumerate(random.normal(140, 1, 30).tolist())
    ]  # fmt: skip
    began = time.process_time()
    shifts(figures)
    return time.process_time() - began


def _occurrences(rows: HourRows) -> OccurrenceRows:
    """Declines in equal families, a refund of every fiftieth attempt, a chargeback of every thousandth."""
    random = np.random.default_rng(2)
    attempts, declined = rows.columns["attempts"], rows.columns["declined"]
    of = [random.binomial(declined, 1 / 6) if what in set(DeclineFamily) else random.binomial(attempts, BESIDE[what]) for what in BESIDE]
    told = [np.flatnonzero(counts) for counts in of]
    return OccurrenceRows(
        places=[rows.places[n] for at in told for n in at],
        hours=np.concatenate([rows.hours[at] for at in told]),
        what=[what for what, at in zip(BESIDE, told, strict=True) for _ in at],
        count=np.concatenate([counts[at] for counts, at in zip(of, told, strict=True)]),
        minor=np.concatenate([4_000 * counts[at] for counts, at in zip(of, told, strict=True)]),
    )


def _segment(key: Key) -> Segment:
    partner, network, currency = key
    known = PARTNERS[partner]
    return Segment(partner=partner, network=network, currency=currency, time_zone=known.time_zone, calendar=known.calendar)


def _rows(segments: int) -> HourRows:
    """Three weeks of quiet payments, from 0.5 to 5,000 an hour."""
    random = np.random.default_rng(1)
    per_hour = 10 ** random.uniform(-0.3, 3.7, segments)[:, None]
    hours = np.arange(HISTORY_H)
    attempts = random.poisson(per_hour * (1 + 0.7 * np.sin(hours % DAY_H / DAY_H * 2 * np.pi)))
    declined = random.binomial(attempts, 0.1)
    keys = [(f"p{n // 40}", f"n{n // 10 % 4}", f"c{n % 10}") for n in range(segments)]
    return HourRows(
        places=[key for key in keys for _ in hours],
        hours=np.tile(START_H + hours, segments),
        columns={
            "attempts": attempts.ravel(),
            "declined": declined.ravel(),
            "approved": (attempts - declined).ravel(),
            "approved_minor": ((attempts - declined) * 4_000).ravel(),
        },
    )

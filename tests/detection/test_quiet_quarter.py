"""Twelve weeks in which nothing happens, over a change of clocks and Christmas: false alerts stay within what we promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from simulated import HISTORY_H, HOUR, WEEK_H, Payments, a_partner, payments, rows_of, scaled, segments

from breakwater.detection.live import Live
from breakwater.detection.panel import Panel
from breakwater.detection.watch import WARM_UP_H, Watch
from breakwater.model.calendar import named_calendar

START = datetime(2025, 9, 8, tzinfo=UTC)  # the clocks of Berlin change on 26 October
WEEKS = 5 + 12
PARTNERS = {
    "meridian": a_partner(calendar=named_calendar("DE")),
    "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa", calendar=named_calendar("DE")),
}
PER_100_SERIES_DAYS = 1.0


def at_christmas(series: Payments) -> Payments:
    """Holidays bring seven tenths, as holidays do."""
    calendar = PARTNERS["meridian"].calendar
    hours = [START + n * HOUR for n in range(len(series.attempts))]
    local_days = [(hour + timedelta(hours=1)).date() for hour in hours]
    closed = [n for n, day in enumerate(local_days) if day in calendar.holidays]
    for n in closed:
        series = scaled(series, first=n, after=n + 1, factor=0.7)
    return series


def a_quarter() -> list[Payments]:
    places = [("meridian", "cards", c, r) for c, r in (("EUR", 300.0), ("GBP", 60.0), ("USD", 8.0))]
    places += [("nordbank", "sepa", c, r) for c, r in (("EUR", 150.0), ("SEK", 3.0))]
    return [
        at_christmas(payments(partner=p, network=n, currency=c, per_hour=r, seed=seed, start=START, weeks=WEEKS))
        for seed, (p, n, c, r) in enumerate(places, start=40)
    ]


@pytest.fixture(scope="module")
def panel() -> Panel:
    series = a_quarter()
    rows = rows_of(series, first=0, after=WEEKS * WEEK_H)
    since = START + WEEKS * WEEK_H * HOUR - max(HISTORY_H, WEEKS * WEEK_H) * HOUR
    return Live.of(rows, segment_of=lambda key: segments(PARTNERS, key), since=since).panel


def test_a_quarter_without_incidents_keeps_the_budget_of_false_alerts(panel: Panel) -> None:
    watch = Watch(panel)

    watch.advance(WEEKS * WEEK_H)

    false = [alert for alert in watch.alerts if alert.fired >= 5 * WEEK_H]
    series_days = 2 * len(panel.segments) * 12 * 7
    assert 100 * len(false) / series_days <= PER_100_SERIES_DAYS
    assert np.isfinite(watch.past.expected[:, WARM_UP_H : WEEKS * WEEK_H]).all()


def test_that_quarter_would_show_an_outage_on_christmas_eve(panel: Panel) -> None:
    """The budget is not kept by saying nothing."""
    eve = int((datetime(2025, 12, 24, 9, tzinfo=UTC) - START) / HOUR)
    kept = panel.attempts.copy(), panel.declined.copy(), panel.amount_minor.copy()
    for values in (panel.attempts, panel.declined, panel.amount_minor):
        values[0, eve : eve + 4] = 0

    watch = Watch(panel)
    watch.advance(eve + 2)

    for values, before in zip((panel.attempts, panel.declined, panel.amount_minor), kept, strict=True):
        values[:] = before
    assert [alert.fired - eve for alert in watch.alerts if alert.fired >= eve] == [0]

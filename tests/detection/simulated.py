"""Simulated payments with a daily and weekly shape, growth and noise, for the tests of detection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from breakwater.detection.grouping import TrafficPass, recovered, traffic_findings
from breakwater.detection.series import HourlySeries
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import Finding
from breakwater.model.partners import Partner

HOUR = timedelta(hours=1)
START = datetime(2026, 9, 1, tzinfo=UTC)
WEEK_H = 168


def a_partner(**changes: object) -> Partner:
    """A card partner in Berlin that keeps the TARGET2 calendar."""
    partner = Partner(
        id="meridian",
        name="Meridian",
        network="cards",
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=date(2026, 1, 1),
        agreement="",
    )
    return replace(partner, **changes)  # type: ignore[arg-type]


def shape(start: datetime, hours: int, *, time_zone: str = "Europe/Berlin") -> np.ndarray:
    """Busy in the afternoon, quiet at night, calmer at weekends; mean about one."""
    local = [(start + n * HOUR).astimezone(ZoneInfo(time_zone)) for n in range(hours)]
    of_day = np.array([np.exp(1.2 * np.cos((t.hour - 15) / 24 * 2 * np.pi)) for t in local])
    of_week = np.array([(1.0, 1.02, 1.0, 1.05, 1.15, 1.1, 0.75)[t.weekday()] for t in local])
    return of_day * of_week / 1.45


def payments(
    *,
    per_hour: float = 200.0,
    weeks: int = 8,
    seed: int = 1,
    start: datetime = START,
    currency: str = "EUR",
    network: str = "cards",
    approval: float = 0.92,
    growth_per_day: float = 0.001,
    ticket_minor: int = 4_000,
    time_zone: str = "Europe/Berlin",
    partner: str = "meridian",
) -> HourlySeries:
    """Quiet weeks of payments: overdispersed by 5 % an hour, with a shared drift of a few percent from day to day."""
    random = np.random.default_rng(seed)
    hours = weeks * WEEK_H
    drift = np.repeat(np.exp(random.normal(0, 0.03, weeks * 7)), 24)
    mean = per_hour * shape(start, hours, time_zone=time_zone) * drift * np.exp(growth_per_day * np.arange(hours) / 24)
    attempts = random.poisson(mean * random.gamma(400, 1 / 400, hours)).astype(np.int64)
    rate = np.clip(approval + random.normal(0, 0.005, hours), 0, 1)
    approved = random.binomial(attempts, rate).astype(np.int64)
    return HourlySeries(
        partner=partner,
        currency=currency,
        network=network,
        start=start,
        attempts=attempts,
        approved=approved,
        approved_minor=approved * ticket_minor,
    )


def scaled(series: HourlySeries, *, first: int, after: int, factor: float) -> HourlySeries:
    """The series with all payments of the hours `first` up to `after` multiplied."""
    factors = np.ones(len(series.attempts))
    factors[first:after] = factor
    return replace(
        series,
        attempts=(series.attempts * factors).astype(np.int64),
        approved=(series.approved * factors).astype(np.int64),
        approved_minor=(series.approved_minor * factors).astype(np.int64),
    )


def declining(series: HourlySeries, *, first: int, after: int, approval: float) -> HourlySeries:
    """The series with another approval rate in the hours `first` up to `after`."""
    approved = series.approved.copy()
    approved[first:after] = (series.attempts[first:after] * approval).astype(np.int64)
    ticket = np.maximum(series.approved_minor // np.maximum(series.approved, 1), 0)
    return replace(series, approved=approved, approved_minor=approved * ticket)


def passes(partner: Partner, series: list[HourlySeries], *, first: int, after: int) -> list[tuple[int, TrafficPass, tuple[Finding, ...]]]:
    """The hourly passes whose last complete hour is `first` … `after` − 1, as live: each knows the open findings of the one before.

    Gives (last hour, pass, recovered findings) for each.
    """
    open_findings: tuple[Finding, ...] = ()
    story = []
    for hour in range(first, after):
        now = series[0].start + (hour + 1) * HOUR
        found = traffic_findings(partner, series=series, now=now, open_findings=open_findings)
        over = recovered(open_findings, fresh=found.findings, unmonitored=found.unmonitored)
        story.append((hour, found, over))
        ids = {f.id for f in (*found.findings, *over)}
        open_findings = (*found.findings, *(f for f in open_findings if f.id not in ids))
    return story

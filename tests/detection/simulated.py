"""Simulated payments with a daily and weekly shape, growth and noise, and the live watch over them, for the tests of detection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from breakwater.detection.continuing import Change, News, Seen, changes, one_per_place, same_anomaly
from breakwater.detection.live import HISTORY_H, HourRows, Key, Live
from breakwater.detection.panel import Segment
from breakwater.detection.telling import lesson_of, told
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import Finding
from breakwater.model.partners import Partner

HOUR = timedelta(hours=1)
START = datetime(2026, 9, 1, tzinfo=UTC)
WEEK_H = 168


@dataclass(frozen=True, kw_only=True, eq=False)
class Payments:
    """The payments of one partner, network and currency, hour by hour from `start`."""

    partner: str
    network: str
    currency: str
    start: datetime
    attempts: np.ndarray
    approved: np.ndarray
    approved_minor: np.ndarray

    @property
    def key(self) -> Key:
        return self.partner, self.network, self.currency


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
    weeks: int = 7,
    seed: int = 1,
    start: datetime = START,
    currency: str = "EUR",
    network: str = "cards",
    approval: float = 0.92,
    growth_per_day: float = 0.001,
    ticket_minor: int = 4_000,
    time_zone: str = "Europe/Berlin",
    partner: str = "meridian",
) -> Payments:
    """Quiet weeks of payments: overdispersed by 5 % an hour, with a shared drift of a few percent from day to day."""
    random = np.random.default_rng(seed)
    hours = weeks * WEEK_H
    drift = np.repeat(np.exp(random.normal(0, 0.03, weeks * 7)), 24)
    mean = per_hour * shape(start, hours, time_zone=time_zone) * drift * np.exp(growth_per_day * np.arange(hours) / 24)
    attempts = random.poisson(mean * random.gamma(400, 1 / 400, hours)).astype(np.int64)
    rate = np.clip(approval + random.normal(0, 0.005, hours), 0, 1)
    approved = random.binomial(attempts, rate).astype(np.int64)
    return Payments(
        partner=partner, network=network, currency=currency, start=start, attempts=attempts, approved=approved,
        approved_minor=approved * ticket_minor,
    )  # fmt: skip


def scaled(series: Payments, *, first: int, after: int, factor: float) -> Payments:
    """The series with all payments of the hours `first` up to `after` multiplied."""
    factors = np.ones(len(series.attempts))
    factors[first:after] = factor
    columns = {name: (getattr(series, name) * factors).astype(np.int64) for name in ("attempts", "approved", "approved_minor")}
    return replace(series, **columns)


def declining(series: Payments, *, first: int, after: int, approval: float) -> Payments:
    """The series with another approval rate in the hours `first` up to `after`."""
    approved = series.approved.copy()
    approved[first:after] = (series.attempts[first:after] * approval).astype(np.int64)
    ticket = np.maximum(series.approved_minor // np.maximum(series.approved, 1), 0)
    return replace(series, approved=approved, approved_minor=approved * ticket)


def dearer(series: Payments, *, first: int, after: int, factor: float) -> Payments:
    """The series with another average payment in the hours `first` up to `after`."""
    factors = np.ones(len(series.attempts))
    factors[first:after] = factor
    return replace(series, approved_minor=(series.approved_minor * factors).astype(np.int64))


def rows_of(series: Iterable[Payments], *, first: int, after: int) -> HourRows:
    """What the lake would say of the hours `first` up to `after`; a last row per series says that time has gone on."""
    series = list(series)
    starts = [int(s.start.timestamp()) // 3600 for s in series]
    parts = [slice(first, after) for _ in series]
    return HourRows(
        places=[s.key for s, part in zip(series, parts, strict=True) for _ in s.attempts[part]],
        hours=np.concatenate([at + np.arange(first, first + len(s.attempts[p])) for s, at, p in zip(series, starts, parts, strict=True)]),
        columns={
            "attempts": np.concatenate([s.attempts[first:after] for s in series]),
            "approved": np.concatenate([s.approved[first:after] for s in series]),
            "declined": np.concatenate([(s.attempts - s.approved)[first:after] for s in series]),
            "approved_minor": np.concatenate([s.approved_minor[first:after] for s in series]),
        },
    )


def segments(partners: Mapping[str, Partner], key: Key) -> Segment:
    partner, network, currency = key
    known = partners[partner]
    return Segment(partner=partner, network=network, currency=currency, time_zone=known.time_zone, calendar=known.calendar)


@dataclass
class Story:
    """Hours as they pass: what is known, what is open, and what was told when (hour, change)."""

    series: Sequence[Payments]
    partners: Mapping[str, Partner] = field(default_factory=lambda: {"meridian": a_partner()})
    findings: dict[str, Finding] = field(default_factory=dict)
    told: list[tuple[int, Change]] = field(default_factory=list)
    cautions: Mapping[tuple[str, str], float] = field(default_factory=dict)
    live: Live | None = None
    looked: datetime | None = None

    def until(self, hour: int) -> Story:
        """The pass after which every hour before `hour` is looked at. The hour itself has begun, and may be half told."""
        start = self.series[0].start
        if self.live is None:
            rows = rows_of(self.series, first=0, after=hour + 1)
            self.live = Live.of(rows, segment_of=lambda key: segments(self.partners, key), since=start + hour * HOUR - HISTORY_H * HOUR)
        else:
            self.live.add(rows_of(self.series, first=self.live.newest - int(start.timestamp()) // 3600 + 1, after=hour + 1))
        self.look(now=start + (hour + 0.5) * HOUR)
        return self

    def look(self, *, now: datetime) -> list[Change]:
        """One pass over what is known."""
        assert self.live
        live = self.live
        live.watch.lessons = [lesson for f in self.findings.values() if (lesson := lesson_of(f, live=live))]
        live.watch.be_cautious(self.cautions)
        live.advance(now=now)
        accepted = [told(a, live=live, partners=self.partners, now=now) for a in live.watch.alerts if a.accepted]
        seen = [Seen(finding=told(a, live=live, partners=self.partners, now=now), at=live.panel.at(a.fired)) for a in live.watch.open]
        done = changes(self.findings.values(), one_per_place(seen), same=same_anomaly, now=now, looked_until=self.looked, accepted=accepted)
        self.findings |= {change.now.id: change.now for change in done}
        hour = live.until - live.hour_of(self.series[0].start)
        self.told += [(hour, change) for change in done if change.news]
        self.looked = live.panel.at(live.until)
        return done

    def through(self, first: int, after: int) -> Story:
        """One pass each hour."""
        for hour in range(first, after + 1):
            self.until(hour)
        return self

    @property
    def open(self) -> list[Finding]:
        return sorted((f for f in self.findings.values() if f.open), key=lambda f: f.scope)

    def news(self, kind: News) -> list[tuple[int, Finding]]:
        """When something of this kind was told, and of what: the hour after the last one looked at."""
        return [(hour, change.now) for hour, change in self.told if change.news is kind]

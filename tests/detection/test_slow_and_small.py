"""Changes that creep up, the noise they hide in, what small segments can show of it, and that no later hour is ever looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated import START, WEEK_H, Payments, a_partner, declining, payments, scaled, segments

from breakwater.detection.evidence import CHANNELS
from breakwater.detection.forecast import Past
from breakwater.detection.panel import Panel, Planned, Scope
from breakwater.detection.ramps import RISES_H, Wander, rises, wander_before
from breakwater.detection.spreads import spreads_of
from breakwater.detection.watch import Watch

PARTNERS = {"meridian": a_partner()}
BEGINS = 5 * WEEK_H + 30
DECLINES = next(channel for channel in CHANNELS if channel.name == "decline")


def panel_of(series: list[Payments], *, hours: int = 7 * WEEK_H) -> Panel:
    return Panel(
        segments=tuple(segments(PARTNERS, one.key) for one in series),
        start=START,
        attempts=np.array([one.attempts[:hours] for one in series], dtype=float),
        declined=np.array([(one.attempts - one.approved)[:hours] for one in series], dtype=float),
        amount_minor=np.array([one.approved_minor[:hours] for one in series], dtype=float),
    )


def creeping(series: Payments, *, by: float = 0.10, over_h: int = 120) -> Payments:
    """The approval rate sinks steadily."""
    for hour in range(over_h):
        usual = 0.92 - by * (hour + 1) / over_h
        series = declining(series, first=BEGINS + hour, after=BEGINS + hour + 1, approval=usual)
    return series


def told(watch: Watch) -> list[tuple[str, Scope, int]]:
    """What fired, where and when, once every hour was looked at."""
    watch.run()
    return [(alert.channel.name, watch.scopes.names[alert.first_scope], alert.fired) for alert in watch.alerts]


def test_declines_that_creep_up_are_told_within_a_day_and_where_they_do() -> None:
    watch = Watch(panel_of([creeping(payments(per_hour=2_000)), payments(per_hour=2_000, currency="GBP", seed=2)]))

    ((channel, scope, fired),) = told(watch)

    assert channel == "decline"
    assert dict(scope)["currency"] == "EUR"
    assert BEGINS < fired <= BEGINS + 22


def lingering(*, stays: float, deviation: float, hours: int = 4 * WEEK_H) -> tuple[Panel, Past]:
    """Six segments whose decline rate of 12 % wanders in its log odds."""
    random = np.random.default_rng(5)
    wander = np.zeros((6, hours))
    for hour in range(1, hours):
        wander[:, hour] = stays * wander[:, hour - 1] + random.normal(0, deviation * np.sqrt(1 - stays**2), 6)
    series = [payments(per_hour=5_000, weeks=4, seed=seed, currency=c) for seed, c in enumerate(("EUR", "GBP", "SEK", "USD", "JPY", "CHF"))]
    panel = panel_of(series, hours=hours)
    rate = 1 / (1 + np.exp(-np.log(0.12 / 0.88) - wander))
    panel = replace(panel, declined=random.binomial(panel.attempts.astype(int), rate).astype(float))
    past = Past.of(panel)
    past.decline[:] = 0.12
    return panel, past


@pytest.mark.parametrize(("stays", "deviation"), [(0.9, 0.06), (0.7, 0.1)])
def test_how_noise_lingers_is_learned(stays: float, deviation: float) -> None:
    panel, past = lingering(stays=stays, deviation=deviation)

    learned = wander_before(panel, past, part=slice(0, panel.hours))

    assert learned.stays == pytest.approx(stays, abs=0.08)
    assert np.sqrt(learned.variance) == pytest.approx(deviation, rel=0.2)


def test_the_longer_noise_lingers_the_less_a_rise_says() -> None:
    panel, past = lingering(stays=0.9, deviation=0.06)
    part = slice(panel.hours - RISES_H, panel.hours)
    panel.declined[0, -36:] += panel.attempts[0, -36:] * np.linspace(0, 0.03, 36)
    counts = np.ones((6, RISES_H), dtype=bool)

    def likelihood(stays: float) -> np.ndarray:
        wander = Wander(variance=np.full(6, 0.0036), stays=stays)
        return rises(panel, past, part=part, counts=counts, channel=DECLINES, wander=wander).max((1, 2))

    steady, lingers = likelihood(0.5), likelihood(0.95)

    assert steady[0] > lingers[0] > 8
    assert lingers[0] > 3 * lingers[1:].max()


def test_a_small_segment_is_as_unsteady_as_the_others_until_it_can_show_otherwise() -> None:
    random = np.random.default_rng(3)
    expected = np.array([4_000.0] * 8 + [2.0])[:, None] * np.ones((9, 4 * WEEK_H))
    attempts = random.poisson(expected * random.gamma(50, 1 / 50, expected.shape)).astype(float)
    ones = np.ones_like(expected)

    learned = spreads_of(
        attempts=attempts, expected=expected, declined=attempts * 0.1, decline=0.1 * ones, amount_minor=attempts, ticket=ones,
        ok={"volume": ones, "decline_rate": ones, "amount": ones},
    ).counts[:, 0]  # fmt: skip

    assert learned == pytest.approx(0.02, rel=0.25)


def test_an_announced_promotion_may_bring_smaller_baskets() -> None:
    series = payments()
    first, after = BEGINS, BEGINS + 20
    series = scaled(series, first=first, after=after, factor=1.6)
    minor = series.approved_minor.copy()
    minor[first:after] = (minor[first:after] * 0.7).astype(np.int64)
    panel = panel_of([replace(series, approved_minor=minor)], hours=BEGINS + 24)
    announced = Planned(rows=np.array([0]), first=first, after=after, announced=first - 48)

    assert {channel for channel, _, _ in told(Watch(panel))} == {"rise", "cheaper"}
    assert told(Watch(panel, planned=[announced])) == []


@pytest.mark.parametrize("until", [BEGINS + 5, BEGINS + 41])
def test_what_is_told_of_an_hour_is_the_same_when_the_later_hours_are_not_known(until: int) -> None:
    series = [
        creeping(payments(per_hour=2_000)),
        scaled(payments(currency="GBP", seed=2), first=BEGINS, after=BEGINS + 9, factor=0.2),
        scaled(payments(currency="SEK", seed=3, per_hour=20), first=BEGINS + 38, after=BEGINS + 44, factor=3),
    ]

    whole, cut = (told(Watch(panel_of(series, hours=hours))) for hours in (7 * WEEK_H, until + 1))

    assert cut == [one for one in whole if one[2] <= until]
    assert len(cut) >= 1

"""The tails against laws worked out by hand, and the daily volumes of the digest's chart."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from simulated import HOUR, START, WEEK_H, a_partner, payments, scaled

from breakwater.detection.series import local_hours, total
from breakwater.detection.surprise import approval_tail, high_tail, low_tail
from breakwater.detection.volumes import partner_volume
from breakwater.model.calendar import named_calendar
from breakwater.model.digests import VolumeDay


def test_without_spread_the_counts_are_poisson() -> None:
    assert low_tail(0, expected=10, spread=0) == pytest.approx(10 / math.log(10), abs=1e-4)
    assert high_tail(1, expected=0.01, spread=0) == pytest.approx(-math.log10(1 - math.exp(-0.01)), abs=1e-4)


def test_with_spread_nothing_at_all_is_less_surprising() -> None:
    """The negative binomial's chance of nothing is (1 + spread·mean)^(−1/spread)."""
    assert low_tail(0, expected=10, spread=0.1) == pytest.approx(10 * math.log10(2), abs=1e-6)


def test_even_the_unthinkable_has_a_finite_score() -> None:
    assert low_tail(0, expected=1e6, spread=0) == 300
    assert approval_tail(0, attempts=300, expected=299.9, spread=0.0) <= 300


def test_approvals_without_spread_are_binomial() -> None:
    assert approval_tail(0, attempts=10, expected=5, spread=0) == pytest.approx(10 * math.log10(2), abs=1e-3)


@pytest.mark.parametrize(("approved", "attempts"), [(340, 400), (341, 401), (17_900, 20_000)])
def test_approvals_are_beta_binomial_at_every_size(approved: int, attempts: int) -> None:
    ups, downs = 0.92 * 999, 0.08 * 999
    chance = stats.betabinom.cdf(approved, attempts, ups, downs)

    assert approval_tail(approved, attempts=attempts, expected=0.92 * attempts, spread=0.001) == pytest.approx(
        -math.log10(chance), rel=1e-6
    )


@given(seen=st.integers(0, 500), expected=st.floats(1, 400), spread=st.floats(0, 0.2))
def test_less_is_more_surprising_for_a_drop_and_more_for_a_spike(seen: int, expected: float, spread: float) -> None:
    assert low_tail(seen, expected=expected, spread=spread) >= low_tail(seen + 1, expected=expected, spread=spread) - 1e-9
    assert high_tail(seen + 1, expected=expected, spread=spread) >= high_tail(seen, expected=expected, spread=spread) - 1e-9


@pytest.mark.parametrize(
    ("moment", "local"),
    [
        pytest.param(datetime(2026, 3, 29, 0, tzinfo=UTC), (6, 1), id="Sunday 01:00, before the clocks go forward"),
        pytest.param(datetime(2026, 3, 29, 1, tzinfo=UTC), (6, 3), id="and 03:00 an hour later"),
        pytest.param(datetime(2026, 10, 25, 0, tzinfo=UTC), (6, 2), id="02:00 the first time"),
        pytest.param(datetime(2026, 10, 25, 1, tzinfo=UTC), (6, 2), id="02:00 the second time"),
        pytest.param(datetime(2026, 12, 31, 23, tzinfo=UTC), (4, 0), id="New Year is a Friday in Berlin, still Thursday in UTC"),
    ],
)
def test_hours_have_local_names(moment: datetime, local: tuple[int, int]) -> None:
    names = local_hours(start=moment, hours=1, time_zone=a_partner().time_zone, calendar=named_calendar("TARGET2"))

    assert (int(names.weekday[0]), int(names.hour[0])) == local


def test_days_of_a_change_of_clocks_have_23_and_25_hours() -> None:
    partner = a_partner()
    year = local_hours(start=datetime(2025, 12, 31, 23, tzinfo=UTC), hours=365 * 24, time_zone=partner.time_zone, calendar=partner.calendar)

    lengths = [after - first for first, after in (year.hours_of(day) for day in range(364))]

    assert sorted(set(lengths)) == [23, 24, 25]
    assert [lengths.index(23), lengths.index(25)] == [31 + 28 + 28, 297]
    assert all(year.hours_of(a)[1] == year.hours_of(b)[0] for a, b in pairwise(range(364)))


def test_series_of_different_beginnings_add_up_hour_by_hour() -> None:
    early = payments(weeks=2)
    late = replace(payments(weeks=1, network="sepa"), start=START + WEEK_H * HOUR)

    both = total([late, early])

    assert (both.start, len(both.attempts), both.network) == (START, 2 * WEEK_H, None)
    assert both.attempts[WEEK_H] == early.attempts[WEEK_H] + late.attempts[0]
    assert both.attempts.sum() == early.attempts.sum() + late.attempts.sum()


NOW = datetime(2026, 10, 20, 12, 40, tzinfo=UTC)  # Tuesday, 14:40 in Berlin


def days(now: datetime = NOW, **changes: object) -> tuple[VolumeDay, ...]:
    return partner_volume(a_partner(), series=[payments(**changes)], now=now).days  # type: ignore[arg-type]


def test_the_chart_has_fourteen_whole_days_and_today_so_far() -> None:
    chart = days()

    assert len(chart) == 15
    assert [chart[0].label, chart[-2].label, chart[-1].label] == ["6 Oct", "19 Oct", "20 Oct until 14:00"]


def test_each_day_is_beside_what_it_was_expected_to_bring() -> None:
    """Today's expectation covers the hours that today has had."""
    for day in days():
        assert day.expected is not None
        assert 0.85 < day.seen / day.expected < 1.15


def test_days_are_the_partners_own() -> None:
    series = payments()
    monday_in_berlin = slice(48 * 24 - 2, 49 * 24 - 2)  # 19 October, in UTC from 22:00 the evening before

    assert partner_volume(a_partner(), series=[series], now=NOW).days[-2].seen == series.attempts[monday_in_berlin].sum()


def test_a_bad_day_does_not_lower_its_own_expectation() -> None:
    quiet, bad = payments(), scaled(payments(), first=48 * 24 - 2, after=49 * 24 - 2, factor=0.1)

    before = partner_volume(a_partner(), series=[quiet], now=NOW).days[-2]
    after = partner_volume(a_partner(), series=[bad], now=NOW).days[-2]

    assert before.expected == after.expected
    assert after.seen < 0.11 * before.seen


def test_a_new_partner_has_days_but_no_expectations_yet() -> None:
    chart = days(now=START + 10 * 24 * HOUR)

    assert [d.label for d in chart] == [*(f"{n} Sep" for n in range(1, 11)), "11 Sep until 02:00"]
    assert {d.expected for d in chart} == {None}


def test_a_partner_without_payments_has_no_days() -> None:
    silent = scaled(payments(), first=0, after=8 * WEEK_H, factor=0)

    assert partner_volume(a_partner(), series=[], now=NOW).days == ()
    assert partner_volume(a_partner(), series=[silent], now=NOW).days == ()
    assert partner_volume(a_partner(id="nordbank"), series=[payments()], now=NOW).days == ()

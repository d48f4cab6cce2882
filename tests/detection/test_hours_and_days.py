"""Local names of hours, and the daily volumes of the digest's chart."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from simulated import WEEK_H, Payments, Story, a_partner, payments, scaled

from breakwater.detection.series import local_hours
from breakwater.detection.volumes import partner_volume
from breakwater.model.calendar import named_calendar
from breakwater.model.digests import VolumeDay


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


TUESDAY = 7 * WEEK_H + 12  # 20 October, 12:00 in UTC and 14:00 in Berlin


def days(series: Payments, *, until: int = TUESDAY) -> tuple[VolumeDay, ...]:
    return partner_volume(a_partner(), live=Story([series]).until(until).live).days


def test_the_chart_has_fourteen_whole_days_and_today_so_far_beside_what_was_expected() -> None:
    chart = days(payments(weeks=8))

    assert len(chart) == 15
    assert [chart[0].label, chart[-2].label, chart[-1].label] == ["6 Oct", "19 Oct", "20 Oct until 14:00"]
    assert all(day.expected and 0.85 < day.seen / day.expected < 1.15 for day in chart)


def test_days_are_the_partners_own() -> None:
    series = payments(weeks=8)
    monday_in_berlin = slice(48 * 24 - 2, 49 * 24 - 2)  # 19 October, in UTC from 22:00 the evening before

    assert days(series)[-2].seen == series.attempts[monday_in_berlin].sum()


def test_a_bad_day_does_not_lower_its_own_expectation() -> None:
    quiet = payments(weeks=8)
    bad = scaled(quiet, first=48 * 24 - 2, after=49 * 24 - 2, factor=0.1)

    before, after = days(quiet)[-2], days(bad)[-2]

    assert before.expected == pytest.approx(after.expected, rel=0.02)
    assert after.seen < 0.11 * before.seen


def test_a_new_partner_has_days_but_no_expectations_yet() -> None:
    chart = days(payments(weeks=2), until=10 * 24)

    assert [d.label for d in chart] == [*(f"{n} Sep" for n in range(1, 11)), "11 Sep until 02:00"]
    assert {d.expected for d in chart} == {None}


def test_a_partner_without_payments_has_no_days() -> None:
    live = Story([payments(weeks=2)]).until(WEEK_H).live

    assert partner_volume(a_partner(), live=None).days == ()
    assert partner_volume(a_partner(id="nordbank"), live=live).days == ()

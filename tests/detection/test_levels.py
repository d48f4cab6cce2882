"""Fees, rates, time to settlement and breaks by day: a shift is found, accepted or over; quiet months and odd days say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from simulated import a_partner

from breakwater.detection.levels import DailyFigure, shifts, too_new
from breakwater.detection.levels_told import cost_minor, told_shift
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import Finding, FindingKind, FindingState, judge

CALENDAR = named_calendar("TARGET2")
FIRST = date(2025, 9, 22)  # the clocks change on 26 October
NOW = datetime(2025, 12, 31, 12, tzinfo=ZoneInfo("UTC"))
PLACE = (("partner", "meridian"), ("currency", "EUR"))
USUAL = {
    FindingKind.FEE_DRIFT: (140.0, 0.8),
    FindingKind.RATE_DRIFT: (-30.0, 2.5),
    FindingKind.SETTLEMENT_SLOW: (1.9, 0.08),
    FindingKind.BREAK_RATE_UP: (35.0, 4.0),
}
DAY = 40  # of the series
Change = Callable[[int, float], float]


def a_series(kind: FindingKind, change: Change = lambda n, value: value, *, seed: int = 1, weeks: int = 14) -> list[DailyFigure]:
    """Business days over months: a level with its noise, which a handful of records makes larger."""
    random = np.random.default_rng(seed)
    days = [day for n in range(7 * weeks) if CALENDAR.is_business_day(day := FIRST + timedelta(days=n))]
    level, spread = USUAL[kind]
    found = []
    for n, day in enumerate(days):
        after_closure = CALENDAR.shift(day, -1) < day - timedelta(days=3)
        count = int(random.poisson(900)) * (2 if after_closure else 1)
        value = random.normal(level, spread * (1 + after_closure))
        found.append(
            DailyFigure(
                kind=kind, place=PLACE, currency="EUR", day=day, value=change(n, value), count=count, volume_minor=count * 5_000
            )
        )  # fmt: skip
    return found


@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize("seed", range(20))
def test_months_without_incidents_over_a_change_of_clocks_and_christmas_say_nothing(kind: FindingKind, seed: int) -> None:
    assert shifts(a_series(kind, seed=seed)) == []


@pytest.mark.parametrize(
    ("kind", "by"),
    [
        (FindingKind.FEE_DRIFT, 12.0),
        (FindingKind.FEE_DRIFT, -12.0),
        (FindingKind.RATE_DRIFT, -40.0),
        (FindingKind.SETTLEMENT_SLOW, 1.0),
        (FindingKind.BREAK_RATE_UP, 120.0),
    ],
)
def test_a_shift_is_found_within_two_days_and_over_when_it_is(kind: FindingKind, by: float) -> None:
    figures = a_series(kind, lambda n, value: value + by * (DAY <= n < DAY + 5))

    (shift,) = shifts(figures)

    assert (shift.onset, shift.closed, shift.accepted) == (figures[DAY].day, figures[DAY + 5].day, False)
    assert shift.fired in (figures[DAY].day, figures[DAY + 1].day)
    assert shift.usual == pytest.approx(USUAL[kind][0], rel=0.05)
    assert shift.seen == pytest.approx(USUAL[kind][0] + by, rel=0.1)


def test_business_that_grows_later_changes_nothing_of_what_was_found_before() -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 12 * (20 <= n < 25))
    grown = [replace(f, count=f.count * (5 if n >= 26 else 1)) for n, f in enumerate(figures)]

    (shift,) = shifts(grown[:26])

    assert shift.onset == figures[20].day
    assert shifts(grown) == [shift]


def test_what_lasts_for_ten_days_becomes_the_level() -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 12 * (n >= DAY))

    (shift,) = shifts(figures)

    assert shift.accepted
    assert shift.closed == figures[DAY + 10].day
    assert [s.closed for s in shifts([f for f in figures if f.day < figures[DAY + 9].day])] == [None]


@pytest.mark.parametrize("state", [FindingState.NEW_LEVEL, FindingState.FALSE_POSITIVE])
def test_what_a_person_called_normal_is_expected_from_its_first_day_on(state: FindingState) -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 12 * (n >= DAY))
    until = [f for f in figures if f.day <= figures[DAY + 2].day]
    said = judge(the_finding(until), as_=state, by="U0ADA", now=NOW)

    assert [s.accepted for s in shifts(figures, said=[said])] == [True]
    assert [s.closed is None for s in shifts(until, said=[said])] == [False]


def the_finding(figures: list[DailyFigure]) -> Finding:
    (shift,) = shifts(figures)
    return told_shift(shift, partner=a_partner(), now=NOW)


def test_a_finding_says_what_changed_from_what_to_what_and_what_that_costs() -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 12 * (n >= DAY))[: DAY + 4]

    found = the_finding(figures)

    volume = sum(f.volume_minor for f in figures[DAY:])
    assert found.kind is FindingKind.FEE_DRIFT
    assert found.scope == "meridian · EUR"
    assert found.summary == "Fees at Meridian in EUR rose from 139.8 bp to 151.7 bp. That is EUR 213.70 more on EUR 180,850.00 since then."
    assert 0.0010 * volume < (found.at_risk_minor or 0) < 0.0014 * volume
    assert found.seen.endswith(f"on 4 days since {figures[DAY].day.day} {figures[DAY].day:%b}")
    assert len(found.series) == 28
    assert found.next_step.startswith("Compare with the fee schedule agreed with Meridian")


def test_a_rate_below_ours_costs_and_cheaper_fees_do_not() -> None:
    (worse,) = shifts(a_series(FindingKind.RATE_DRIFT, lambda n, value: value - 40 * (n >= DAY))[: DAY + 3])
    cheaper = the_finding(a_series(FindingKind.FEE_DRIFT, lambda n, value: value - 12 * (n >= DAY))[: DAY + 3])

    assert cost_minor(worse) > 0
    assert cheaper.at_risk_minor is None
    assert "less on EUR" in cheaper.summary


def test_faster_settlement_and_fewer_breaks_are_no_news() -> None:
    for kind in (FindingKind.SETTLEMENT_SLOW, FindingKind.BREAK_RATE_UP):
        assert shifts(a_series(kind, lambda n, value: value * (0.2 if n >= DAY else 1))) == []


def test_a_day_of_a_handful_of_records_says_nothing() -> None:
    odd = [replace(f, value=900.0, count=25) if n == DAY else f for n, f in enumerate(a_series(FindingKind.FEE_DRIFT))]

    assert shifts(odd) == []


def test_what_is_said_does_not_change_when_the_later_days_are_cut_away() -> None:
    figures = a_series(FindingKind.SETTLEMENT_SLOW, lambda n, value: value + 1.0 * (DAY <= n < DAY + 5))

    told = [(len(shifts(figures[:n])), n) for n in range(DAY - 2, DAY + 4)]

    assert told == [(0, DAY - 2), (0, DAY - 1), (0, DAY), (1, DAY + 1), (1, DAY + 2), (1, DAY + 3)]


def test_a_level_is_not_known_before_ten_days_and_said_so() -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 50 * (n == 9))

    assert shifts(figures[:10]) == []
    assert too_new(figures[:9]) == {(FindingKind.FEE_DRIFT, PLACE)}
    assert too_new(figures[:10]) == set()


def test_a_cell_that_was_often_wrong_must_be_surer() -> None:
    figures = a_series(FindingKind.FEE_DRIFT, lambda n, value: value + 12 * (n >= DAY))

    assert shifts(figures, caution={(FindingKind.FEE_DRIFT, PLACE): 50.0}) == []

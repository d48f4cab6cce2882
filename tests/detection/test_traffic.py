"""Volume and approval findings on simulated payments: found in time, silent otherwise, worth what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from simulated import HOUR, START, WEEK_H, a_partner, declining, passes, payments, scaled

from breakwater.detection.grouping import TrafficPass, recovered, traffic_findings
from breakwater.detection.nodes import Why
from breakwater.detection.series import HourlySeries
from breakwater.detection.surprise import Thresholds
from breakwater.detection.volumes import partner_volume
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import Finding, FindingKind, FindingState

TUESDAY_NOON = 6 * WEEK_H + 10  # hour of the series: 10:00 UTC, noon in Berlin, in its seventh week
Story = list[tuple[int, TrafficPass, tuple[Finding, ...]]]


def first_found(story: Story, kind: FindingKind) -> tuple[int, Finding]:
    """The first pass that shows a finding of this kind."""
    return next((hour, finding) for hour, found, _ in story for finding in found.findings if finding.kind is kind)


def ids(story: Story) -> set[str]:
    return {finding.id for _, found, _ in story for finding in found.findings}


def hours_shown(story: Story, kind: FindingKind) -> list[int]:
    return [hour for hour, found, _ in story if any(f.kind is kind for f in found.findings)]


def at_hour(series: Iterable[HourlySeries], hour: int, **more: object) -> TrafficPass:
    """The pass whose last complete hour is `hour`."""
    series = list(series)
    return traffic_findings(a_partner(), series=series, now=series[0].start + (hour + 1) * HOUR, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("per_hour", [20, 200, 3000])
def test_eight_quiet_weeks_give_no_finding(per_hour: int) -> None:
    story = passes(a_partner(), [payments(per_hour=per_hour, seed=3)], first=2 * WEEK_H, after=8 * WEEK_H)

    assert ids(story) == set()


@pytest.mark.parametrize(
    ("factor", "per_hour", "within_h"),
    [
        pytest.param(0.0, 200, 1, id="outage"),
        pytest.param(0.0, 20, 1, id="outage of a smaller series"),
        pytest.param(0.4, 200, 1, id="60 % drop"),
        pytest.param(0.4, 20, 3, id="60 % drop of a smaller series"),
        pytest.param(0.7, 200, 6, id="30 % drop"),
    ],
)
def test_a_drop_is_found_within_hours(factor: float, per_hour: int, within_h: int) -> None:
    series = scaled(payments(per_hour=per_hour), first=TUESDAY_NOON, after=TUESDAY_NOON + 10, factor=factor)

    story = passes(a_partner(), [series], first=TUESDAY_NOON - 24, after=TUESDAY_NOON + 10)
    hour, finding = first_found(story, FindingKind.VOLUME_DROP)

    assert 1 <= hour - TUESDAY_NOON + 1 <= within_h
    assert ids(story) == {finding.id}


def test_a_drop_says_what_came_what_was_expected_and_what_to_do() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.4)

    (drop,) = at_hour([series], TUESDAY_NOON).findings

    assert drop.scope == "meridian · cards · EUR"
    assert drop.since == START + TUESDAY_NOON * HOUR
    assert drop.summary.startswith("Payments at Meridian in EUR are 59% below normal. About EUR 7,")
    assert drop.expected.endswith("payments since 13 Oct 12:00 (Europe/Berlin)")
    assert drop.seen == f"{int(series.attempts[TUESDAY_NOON]):,} payments"
    assert drop.next_step == "Check our checkout and our last release, then ask Meridian whether they see the same."
    assert len(drop.series) == 48
    assert drop.series[-1].at == START + TUESDAY_NOON * HOUR
    assert drop.series[-1].seen == series.attempts[TUESDAY_NOON] < 0.5 * (drop.series[-1].expected or 0)


def test_an_outage_says_that_nothing_came() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0)

    (drop,) = at_hour([series], TUESDAY_NOON + 1).findings

    assert drop.summary.startswith("No payments at Meridian in EUR.")
    assert drop.next_step == "Check our connection to Meridian and our last release, then call Meridian."


def test_a_batch_loaded_twice_is_a_spike() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 2, factor=2)

    story = passes(a_partner(), [series], first=TUESDAY_NOON - 24, after=TUESDAY_NOON + 12)
    hour, spike = first_found(story, FindingKind.VOLUME_SPIKE)

    assert hour == TUESDAY_NOON
    assert "% above normal. The extra payments are worth about EUR " in spike.summary
    assert spike.next_step.startswith("Look for a batch or a file that was sent or loaded twice")
    assert spike.at_risk_minor is None
    assert max(hours_shown(story, FindingKind.VOLUME_SPIKE)) <= TUESDAY_NOON + 4


def test_an_approval_drop_is_found_in_the_hour_it_begins() -> None:
    series = declining(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 6, approval=0.80)

    story = passes(a_partner(), [series], first=TUESDAY_NOON - 24, after=TUESDAY_NOON + 6)
    hour, drop = first_found(story, FindingKind.APPROVAL_DROP)

    assert hour == TUESDAY_NOON
    assert drop.summary.startswith("Approval rate at Meridian in EUR fell from 9")
    assert " to 79." in drop.summary
    assert drop.expected.endswith("% approved")
    assert f"of {int(series.attempts[TUESDAY_NOON]):,} attempts since 13 Oct 12:00 (Europe/Berlin)" in drop.seen
    assert hours_shown(story, FindingKind.VOLUME_DROP) == []


def test_one_anomaly_keeps_its_id_and_beginning_and_its_worth_grows() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 8, factor=0.2)

    story = passes(a_partner(), [series], first=TUESDAY_NOON, after=TUESDAY_NOON + 8)
    found = [finding for _, one, _ in story for finding in one.findings]

    assert len(found) == 8
    assert len({(f.id, f.since, f.found_at) for f in found}) == 1
    worth = [f.at_risk_minor or 0 for f in found]
    assert worth == sorted(worth)
    assert worth[-1] > 5 * worth[0]


def test_it_recovers_by_itself_soon_after_the_figures_do() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 4, factor=0.1)

    story = passes(a_partner(), [series], first=TUESDAY_NOON - 2, after=TUESDAY_NOON + 24)
    over = [(hour, finding) for hour, _, recoveries in story for finding in recoveries]

    assert len(over) == 1
    assert over[0][0] - (TUESDAY_NOON + 4) <= 3
    assert over[0][1].state is FindingState.RECOVERED


def test_a_long_outage_is_not_normal_the_next_day() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 60, factor=0)

    story = passes(a_partner(), [series], first=TUESDAY_NOON, after=TUESDAY_NOON + 60)

    assert hours_shown(story, FindingKind.VOLUME_DROP) == list(range(TUESDAY_NOON, TUESDAY_NOON + 60))
    assert len(ids(story)) == 1


def test_a_weaker_drop_does_not_flicker() -> None:
    series = scaled(payments(seed=4), first=TUESDAY_NOON, after=TUESDAY_NOON + 20, factor=0.75)

    story = passes(a_partner(), [series], first=TUESDAY_NOON - 24, after=TUESDAY_NOON + 20)

    assert len(ids(story)) == 1


@pytest.mark.parametrize("hour", [TUESDAY_NOON, TUESDAY_NOON + 5])
def test_what_comes_later_changes_nothing(hour: int) -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.3)
    cut = series.last(hour + 1, until=hour + 1)
    doubled = scaled(series, first=hour + 1, after=len(series.attempts), factor=2)

    as_known_then = at_hour([cut], hour)

    assert at_hour([series], hour) == as_known_then
    assert at_hour([doubled], hour) == as_known_then


def test_the_running_hour_does_not_count() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 1, factor=0)
    in_that_hour = START + TUESDAY_NOON * HOUR + HOUR * 0.9

    assert traffic_findings(a_partner(), series=[series], now=in_that_hour).findings == ()


# The clocks of Berlin change on 29 March and 25 October 2026.
@pytest.mark.parametrize(
    "start", [pytest.param(datetime(2026, 2, 16, tzinfo=UTC), id="forward"), pytest.param(datetime(2026, 9, 14, tzinfo=UTC), id="back")]
)
def test_the_weeks_around_a_change_of_clocks_are_quiet(start: datetime) -> None:
    steep = payments(per_hour=2000, start=start, seed=5)

    story = passes(a_partner(), [steep], first=5 * WEEK_H, after=8 * WEEK_H)

    assert ids(story) == set()


def test_a_series_in_utc_clothing_would_not_be_quiet_then() -> None:
    local = payments(per_hour=2000, start=datetime(2026, 9, 14, tzinfo=UTC), seed=5, time_zone="America/New_York")

    story = passes(a_partner(), [local], first=5 * WEEK_H, after=8 * WEEK_H)

    assert ids(story) != set()


def test_a_holiday_is_like_a_sunday() -> None:
    """German Unity Day is a Tuesday in 2023; payments do what they do on Sundays."""
    start = datetime(2023, 8, 14, tzinfo=UTC)
    quiet = payments(per_hour=500, start=start, seed=2)
    holiday = 7 * WEEK_H + 22  # local midnight of 3 October, in summer time
    series = scaled(quiet, first=holiday, after=holiday + 24, factor=0.74)
    german = a_partner(calendar=named_calendar("DE"))

    with_calendar = passes(german, [series], first=holiday - 24, after=8 * WEEK_H)
    without = passes(a_partner(), [series], first=holiday - 24, after=8 * WEEK_H)

    assert ids(with_calendar) == set()
    assert ids(without) != set()


def test_a_holiday_is_expected_to_bring_what_a_sunday_does() -> None:
    series = payments(per_hour=500, start=datetime(2023, 8, 14, tzinfo=UTC), seed=2)
    chart = partner_volume(a_partner(calendar=named_calendar("DE")), series=[series], now=datetime(2023, 10, 4, 12, tzinfo=UTC)).days
    expected = {day.label: day.expected or 0 for day in chart}

    assert expected["3 Oct"] == pytest.approx(expected["1 Oct"], rel=0.1)
    assert expected["3 Oct"] < 0.85 * expected["2 Oct"]


def test_a_new_series_is_expected_nothing_of_and_says_so() -> None:
    series = scaled(payments(weeks=2), first=300, after=320, factor=0)

    found = at_hour([series], 310)

    assert found.findings == ()
    assert [(u.why, u.text) for u in found.unmonitored] == [
        (Why.TOO_NEW, "meridian · cards · EUR is too new to monitor: two weeks of history are needed before anything can be expected.")
    ]


def test_a_small_series_is_not_monitorable_at_its_size() -> None:
    series = scaled(payments(per_hour=0.5), first=TUESDAY_NOON, after=TUESDAY_NOON + 30, factor=0)

    found = at_hour([series], TUESDAY_NOON + 20)

    assert found.findings == ()
    assert found.unmonitored[0].why is Why.TOO_SMALL
    assert found.unmonitored[0].text.startswith("meridian · cards · EUR is not monitorable at this size: about 1")
    assert found.unmonitored[0].text.endswith("payments a day are expected, and below 30 a drop looks like chance.")


def test_small_currencies_are_watched_together() -> None:
    small = [payments(per_hour=1, seed=n, currency=c) for n, c in enumerate(["CHF", "DKK", "NOK", "PLN", "SEK"])]
    series = [scaled(s, first=TUESDAY_NOON, after=TUESDAY_NOON + 24, factor=0) for s in small]

    found = at_hour(series, TUESDAY_NOON + 12)
    (drop,) = found.findings

    assert drop.scope == "meridian · cards"
    assert drop.summary.startswith("No payments at Meridian in all currencies.")
    assert {u.why for u in found.unmonitored} == {Why.TOO_SMALL}


def test_when_our_own_events_stop_the_partner_is_not_blamed() -> None:
    series = payments(weeks=6)

    found = traffic_findings(a_partner(), series=[series], now=series.at(6 * WEEK_H + 30))

    assert found.findings == ()
    assert found.unmonitored[0].text == (
        "Nothing is known of meridian · cards · EUR after 13 Oct 00:00 UTC: our own events have stopped arriving."
    )


def test_one_currency_is_one_finding_of_that_currency() -> None:
    struck = scaled(payments(currency="GBP", seed=1), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.1)

    found = at_hour([struck, payments(currency="EUR", seed=2), payments(currency="SEK", seed=3)], TUESDAY_NOON + 1).findings

    assert [f.scope for f in found] == ["meridian · cards · GBP"]


def test_a_drop_everywhere_is_one_finding_of_the_partner() -> None:
    whole = [payments(currency=c, seed=n, per_hour=r) for n, (c, r) in enumerate([("EUR", 200), ("GBP", 60), ("SEK", 2)])]
    series = [scaled(s, first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.1) for s in whole]

    (drop,) = at_hour(series, TUESDAY_NOON + 1).findings

    assert drop.scope == "meridian · cards"
    assert drop.summary.startswith("Payments at Meridian in all currencies are 9")
    assert " EUR " in drop.summary
    assert " GBP " in drop.summary
    assert (drop.currency, drop.at_risk_minor) == (None, None)


def test_an_anomaly_that_widens_stays_one_finding() -> None:
    euro = scaled(payments(currency="EUR", seed=1), first=TUESDAY_NOON, after=TUESDAY_NOON + 8, factor=0.1)
    pound = scaled(payments(currency="GBP", seed=2), first=TUESDAY_NOON + 3, after=TUESDAY_NOON + 8, factor=0.1)

    story = passes(a_partner(), [euro, pound], first=TUESDAY_NOON - 1, after=TUESDAY_NOON + 8)
    scopes = [f.scope for _, found, _ in story for f in found.findings]

    assert scopes[0] == "meridian · cards · EUR"
    assert scopes[-1] == "meridian · cards"
    assert len(ids(story)) == 1
    assert [over for _, _, over in story if over] == []


def test_two_findings_that_become_one_recover_together() -> None:
    both = [
        scaled(payments(currency=c, seed=n), first=TUESDAY_NOON, after=TUESDAY_NOON + 5, factor=0.1) for n, c in enumerate(["EUR", "GBP"])
    ]
    third = scaled(payments(currency="SEK", seed=3, per_hour=300), first=TUESDAY_NOON + 2, after=TUESDAY_NOON + 5, factor=0.1)

    story = passes(a_partner(), [*both, third], first=TUESDAY_NOON, after=TUESDAY_NOON + 12)
    shown = [[f.scope for f in found.findings] for _, found, _ in story]
    over = [(hour, {f.scope for f in recoveries}) for hour, _, recoveries in story if recoveries]

    assert sorted(shown[0]) == ["meridian · cards · EUR", "meridian · cards · GBP"]
    assert shown[4] == ["meridian · cards"]
    assert len(over) == 1
    assert over[0][0] >= TUESDAY_NOON + 5
    assert "meridian · cards" in over[0][1]


def test_two_of_three_currencies_are_two_findings() -> None:
    struck = [
        scaled(payments(currency=c, seed=n), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.1) for n, c in enumerate(["EUR", "GBP"])
    ]

    found = at_hour([*struck, payments(currency="SEK", seed=3, per_hour=300)], TUESDAY_NOON + 1).findings

    assert sorted(f.scope for f in found) == ["meridian · cards · EUR", "meridian · cards · GBP"]
    assert len({f.id for f in found}) == 2


def test_other_partners_series_are_none_of_its_business() -> None:
    other = scaled(payments(partner="nordbank"), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0)

    assert at_hour([payments(), other], TUESDAY_NOON + 1).findings == ()


@pytest.mark.parametrize(
    ("currency", "ticket_minor", "amount"),
    [
        pytest.param("JPY", 5_000, "JPY 1,000,000", id="yen have no decimals"),
        pytest.param("KWD", 12_345, "KWD 2,469.000", id="dinars have three"),
        pytest.param("EUR", 4_000, "EUR 8,000.00", id="euro have two"),
    ],
)
def test_money_at_risk_is_missing_payments_times_what_past_ones_were_worth(currency: str, ticket_minor: int, amount: str) -> None:
    """A steady 200 an hour, always approved: one silent hour is 200 tickets."""
    steady = np.full(8 * WEEK_H, 200, dtype=np.int64)
    series = HourlySeries(
        partner="meridian", currency=currency, network="cards", start=START,
        attempts=steady, approved=steady, approved_minor=steady * ticket_minor,
    )  # fmt: skip
    series = scaled(series, first=TUESDAY_NOON, after=TUESDAY_NOON + 1, factor=0)

    (drop,) = at_hour([series], TUESDAY_NOON).findings

    assert drop.at_risk_minor == 200 * ticket_minor
    assert drop.currency == currency
    assert drop.summary == f"No payments at Meridian in {currency}. About {amount} did not move."


def test_below_the_money_floor_nothing_is_said() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.1)
    worth = at_hour([series], TUESDAY_NOON).findings[0].at_risk_minor or 0

    assert at_hour([series], TUESDAY_NOON, thresholds=Thresholds(least_minor={"EUR": worth})).findings != ()
    assert at_hour([series], TUESDAY_NOON, thresholds=Thresholds(least_minor={"EUR": worth + 1})).findings == ()


def test_a_finding_that_nobody_could_look_at_has_not_recovered() -> None:
    struck = scaled(payments(weeks=6), first=5 * WEEK_H + 130, after=6 * WEEK_H, factor=0)
    open_findings = at_hour([struck], 6 * WEEK_H - 1).findings

    later = traffic_findings(a_partner(), series=[struck], now=struck.at(6 * WEEK_H + 30), open_findings=open_findings)

    assert recovered(open_findings, fresh=later.findings, unmonitored=later.unmonitored) == ()
    assert [f.state for f in recovered(open_findings, fresh=later.findings)] == [FindingState.RECOVERED]


def test_what_recovered_once_is_not_recovered_twice() -> None:
    series = scaled(payments(), first=TUESDAY_NOON, after=TUESDAY_NOON + 3, factor=0.1)
    over = tuple(replace(f, state=FindingState.RECOVERED) for f in at_hour([series], TUESDAY_NOON).findings)

    assert recovered(over, fresh=()) == ()


@pytest.mark.parametrize("start", [datetime(2026, 9, 1, 0, 30, tzinfo=UTC), datetime(2026, 9, 1)])  # noqa: DTZ001
def test_a_series_starts_at_a_whole_utc_hour(start: datetime) -> None:
    with pytest.raises(ValueError, match="a series starts at a whole hour in UTC"):
        replace(payments(weeks=1), start=start)

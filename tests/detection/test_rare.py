"""Refunds and chargebacks: more of them than usual is found at its size, and quiet weeks over Christmas say nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from simulated import HOUR, WEEK_H, Payments, a_partner, payments, rows_of, segments
from simulated_beside import BesideStory, Happened, occurrences_of, reasons

from breakwater.detection.beside import Beside
from breakwater.detection.continuing import News
from breakwater.detection.coverage import unmonitored_beside
from breakwater.detection.live import Live
from breakwater.detection.occurrences import Occurrences
from breakwater.detection.rare import RareWatch
from breakwater.model.calendar import BusinessCalendar, named_calendar
from breakwater.model.findings import FindingKind, FindingState, judge
from breakwater.model.occurrences import Occurrence

START = datetime(2025, 9, 8, tzinfo=UTC)  # the clocks of Berlin change on 26 October
WEEKS = 17
PARTNERS = {
    "meridian": a_partner(calendar=named_calendar("DE")),
    "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa", calendar=named_calendar("DE")),
}
PLACES = (
    ("meridian", "cards", "EUR", 300), ("meridian", "cards", "GBP", 80), ("meridian", "cards", "USD", 10),
    ("nordbank", "sepa", "EUR", 150), ("nordbank", "sepa", "SEK", 4),
)  # fmt: skip
TUESDAY = 12 * WEEK_H + 24 + 9


def happened(series: Payments, *, seed: int) -> Happened:
    """Refunds of 2 % in office hours, those of closed days on the next open one; chargebacks of .1 % in a file each business day."""
    random, days = np.random.default_rng(seed), len(series.attempts) // 24
    a_day = series.attempts.sum() / days
    refunds, chargebacks = np.zeros(len(series.attempts), dtype=int), np.zeros(len(series.attempts), dtype=int)
    asked = disputed = 0.0
    for day in range(days):
        asked, disputed = asked + 0.02 * a_day * np.exp(random.normal(0, 0.15)), disputed + 0.001 * a_day
        is_open = PARTNERS[series.partner].calendar.is_business_day((series.start + timedelta(days=day)).date())
        np.add.at(refunds, 24 * day + random.integers(8, 17, random.poisson(0.9 * asked * is_open)), 1)
        chargebacks[24 * day + random.integers(6, 10)] = random.poisson(disputed * is_open)
        asked, disputed = asked * (0.1 if is_open else 1.0), 0.0 if is_open else disputed
    return {"refund": refunds, "chargeback": chargebacks}


SERIES = [
    payments(partner=p, network=n, currency=c, per_hour=r, seed=seed, start=START, weeks=WEEKS) for seed, (p, n, c, r) in enumerate(PLACES)
]
QUIET = [happened(series, seed=seed) for seed, series in enumerate(SERIES)]


def struck(what: str, times: float, *, row: int = 0, hours: int = 24) -> list[Happened]:
    """So many times the usual on top, from Tuesday on."""
    changed = [{name: counts.copy() for name, counts in one.items()} for one in QUIET]
    usual = QUIET[row][what][:TUESDAY].mean()
    changed[row][what][TUESDAY : TUESDAY + hours] += np.random.default_rng(3).poisson(times * usual, hours)
    return changed


def replay(of: list[Happened], *, until: int) -> RareWatch:
    """Every hour; of the payments themselves nothing is asked but their number."""
    live = Live.of(rows_of(SERIES, first=0, after=until), segment_of=lambda key: segments(PARTNERS, key), since=START)
    counted = Occurrences(live)
    counted.add(occurrences_of(SERIES, of, first=0, after=until))
    watch = RareWatch(live, counted)
    for hour in range(until):
        watch.step(hour)
    return watch


def test_a_quarter_without_incidents_over_a_change_of_clocks_and_christmas_says_nothing() -> None:
    assert replay(QUIET, until=WEEKS * WEEK_H).alerts == []


@pytest.mark.parametrize(
    ("what", "times", "row", "within_h"),
    [
        pytest.param("refund", 3.0, 0, 26, id="refunds"),
        pytest.param("refund", 10.0, 2, 24, id="refunds of a small currency"),
        pytest.param("chargeback", 4.0, 0, 36, id="chargebacks"),
        pytest.param("chargeback", 60.0, 2, 36, id="chargebacks that hardly ever happen"),
    ],
)
def test_more_than_usual_is_found(what: str, times: float, row: int, within_h: int) -> None:
    watch = replay(struck(what, times, row=row), until=TUESDAY + 96)

    (alert,) = watch.alerts

    assert alert.what == what
    assert 0 <= alert.fired - TUESDAY <= within_h
    assert alert.closed is not None
    assert alert.closed - TUESDAY <= 24 + 48


@pytest.mark.parametrize("days", [1, 2, 3])
def test_what_holidays_kept_back_is_expected_after_them(days: int) -> None:
    start, weeks = datetime(2026, 1, 5, tzinfo=UTC), 15
    closed = BusinessCalendar(holidays=frozenset(date(2026, 4, 1 + day) for day in range(days)))  # from Wednesday on
    partners = {"meridian": a_partner(calendar=closed)}
    series = payments(per_hour=300, seed=2, start=start, weeks=weeks)
    refunds, waiting = np.zeros(weeks * WEEK_H, dtype=int), 0
    for day in range(weeks * 7):
        waiting += 100
        if closed.is_business_day((start + timedelta(days=day)).date()):
            refunds[24 * day + 9], waiting = waiting, 0
    live = Live.of(rows_of([series], first=0, after=weeks * WEEK_H), segment_of=lambda key: segments(partners, key), since=start)
    counted = Occurrences(live)
    counted.add(occurrences_of([series], [{"refund": refunds}], first=0, after=weeks * WEEK_H))
    watch = RareWatch(live, counted)

    for hour in range(11 * WEEK_H, weeks * WEEK_H):
        watch.step(hour)

    assert watch.alerts == []


def test_a_partner_whose_first_chargebacks_are_told_is_watched_after_a_fortnight_and_three_days() -> None:
    young = [{name: np.where(np.arange(len(counts)) < TUESDAY, 0, counts) for name, counts in one.items()} for one in QUIET]

    assert replay(young, until=TUESDAY + 20 * 24).alerts == []

    later = struck("refund", 4.0)
    young[0]["refund"][TUESDAY + 18 * 24 :][:24] += later[0]["refund"][TUESDAY : TUESDAY + 24]
    (alert,) = replay(young, until=TUESDAY + 20 * 24).alerts
    assert alert.fired > TUESDAY + 18 * 24


def test_late_counts_and_what_is_cut_away_change_nothing_of_what_was_said() -> None:
    of = struck("refund", 3.0)

    whole, cut = (replay(of, until=until).alerts for until in (WEEKS * WEEK_H, TUESDAY + 30))

    assert [(a.fired, a.onset, a.scope) for a in cut] == [(a.fired, a.onset, a.scope) for a in whole] != []


def test_a_finding_says_how_many_worth_how_much_with_a_chart_of_days_and_is_over_once_it_is() -> None:
    of = struck("refund", 4.0, row=1)
    story = BesideStory(SERIES, of, PARTNERS).through(TUESDAY + 12, TUESDAY + 24)

    ((_, found),) = story.news(News.OPENED)
    (now,) = story.open

    assert found.kind is FindingKind.REFUNDS_UP
    assert found.scope == "meridian · cards · GBP"
    assert found.summary.startswith("Refunds at Meridian in GBP are ")
    assert "The extra ones are worth about GBP " in found.summary
    assert (now.currency, len(now.series)) == ("GBP", 28)
    assert now.series[-1].seen == of[1]["refund"][TUESDAY : TUESDAY + 24].sum()
    extra = of[1]["refund"][TUESDAY : TUESDAY + 24].sum() - QUIET[1]["refund"][TUESDAY : TUESDAY + 24].sum()
    assert 0.7 * extra * 4_000 < (now.at_risk_minor or 0) < 1.3 * extra * 4_000
    assert now.next_step.startswith("Look at the largest of them")

    story.until(TUESDAY + 72)
    assert [f.id for _, f in story.news(News.RECOVERED)] == [found.id]


def test_what_was_called_false_stays_silent_and_its_cell_must_be_surer() -> None:
    of = struck("chargeback", 6.0)
    story = BesideStory(SERIES, of, PARTNERS).until(TUESDAY + 30)
    (found,) = story.open
    said = judge(found, as_=FindingState.FALSE_POSITIVE, by="U0ADA", now=START + (TUESDAY + 30) * HOUR)
    story.findings = {said.id: said}

    story.through(TUESDAY + 31, TUESDAY + 34)

    assert story.open == []
    assert found.kind is FindingKind.CHARGEBACKS_UP
    surer = BesideStory(SERIES, of, PARTNERS, cautions={("chargebacks", found.level): 100.0}).until(TUESDAY + 30)
    assert surer.open == []


# What can't be watched


def told(series: list[Payments], of: list[Happened], *, until: int) -> list[str]:
    """What is said of these payments in the hour before `until`."""
    live = Live.of(rows_of(series, first=0, after=until + 1), segment_of=lambda key: segments(PARTNERS, key), since=START)
    beside = Beside(live)
    beside.add(occurrences_of(series, of, first=0, after=until + 1))
    now = START + until * HOUR + timedelta(minutes=30)
    live.advance(now=now, then=beside.step)
    return [f"{u.partner}: {u.text}" for u in unmonitored_beside(live, beside, partners=PARTNERS, now=now)]


def test_what_is_new_is_said_to_be_not_watched_yet() -> None:
    assert told(SERIES, QUIET, until=2 * WEEK_H) == [
        "None: Declines by reason are not watched yet: that begins in the fourth week of payments some of which are declined.",
        "meridian: Refunds and chargebacks of Meridian are not watched yet: that begins 17 days after the first that is known.",
        "nordbank: Refunds and chargebacks of Nordbank are not watched yet: that begins 17 days after the first that is known.",
    ]


def test_what_is_too_small_is_said_with_its_figures_and_what_is_large_is_not() -> None:
    declined = [{**one, **reasons(series, seed=n)} for n, (one, series) in enumerate(zip(QUIET, SERIES, strict=True))]
    small = [*SERIES[:4], payments(partner="nordbank", network="sepa", currency="SEK", per_hour=0.2, seed=4, start=START, weeks=WEEKS)]
    large = [{**one, "chargeback": one["chargeback"] * (n < 3), "refund": one["refund"] * (n < 3)} for n, one in enumerate(declined)]
    large[3]["chargeback"][np.arange(0, WEEKS * WEEK_H, 2 * WEEK_H)] = 1

    said = told(small, large, until=8 * WEEK_H)

    assert said == [
        "nordbank: Declines by reason are not monitorable at nordbank · sepa · SEK: 200 attempts in four weeks are needed.",
        "nordbank: Refunds of Nordbank are not watched yet: that begins 17 days after the first that is known.",
        "nordbank: Chargebacks of Nordbank are not monitorable at this size: one a week or less is usual, and fewer than"
        " about 5 a day or 7 in 3 days look like chance.",
    ]


@pytest.mark.parametrize("days", [1, 3])
def test_the_number_that_is_said_is_about_the_number_that_is_told(days: int) -> None:
    """One chargeback each day, and so many more within one day or three."""
    steady = [{"chargeback": np.tile(np.eye(24, dtype=int)[9], WEEKS * 7)} for _ in SERIES]
    until = TUESDAY + 24 * days
    (a_day,), least = replay(steady, until=TUESDAY).sight(Occurrence.CHARGEBACK, np.array([3]), hour=TUESDAY - 1)
    of_window = int(least[0, [1, 3].index(days)])

    fired = []
    for came in (of_window - 2, of_window):
        changed = [{name: counts.copy() for name, counts in one.items()} for one in steady]
        changed[3]["chargeback"][TUESDAY:until] = 0
        changed[3]["chargeback"][until - 1 - np.arange(came) * 24 * days // came] += 1
        fired.append(any(alert.fired >= TUESDAY for alert in replay(changed, until=until).alerts))

    assert a_day == pytest.approx(1.0, rel=0.05)
    assert fired == [False, True]


def test_nothing_more_is_said_when_our_own_events_stop() -> None:
    live = Live.of(rows_of(SERIES, first=0, after=4 * WEEK_H), segment_of=lambda key: segments(PARTNERS, key), since=START)
    beside = Beside(live)
    live.advance(now=START + 4 * WEEK_H * HOUR, then=beside.step)

    assert unmonitored_beside(live, beside, partners=PARTNERS, now=START + 4 * WEEK_H * HOUR) != []
    assert unmonitored_beside(live, beside, partners=PARTNERS, now=START + (4 * WEEK_H + 30) * HOUR) == []

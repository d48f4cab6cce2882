"""Findings about payments as hours pass: found in time, silent otherwise, worth what they say, told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from simulated import HOUR, START, WEEK_H, Payments, Story, a_partner, dearer, declining, payments, rows_of, scaled

from breakwater.detection.continuing import News, Seen, changes, same_anomaly
from breakwater.detection.coverage import unmonitored
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import FindingKind, FindingState

NOON = 6 * WEEK_H + 10  # hour of the series: 10:00 UTC, noon in Berlin, on a Tuesday in its seventh week
SEVERAL = {"meridian": a_partner(), "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa")}


def struck(factor: float = 0.1, *, hours: int = 8, **changes: object) -> Payments:
    """Payments that fall at noon."""
    return scaled(payments(**changes), first=NOON, after=NOON + hours, factor=factor)  # type: ignore[arg-type]


@pytest.mark.parametrize("per_hour", [20, 200, 3000])
def test_quiet_weeks_give_no_finding(per_hour: int) -> None:
    story = Story([payments(per_hour=per_hour, weeks=7, seed=5)]).until(7 * WEEK_H - 1)

    assert story.live
    assert story.live.watch.alerts == []


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
    story = Story([struck(factor, per_hour=per_hour, hours=10)]).through(NOON - 3, NOON + 10)

    ((hour, finding),) = story.news(News.OPENED)

    assert finding.kind is FindingKind.VOLUME_DROP
    assert 1 <= hour - NOON <= within_h


def test_a_drop_says_where_since_when_what_came_and_what_to_do() -> None:
    series = struck(0.4)

    (drop,) = Story([series]).until(NOON + 1).open

    assert drop.scope == "meridian · cards · EUR"
    assert drop.place == (("partner", "meridian"), ("network", "cards"), ("currency", "EUR"))
    assert drop.since == START + NOON * HOUR
    assert drop.summary.startswith("Payments at Meridian in EUR are 6")
    assert "% below normal. About EUR 7," in drop.summary
    assert drop.expected.endswith("payments since 13 Oct 12:00 (Europe/Berlin)")
    assert drop.seen == f"{int(series.attempts[NOON]):,} payments"
    assert drop.next_step == "Check our checkout and our last release, then ask Meridian whether they see the same."
    assert (len(drop.series), drop.series[-1].at) == (48, START + NOON * HOUR)
    assert drop.series[-1].seen == series.attempts[NOON] < 0.5 * (drop.series[-1].expected or 0)


def test_an_outage_says_that_nothing_came() -> None:
    (drop,) = Story([struck(0)]).until(NOON + 2).open

    assert drop.is_outage
    assert drop.summary.startswith("No payments at Meridian in EUR.")
    assert drop.next_step == "Check our connection to Meridian and our last release, then call Meridian."


def test_a_batch_loaded_twice_is_a_spike() -> None:
    story = Story([struck(2, hours=2)]).through(NOON, NOON + 8)

    ((hour, spike),) = story.news(News.OPENED)

    assert (hour, spike.kind) == (NOON + 1, FindingKind.VOLUME_SPIKE)
    assert "% above normal. The extra payments are worth about EUR " in spike.summary
    assert spike.at_risk_minor is None
    assert story.open == []


def test_an_approval_drop_is_found_in_the_hour_it_begins() -> None:
    series = declining(payments(), first=NOON, after=NOON + 6, approval=0.70)

    (drop,) = Story([series]).until(NOON + 1).open

    assert drop.kind is FindingKind.APPROVAL_DROP
    assert drop.summary.startswith("Approval rate at Meridian in EUR fell from 9")
    assert " to 70." in drop.summary
    assert f"of {int(series.attempts[NOON]):,} attempts since 13 Oct 12:00 (Europe/Berlin)" in drop.seen


@pytest.mark.parametrize(
    ("factor", "kind", "words"),
    [(100.0, FindingKind.TICKET_UP, " more than usual."), (0.01, FindingKind.TICKET_DOWN, " less than usual.")],
    ids=["cents sent as euros", "euros sent as cents"],
)
def test_an_average_payment_in_the_wrong_unit_is_found_at_once(factor: float, kind: FindingKind, words: str) -> None:
    (found,) = Story([dearer(payments(), first=NOON, after=NOON + 3, factor=factor)]).until(NOON + 1).open

    assert found.kind is kind
    assert found.summary.endswith(words)
    assert found.series[-1].expected == 100


def test_one_anomaly_is_one_finding_and_its_worth_grows() -> None:
    story = Story([struck(0.2)]).through(NOON, NOON + 8)

    (drop,) = story.open

    assert story.news(News.OPENED)[0][1].id == drop.id
    assert (drop.at_risk_minor or 0) > 4 * (story.news(News.OPENED)[0][1].at_risk_minor or 0)
    assert drop.found_at == START + (NOON + 1.5) * HOUR
    assert [f.at_risk_minor for _, f in story.news(News.WORSE)] == sorted(f.at_risk_minor or 0 for _, f in story.news(News.WORSE))
    assert 1 <= len(story.news(News.WORSE)) <= 3  # each doubling, no more


def test_it_recovers_by_itself_soon_after_the_figures_do() -> None:
    story = Story([struck(0.1, hours=4)]).through(NOON - 2, NOON + 24)

    ((hour, over),) = story.news(News.RECOVERED)

    assert hour - (NOON + 4) <= 3
    assert over.state is FindingState.RECOVERED
    assert len(story.news(News.OPENED)) == 1


def test_a_long_outage_is_not_normal_the_next_day() -> None:
    story = Story([struck(0, hours=60)]).through(NOON, NOON + 60)

    assert [f.is_outage for f in story.open] == [True]
    assert (len(story.news(News.OPENED)), story.news(News.RECOVERED)) == (1, [])


@pytest.mark.parametrize("more_h", [0, 4])
def test_what_comes_later_changes_nothing(more_h: int) -> None:
    series = struck(0.3, hours=3)
    cut = replace(series, **{name: getattr(series, name)[: NOON + more_h + 1] for name in ("attempts", "approved", "approved_minor")})
    doubled = scaled(series, first=NOON + more_h + 1, after=len(series.attempts), factor=2)

    as_known_then = Story([cut]).until(NOON + more_h).findings

    assert Story([series]).until(NOON + more_h).findings == as_known_then
    assert Story([doubled]).until(NOON + more_h).findings == as_known_then


def test_the_newest_hour_of_the_feed_may_be_half_told_and_does_not_count() -> None:
    assert Story([struck(0.0, hours=1)]).until(NOON).open == []


# The clocks of Berlin change on 29 March and 25 October 2026.
@pytest.mark.parametrize(
    "start", [pytest.param(datetime(2026, 2, 16, tzinfo=UTC), id="forward"), pytest.param(datetime(2026, 9, 14, tzinfo=UTC), id="back")]
)
def test_the_weeks_around_a_change_of_clocks_are_quiet(start: datetime) -> None:
    story = Story([payments(per_hour=2000, start=start, seed=5, weeks=8)]).until(8 * WEEK_H - 1)

    assert story.live
    assert story.live.watch.alerts == []


def test_a_series_in_the_clothes_of_another_time_zone_would_not_be_quiet_then() -> None:
    elsewhere = payments(per_hour=2000, start=datetime(2026, 9, 14, tzinfo=UTC), seed=5, time_zone="America/New_York", weeks=8)

    story = Story([elsewhere]).until(8 * WEEK_H - 1)

    assert story.live
    assert story.live.watch.alerts != []


def test_a_holiday_that_the_calendar_knows_is_quiet() -> None:
    """German Unity Day is a Tuesday in 2023."""
    start = datetime(2023, 8, 14, tzinfo=UTC)
    holiday = 7 * WEEK_H + 22  # local midnight of 3 October, in summer time
    series = scaled(payments(per_hour=500, start=start, seed=2, weeks=8), first=holiday, after=holiday + 24, factor=0.65)

    with_calendar = Story([series], {"meridian": a_partner(calendar=named_calendar("DE"))}).until(8 * WEEK_H - 1)
    without = Story([series]).until(8 * WEEK_H - 1)

    assert with_calendar.live
    assert without.live
    assert with_calendar.live.watch.alerts == []
    assert without.live.watch.alerts != []


# Where it shows


def test_one_currency_is_one_finding_of_that_currency() -> None:
    story = Story([struck(currency="GBP"), payments(seed=2), payments(currency="SEK", seed=3)]).until(NOON + 2)

    assert [f.scope for f in story.open] == ["meridian · cards · GBP"]


def test_a_drop_everywhere_is_one_finding_of_the_partner_and_names_its_segments() -> None:
    whole = [struck(currency=c, seed=n, per_hour=r) for n, (c, r) in enumerate([("EUR", 200), ("GBP", 60), ("SEK", 2)])]
    other = payments(partner="nordbank", network="sepa", seed=9)

    (drop,) = Story([*whole, other], SEVERAL).until(NOON + 2).open

    assert drop.partner == "meridian"
    assert drop.scope == "meridian · cards"
    assert drop.summary.startswith("Payments at Meridian in all currencies are 9")
    assert " EUR " in drop.summary
    assert " GBP " in drop.summary
    assert (drop.currency, drop.at_risk_minor) == (None, None)
    assert [c.where for c in drop.contributions][:2] == ["meridian · cards · EUR", "meridian · cards · GBP"]


def test_a_currency_of_all_partners_belongs_to_none_of_them() -> None:
    kept = [
        payments(partner=p, network=n, currency="EUR", seed=s) for s, (p, n) in enumerate([("meridian", "cards"), ("nordbank", "sepa")])
    ]
    down = [
        struck(partner=p, network=n, currency="GBP", seed=s + 5) for s, (p, n) in enumerate([("meridian", "cards"), ("nordbank", "sepa")])
    ]

    (drop,) = Story([*kept, *down], SEVERAL).until(NOON + 2).open

    assert (drop.partner, drop.scope, drop.currency) == ("*", "GBP", "GBP")
    assert drop.summary.startswith("Payments at all partners in GBP are 9")
    assert drop.cause == "Several partners are struck at once, so look on our own side first."


def crossed(*, down: frozenset[tuple[str, str]], hours: int = 8) -> list[Payments]:
    """Two partners with cards and SEPA in euros and pounds each; these networks and currencies fall at noon."""
    cells = [(p, n, c) for p in ("meridian", "nordbank") for n in ("cards", "sepa") for c in ("EUR", "GBP")]
    return [
        scaled(payments(partner=p, network=n, currency=c, seed=seed), first=NOON, after=NOON + hours, factor=0.1 if (n, c) in down else 1)
        for seed, (p, n, c) in enumerate(cells)
    ]


@pytest.mark.parametrize(
    ("down", "scope", "words"),
    [
        pytest.param({("cards", "GBP")}, "cards · GBP", "all partners on cards in GBP", id="a network in one currency"),
        pytest.param({("cards", "GBP"), ("cards", "EUR")}, "cards", "all partners on cards", id="a network"),
        pytest.param(
            {(n, c) for n in ("cards", "sepa") for c in ("EUR", "GBP")}, "everything", "all partners are", id="everything at once"
        ),
    ],
)
def test_what_strikes_several_partners_is_one_message(down: set[tuple[str, str]], scope: str, words: str) -> None:
    story = Story(crossed(down=frozenset(down)), SEVERAL).through(NOON, NOON + 10)

    ((hour, drop),) = story.news(News.OPENED)

    assert (hour, drop.scope, drop.partner) == (NOON + 1, scope, "*")
    assert words in drop.summary
    assert drop.cause == "Several partners are struck at once, so look on our own side first."
    assert story.open == []


def test_an_alert_does_not_move_to_what_another_alert_tells_already() -> None:
    """Nordbank's and Meridian's euros stop; Meridian's pounds fall by half an hour later. 'Meridian on cards' would hold some of both."""
    weak = scaled(payments(currency="GBP", seed=1), first=NOON + 1, after=NOON + 12, factor=0.5)
    down = [struck(0, partner=p, hours=12, seed=s) for s, p in enumerate(SEVERAL, start=2)]
    kept = payments(partner="nordbank", currency="GBP", seed=5)

    story = Story([weak, *down, kept], SEVERAL).through(NOON, NOON + 8)

    assert sorted(f.scope for f in story.open) == ["EUR", "meridian · cards · GBP"]


def test_what_comes_and_goes_every_other_hour_is_one_message() -> None:
    series = payments()
    for hour in range(NOON, NOON + 10, 2):
        series = scaled(series, first=hour, after=hour + 1, factor=0.0)

    story = Story([series]).through(NOON, NOON + 16)

    assert [n.value for n in (News.OPENED, News.RECOVERED) for _ in story.news(n)] == ["opened", "recovered"]


def test_an_anomaly_that_widens_stays_one_finding() -> None:
    euro = struck(currency="EUR", seed=1)
    pound = scaled(payments(currency="GBP", seed=2), first=NOON + 1, after=NOON + 8, factor=0.1)
    other = payments(partner="nordbank", network="sepa", seed=9)

    story = Story([euro, pound, other], SEVERAL).through(NOON, NOON + 8)

    assert story.news(News.OPENED)[0][1].scope == "meridian · cards · EUR"
    assert {f.scope for f in story.open} <= {"meridian · cards", "meridian · cards · EUR", "meridian · cards · GBP"}
    assert len(story.news(News.OPENED)) <= 2


# Money


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
    steady = np.full(7 * WEEK_H, 200, dtype=np.int64)
    series = Payments(
        partner="meridian", currency=currency, network="cards", start=START,
        attempts=steady, approved=steady, approved_minor=steady * ticket_minor,
    )  # fmt: skip

    (drop,) = Story([scaled(series, first=NOON, after=NOON + 1, factor=0)]).until(NOON + 1).open

    assert drop.at_risk_minor == 200 * ticket_minor
    assert drop.currency == currency
    assert drop.summary == f"No payments at Meridian in {currency}. About {amount} did not move."


# Late data, and other processes


def test_late_data_ends_an_alert_and_invents_none() -> None:
    """Half a day of one partner's events comes half a day late."""
    whole, other = payments(per_hour=100), payments(partner="nordbank", network="sepa", seed=2)
    held_back = scaled(whole, first=NOON, after=NOON + 6, factor=0)
    story = Story([held_back, other], SEVERAL).through(NOON, NOON + 6)
    assert [f.scope for f in story.open] == ["meridian · cards · EUR"]
    assert story.live

    story.live.add(rows_of([whole], first=NOON, after=NOON + 6))
    story.series = [whole, other]
    story.through(NOON + 7, NOON + 30)

    assert story.open == []
    assert len(story.news(News.OPENED)) == 1


def test_outcomes_that_come_hours_after_their_attempts_are_no_news() -> None:
    whole = payments()
    undecided = replace(whole, approved=whole.attempts, approved_minor=whole.attempts * 4_000)
    series = replace(whole, approved=np.where(np.arange(7 * WEEK_H) < NOON, whole.approved, undecided.approved))
    story = Story([series]).until(NOON + 8)
    assert story.live

    late = rows_of([whole], first=NOON, after=NOON + 8)
    only_declines = {name: values * (name == "declined") for name, values in late.columns.items()}
    story.live.add(replace(late, columns=only_declines))
    story.series = [whole]
    story.through(NOON + 9, NOON + 30)

    assert story.news(News.OPENED) == []


def test_a_process_that_begins_anew_tells_nothing_twice() -> None:
    first = Story([struck(0.1, hours=12)]).through(NOON, NOON + 5)

    second = Story([struck(0.1, hours=12)], findings=first.findings, looked=first.looked).until(NOON + 6)

    assert [f.id for f in second.open] == [f.id for f in first.open]
    assert second.news(News.OPENED) == []


def test_what_was_over_for_one_process_stays_over_for_the_next() -> None:
    series = struck(0.1, hours=12)
    first = Story([series]).until(NOON + 5)
    over = {f.id: replace(f, state=FindingState.RECOVERED, ended_at=START + (NOON + 5) * HOUR) for f in first.open}

    second = Story([series], findings=over, looked=first.looked).until(NOON + 6)

    assert second.told == []


def test_what_a_replay_finds_after_an_end_in_hours_that_were_looked_at_is_no_news() -> None:
    """Another version, or late data, may see later what was told, or see it end later: nobody hears of it twice."""
    (drop,) = Story([struck(0.1, hours=12)]).until(NOON + 5).open
    over = replace(drop, state=FindingState.RECOVERED, ended_at=START + (NOON + 5) * HOUR)
    seen = Seen(finding=drop, at=START + (NOON + 7) * HOUR)

    told = {
        looked: [change.news for change in changes([over], [seen], same=same_anomaly, now=seen.at + 3 * HOUR, looked_until=looked)]
        for looked in (seen.at, seen.at + HOUR)
    }

    assert told == {seen.at: [News.AGAIN], seen.at + HOUR: []}


# What can't be watched


def test_a_new_partner_is_not_judged_and_that_is_said() -> None:
    story = Story([payments(weeks=2)]).until(2 * WEEK_H - 1)

    assert story.open == []
    assert [u.text for u in unmonitored(story.live, partners=story.partners, now=START + 2 * WEEK_H * HOUR)] == [
        "Meridian is too new to monitor: ten days of payments are needed before anything can be expected."
    ]


def test_a_fall_to_less_than_half_in_the_fourth_week_after_a_first_start_is_seen_within_hours() -> None:
    """Nobody's shape is known for longer, and quiet hours of that week say nothing."""
    morning = 24 * 24 + 9
    euros, pounds = payments(per_hour=200, seed=0), payments(currency="GBP", per_hour=60, seed=1)
    fallen = scaled(euros, first=morning, after=morning + 24, factor=0.45)

    found = Story([fallen, pounds]).through(morning, morning + 4).news(News.OPENED)

    assert [(f.kind, f.scope) for _, f in found] == [(FindingKind.VOLUME_DROP, "meridian · cards · EUR")]
    assert Story([euros, pounds]).through(morning, morning + 4).told == []


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_fall_by_a_third_in_the_fourth_week_after_a_first_start_is_seen_that_day(seed: int) -> None:
    morning = 24 * 24 + 9
    euros, pounds = payments(per_hour=200, seed=seed), payments(currency="GBP", per_hour=60, seed=1)
    fallen = scaled(euros, first=morning, after=morning + 24, factor=0.67)

    found = Story([fallen, pounds]).through(morning, morning + 12).news(News.OPENED)

    assert [(f.kind, f.scope) for _, f in found] == [(FindingKind.VOLUME_DROP, "meridian · cards · EUR")]


@pytest.mark.parametrize("per_hour", [20, 200])
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_currency_that_begins_at_noon_in_the_fifth_week_has_not_risen_in_its_first_watched_night(seed: int, per_hour: int) -> None:
    """Of the weekday it is watched on first, it has shown nothing but the beginning of the night."""
    began = 4 * WEEK_H + 10
    pounds = scaled(payments(currency="GBP", per_hour=per_hour, seed=seed), first=0, after=began, factor=0)

    story = Story([payments(), pounds]).until(began + 14 * 24)

    assert story.live
    assert [alert.channel.name for alert in story.live.watch.alerts if alert.channel.metric == "volume"] == []


def test_a_small_partner_is_not_monitorable_at_its_size() -> None:
    story = Story([struck(0, per_hour=0.5)]).until(NOON + 4)

    (said,) = unmonitored(story.live, partners=story.partners, now=START + (NOON + 4) * HOUR)

    assert story.open == []
    assert said.text.startswith("Meridian is not monitorable at this size: about 1")
    assert said.text.endswith("payments a day are expected, and below 30 a drop looks like chance.")


def test_small_currencies_are_watched_together() -> None:
    small = [struck(0, per_hour=2, seed=n, currency=c, hours=24) for n, c in enumerate(["CHF", "DKK", "NOK", "PLN", "SEK"])]
    other = payments(partner="nordbank", network="sepa", seed=9)

    (drop,) = Story([*small, other], SEVERAL).until(NOON + 14).open

    assert drop.scope == "meridian · cards"


def test_when_our_own_events_stop_the_partner_is_not_blamed() -> None:
    story = Story([payments()]).until(7 * WEEK_H - 1)

    story.look(now=START + 7 * WEEK_H * HOUR + timedelta(hours=30))

    assert story.open == []
    said = unmonitored(story.live, partners=story.partners, now=START + 7 * WEEK_H * HOUR + timedelta(hours=30))
    assert [u.text for u in said] == ["Nothing is known of any payment after 19 Oct 23:00 UTC: our own events have stopped arriving."]

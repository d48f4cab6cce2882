"""What gets far larger while its finding is open is told, whoever looks after it; what only goes on is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from simulated import HOUR, START, WEEK_H, Payments, Story, dearer, declining, payments, scaled

from breakwater.detection.alerts import Alert
from breakwater.detection.carried_alerts import alert_of, plain
from breakwater.detection.continuing import News, Seen, changes, same_id
from breakwater.detection.evidence import CHANNELS
from breakwater.model.findings import Finding, FindingKind, FindingState, acknowledge, judge, mute

NOON = 6 * WEEK_H + 10
LATER = NOON + 30
END = NOON + 80
Series = Callable[[], list[Payments]]


def euros() -> Payments:
    return payments(weeks=9)


def pounds() -> Payments:
    return payments(weeks=9, currency="GBP", seed=2)


def fallen_further() -> list[Payments]:
    return [scaled(scaled(euros(), first=NOON, after=END, factor=0.75), first=LATER, after=END, factor=0.4), pounds()]


def one_of_two_fallen_further() -> list[Payments]:
    return [*fallen_further()[:1], scaled(pounds(), first=NOON, after=END, factor=0.75)]


def risen_further() -> list[Payments]:
    return [scaled(scaled(euros(), first=NOON, after=END, factor=1.6), first=LATER, after=END, factor=3), pounds()]


def declined_more() -> list[Payments]:
    return [declining(declining(euros(), first=NOON, after=END, approval=0.87), first=LATER, after=END, approval=0.6), pounds()]


def much_dearer() -> list[Payments]:
    return [dearer(dearer(euros(), first=NOON, after=END, factor=1.3), first=LATER, after=END, factor=2.5), pounds()]


@pytest.mark.parametrize(
    ("series", "says"),
    [
        pytest.param(fallen_further, "Since 14 Oct 18:00: 75 % below normal.", id="payments that fall"),
        pytest.param(one_of_two_fallen_further, "Since 14 Oct 18:00 at Meridian in EUR: 75 % below normal.", id="at one place of several"),
        pytest.param(risen_further, "Since 14 Oct 18:00: 305 % above normal.", id="payments that rise"),
        pytest.param(declined_more, "Since 14 Oct 18:00: 59.8 % approved.", id="approvals"),
        pytest.param(much_dearer, "Since 14 Oct 18:00: 325 % of the usual.", id="average payments"),
    ],
)
def test_a_far_larger_change_is_told_within_the_hour_and_once(series: Series, says: str) -> None:
    story = Story(series()).until(LATER - 2)
    (found,) = story.open

    story.through(LATER - 1, LATER + 8)

    first, *more = [(hour, change) for hour, change in story.told if hour >= LATER]
    assert (first[0], first[1].news, first[1].now.id) == (LATER + 1, News.WORSE, found.id)
    assert says in first[1].now.summary
    assert {change.now.deeper_since for _, change in more} <= {first[1].now.deeper_since}
    assert story.open[0].deeper_since == START + LATER * HOUR


def test_an_outage_at_one_place_that_is_over_is_told_no_more_in_a_quiet_night() -> None:
    out, back = NOON + 22, NOON + 27
    few = payments(weeks=9, currency="GBP", seed=2, per_hour=40)
    fallen = [scaled(series, first=NOON, after=END, factor=0.75) for series in (euros(), few)]
    story = Story([fallen[0], scaled(fallen[1], first=out, after=back, factor=0)]).until(NOON + 6)

    story.through(NOON + 7, NOON + 70)

    ((hour, found),) = story.news(News.WORSE)
    assert out < hour < back
    assert (found.is_outage, story.findings[found.id].open, story.findings[found.id].is_outage) == (True, True, False)


def test_an_outage_at_one_place_stays_one_through_the_night() -> None:
    few = payments(weeks=9, currency="GBP", seed=2, per_hour=40)
    fallen = [scaled(series, first=NOON, after=END, factor=0.75) for series in (euros(), few)]
    story = Story([fallen[0], scaled(fallen[1], first=NOON + 22, after=END, factor=0)]).until(NOON + 6)

    story.through(NOON + 7, NOON + 50)

    assert [(found.is_outage, story.findings[found.id].is_outage) for _, found in story.news(News.WORSE)][:1] == [(True, True)]


def test_what_goes_on_as_it_was_told_does_not_get_larger() -> None:
    story = Story([scaled(euros(), first=NOON, after=END, factor=0.75), pounds()]).until(NOON + 6)

    story.through(NOON + 7, NOON + 48)

    assert [f.deeper_since for f in story.open] == [None]


# What people said of it, and what that means when it gets far larger

NOW = START + 100 * HOUR
WAS = Finding(
    id="F-1", kind=FindingKind.VOLUME_DROP, partner="meridian", scope="meridian", since=NOW - 9 * HOUR, summary="25 % below", expected="",
    seen="", next_step="", told_minor=1_000, at_risk_minor=1_000, currency="EUR", found_at=NOW - 8 * HOUR,
)  # fmt: skip
DEEPER = replace(WAS, summary="25 % below, 75 % since", deeper_since=NOW - HOUR)
OUTAGE = replace(DEEPER, is_outage=True)
ACKNOWLEDGED = acknowledge(WAS, by="U0ADA", now=NOW - HOUR)
MUTED = mute(ACKNOWLEDGED, until=NOW + HOUR, by="U0ADA", now=NOW - HOUR)


def said(as_: FindingState) -> Finding:
    return judge(WAS, as_=as_, by="U0ADA", now=NOW - HOUR, until=NOW + HOUR)


def news_of(was: Finding, fresh: Finding, *, hours: int = 0) -> list[tuple[Finding, News | None]]:
    now = NOW + hours * HOUR
    return [(change.now, change.news) for change in changes([was], [Seen(finding=fresh, at=WAS.since)], same=same_id, now=now)]


@pytest.mark.parametrize(
    ("was", "deeper", "outage"),
    [
        pytest.param(WAS, News.WORSE, News.WORSE, id="nobody said anything"),
        pytest.param(ACKNOWLEDGED, News.WORSE, News.WORSE, id="somebody looks after it"),
        pytest.param(MUTED, None, News.WORSE, id="muted"),
        pytest.param(said(FindingState.FALSE_POSITIVE), News.AGAIN, News.AGAIN, id="called false"),
        pytest.param(said(FindingState.NEW_LEVEL), News.AGAIN, News.AGAIN, id="called the new level"),
        pytest.param(said(FindingState.EXPECTED), None, News.AGAIN, id="expected until later"),
    ],
)
def test_what_was_said_of_it_as_far_as_it_had_come(was: Finding, deeper: News | None, outage: News | None) -> None:
    told = {name: news_of(was, fresh) for name, fresh in (("deeper", DEEPER), ("outage", OUTAGE))}

    assert [news for _, news in told["deeper"] if news] == ([deeper] if deeper else [])
    assert [news for _, news in told["outage"]] == [outage]
    assert {now.acknowledged_by for now, _ in told["outage"]} == {was.acknowledged_by}
    assert all(now.open and now.silent_until is None for now, _ in told["outage"])


def test_what_got_larger_while_it_was_muted_is_told_when_the_mute_ends() -> None:
    ((kept, _),) = news_of(MUTED, DEEPER)

    ((now, news),) = news_of(kept, DEEPER, hours=2)

    assert (news, now.deeper_since) == (News.WORSE, DEEPER.deeper_since)
    assert [news for _, news in news_of(now, DEEPER, hours=3)] == [None]


def test_it_is_told_once_and_again_only_if_it_gets_larger_still() -> None:
    ((told, _),) = news_of(WAS, DEEPER)

    assert [news for _, news in news_of(told, DEEPER)] == [None]
    assert [news for _, news in news_of(told, replace(DEEPER, deeper_since=NOW))] == [News.WORSE]
    assert [news for _, news in news_of(judge(told, as_=FindingState.FALSE_POSITIVE, by="U0ADA", now=NOW), DEEPER)] == []


def test_a_process_that_goes_on_with_the_watch_knows_what_got_larger() -> None:
    alert = Alert(
        channel=CHANNELS[0],
        scope=7,
        first_scope=7,
        fired=50,
        onset=48,
        size=0.75,
        first_size=0.75,
        surprise=5.0,
        depth=0.4,
        deeper_scope=3,
        deeper_from=60,
    )

    again = alert_of(plain(alert, first=1_000), first=1_010, scope=lambda scope: scope + 1)

    assert (again.deeper_from, again.deeper_scope, again.depth) == (50, 4, 0.4)

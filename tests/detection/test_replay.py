"""History replayed under several budgets: what would have been told, and what another budget would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from simulated import HISTORY_H, HOUR, START, WEEK_H, Payments, Story, a_partner, payments, rows_of, scaled, segments

from breakwater.detection.live import Live
from breakwater.detection.replay import named, replayed
from breakwater.model.backtests import Backtest, Budget, WouldTell
from breakwater.model.findings import FindingKind

NOON = 6 * WEEK_H + 10
PARTNERS = {"meridian": a_partner(), "nordbank": a_partner(id="nordbank", name="Nordbank", network="sepa")}
NOW = START + (7 * WEEK_H - 1) * HOUR
SERIES = [
    scaled(scaled(payments(), first=NOON, after=NOON + 6, factor=0), first=NOON - 48, after=NOON - 46, factor=0.72),
    payments(currency="GBP", seed=2),
    scaled(payments(partner="nordbank", network="sepa", currency="SEK", seed=3), first=NOON, after=NOON + 3, factor=0.2),
]


def a_backtest(partner: str = "meridian", *, days: int = 14) -> Backtest:
    rows = rows_of(SERIES, first=0, after=7 * WEEK_H)
    live = Live.of(rows, segment_of=lambda key: segments(PARTNERS, key), since=NOW - HISTORY_H * HOUR)
    return replayed(live, partner=PARTNERS[partner], since=NOW - timedelta(days=days), now=NOW, cautions={})


def test_an_outage_is_told_once_under_every_budget_and_when_it_could_be_known() -> None:
    done = a_backtest()

    outages = {budget: [one for one in told if one.fired_at > START + (NOON - 24) * HOUR] for budget, told in done.told.items()}
    (outage,) = outages[Budget.AS_NOW]

    assert (outage.kind, outage.scope, outage.what) == (FindingKind.VOLUME_DROP, "meridian · cards · EUR", "payments at 1 % of normal")
    assert outage.fired_at == START + (NOON + 1) * HOUR
    assert outage.ended_at is not None
    assert START + (NOON + 7) * HOUR <= outage.ended_at <= START + (NOON + 10) * HOUR
    assert [len(found) for found in outages.values()] == [1, 1, 1]


def test_a_stricter_budget_tells_less_and_a_looser_one_more() -> None:
    told = a_backtest().told

    assert len(told[Budget.STRICTER]) < len(told[Budget.AS_NOW]) <= len(told[Budget.LOOSER])


def test_only_what_touches_the_partner_and_lies_in_the_days_asked_for() -> None:
    assert {one.scope.split(" · ")[0] for one in a_backtest("nordbank").told[Budget.AS_NOW]} == {"nordbank"}
    assert a_backtest(days=2).told[Budget.AS_NOW] == ()


def test_what_history_is_too_short_for_is_said() -> None:
    short, full = a_backtest(days=40), a_backtest(days=14)

    assert (short.known_from, short.since, full.known_from) == (START, START + timedelta(days=14), None)


@pytest.mark.parametrize(("series", "name"), [(SERIES[:2], "Meridian"), (SERIES, "all partners together")], ids=["one partner", "two"])
def test_what_is_about_all_payments_is_named(series: list[Payments], name: str) -> None:
    rows = rows_of(series, first=0, after=7 * WEEK_H)
    live = Live.of(rows, segment_of=lambda key: segments(PARTNERS, key), since=NOW - HISTORY_H * HOUR)
    nameless = WouldTell(kind=FindingKind.APPROVAL_DROP, scope="", fired_at=NOW, ended_at=None, what="50 %")
    lines = (nameless, replace(nameless, scope="meridian"))
    done = Backtest(partner_name="Meridian", since=START, until=NOW, told=dict.fromkeys(Budget, lines), time_zone=ZoneInfo("Europe/Berlin"))

    told = named(done, live=live, partner=PARTNERS["meridian"]).told

    assert {budget: [one.scope for one in found] for budget, found in told.items()} == {budget: [name, "meridian"] for budget in Budget}


def test_a_replay_tells_what_the_live_watch_told() -> None:
    story = Story(SERIES, PARTNERS).through(NOON - 1, NOON + 4)

    live = {(f.kind, f.scope) for _, change in story.told if (f := change.now) and f.partner == "meridian"}

    assert {(one.kind, one.scope) for one in a_backtest().told[Budget.AS_NOW]} >= live

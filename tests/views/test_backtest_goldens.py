"""How the answer of a backtest looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_limits import accept
from view_examples import LONG, NASTY, NOW

from breakwater.model.backtests import Backtest, Budget, WouldTell
from breakwater.model.findings import FindingKind
from breakwater.views import backtests
from breakwater.views.blocks import Message

DROP = WouldTell(
    kind=FindingKind.VOLUME_DROP, scope="meridian · cards · GBP", fired_at=NOW - timedelta(days=3), ended_at=NOW - timedelta(days=2),
    what="payments at 30 % of normal",
)  # fmt: skip
RISE = replace(DROP, kind=FindingKind.VOLUME_SPIKE, ended_at=None, what="payments at 200 % of normal")
DONE = Backtest(
    partner_name="Meridian",
    since=NOW - timedelta(days=30),
    until=NOW,
    time_zone=ZoneInfo("Europe/Berlin"),
    told={
        Budget.STRICTER: (DROP,),
        Budget.AS_NOW: (DROP, RISE),
        Budget.LOOSER: (DROP, RISE, replace(RISE, kind=FindingKind.APPROVAL_DROP)),
    },
)
NOTHING: dict[Budget, tuple[WouldTell, ...]] = dict.fromkeys(Budget, ())
MESSAGES: dict[str, Message] = {
    "backtest_running": backtests.running("Meridian", days=30),
    "backtest_some": backtests.backtest(DONE),
    "backtest_cut_short": backtests.backtest(replace(DONE, since=NOW - timedelta(days=16), known_from=NOW - timedelta(days=30))),
    "backtest_nothing": backtests.backtest(replace(DONE, told=NOTHING)),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_backtest_looks_as_agreed(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])
    golden(name, MESSAGES[name].payload())


def test_what_is_told_several_times_at_one_place_is_named_once() -> None:
    strays = (DROP, replace(DROP, fired_at=NOW - timedelta(days=9)), RISE)

    said = backtests.backtest(replace(DONE, told={**DONE.told, Budget.AS_NOW: strays, Budget.STRICTER: ()})).payload()

    assert "No more: Volume down meridian · cards · GBP, Volume up meridian · cards · GBP" in json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize("text", [LONG, NASTY], ids=["long", "nasty"])
def test_no_words_of_others_exceed_what_slack_takes(text: str) -> None:
    one = replace(DROP, scope=text, what=text)

    accept(backtests.backtest(replace(DONE, partner_name=text, told=dict.fromkeys(Budget, (one,) * 900))))
    accept(backtests.running(text, days=30))

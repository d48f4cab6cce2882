"""What is watched beside the payments, replayed under the same budgets as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from breakwater.detection.beside import Beside
from breakwater.detection.families import DEFAULT_BARS, Bars
from breakwater.detection.live import Live
from breakwater.detection.occurrences import OccurrenceRows
from breakwater.detection.rare import DEFAULT_RARE_BARS
from breakwater.model.backtests import Backtest, Budget, WouldTell
from breakwater.model.partners import Partner

BARS: Mapping[Budget, Bars] = {
    Budget.STRICTER: Bars(at_once=7.0, least=5.0, discovery=0.05),
    Budget.AS_NOW: DEFAULT_BARS,
    Budget.LOOSER: Bars(at_once=5.0, least=3.3, discovery=0.2),
}
RARE_BARS: Mapping[Budget, Bars] = {
    Budget.STRICTER: replace(DEFAULT_RARE_BARS, least=5.2),
    Budget.AS_NOW: DEFAULT_RARE_BARS,
    Budget.LOOSER: replace(DEFAULT_RARE_BARS, least=3.5, discovery=0.1),
}


def with_beside(
    done: Backtest, *, live: Live, occurrences: OccurrenceRows, partner: Partner, now: datetime, cautions: Mapping[tuple[str, str], float]
) -> Backtest:
    """A backtest of a partner's payments with what would have been told beside them. `live` must not have been looked at yet."""
    budgets = {budget: Beside(live, bars=BARS[budget], rare_bars=RARE_BARS[budget]) for budget in Budget}
    for beside in budgets.values():
        beside.add(occurrences)
        beside.learn([], cautions=cautions)

    def step(hour: int) -> None:
        for beside in budgets.values():
            beside.step(hour)

    live.advance(now=now, then=step)
    mine = live.rows_of(partner.id)
    more = {
        budget: [one for rows, one in beside.would_tell() if one.fired_at > done.since and np.isin(rows, mine).any()]
        for budget, beside in budgets.items()
    }
    return with_more(done, more)


def with_more(done: Backtest, more: Mapping[Budget, Sequence[WouldTell]]) -> Backtest:
    """A backtest with further lines, in the order of time."""
    return replace(done, told={budget: tuple(sorted((*done.told[budget], *found), key=_when)) for budget, found in more.items()})


def _when(one: WouldTell) -> tuple[datetime, str, str]:
    return one.fired_at, one.kind, one.scope

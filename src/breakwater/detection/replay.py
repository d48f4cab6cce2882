"""History replayed as if live, under several budgets: what would have been told about one partner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from breakwater.detection.alerts import DEFAULT_LIMITS, Alert, Limits
from breakwater.detection.live import Live
from breakwater.detection.telling import KINDS
from breakwater.detection.watch import WARM_UP_H, Watch
from breakwater.model.backtests import Backtest, Budget, WouldTell
from breakwater.model.partners import Partner
from breakwater.model.per_cent import per_cent

LIMITS: Mapping[Budget, Limits] = {
    Budget.STRICTER: replace(DEFAULT_LIMITS, at_once=5.3, least=4.5, discovery=0.05),
    Budget.AS_NOW: DEFAULT_LIMITS,
    Budget.LOOSER: replace(DEFAULT_LIMITS, at_once=3.6, least=2.8, discovery=0.3),
}
_WORDS = {
    "drop": "payments at {share} of normal",
    "rise": "payments at {share} of normal",
    "decline": "{share} more of the attempts declined",
    "dearer": "the average payment {factor:.3g} times the usual",
    "cheaper": "the average payment {factor:.3g} times the usual",
}


def replayed(live: Live, *, partner: Partner, since: datetime, now: datetime, cautions: Mapping[tuple[str, str], float]) -> Backtest:
    """Every hour of what is known looked at anew under each budget. Alerts that fired before `since`, or whose scope has nothing of the
    partner, are left out; a fortnight of history comes first."""
    live.close_feed(now=now)
    asked = live.hour_of(since)
    first = max(asked, WARM_UP_H)
    told = {}
    for budget, limits in LIMITS.items():
        watch = Watch(live.panel, limits=limits)
        watch.be_cautious(cautions)
        watch.advance(live.end)
        mine = live.rows_of(partner.id)
        told[budget] = tuple(
            _would_tell(alert, watch=watch, live=live)
            for alert in watch.alerts
            if alert.fired >= first and np.isin(watch.scopes.rows(alert.scope), mine).any()
        )
    return Backtest(
        partner_name=partner.name,
        since=live.panel.at(first),
        until=live.panel.at(max(live.end, first)),
        told=told,
        time_zone=partner.time_zone,
        known_from=live.panel.at(0) if asked < first else None,
    )


def named(done: Backtest, *, live: Live, partner: Partner) -> Backtest:
    """Every line of a backtest with the name of its place: what is about all payments there are has none by itself."""
    whole = partner.name if len(live.rows_of(partner.id)) == len(live.panel.segments) else "all partners together"
    told = {budget: tuple(one if one.scope else replace(one, scope=whole) for one in lines) for budget, lines in done.told.items()}
    return replace(done, told=told)


def _would_tell(alert: Alert, *, watch: Watch, live: Live) -> WouldTell:
    size = alert.first_size
    return WouldTell(
        kind=KINDS[alert.channel.name],
        scope=" · ".join(value for _, value in watch.scopes.names[alert.first_scope]),
        fired_at=live.panel.at(alert.fired + 1),
        ended_at=None if alert.closed is None else live.panel.at(alert.closed + 1),
        what=_WORDS[alert.channel.name].format(share=per_cent(size), factor=math.exp(size)),
    )

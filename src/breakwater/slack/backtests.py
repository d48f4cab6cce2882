"""Doors: `/anomalies backtest PARTNER 30d`."""

from __future__ import annotations

import re

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.slack.doors import Body, Doors
from breakwater.views import backtests as views

MOST_DAYS = 45  # the lake keeps more, but a watch learns from nine weeks, the first two of which it says nothing about
_DAYS = re.compile(r"([1-9]\d*)d")


def replay(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Say that it has begun, replay, and put the answer in its place. Reading alone: nothing is changed."""
    require(actor, Permission.READ)
    days = days_asked(words)
    partner = doors.partner_named(words[0])
    doors.tell(body, views.running(partner.name, days=days))
    answer = views.backtest(doors.backtest(partner, days))
    if "response_url" in body:
        doors.replace(body, answer)
    else:
        doors.tell(body, answer)


def days_asked(words: list[str]) -> int:
    """The days of `PARTNER 30d`. RefusedError with an example where there are none, or more than are replayed."""
    found = _DAYS.fullmatch(words[1].casefold()) if len(words) == 2 else None
    if not found:
        raise RefusedError("A backtest takes a partner and a number of days.", remedy="For example `/anomalies backtest nordbank 30d`.")
    if int(found[1]) > MOST_DAYS:
        raise RefusedError(
            f"A backtest covers {MOST_DAYS} days at most.", remedy=f"For example `/anomalies backtest {words[0]} {MOST_DAYS}d`."
        )
    return int(found[1])

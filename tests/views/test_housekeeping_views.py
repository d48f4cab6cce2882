"""What breaks tell by themselves: reminders, what is open again, what grew older."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from slack_limits import accept
from test_break_views import worked
from view_examples import LONG, NASTY, NOW

from breakwater.model.ageing import AgedBreak, Crossing
from breakwater.model.breaks import Break, BreakState
from breakwater.views.ageing import crossed
from breakwater.views.blocks import Message
from breakwater.views.reminders import reminder, reminder_of_many, reopened, reopened_many


def an_aged(word: str = "The bank took it.", **changes: Any) -> AgedBreak:
    return AgedBreak(brk=worked(BreakState.OPEN, word, **changes), age_days=7)


def a_crossing(word: str = "The bank took it.", count: int = 12) -> Crossing:
    return Crossing(band="T+6–30", count=count, value_minor={"EUR": 1_250_000, "JPY": 900, "KWD": 12_500}, largest=(an_aged(word),) * 5)


def many(word: str) -> list[Break]:
    return [worked(BreakState.OPEN, word, id=f"B-{n}", currency=("EUR", "JPY", "KWD")[n % 3]) for n in range(12)]


MESSAGES: dict[str, Callable[[str], Message]] = {
    "reminder": lambda word: reminder(worked(BreakState.ACKNOWLEDGED, word, owner_id="U0ADA"), reopens_at=NOW + timedelta(days=1)),
    "reopened": lambda word: reopened(an_aged(word), owner_id="U0ADA", named=("S0LEADS", "U0EVE")),
    "reopened_unnamed": lambda word: reopened(an_aged(word, currency="KWD", amount_minor=12_500), owner_id="U0ADA", named=()),
    "reminder_of_many": lambda word: reminder_of_many(many(word), owner_id="U0ADA", reopens_at=NOW + timedelta(days=1)),
    "reopened_many": lambda word: reopened_many(
        [AgedBreak(brk=brk, age_days=7) for brk in many(word)], owner_id="U0ADA", named=("S0LEADS",), partner_id=word[:200]
    ),
    "grown_older": lambda word: crossed([a_crossing(word)], partner_name="Nordbank", since=date(2026, 11, 20), named=("S0LEADS",)),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("The bank took it.")

    accept(message)
    golden(f"breaks_{name}", message.payload())


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))
    accept(crossed([a_crossing(word, count=4_000)] * 5, partner_name=word, since=date(2026, 11, 20), named=(word,)))
    accept(reopened(an_aged(word), owner_id=word, named=(word,)))

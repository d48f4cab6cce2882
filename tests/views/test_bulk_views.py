"""Several breaks at once on the screen: the forms, what the channel reads, and what the one who asked is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from test_break_views import worked
from view_examples import LONG, NASTY

from breakwater.model.breaks import BreakState
from breakwater.views import bulk
from breakwater.views.breaks import break_list
from breakwater.views.bulk import Bulk

TOMORROW = date(2026, 11, 25)
SEEN = [(f"B-4K7QZC2MHX{n:02}", 12) for n in range(15)]


def some(word: str) -> list[Any]:
    return [worked(BreakState.OPEN, word, id="B-1", currency=currency) for currency in ("EUR", "JPY", "KWD")]


MESSAGES: Mapping[str, Callable[[str], Any]] = {
    "acknowledge": lambda word: bulk.done_together(Bulk.ACKNOWLEDGE, some(word), by="U0ADA"),
    "assign": lambda word: bulk.done_together(Bulk.ASSIGN, some(word), by="U0ADA", to="U0BEN"),
    "snooze": lambda word: bulk.done_together(Bulk.SNOOZE, some(word), by="U0ADA", until=TOMORROW),
    "resolve": lambda word: bulk.done_together(Bulk.RESOLVE, some(word), by="U0ADA", said=word),
    "outcome": lambda word: bulk.outcome(12, []),
    "outcome_refused": lambda word: bulk.outcome(1, [("B-2", f"<@U0BEN> acknowledged it first. {word}")] * 12),
    "nothing_chosen": lambda word: bulk.nothing_chosen(),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("It came on Monday.")

    accept(message)
    golden(f"bulk_{name}", message.payload())


@pytest.mark.parametrize("word", [LONG, NASTY.replace("<@U123>", "")], ids=["long", "nasty"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))


@pytest.mark.parametrize("do", [Bulk.ASSIGN, Bulk.SNOOZE, Bulk.RESOLVE])
def test_a_form(do: Bulk, golden: Callable[[str, Any], None]) -> None:
    view = bulk.form(do, SEEN, channel="C0SEPA", tomorrow=TOMORROW)

    accept_modal(view)
    assert bulk.read_seen(view) == SEEN
    golden(f"bulk_form_{do}", view)


def test_what_is_chosen_below_a_list_comes_back_with_its_revision() -> None:
    shown = [worked(BreakState.OPEN, LONG, id=f"B-{n}", revision=n + 1) for n in range(15)]
    message = break_list(shown, total=4_000, partner_names={"nordbank": LONG})

    accept(message)
    (chooser,) = [b for b in message.blocks if b.get("accessory", {}).get("type") == "multi_static_select"]
    options = chooser["accessory"]["options"]
    body = {"state": {"values": {chooser["block_id"]: {bulk.CHOSEN: {"selected_options": options[3:5]}}}}}
    assert bulk.chosen_of(body) == [("B-3", 4), ("B-4", 5)]
    assert bulk.chosen_of({}) == []
    assert bulk.chosen_of({"state": {"values": {chooser["block_id"]: {bulk.CHOSEN: {"selected_options": None}}}}}) == []

"""What is said of breaks and causes without a card of their own; also with hostile words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_limits import accept
from test_break_views import worked
from test_causes_view import a_cause
from view_examples import LONG, NASTY

from breakwater.model.breaks import Break, BreakState
from breakwater.views.blocks import Message
from breakwater.views.without_card import more_breaks, more_causes


def breaks(count: int, **changes: Any) -> list[Break]:
    return [worked(BreakState.OPEN, "", id=f"B-{n}", currency=("EUR", "JPY")[n % 2], **changes) for n in range(count)]


MESSAGES: dict[str, Callable[[str], Message]] = {
    "breaks": lambda word: more_breaks(
        [*breaks(35), *breaks(3, material=False)], cards=5, partner_name=word, partner_id=word.replace(" ", "")[:200]
    ),
    "breaks_again": lambda word: more_breaks(breaks(35), again=12, cards=5, partner_name=word, partner_id="nordbank"),
    "one_break": lambda word: more_breaks(breaks(1), cards=1, partner_name=word, partner_id="nordbank"),
    "causes": lambda word: more_causes([a_cause()] * 12, partner_name=word, partner_id="nordbank"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("Nordbank")

    accept(message)
    golden(f"without_card_{name}", message.payload())


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))

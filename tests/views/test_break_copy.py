"""What somebody is shown who asks for a break by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_limits import accept, nodes
from view_examples import LONG, NASTY, NOW, a_break

from breakwater.model import breaks as moves
from breakwater.views.break_copy import break_copy

CARD = ("C0SEPA", "https://harbour.slack.com/archives/C0SEPA/p1")
TAKEN = moves.acknowledge(a_break(), owner_id="U0ADA", now=NOW)


@pytest.mark.parametrize(
    ("name", "cards"), [("break_copy", [CARD]), ("break_copy_on_its_way", [("C0SEPA", "")]), ("break_copy_without_card", [])]
)
def test_a_copy(name: str, cards: list[tuple[str, str]], golden: Callable[[str, Any], None]) -> None:
    copy = break_copy(TAKEN, partner_name="Nordbank", cards=cards)

    accept(copy)
    golden(name, copy.payload())


def test_a_copy_moves_nothing() -> None:
    assert nodes(list(break_copy(TAKEN, partner_name="Nordbank", cards=[CARD]).blocks), "button") == []


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
def test_hostile_words_stay_harmless(word: str) -> None:
    accept(break_copy(a_break(references=(word,) * 9, partner=word), partner_name=word, cards=[CARD] * 12))

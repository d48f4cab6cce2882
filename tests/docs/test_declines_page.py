"""The page about declines lists every card code beside its family."""

from __future__ import annotations

import re
from pathlib import Path

from breakwater.model.decline_families import CARD

PAGE = Path(__file__).parents[2] / "docs" / "declines.md"


def test_every_card_code_stands_in_the_row_of_its_family_with_a_name() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    named = [(code.lower(), family, name) for family, codes in rows for code, _, name in (c.partition(" ") for c in codes.split(" · "))]

    assert {code: family for code, family, _ in named} == {code: str(family) for code, family in CARD.items()}
    assert len(named) == len(CARD)
    assert all(name for _, _, name in named)

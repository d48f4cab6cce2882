"""A booking that a later run explains: its card, what its thread and channel are told, and where it waits; also with hostile words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from slack_limits import accept
from test_break_views import a_proposal, worked
from view_examples import LONG, NASTY, NOW, a_digest, a_state

from breakwater.model.breaks import Break, BreakState, Move
from breakwater.model.proposals import Reversal
from breakwater.model.reversals import MATCHED, WITHDRAWN
from breakwater.model.runs import BreakFigure
from breakwater.views import overtaken
from breakwater.views.blocks import Message
from breakwater.views.break_news import news
from breakwater.views.breaks import break_card, break_list
from breakwater.views.digests import digest
from breakwater.views.recon import reconciliation

SOME = BreakFigure(count=3, value_minor={"EUR": 3_750})
ABOUT_A_BOOKING = [Move.KEEP_BOOKING, Move.PROPOSE_REVERSAL, Move.APPROVE_REVERSAL, Move.DECLINE_REVERSAL]


def explained(word: str = "The bank took it.", *, why: str = MATCHED, standing: str = "overtaken", **asked: Any) -> Break:
    """A write-off that a later run explains; with `asked`, somebody proposed to reverse it."""
    reversal = Reversal(by="U0ADA", at=NOW, note=word, **asked) if standing != "overtaken" else None
    proposal = replace(a_proposal(word, decided_by="U0BEN", decided_at=NOW), overtaken=why, reversal=reversal)
    state = BreakState.RESOLVED if standing == "reversed" else BreakState.WRITTEN_OFF
    return worked(state, word, resolution=standing, proposal=proposal)


MESSAGES: dict[str, Callable[[str], Message]] = {
    "card": lambda word: break_card(explained(word), partner_name=word),
    "card_in_another": lambda word: break_card(explained(word, why="B-B27YMXDQ4DVZ"), partner_name=word),
    "card_proposed": lambda word: break_card(explained(word, standing="reversal_proposed"), partner_name=word),
    "card_reversed": lambda word: break_card(explained(word, standing="reversed", decided_by="U0EVE", decided_at=NOW), partner_name=word),
    "told": lambda word: overtaken.overtaken(explained(word, why=WITHDRAWN)),
    "told_of_many": lambda word: overtaken.many_overtaken([explained(word)] * 12, partner_name=word, partner_id=word),
    "stands": lambda word: overtaken.stands_again(explained(word)),
    "list": lambda word: break_list([explained(word)], total=1, partner_names={}, asked="overtaken"),
    "in_digest": lambda word: digest(
        a_digest(partners=(a_state(active={}, overtaken=SOME, partner_name=word),), findings=(), incidents=(), volumes=())
    ),
    "in_recon": lambda word: reconciliation([a_state(overtaken=SOME)]),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("The bank took it.")

    accept(message)
    golden(f"overtaken_{name}", message.payload())


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))


@pytest.mark.parametrize("move", ABOUT_A_BOOKING)
def test_the_news_of_a_move(move: Move, golden: Callable[[str, Any], None]) -> None:
    brk = explained(standing="reversal_proposed")
    message = news(move, brk, was=brk, said="See <!channel> the statement.")
    assert message is not None

    accept(message)
    golden(f"overtaken_news_{move}", message.payload())

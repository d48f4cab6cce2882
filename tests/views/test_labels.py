"""What a button is called says what it does: one label for one action, over all cards."""

from __future__ import annotations

from collections import defaultdict

from slack_limits import nodes
from test_break_views import worked
from test_causes_view import a_cause
from view_examples import NOW, a_finding, a_trace

from breakwater.model.breaks import BreakState
from breakwater.views.blocks import Message
from breakwater.views.break_offers import DO_WORDS, Do
from breakwater.views.breaks import break_card
from breakwater.views.causes import cause_card
from breakwater.views.findings import finding_card
from breakwater.views.payments import payment_answer

CARDS: list[Message] = [
    *(break_card(worked(state), partner_name="Nordbank") for state in BreakState),
    cause_card(a_cause(), partner_name="Nordbank"),
    finding_card(a_finding(), partner_name="Meridian", at=NOW),
    payment_answer(a_trace(), partner_names={}),
]


def test_no_label_stands_for_two_actions() -> None:
    actions = defaultdict(set)
    for card in CARDS:
        for button in nodes(list(card.blocks), "button"):
            actions[button["text"]["text"].rstrip("…")].add(button["action_id"].rpartition("_")[2])

    assert {label: found for label, found in actions.items() if len(found) > 1} == {}


def test_a_break_notes_that_the_partner_was_asked_and_a_payment_asks() -> None:
    asking = {button["text"]["text"] for card in CARDS for button in nodes(list(card.blocks), "button") if "ask" in button["action_id"]}

    assert DO_WORDS[Do.ASK_PARTNER] == "Partner was asked…"
    assert "Ask the partner" in asking
    assert not any(words.startswith("Ask the partner") for words in DO_WORDS.values())

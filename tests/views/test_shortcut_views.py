"""What a message's shortcuts answer, and the form that adds a message to a break or an incident."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from view_examples import LONG, NASTY, a_break, an_incident

from breakwater.views import shortcuts as views
from breakwater.views.blocks import Message

Golden = Callable[[str, Any], None]
LINK = "https://harbour.slack.example/archives/C0SEPA/p1764000000000100"
MESSAGES: dict[str, Message] = {
    "shortcut_none_named": views.none_named(),
    "shortcut_none_found": views.none_found(["pay_1Q2W3", "PSP-77812"]),
    "shortcut_several": views.found([("pay_8F2K1", "EUR 120.00 settled"), ("BATCH-77", "a batch")], unknown=2),
    "shortcut_added": views.added(["INC-0007", "B-4F1A90C2D7"]),
}
FORMS: dict[str, dict[str, Any]] = {
    "shortcut_form": views.add_form(breaks=[a_break()], incidents=[an_incident()], text="B-4F1A90C2D7 was held back", link=LINK),
    "shortcut_form_nothing_open": views.add_form(breaks=[], incidents=[], text="", link=""),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_look_as_agreed_and_slack_takes_them(name: str, golden: Golden) -> None:
    accept(MESSAGES[name])
    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("name", FORMS)
def test_forms_look_as_agreed_and_slack_takes_them(name: str, golden: Golden) -> None:
    accept_modal(FORMS[name])
    golden(name, FORMS[name])


@pytest.mark.parametrize("word", [NASTY, LONG])
def test_foreign_words_stay_words(word: str) -> None:
    accept(views.none_found([word] * 30))
    accept(views.found([(word, word)] * 30, unknown=9))
    accept_modal(views.add_form(breaks=[a_break()] * 20, incidents=[an_incident(title=word)] * 250, text=word * 20, link=LINK))


def test_a_card_number_in_the_message_does_not_get_into_the_form() -> None:
    form = views.add_form(breaks=[a_break()], incidents=[], text="card 4111111111111111 failed", link="")

    assert "4111111111111111" not in str(form)

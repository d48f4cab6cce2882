"""What people type about breaks, proposals, rules and sign-offs is shown as typed: it marks nothing, links nothing and calls nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_limits import everything, parsed
from test_break_views import a_proposal, worked
from test_noise_views import a_rule
from test_signoff_views import a_sign_off
from view_examples import NOW

from breakwater.model.breaks import BreakState, Move
from breakwater.model.proposals import Reversal
from breakwater.model.runs import BreakFigure
from breakwater.views import bulk, noise, signoff
from breakwater.views.blocks import Message
from breakwater.views.break_news import news
from breakwater.views.breaks import break_card
from breakwater.views.bulk import Bulk

NOTHING = BreakFigure(count=0, value_minor={})


def told(move: Move) -> Callable[[str], Message]:
    def message(typed: str) -> Message:
        brk = replace(worked(BreakState.PROPOSED), proposal=a_proposal("x", note=typed))
        found = news(move, brk, was=brk, said=typed)
        assert found is not None
        return found

    return message


def reversed_card(typed: str) -> Message:
    reversal = Reversal(by="U0BEN", at=NOW, note=typed)
    return break_card(
        replace(worked(BreakState.WRITTEN_OFF), proposal=a_proposal("x", note="y", reversal=reversal)), partner_name="Nordbank"
    )


TYPED: Mapping[str, Callable[[str], Message]] = {
    **{str(move): told(move) for move in (Move.COMMENT, Move.ASK_PARTNER, Move.ASK_US, Move.RESOLVE, Move.DECLINE, Move.REOPEN)},
    "proposed": lambda typed: told(Move.PROPOSE)(typed),
    "card": lambda typed: break_card(replace(worked(BreakState.PROPOSED), proposal=a_proposal("x", note=typed)), partner_name="Nordbank"),
    "reversal": reversed_card,
    "reason": lambda typed: break_card(worked(BreakState.RESOLVED, resolution=typed), partner_name="Nordbank"),
    "bulk": lambda typed: bulk.done_together(Bulk.RESOLVE, [worked(BreakState.RESOLVED)], by="U0ADA", said=typed),
    "rule": lambda typed: noise.noise_rules([(a_rule(typed), NOTHING, True)], partner_names={}),
    "rule_added": lambda typed: noise.added(a_rule(typed), NOTHING, partner_name="Nordbank"),
    "not_signed": lambda typed: signoff.declined(a_sign_off(), reason=typed),
}


def runs(message: Message) -> list[Any]:
    """The words in rich text, in which nothing is looked for."""
    return [n["text"] for n in everything(list(message.blocks)) if isinstance(n, Mapping) and n.get("type") == "text"]


@pytest.mark.parametrize("name", TYPED)
def test_marks_are_shown_as_typed(name: str) -> None:
    typed = "*bold* _slant_ ~gone~ `code` <https://x.example|here> <@U123> <!channel> & B-1"

    assert typed in runs(TYPED[name](typed))


@pytest.mark.parametrize("name", TYPED)
@given(
    typed=st.lists(
        st.sampled_from(["<!channel>", "<@U123>", "@here", "<https://x.example|a>", "*", "_", "&lt;", "\n", "`", "x"]), min_size=1
    )
)
def test_nothing_typed_is_alive_where_slack_looks_for_marks(name: str, typed: list[str]) -> None:
    quiet, message = TYPED[name]("-"), TYPED[name]("".join(typed))

    alive = {
        piece for text in [message.text, *parsed(list(message.blocks))] for piece in ("<!", "<@U123", "@here", "<https") if piece in text
    }
    assert alive == {piece for text in [quiet.text, *parsed(list(quiet.blocks))] for piece in ("<!",) if piece in text}
    json.dumps(message.payload())

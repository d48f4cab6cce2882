"""A break being worked on: the card, the thread's news and the forms in every state, also with hostile words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from slack_limits import accept, accept_modal, nodes
from view_examples import LONG, NASTY, NOW, a_break, a_partner

from breakwater.model.breaks import MOVES, Break, BreakState, Move
from breakwater.model.proposals import Proposal, ProposalKind, ReasonCode
from breakwater.views import break_forms as forms
from breakwater.views.break_news import news
from breakwater.views.break_offers import OFFERS, Do
from breakwater.views.breaks import break_card

TODAY = date(2026, 11, 24)
WORDS = {"plain": "The bank took it.", "nasty": NASTY, "long": LONG}
NEWS = [Move.ASSIGN, Move.COMMENT, Move.SNOOZE, Move.LINK, Move.ASK_PARTNER, Move.ASK_US, Move.PROPOSE, Move.APPROVE, Move.DECLINE]
NEWS += [Move.RESOLVE, Move.REOPEN]
CLOSED = {BreakState.RESOLVED: "correction", BreakState.WRITTEN_OFF: "write_off"}
MONEY = [("EUR", 1_250), ("JPY", 1_235), ("KWD", 12_500)]


def a_proposal(word: str = "The bank took it.", **changes: Any) -> Proposal:
    given: dict[str, Any] = {
        "kind": ProposalKind.WRITE_OFF,
        "by": "U0ADA",
        "at": NOW,
        "reason": ReasonCode.BANK_CHARGE,
        "amount_minor": 1_250,
        "currency": "EUR",
        "account": word,
        "note": word,
        "evidence": (word, "https://files.example/1"),
        "matches": (word,),
    }
    return Proposal(**{**given, **changes})


def worked(state: BreakState, word: str = "The bank took it.", **changes: Any) -> Break:
    """A break that has been through everything that leads to a state."""
    decided = {"decided_by": "U0BEN", "decided_at": NOW} if state in CLOSED else {}
    given: dict[str, Any] = {
        "state": state,
        "revision": 7,
        "owner_id": "U0ADA",
        "acknowledged_at": NOW,
        "touched_by": "U0ADA",
        "touched_at": NOW,
        "snoozed_until": date(2026, 11, 25),
        "links": (word, "INC-0001"),
        "proposal": a_proposal(word, **decided) if state in {BreakState.PROPOSED, *CLOSED} else None,
        "resolved_at": NOW if state in CLOSED else None,
        "resolution": CLOSED.get(state),
        "escalated": 1,
    }
    return a_break(**{**given, **changes})


@pytest.mark.parametrize("state", BreakState)
def test_the_card_of_a_worked_break(state: BreakState, golden: Callable[[str, Any], None]) -> None:
    card = break_card(worked(state), partner_name="Nordbank")

    accept(card)
    golden(f"break_worked_{state}", card.payload())


@pytest.mark.parametrize("move", NEWS)
def test_the_news_of_a_move(move: Move, golden: Callable[[str, Any], None]) -> None:
    brk = worked(BreakState.PROPOSED)
    message = news(move, brk, was=brk, said="See <!channel> the statement.\nLine 4.")
    assert message is not None

    accept(message)
    golden(f"break_news_{move}", message.payload())


@pytest.mark.parametrize("do", forms.FORMS)
def test_the_form_of_a_move(do: Do, golden: Callable[[str, Any], None]) -> None:
    view = forms.form(do, worked(BreakState.ACKNOWLEDGED), channel="C0SEPA", partner=a_partner(), today=TODAY)

    accept_modal(view)
    golden(f"break_form_{do}", view)


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("state", BreakState)
def test_hostile_words_stay_harmless(state: BreakState, word: str) -> None:
    brk = worked(state, word, references=(word,) * 9, resolution=word, owner_id=word, partner=word)
    told = [news(move, brk, was=worked(BreakState.PROPOSED, word), said=word * 5) for move in NEWS]
    shown = [forms.form(do, brk, channel="C0SEPA", partner=a_partner(name=word), today=TODAY) for do in forms.FORMS]

    accept(break_card(brk, partner_name=word))
    for message in filter(None, told):
        accept(message)
    for view in shown:
        accept_modal(view)


@pytest.mark.parametrize(("currency", "amount_minor"), MONEY)
def test_the_amount_of_a_form_is_what_is_at_stake(currency: str, amount_minor: int) -> None:
    brk = worked(BreakState.OPEN, currency=currency, amount_minor=amount_minor)

    view = filled(forms.form(Do.PROPOSE, brk, channel="", partner=a_partner(), today=TODAY), account="1799", evidence="t")

    assert forms.complaints(Do.PROPOSE, view, partners={}, today=TODAY) == {}
    assert forms.read_proposal(view)["amount_minor"] == amount_minor


@pytest.mark.parametrize("state", BreakState)
def test_a_card_offers_only_what_can_be_done_from_its_state(state: BreakState) -> None:
    buttons, menu = OFFERS[state]
    names = {Do.TAKE: Move.ASSIGN}

    assert [state in MOVES[names.get(do) or Move(do)] for do in (*buttons, *menu)] == [True] * len((*buttons, *menu))


def test_approving_asks_first() -> None:
    (approve, *_) = nodes(list(break_card(worked(BreakState.PROPOSED), partner_name="Nordbank").blocks), "button")

    assert approve["confirm"]["text"]["text"].startswith("You agree to a write-off of EUR 12.50.")
    assert json.loads(approve["value"]) == {"break_id": "B-4F1A90C2D7", "revision": 7}


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        ({"amount": "1e9"}, {"amount": "'1e9' is not an amount in EUR. Write it like 1000.50."}),
        ({"amount": "1.000"}, {"amount": "'1.000' in EUR could be 1000 or 1.000. Write it like 1000.50."}),
        ({"amount": "12,00"}, {"amount": "EUR 12.50 is at stake: write off all of it, or propose a correction first."}),
        ({"kind": "correction", "amount": "1.000,50"}, {"amount": "Only EUR 12.50 is at stake."}),
        ({"kind": "correction", "amount": "0"}, {"amount": "The amount must be more than zero."}),
        ({"account": ""}, {"account": "Name the account it is booked on."}),
        ({"effect": ""}, {"effect": "Say whether we lose or gain it: accounting books it by that."}),
        ({"kind": "manual_match", "effect": "", "matches": "PSP-1"}, {}),
        ({"evidence": " "}, {"evidence": "Money is given up only with evidence."}),
        ({"kind": "manual_match", "account": ""}, {"matches": "Name at least one reference."}),
    ],
)
def test_what_is_wrong_in_a_proposal_is_said_beside_the_field(fields: dict[str, str], complaints: dict[str, str]) -> None:
    brk = worked(BreakState.OPEN, amount_minor=1_250)
    opened = forms.form(Do.PROPOSE, brk, channel="", partner=a_partner(), today=TODAY)

    view = filled(opened, **{"account": "1799", "evidence": "ticket 12", **fields})

    assert forms.complaints(Do.PROPOSE, view, partners={}, today=TODAY) == complaints


@pytest.mark.parametrize(
    ("day", "complaint"),
    [
        ("2026-11-24", "2026-11-24 is not in the future."),
        ("2026-11-28", "2026-11-28 is no business day of the partner; the next one is 2026-11-30."),
        ("2027-11-24", "2027-11-24 is more than 31 days away."),
    ],
)
def test_a_day_to_sleep_until_is_checked_in_the_form(day: str, complaint: str) -> None:
    opened = forms.form(Do.SNOOZE, worked(BreakState.OPEN), channel="", partner=a_partner(), today=TODAY)
    view = opened | {"state": {"values": {"day": {"value": {"selected_date": day}}}}}

    assert forms.complaints(Do.SNOOZE, view, partners={"nordbank": a_partner()}, today=TODAY) == {"day": complaint}


EFFECTS = {"loss": {"value": "loss"}, "": None}


def test_a_form_of_a_partner_that_was_renamed_meanwhile_is_refused_when_it_is_sent() -> None:
    opened = forms.form(Do.SNOOZE, worked(BreakState.OPEN), channel="", partner=a_partner(), today=TODAY)
    view = opened | {"state": {"values": {"day": {"value": {"selected_date": "2026-11-25"}}}}}

    assert forms.complaints(Do.SNOOZE, view, partners={}, today=TODAY) == {}


def filled(view: dict[str, Any], **fields: str) -> dict[str, Any]:
    """A proposal's form as Slack sends it: what was opened, with some fields written anew."""
    values: dict[str, Any] = {name: {"value": {"value": fields.get(name, "")}} for name in ("account", "matches", "evidence", "note")}
    values["amount"] = {"value": {"value": fields.get("amount") or initial(view, "amount")}}
    values["kind"] = {"value": {"selected_option": {"value": fields.get("kind", "write_off")}}}
    values["effect"] = {"value": {"selected_option": EFFECTS[fields.get("effect", "loss")]}}
    values["reason"] = {"value": {"selected_option": {"value": "bank_charge"}}}
    return view | {"state": {"values": values}}


def initial(view: dict[str, Any], name: str) -> str:
    (block,) = [b for b in view["blocks"] if b.get("block_id") == name]
    return str(block["element"]["initial_value"])

"""Doors: the buttons of a finding's card, and the forms these open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor
from breakwater.model.findings import SEVERAL, Finding
from breakwater.model.learning import Cell
from breakwater.model.partners import Partner
from breakwater.slack.doors import Body, Doors
from breakwater.steps import feedback as steps
from breakwater.steps.feedback import Answered
from breakwater.store.database import Connection
from breakwater.views import finding_forms as forms
from breakwater.views import learning as learning_views
from breakwater.views.finding_answers import Do


def register(app: App, doors: Doors) -> None:
    """Connect the buttons and the forms."""
    for do in Do:
        app.action(f"finding_{do}")(_clicked(doors, do))

    @app.view(forms.EXPECTED_FORM)
    def expected(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(_where(body, view), lambda actor: _expected(doors, view, actor))

    @app.view(forms.MUTE_FORM)
    def muted(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(_where(body, view), lambda actor: _mute(doors, view, actor))

    for form, answer in ((forms.FALSE_FORM, steps.false_positive), (forms.LEVEL_FORM, steps.new_level)):
        app.view(form)(_agreed(doors, answer))

    @app.action(learning_views.UNDO)
    def undo(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _undo(doors, body, Cell(**json.loads(action["value"])), actor))


def _clicked(doors: Doors, do: Do) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _do(doors, do, json.loads(action["value"]), body, actor))

    return listener


def _agreed(doors: Doors, answer: Callable[[Connection, Answered], Finding]) -> Callable[..., None]:
    """The form said what the answer changes, and they agreed."""

    def listener(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(_where(body, view), lambda actor: _answer(doors, view, actor, answer))

    return listener


def _do(doors: Doors, do: Do, asked: Mapping[str, Any], body: Body, actor: Actor) -> None:
    """Acknowledge it, or open the form that asks what is missing, or says what will change; refused at the click who may not answer."""
    click = _click(doors, asked, actor)
    channel = str((body.get("channel") or {}).get("id", ""))
    if do is Do.ACKNOWLEDGE:
        with doors.database.transaction() as tx:
            steps.acknowledge(tx, click)
    elif do is Do.INCIDENT:
        with doors.database.reading() as tx:
            found = steps.opens_incident(tx, click)
        doors.open_form(body, forms.incident_form(found, partner=_partner(doors, found), partners=doors.counterparties))
    else:
        with doors.database.reading() as tx:
            found = steps.as_shown(tx, click)
        doors.open_form(body, _FORMS[do](found, channel=channel))


_FORMS = {
    Do.FALSE_POSITIVE: forms.false_form,
    Do.EXPECTED: forms.expected_form,
    Do.MUTE: forms.mute_form,
    Do.NEW_LEVEL: forms.level_form,
}


def _answer(doors: Doors, view: Mapping[str, Any], actor: Actor, answer: Callable[[Connection, Answered], Finding]) -> None:
    with doors.database.transaction() as tx:
        answer(tx, _click(doors, forms.read_asked(view), actor))


def _expected(doors: Doors, view: Mapping[str, Any], actor: Actor) -> None:
    until = forms.read_until(view, now=doors.now())
    with doors.database.transaction() as tx:
        steps.expected(tx, _click(doors, forms.read_asked(view), actor), reason=forms.read_reason(view), until=until)


def _mute(doors: Doors, view: Mapping[str, Any], actor: Actor) -> None:
    with doors.database.transaction() as tx:
        steps.mute(tx, _click(doors, forms.read_asked(view), actor), until=forms.read_until(view, now=doors.now()))


def _undo(doors: Doors, body: Body, cell: Cell, actor: Actor) -> None:
    with doors.database.transaction() as tx:
        answers = steps.undo(tx, actor=actor, cell=cell, now=doors.now())
    doors.tell(body, learning_views.undone(cell, answers=answers))


def _click(doors: Doors, asked: Mapping[str, Any], actor: Actor) -> Answered:
    return Answered(
        actor=actor,
        finding_id=str(asked["finding_id"]),
        revision=int(asked["revision"]),
        partners=doors.partners,
        channel=doors.operations_channel,
        now=doors.now(),
    )


def _where(body: Mapping[str, Any], view: Mapping[str, Any]) -> Body:
    """Answers to a form belong where the card is."""
    channel = forms.read_asked(view)["channel"]
    return {**body, "channel": {"id": channel}} if channel else body


def _partner(doors: Doors, found: Finding) -> Partner:
    """Whose incident it would be: of several partners, the one that is struck most."""
    most = found.contributions[0].where.partition(" · ")[0] if found.partner == SEVERAL and found.contributions else found.partner
    return doors.whom_to_ask(doors.partners[most]) if most in doors.partners else doors.counterparties[0]

"""Doors: several breaks of a list, acknowledged, assigned, put to sleep or resolved at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, require
from breakwater.model.breaks import NEEDS, Move
from breakwater.model.working import span_complaint
from breakwater.slack.doors import Body, Doors, channel_of
from breakwater.slack.persons import actor_of, complaint
from breakwater.steps import bulk as steps
from breakwater.steps.bulk import Done, Several
from breakwater.store.database import Connection
from breakwater.views import bulk as views
from breakwater.views.bulk import Bulk, Seen


def register(app: App, doors: Doors) -> None:
    """Connect the menu, the buttons below a list, and the forms these open."""
    app.action(views.CHOSEN)(_only_chosen)
    for do in Bulk:
        app.action(f"bulk_{do}")(_clicked(doors, do))
    for do in (Bulk.ASSIGN, Bulk.SNOOZE, Bulk.RESOLVE):
        app.view(views.callback_id(do))(_filled_in(doors, do))


def _only_chosen(ack: Any) -> None:
    """Nothing happens before a button is clicked."""
    ack()


def _clicked(doors: Doors, do: Bulk) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _do(doors, do, body, actor))

    return listener


def _filled_in(doors: Doors, do: Bulk) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        if wrong := _complaints(doors, do, body, view):
            ack(response_action="errors", errors=wrong)
            return
        ack(response_action="clear")
        channel = views.read_channel(view)
        answered = {**body, "channel": {"id": channel}} if channel else body
        doors.work(answered, lambda actor: _submit(doors, do, answered, view, actor))

    return listener


def _complaints(doors: Doors, do: Bulk, body: Body, view: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong for all of them, said in the form; what is wrong for some is said of each."""
    if do is Bulk.ASSIGN and (unfit := complaint(doors, body, views.read_person(view), needed=NEEDS[Move.ASSIGN])):
        return {views.PERSON: unfit}
    if do is Bulk.SNOOZE and (wrong := span_complaint(views.read_day(view), today=doors.now().date())):
        return {views.DAY: wrong}
    return {}


def _do(doors: Doors, do: Bulk, body: Body, actor: Actor) -> None:
    require(actor, NEEDS[Move(do)])
    seen = views.chosen_of(body)
    if not seen:
        doors.tell(body, views.nothing_chosen())
    elif do is Bulk.ACKNOWLEDGE:
        _make(doors, body, seen, actor, steps.acknowledge)
    else:
        tomorrow = doors.now().date() + timedelta(days=1)
        doors.open_form(body, views.form(do, seen, channel=channel_of(body) or "", tomorrow=tomorrow))


def _submit(doors: Doors, do: Bulk, body: Body, view: Mapping[str, Any], actor: Actor) -> None:
    seen = views.read_seen(view)
    if do is Bulk.ASSIGN:
        to = actor_of(doors, views.read_person(view))
        _make(doors, body, seen, actor, lambda tx, several: steps.assign(tx, several, to=to))
    elif do is Bulk.SNOOZE:
        until = views.read_day(view)
        _make(doors, body, seen, actor, lambda tx, several: steps.snooze(tx, several, until=until))
    else:
        reason = views.read_reason(view)
        _make(doors, body, seen, actor, lambda tx, several: steps.resolve(tx, several, reason=reason))


def _make(doors: Doors, body: Body, seen: list[Seen], actor: Actor, step: Callable[[Connection, Several], Done]) -> None:
    with doors.database.transaction() as tx:
        done = step(tx, Several(actor=actor, seen=seen, partners=doors.partners, now=doors.now()))
    doors.tell(body, views.outcome(len(done.moved), done.refused))

"""Doors: the buttons of causes, with which many breaks are worked on as one."""

from __future__ import annotations

import json
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import NEEDS, Move
from breakwater.model.causes import Cause
from breakwater.model.partners import Partner
from breakwater.slack.doors import Doors
from breakwater.slack.persons import actor_of, complaint
from breakwater.steps import cause_work as steps
from breakwater.steps.cards import partner_of
from breakwater.steps.cause_work import CauseClick
from breakwater.store import causes
from breakwater.views import causes as views
from breakwater.views import incident_forms
from breakwater.views.break_csv import breaks_csv
from breakwater.views.modals import chosen_person, metadata


def register(app: App, doors: Doors) -> None:
    """Connect the buttons and the form."""

    @app.action(views.ACKNOWLEDGE)
    def acknowledge(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _acknowledge(doors, _value(action), actor))

    @app.action(views.TAKE)
    def take(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _assign(doors, _value(action), actor, to=actor))

    @app.action(views.ASSIGN)
    def assign(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _assign_form(doors, body, _value(action), actor))

    @app.view(views.ASSIGN_FORM)
    def assigned(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        chosen = chosen_person(view, views.PERSON)
        if unfit := complaint(doors, body, chosen, needed=NEEDS[Move.ASSIGN]):
            ack(response_action="errors", errors={views.PERSON: unfit})
            return
        ack(response_action="clear")
        asked = metadata(view)
        answered = {**body, "channel": {"id": asked["channel"]}} if asked["channel"] else body  # answers belong where the card is
        doors.work(answered, lambda actor: _assign(doors, asked, actor, to=actor_of(doors, chosen)))

    @app.action(views.INCIDENT)
    def incident(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _incident_form(doors, body, _value(action), actor))

    @app.action(views.BREAKS)
    def breaks(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _breaks(doors, body, _value(action), actor))

    @app.action(views.CSV)
    def as_csv(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _csv(doors, body, _value(action), actor))

    @app.action(views.SHOW_CARD)
    def show_card(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _show_card(doors, body, _value(action), actor))


def _acknowledge(doors: Doors, asked: dict[str, Any], actor: Actor) -> None:
    with doors.database.transaction() as tx:
        steps.acknowledge(tx, _click(doors, asked, actor))


def _assign(doors: Doors, asked: dict[str, Any], actor: Actor, *, to: Actor) -> None:
    with doors.database.transaction() as tx:
        steps.assign(tx, _click(doors, asked, actor), to=to)


def _assign_form(doors: Doors, body: dict[str, Any], asked: dict[str, Any], actor: Actor) -> None:
    require(actor, NEEDS[Move.ASSIGN])
    cause, partner = _known(doors, asked)
    channel = str((body.get("channel") or {}).get("id", ""))
    doors.open_form(body, views.assign_form(cause, channel=channel, partner_name=partner.name))


def _incident_form(doors: Doors, body: dict[str, Any], asked: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.OPEN_INCIDENT)
    cause, partner = _known(doors, asked)
    title, summary = views.incident_words(cause, partner_name=partner.name)
    doors.open_form(body, incident_forms.open_modal(partner=doors.whom_to_ask(partner), title=title, summary=summary, about=cause.id))


def _breaks(doors: Doors, body: dict[str, Any], asked: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    cause, partner = _known(doors, asked)
    with doors.database.reading() as tx:
        total = sum(causes.states_under(tx, cause.id).values())
        under = causes.breaks_under(tx, cause.id, limit=views.BREAKS_SHOWN)
    doors.tell(body, views.breaks_under(cause, under, total=total, partner_name=partner.name))


def _csv(doors: Doors, body: dict[str, Any], asked: dict[str, Any], actor: Actor) -> None:
    """All breaks under the cause, into the direct messages of the one who asked."""
    require(actor, Permission.READ)
    cause, _ = _known(doors, asked)
    with doors.database.reading() as tx:
        under = causes.breaks_under(tx, cause.id)
    direct = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    name = f"{cause.id}-{doors.now():%Y-%m-%d}.csv"
    doors.client.files_upload_v2(channel=direct, content=breaks_csv(under), filename=name, title=name)
    doors.tell(body, views.csv_sent(len(under), cause=cause))


def _show_card(doors: Doors, body: dict[str, Any], asked: dict[str, Any], actor: Actor) -> None:
    cause, partner = _known(doors, asked)
    here = str((body.get("channel") or {}).get("id", ""))
    channel = here if here in partner.internal_channels or not partner.internal_channels else partner.internal_channels[0]
    with doors.database.transaction() as tx:
        steps.show_card(tx, actor=actor, cause_id=cause.id, channel=channel, partners=doors.partners, now=doors.now())
    doors.tell(body, views.card_shown(cause, channel=channel))


def _known(doors: Doors, asked: dict[str, Any]) -> tuple[Cause, Partner]:
    with doors.database.reading() as tx:
        cause = steps.cause_known(tx, asked["cause_id"])
    return cause, partner_of(cause, doors.partners)


def _click(doors: Doors, asked: dict[str, Any], actor: Actor) -> CauseClick:
    return CauseClick(actor=actor, cause_id=asked["cause_id"], revision=int(asked["revision"]), partners=doors.partners, now=doors.now())


def _value(action: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(action["value"]))

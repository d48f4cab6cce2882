"""Doors: the words of /anomalies about digests, the form, and the buttons of the list and of digests themselves."""

from __future__ import annotations

import json
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import NEEDED_ROLE, Actor, Permission, require
from breakwater.slack import direct_files
from breakwater.slack.doors import Body, Doors, channel_of
from breakwater.steps import subscriptions as steps
from breakwater.steps.digest import open_findings
from breakwater.views import subscriptions as views
from breakwater.views.digests import FINDINGS_CSV
from breakwater.views.finding_csv import findings_csv


def register(app: App, doors: Doors) -> None:
    """Connect the form and the buttons."""

    @app.view(views.FORM)
    def wanted(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        """What is wrong is said inside the form; what is right closes it."""
        if wrong := views.complaints(view):
            ack(response_action="errors", errors=wrong)
            return
        ack(response_action="clear")
        channel = views.asked_in(view)
        doors.work({**body, "channel": {"id": channel}} if channel else body, lambda actor: _subscribe(doors, body, view, actor))

    @app.action(views.UNSUBSCRIBE)
    def unsubscribe(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _unsubscribe(doors, body, json.loads(action["value"])["subscription_id"], actor))

    @app.action(FINDINGS_CSV)
    def all_findings(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _send_findings(doors, json.loads(action["value"])["subscription_id"], actor))


def open_form(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/anomalies subscribe`: the form. A channel shared with others was refused at the door."""
    require(actor, Permission.READ)
    if words:
        raise RefusedError("`/anomalies subscribe` takes no further word.", remedy="Its form asks for the rest.")
    can = actor.role >= NEEDED_ROLE[Permission.SUBSCRIBE_CHANNEL]
    here = channel_of(body) or ""
    channel = "" if here.startswith("D") else here
    partners = [p for p in doors.partners.values() if not p.is_former]
    doors.open_form(body, views.form(channel_id=channel, can_subscribe_channel=can, partners=partners))


def show_list(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/anomalies subscriptions`: those of channels, and one's own."""
    require(actor, Permission.READ)
    if words:
        raise RefusedError("`/anomalies subscriptions` takes no further word.", remedy="Its buttons end a digest.")
    with doors.database.reading() as tx:
        listed = steps.visible(tx, actor=actor, configured=doors.subscriptions)
    doors.tell(body, views.subscriptions(listed, asker_id=actor.id))


def _subscribe(doors: Doors, body: Body, view: dict[str, Any], actor: Actor) -> None:
    mine = views.is_for_me(view)
    channel = doors.client.conversations_open(users=actor.id)["channel"]["id"] if mine else views.asked_in(view)
    wanted = views.read_form(view, channel_id=channel, person=actor.id if mine else None)
    with doors.database.transaction() as tx:
        begun = steps.subscribe(tx, actor=actor, wanted=wanted, partners=doors.partners, now=doors.now())
    where = views.asked_in(view)
    doors.tell({**body, "channel": {"id": where}} if where else body, views.begun(begun))


def _unsubscribe(doors: Doors, body: Body, subscription_id: str, actor: Actor) -> None:
    with doors.database.transaction() as tx:
        ended = steps.unsubscribe(tx, actor=actor, subscription_id=subscription_id, now=doors.now())
    doors.tell(body, views.ended(ended))


def _send_findings(doors: Doors, subscription_id: str, actor: Actor) -> None:
    """Every open finding of a digest, as a file in the direct messages of the one who asked."""
    with doors.database.reading() as tx:
        digest = steps.known(tx, actor=actor, subscription_id=subscription_id, configured=doors.subscriptions)
        found = open_findings(tx, subscription=digest, partners=doors.partners)
    direct_files.send(doors, user_id=actor.id, name=f"findings-{doors.now():%Y-%m-%d}.csv", content=findings_csv(found))

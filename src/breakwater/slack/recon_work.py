"""Doors: the buttons below a partner's answer to `/recon`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, Permission, require
from breakwater.model.partners import Partner
from breakwater.model.runs import Run
from breakwater.slack.breaks import list_breaks
from breakwater.slack.doors import Doors, channel_of
from breakwater.slack.files import show_files
from breakwater.slack.runs import rerun
from breakwater.steps import reasons as steps
from breakwater.steps.causes import standings
from breakwater.store import reads
from breakwater.views import recon_reasons as views
from breakwater.views.modals import metadata
from breakwater.views.state_csv import state_csv

Sql = Callable[[Run], str]


def register(app: App, doors: Doors, sql: Sql) -> None:
    """Connect the buttons and the form; `sql` is the query behind a run's figures."""

    @app.action(views.BREAKS)
    def breaks(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: list_breaks(doors, _beside(body), [_partner(doors, action).id], actor))

    @app.action(views.FILES)
    def files(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: show_files(doors, body, [_partner(doors, action).id], actor))

    @app.action(views.RERUN)
    def run_again(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        asked_day = json.loads(action["value"]).get("day")
        doors.work(body, lambda actor: rerun(doors, body, [_partner(doors, action).id, *([asked_day] if asked_day else [])], actor))

    @app.action(views.YESTERDAY)
    def yesterday(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _compare(doors, body, _partner(doors, action), actor))

    @app.action(views.TREND)
    def trend(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _trend(doors, body, _partner(doors, action), actor))

    @app.action(views.FIGURES)
    def figures(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _figures(doors, sql, body, _partner(doors, action), actor))

    @app.view(views.FIGURES_FORM)
    def as_csv(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        doors.work(body, lambda actor: _csv(doors, body, doors.partner_named(metadata(view)["partner"]), actor))


def _compare(doors: Doors, body: dict[str, Any], partner: Partner, actor: Actor) -> None:
    require(actor, Permission.READ)
    with doors.database.reading() as tx:
        run = steps.run_known(tx, partner=partner)
        day_before = partner.calendar.shift(run.as_of, -1)
        before = reads.last_run(tx, partner=partner.id, as_of=day_before)
        stands = standings(tx, partner=partner.id, today=run.as_of)
    message = views.compared(
        partner.name, partner_id=partner.id, now=run, before=before, day_before=day_before, standings=stands, ends=partner.ends
    )
    doors.tell(body, message)


def _trend(doors: Doors, body: dict[str, Any], partner: Partner, actor: Actor) -> None:
    channel = channel_of(body) or actor.id
    with doors.database.transaction() as tx:
        steps.send_trend(tx, actor=actor, partner=partner, channel=channel, now=doors.now())


def _figures(doors: Doors, sql: Sql, body: dict[str, Any], partner: Partner, actor: Actor) -> None:
    require(actor, Permission.READ)
    with doors.database.reading() as tx:
        run = steps.run_known(tx, partner=partner)
    doors.open_form(body, views.figures_form(partner_id=partner.id, partner_name=partner.name, run=run, sql=sql(run)))


def _csv(doors: Doors, body: dict[str, Any], partner: Partner, actor: Actor) -> None:
    require(actor, Permission.READ)
    with doors.database.reading() as tx:
        days = steps.days(tx, partner=partner, today=partner.business_date(doors.now()))
    direct = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    name = f"{partner.id}-state-{doors.now():%Y-%m-%d}.csv"
    doors.client.files_upload_v2(channel=direct, content=state_csv(days), filename=name, title=name)
    doors.tell(body, views.csv_sent(len(days)))


def _beside(body: dict[str, Any]) -> dict[str, Any]:
    """The click as a question of its own, so that the answer does not take the place of the one with the button."""
    return {name: value for name, value in body.items() if name != "actions"}


def _partner(doors: Doors, action: dict[str, Any]) -> Partner:
    return doors.partner_named(str(json.loads(action["value"])["partner"]))

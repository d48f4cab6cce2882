"""Doors: what can be done with a payment from its answer: see the evidence, watch it, open an incident, ask the partner, take it along."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import App

from breakwater.errors import BreakwaterError, NotFoundError, RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.payments import PaymentTrace
from breakwater.slack.doors import Body, Doors
from breakwater.steps import watches as steps
from breakwater.steps.evidence import RawRecord, pieces_of
from breakwater.views import incident_forms
from breakwater.views import payment_csv as exports
from breakwater.views import payment_forms as forms
from breakwater.views import payment_lists as lists
from breakwater.views import payments as views

Job = Callable[[Doors, Body, str, Actor], None]


def register(app: App, doors: Doors, raw_record: RawRecord) -> None:
    """Connect the buttons."""
    jobs: dict[str, Job] = {
        views.EVIDENCE: lambda d, body, reference, actor: _evidence(d, raw_record, body, reference, actor),
        views.WATCH: _watch,
        views.UNWATCH: _unwatch,
        views.INCIDENT: lambda d, body, reference, actor: _open(d, body, reference, actor, asks=False),
        views.ASK: lambda d, body, reference, actor: _open(d, body, reference, actor, asks=True),
        views.EXPORT: _export,
    }
    for name, job in jobs.items():
        app.action(re.compile(f"{name}(_[0-9]+)?"))(_clicked(doors, job))


def _clicked(doors: Doors, job: Job) -> Callable[..., None]:
    def listener(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: job(doors, body, json.loads(action["value"])["reference"], actor))

    return listener


def _evidence(doors: Doors, raw_record: RawRecord, body: Body, reference: str, actor: Actor) -> None:
    """The modal opens at once, since Slack waits three seconds; the files are read then."""
    require(actor, Permission.READ)
    view_id = doors.open_form(body, forms.evidence_loading())
    try:
        pieces = pieces_of(_known(doors, reference), raw_record)
    except BreakwaterError as wrong:
        pieces = [forms.Piece(file_name=reference, line=None, what=wrong.message, raw=None)]
    doors.client.views_update(view_id=view_id, view=forms.evidence_modal(reference, pieces))


def _watch(doors: Doors, body: Body, reference: str, actor: Actor) -> None:
    found = _known(doors, reference)
    channel = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    with doors.database.transaction() as tx:
        begun = steps.watch(tx, actor=actor, trace=found, channel=channel, now=doors.now())
    doors.tell(body, lists.watch_begun(begun.payment_id))


def _unwatch(doors: Doors, body: Body, reference: str, actor: Actor) -> None:
    with doors.database.transaction() as tx:
        steps.unwatch(tx, actor=actor, payment_id=reference, now=doors.now())
    doors.tell(body, lists.watch_ended(reference))


def _open(doors: Doors, body: Body, reference: str, actor: Actor, *, asks: bool) -> None:
    """The form of an incident, filled in. What goes to the partner is previewed there, and sent by a person alone."""
    require(actor, Permission.OPEN_INCIDENT)
    found = _known(doors, reference)
    partner = doors.partners.get(found.partner)
    if partner is None:
        raise RefusedError(f"'{found.partner}' is no partner of this configuration.", remedy="Open it with `/incident open PARTNER`.")
    expected = doors.tracing.expected(found, now=doors.now())
    view = incident_forms.open_modal(
        partner=partner,
        partners=doors.counterparties,
        title=forms.title_for(found),
        summary=forms.known_of(found, expected=expected),
        partner_text=forms.question_for(found, expected=expected) if asks else "",
    )
    doors.open_form(body, view)


def _export(doors: Doors, body: Body, reference: str, actor: Actor) -> None:
    """Into the direct messages of the one who asked: a channel may be read by people who may not see it all."""
    require(actor, Permission.READ)
    found = _known(doors, reference)
    direct = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    for content, name in ((exports.payment_csv(found), "payment.csv"), (exports.payment_sql(found), "payment.sql")):
        doors.client.files_upload_v2(channel=direct, content=content, filename=name, title=f"{found.payment_id[:80]} {name}")
    doors.tell(body, exports.export_sent(found.payment_id))


def _known(doors: Doors, reference: str) -> PaymentTrace:
    found = doors.tracing.trace(reference)
    if not found.known:
        raise NotFoundError(f"{reference} is not known any more.", remedy="Its file may have been re-issued without it. Look it up again.")
    return found

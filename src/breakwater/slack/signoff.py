"""Doors: `/recon signoff`, and the buttons with which a period is prepared, signed or declined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.partners import Partner
from breakwater.model.periods import Month, month_named
from breakwater.model.signoff import PeriodFigures
from breakwater.slack.doors import Body, Doors, channel_of
from breakwater.steps import signoff as steps
from breakwater.views import modals
from breakwater.views import signoff as views
from breakwater.views.blocks import Message

_EXAMPLE = "For example `/recon signoff nordbank 2026-10`."


def register(app: App, doors: Doors) -> None:
    """Connect the buttons and the form."""

    @app.action(views.PREPARE)
    def prepare(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _prepare(doors, body, json.loads(action["value"]), actor))

    @app.action(views.SIGN)
    def sign(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _sign(doors, json.loads(action["value"]), actor))

    @app.action(views.DECLINE)
    def decline(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _open_form(doors, body, json.loads(action["value"]), actor))

    @app.view(views.DECLINE_FORM)
    def declined(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(response_action="clear")
        asked = modals.metadata(view)
        answered = {**body, "channel": {"id": asked["channel"]}} if asked["channel"] else body
        doors.work(answered, lambda actor: _decline(doors, asked, views.read_reason(view), actor))


def sign_off(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Answer `/recon signoff`, `/recon signoff PARTNER` and `/recon signoff PARTNER 2026-10`."""
    require(actor, Permission.READ)
    if len(words) > 2:
        raise RefusedError("`/recon signoff` takes a partner and a month.", remedy=_EXAMPLE)
    chosen = {p.id: p for p in [doors.partner_named(words[0])]} if words else dict(doors.partners)
    month = month_named(words[1], example=_EXAMPLE) if len(words) == 2 else None
    with doors.database.reading() as tx:
        known = [s for s in steps.standing(tx, partners=chosen) if month is None or s.period == str(month)]
    names = {p.id: p.name for p in doors.partners.values()}
    if month is None:
        doors.tell(body, views.sign_off_list(known, partner_names=names))
        return
    (partner,) = chosen.values()
    if known and not known[0].may_be_prepared:
        doors.tell(body, views.card(known[0], partner_name=partner.name))
    elif steps.is_over(month, partner=partner, now=doors.now()):
        figures = _figures(doors, partner, month)
        steps.require_something_to_sign(month, partner=partner, figures=figures)
        doors.tell(body, views.offer(figures, partner_id=partner.id, partner_name=partner.name, period=str(month)))
    else:
        doors.tell(body, _not_over(doors, partner, month))


def _not_over(doors: Doors, partner: Partner, month: Month) -> Message:
    """A month that runs has figures, but nothing to sign yet; one that is to come has none."""
    if doors.now().astimezone(partner.time_zone).date() < month.first:
        raise RefusedError(f"{month} has not begun.", remedy=f"A month can be signed off once it is over. {_EXAMPLE}")
    return views.running(_figures(doors, partner, month), partner_name=partner.name, period=str(month), last=month.last)


def _prepare(doors: Doors, body: Body, asked: Mapping[str, Any], actor: Actor) -> None:
    require(actor, Permission.PREPARE_SIGN_OFF)
    partner, month = _asked(doors, asked)
    figures = _figures(doors, partner, month)
    with doors.database.transaction() as tx:
        prepared = steps.prepare(tx, actor=actor, partner=partner, month=month, figures=figures, now=doors.now())
    shown_in = partner.internal_channels[0] if partner.internal_channels else None
    doors.tell(body, views.prepared(prepared, partner_name=partner.name, shown_in=shown_in))


def _sign(doors: Doors, asked: Mapping[str, Any], actor: Actor) -> None:
    require(actor, Permission.SIGN_OFF)
    partner, month = _asked(doors, asked)
    figures, revision = _figures(doors, partner, month), int(asked["revision"])
    with doors.database.transaction() as tx:
        steps.sign(
            tx, actor=actor, partner=partner, month=month, revision=revision, figures=figures, authority=doors.authority, now=doors.now()
        )


def _open_form(doors: Doors, body: Body, asked: Mapping[str, Any], actor: Actor) -> None:
    require(actor, Permission.SIGN_OFF)
    partner, month = _asked(doors, asked)
    form = views.decline_form(partner=partner.id, period=str(month), revision=int(asked["revision"]), channel=channel_of(body) or "")
    doors.open_form(body, form)


def _decline(doors: Doors, asked: Mapping[str, Any], reason: str, actor: Actor) -> None:
    partner, month = _asked(doors, asked)
    with doors.database.transaction() as tx:
        revision = int(asked["revision"])
        steps.decline(tx, actor=actor, partner=partner, month=month, revision=revision, reason=reason, now=doors.now())


def _asked(doors: Doors, asked: Mapping[str, Any]) -> tuple[Partner, Month]:
    return doors.partner_named(str(asked["partner"])), month_named(str(asked["period"]), example=_EXAMPLE)


def _figures(doors: Doors, partner: Partner, month: Month) -> PeriodFigures:
    found = doors.period_figures(partner, [month])
    if month not in found:
        raise RefusedError(f"{partner.name} was never reconciled, so there is nothing to sign.", remedy="Its files have to come first.")
    return found[month]

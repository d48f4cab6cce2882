"""Doors: the list of breaks and the buttons of break cards."""

from __future__ import annotations

import html
import json
from datetime import date
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, Permission, require
from breakwater.model.break_filters import break_number, read_filter
from breakwater.slack import break_work, bulk, direct_files
from breakwater.slack.doors import Body, Doors
from breakwater.slack.permalinks import permalink
from breakwater.steps import breaks as steps
from breakwater.steps.cards import channels_of, partner_of
from breakwater.store import break_lists, reads
from breakwater.views import breaks as views
from breakwater.views.break_copy import break_copy
from breakwater.views.break_csv import breaks_csv
from breakwater.views.home import SHOW_ALL, SHOW_LIST

CSV_ROWS = 50_000  # more is a report, not a list


def register(app: App, doors: Doors) -> None:
    """Connect the buttons."""
    break_work.register(app, doors)
    bulk.register(app, doors)

    @app.action(views.SHOW_CARD)
    def show_card(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _show_card(doors, body, action, actor))

    @app.action(views.PAGE_BACK)
    @app.action(views.PAGE_ON)
    def turn(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _turn(doors, body, action, actor))

    @app.action(SHOW_LIST)
    @app.action(SHOW_ALL)
    def list_from_home(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _list_from_home(doors, body, action, actor))

    @app.action(views.ALL_AS_CSV)
    def all_as_csv(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _send_csv(doors, body, action, actor))


def _show_card(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    asked = json.loads(action["value"])
    with doors.database.transaction() as tx:
        brk = steps.break_known(tx, asked["break_id"])
        channels = partner_of(brk, doors.partners).internal_channels
        here = str(body.get("channel", {}).get("id", ""))
        channel = here if here in channels or not channels else channels[0]
        steps.show(tx, actor=actor, break_id=brk.id, channel=channel, partners=doors.partners, now=doors.now())
    doors.tell(body, views.card_shown(brk, channel=channel))


def show_break(doors: Doors, body: Body, break_id: str, actor: Actor) -> None:
    """Answer privately what the card of a break says, and where it is."""
    require(actor, Permission.READ)
    with doors.database.reading() as tx:
        brk = steps.break_known(tx, break_id)
        partner = partner_of(brk, doors.partners)
        cards = {channel: reads.card(tx, about=brk.id, channel=channel) for channel in channels_of(tx, brk.id, partner=partner)}
    places = [(channel, permalink(doors, channel=channel, ts=card.ts) if card else "") for channel, card in cards.items()]
    doors.tell(body, break_copy(brk, partner_name=partner.name, cards=places))


def list_breaks(doors: Doors, body: Body, words: list[str], actor: Actor, *, page: int = 0) -> None:
    """`/recon breaks [filters]`: the command's answer, or that same answer turned to another page; one break by its number."""
    if len(words) == 1 and (number := break_number(words[0])):
        show_break(doors, body, number, actor)
        return
    words = html.unescape(" ".join(words)).split()  # Slack writes `>` as `&gt;`
    wanted = read_filter(words, partners=doors.partners, asker_id=actor.id)
    with doors.database.reading() as tx:
        listed, total = break_lists.filtered(tx, wanted, today=_today(doors), limit=views.LIST_SHOWN, offset=page * views.LIST_SHOWN)
    only = wanted.partners[0].id if len(wanted.partners) == 1 else None
    names = {p.id: p.name for p in doors.partners.values()}
    message = views.break_list(
        listed,
        total=total,
        partner_names=names,
        partner=only,
        asked=" ".join(words),
        page=page,
        oldest_first=wanted.oldest_first,
        today={p.id: doors.now().astimezone(p.time_zone).date() for p in doors.partners.values()},
    )
    if "actions" in body:
        doors.replace(body, message)
    else:
        doors.tell(body, message)


def _list_from_home(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    """App Home shows no answers: the list comes as a direct message."""
    require(actor, Permission.READ)
    list_breaks(doors, {"user": body["user"]}, json.loads(action["value"])["words"].split(), actor)


def _turn(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    asked = json.loads(action["value"])
    list_breaks(doors, body, asked["words"].split(), actor, page=int(asked["page"]))


def _send_csv(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    """All of the list, into the direct messages of the one who asked."""
    require(actor, Permission.READ)
    wanted = read_filter(json.loads(action["value"])["words"].split(), partners=doors.partners, asker_id=actor.id)
    with doors.database.reading() as tx:
        listed, total = break_lists.filtered(tx, wanted, today=_today(doors), limit=CSV_ROWS)
    direct_files.send(doors, user_id=actor.id, name=f"breaks-{doors.now():%Y-%m-%d}.csv", content=breaks_csv(listed))
    doors.tell(body, views.csv_sent(len(listed), total=total))


def _today(doors: Doors) -> dict[str, date]:
    return {p.id: p.business_date(doors.now()) for p in doors.partners.values()}

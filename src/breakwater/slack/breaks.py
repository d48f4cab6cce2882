"""Doors: /recon and the buttons of break cards."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.break_filters import read_filter
from breakwater.slack import break_work
from breakwater.slack.doors import Doors
from breakwater.slack.files import show_files
from breakwater.steps import breaks as steps
from breakwater.steps.detect import late_files
from breakwater.steps.reconcile import state_of, state_on
from breakwater.store import break_lists
from breakwater.views import breaks as views
from breakwater.views import help as help_views
from breakwater.views import recon as recon_views
from breakwater.views.break_csv import breaks_csv

CSV_ROWS = 50_000  # more is a report, not a list


def register(app: App, doors: Doors) -> None:
    """Connect the command and the buttons."""
    break_work.register(app, doors)

    @app.command("/recon")
    def recon(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _recon(doors, body, actor))

    @app.action(views.SHOW_CARD)
    def show_card(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _show_card(doors, body, action, actor))

    @app.action(views.PAGE_BACK)
    @app.action(views.PAGE_ON)
    def turn(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _turn(doors, body, action, actor))

    @app.action(views.ALL_AS_CSV)
    def all_as_csv(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _send_csv(doors, body, action, actor))


def _show_card(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    asked = json.loads(action["value"])
    with doors.database.transaction() as tx:
        brk = steps.break_known(tx, asked["break_id"])
        channels = steps.partner_of(brk, doors.partners).internal_channels
        here = str(body.get("channel", {}).get("id", ""))
        channel = here if here in channels or not channels else channels[0]
        steps.show(tx, actor=actor, break_id=brk.id, channel=channel, partners=doors.partners, now=doors.now())
    doors.tell(body, views.card_shown(brk, channel=channel))


def _recon(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    words = (body.get("text") or "").split()
    if words == ["help"]:
        doors.tell(body, help_views.command_help("/recon"))
    elif words and words[0].casefold() == "files":
        show_files(doors, body, words[1:])
    elif words and words[0].casefold() == "breaks":
        _list_breaks(doors, body, words[1:], actor)
    else:
        _show_state(doors, body, words)


def _show_state(doors: Doors, body: dict[str, Any], words: list[str]) -> None:
    days = [day for w in words if (day := _date(w))]
    names = [w for w in words if not _date(w)]
    if len(days) > 1 or len(names) > 1:
        raise RefusedError("`/recon` takes one partner and one date.", remedy="For example `/recon nordbank 2026-11-20`.")
    chosen = [doors.partner_named(names[0])] if names else list(doors.partners.values())
    now = doors.now()
    with doors.database.reading() as tx:
        if days:
            states = [state_on(tx, partner=p, day=days[0]) for p in chosen]
        else:
            states = [state_of(tx, partner=p, today=p.business_date(now), late_files=late_files(tx, partner=p, now=now)) for p in chosen]
    doors.tell(body, recon_views.reconciliation(states, as_of=days[0] if days else None))


def _list_breaks(doors: Doors, body: dict[str, Any], words: list[str], actor: Actor, *, page: int = 0) -> None:
    """The command's answer, or that same answer turned to another page."""
    wanted = read_filter(words, partners=doors.partners, asker_id=actor.id)
    with doors.database.reading() as tx:
        listed, total = break_lists.filtered(tx, wanted, today=_today(doors), limit=views.LIST_SHOWN, offset=page * views.LIST_SHOWN)
    only = wanted.partners[0].id if len(wanted.partners) == 1 else None
    names = {p.id: p.name for p in doors.partners.values()}
    message = views.break_list(listed, total=total, partner_names=names, partner=only, asked=" ".join(words), page=page)
    if "actions" in body:
        doors.replace(body, message)
    else:
        doors.tell(body, message)


def _turn(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    asked = json.loads(action["value"])
    _list_breaks(doors, body, asked["words"].split(), actor, page=int(asked["page"]))


def _send_csv(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    """All of the list, into the direct messages of the one who asked."""
    require(actor, Permission.READ)
    wanted = read_filter(json.loads(action["value"])["words"].split(), partners=doors.partners, asker_id=actor.id)
    with doors.database.reading() as tx:
        listed, total = break_lists.filtered(tx, wanted, today=_today(doors), limit=CSV_ROWS)
    direct = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    name = f"breaks-{doors.now():%Y-%m-%d}.csv"
    doors.client.files_upload_v2(channel=direct, content=breaks_csv(listed), filename=name, title=name)
    doors.tell(body, views.csv_sent(len(listed), total=total))


def _today(doors: Doors) -> dict[str, date]:
    return {p.id: p.business_date(doors.now()) for p in doors.partners.values()}


def _date(word: str) -> date | None:
    """The day a word names; None for a word that is no date at all. '2026-2-30' is refused."""
    if not word[:1].isdigit():
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise RefusedError(
            f"'{word}' is not a date.", remedy="Write it as year-month-day, for example `/recon nordbank 2026-11-20`."
        ) from None

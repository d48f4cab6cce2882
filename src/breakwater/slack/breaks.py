"""Doors: /recon and the buttons of break cards."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.slack import break_work
from breakwater.slack.doors import Doors
from breakwater.steps import breaks as steps
from breakwater.steps.detect import late_files
from breakwater.steps.reconcile import state_of, state_on
from breakwater.store import reads
from breakwater.views import breaks as views
from breakwater.views import help as help_views
from breakwater.views import recon as recon_views

BREAKS_LISTED = 15


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


def _show_card(doors: Doors, body: dict[str, Any], action: dict[str, Any], actor: Actor) -> None:
    asked = json.loads(action["value"])
    with doors.database.transaction() as tx:
        brk = steps.break_known(tx, asked["break_id"])
        channels = doors.partners[brk.partner].internal_channels
        here = body.get("channel", {}).get("id")
        channel = here if here in channels else channels[0]
        steps.show(tx, actor=actor, break_id=brk.id, channel=channel, partners=doors.partners, now=doors.now())
    doors.tell(body, views.card_shown(brk, channel=channel))


def _recon(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    words = (body.get("text") or "").split()
    if words == ["help"]:
        doors.tell(body, help_views.command_help("/recon"))
    elif words and words[0].casefold() == "breaks":
        _list_breaks(doors, body, words[1:])
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


def _list_breaks(doors: Doors, body: dict[str, Any], words: list[str]) -> None:
    if len(words) > 1:
        raise RefusedError("`/recon breaks` takes one partner.", remedy="For example `/recon breaks nordbank`.")
    chosen = [doors.partner_named(words[0])] if words else list(doors.partners.values())
    with doors.database.reading() as tx:
        listed = [b for p in chosen for b in reads.active_breaks(tx, partner=p.id, limit=BREAKS_LISTED)]
        total = sum(reads.active_break_count(tx, partner=p.id) for p in chosen)
    listed = sorted(listed, key=lambda b: (-b.amount_minor, b.id))[:BREAKS_LISTED]
    doors.tell(body, views.break_list(listed, total=total, partner_names={p.id: p.name for p in doors.partners.values()}))


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

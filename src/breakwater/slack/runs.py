"""Doors: the history of runs, a day once more, and opening items."""

from __future__ import annotations

from datetime import date
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.partners import Partner
from breakwater.slack.doors import Body, Doors
from breakwater.views import runs as views


def register(app: App, doors: Doors) -> None:
    """Connect the button of the list of opening items."""

    @app.action(views.OPENING_CSV)
    def send_opening(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _send_opening(doors, body, action["value"], actor))


def show_runs(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/recon runs PARTNER`."""
    require(actor, Permission.READ)
    partner, _ = _asked(doors, words, with_day=False, example="/recon runs nordbank")
    runs = doors.runs.history(partner, limit=views.RUNS_SHOWN)
    doors.tell(body, views.history(runs, partner_name=partner.name))


def rerun(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/recon rerun PARTNER [DAY]`: say at once that it has begun, then what differs."""
    require(actor, Permission.RERUN)
    partner, asked = _asked(doors, words, with_day=True, example="/recon rerun nordbank 2026-11-20")
    day = doors.runs.day_meant(partner, asked)
    doors.tell(body, views.running(partner.name, as_of=day))
    doors.tell(body, views.run_difference(doors.runs.rerun(partner, as_of=day, actor=actor), partner_name=partner.name, ends=partner.ends))


def show_opening(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/recon opening PARTNER`."""
    require(actor, Permission.READ)
    partner, _ = _asked(doors, words, with_day=False, example="/recon opening nordbank")
    run, items = doors.runs.opening(partner)
    first = items.slice(0, views.ITEMS_SHOWN + 1).to_pylist()
    doors.tell(body, views.opening_list(first, run=run, partner_id=partner.id, partner_name=partner.name, ends=partner.ends))


def _send_opening(doors: Doors, body: Body, partner_id: str, actor: Actor) -> None:
    """All of them, into the direct messages of the one who asked."""
    require(actor, Permission.READ)
    _, items = doors.runs.opening(doors.partner_named(partner_id))
    direct = doors.client.conversations_open(users=actor.id)["channel"]["id"]
    name = f"opening-{partner_id}-{doors.now():%Y-%m-%d}.csv"
    doors.client.files_upload_v2(channel=direct, content=views.opening_csv(items.to_pylist()), filename=name, title=name)
    doors.tell(body, views.opening_sent(len(items)))


def _asked(doors: Doors, words: list[str], *, with_day: bool, example: str) -> tuple[Partner, date | None]:
    days = [word for word in words if word[:1].isdigit()] if with_day else []
    names = [word for word in words if word not in days]
    if len(names) != 1 or len(days) > 1:
        raise RefusedError("Name one partner" + (", and at most one day." if with_day else "."), remedy=f"For example `{example}`.")
    try:
        return doors.partner_named(names[0]), date.fromisoformat(days[0]) if days else None
    except ValueError:
        raise RefusedError(f"'{days[0]}' is not a date.", remedy=f"For example `{example}`.") from None

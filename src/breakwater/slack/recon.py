"""Doors: /recon and its words. A word's handler belongs to the subject's own file and is listed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.break_filters import break_number
from breakwater.slack.breaks import list_breaks, show_break
from breakwater.slack.doors import Body, Doors
from breakwater.slack.files import show_files
from breakwater.slack.journal import journal
from breakwater.slack.noise import noise
from breakwater.slack.runs import rerun, show_opening, show_runs
from breakwater.slack.signoff import sign_off
from breakwater.steps.detect import late_files
from breakwater.steps.reasons import reasons_of
from breakwater.steps.reconcile import state_of, state_on
from breakwater.views import help as help_views
from breakwater.views import recon as views

# What may follow `/recon`: each is given the words after its own. Beside them stand `help` and the state itself.
WORDS: Mapping[str, Callable[[Doors, Body, list[str], Actor], None]] = {
    "files": show_files,
    "breaks": list_breaks,
    "noise": noise,
    "journal": journal,
    "signoff": sign_off,
    "runs": show_runs,
    "rerun": rerun,
    "opening": show_opening,
}


def register(app: App, doors: Doors) -> None:
    """Connect the command."""

    @app.command("/recon")
    def recon(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _recon(doors, body, actor))


def _recon(doors: Doors, body: Body, actor: Actor) -> None:
    require(actor, Permission.READ)
    words = (body.get("text") or "").split()
    handler = WORDS.get(words[0].casefold()) if words else None
    if [word.casefold() for word in words] == ["help"]:
        doors.tell(body, help_views.command_help("/recon"))
    elif handler:
        handler(doors, body, words[1:], actor)
    elif len(words) == 1 and (number := break_number(words[0])):
        show_break(doors, body, number, actor)
    else:
        _show_state(doors, body, words)


def _show_state(doors: Doors, body: Body, words: list[str]) -> None:
    days = [day for w in words if (day := _date(w))]
    names = [w for w in words if not _date(w)]
    if len(days) > 1 or len(names) > 1:
        raise RefusedError("`/recon` takes one partner and one date.", remedy="For example `/recon nordbank 2026-11-20`.")
    chosen = doors.with_legs(doors.partner_named(names[0])) if names else list(doors.partners.values())
    now = doors.now()
    reasons = None
    with doors.database.reading() as tx:
        if days:
            on_the_day = [(p, state_on(tx, partner=p, day=days[0], today=p.business_date(now))) for p in chosen]
            states = [s for p, s in on_the_day if s.run or not p.is_former or names]
        else:
            all_states = [
                state_of(tx, partner=p, today=p.business_date(now), late_files=late_files(tx, partner=p, now=now)) for p in chosen
            ]
            states = [s for s in all_states if names or not s.is_settled]
            reasons = {p.id: reasons_of(tx, partner=p, today=p.business_date(now)) for p in chosen}
    doors.tell(body, views.reconciliation(states, as_of=days[0] if days else None, reasons=reasons))


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

"""Door: /payment."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.masking import is_card_number
from breakwater.slack.doors import Doors
from breakwater.views import help as help_views
from breakwater.views import payments as views


def register(app: App, doors: Doors) -> None:
    """Connect the command."""

    @app.command("/payment")
    def payment(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _answer(doors, body, actor))


def _answer(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    asked = (body.get("text") or "").strip()
    if asked in ("", "help"):
        doors.tell(body, help_views.command_help("/payment"))
        return
    if len(asked.split()) > 1 and not is_card_number(asked):
        raise RefusedError("`/payment` looks for one reference at a time.", remedy="For example `/payment pay_8f2k1`.")
    found = doors.trace(asked)
    names = {p.id: p.name for p in doors.partners.values()}
    known = found.evidence or found.events
    message = (
        views.payment_answer(found, partner_names=names) if known else views.payment_not_found(found.reference, searched=found.searched)
    )
    doors.tell(body, message)

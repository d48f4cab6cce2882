"""Door: /anomalies."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.slack.doors import Doors
from breakwater.store import reads
from breakwater.views import findings as views
from breakwater.views import help as help_views

FINDINGS_LISTED = 200


def register(app: App, doors: Doors) -> None:
    """Connect the command."""

    @app.command("/anomalies")
    def anomalies(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _answer(doors, body, actor))


def _answer(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    words = (body.get("text") or "").split()
    if words == ["help"]:
        doors.tell(body, help_views.command_help("/anomalies"))
        return
    if len(words) > 1:
        raise RefusedError("`/anomalies` takes one partner.", remedy="For example `/anomalies nordbank`.")
    partner = doors.partner_named(words[0]) if words else None
    with doors.database.reading() as tx:
        found = reads.findings(tx, partner=partner.id if partner else None, limit=FINDINGS_LISTED)
    doors.tell(body, views.findings(found, partner=partner.name if partner else None))

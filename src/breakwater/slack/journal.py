"""Doors: `/recon journal MONTH`, into the direct messages of the one who asks."""

from __future__ import annotations

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.periods import month_named
from breakwater.slack import direct_files
from breakwater.slack.doors import Body, Doors
from breakwater.steps import journal as steps
from breakwater.views.journal import journal_sent

_EXAMPLE = "For example `/recon journal 2026-10`."


def journal(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Answer `/recon journal 2026-10`."""
    if len(words) != 1:
        raise RefusedError("`/recon journal` takes one month.", remedy=_EXAMPLE)
    month = month_named(words[0], example=_EXAMPLE)
    with doors.database.transaction() as tx:
        made = steps.export_month(tx, actor=actor, month=month, partners=doors.partners, now=doors.now())
    if made.bookings:
        direct_files.send(doors, user_id=actor.id, name=made.name, content=made.csv)
    doors.tell(body, journal_sent(made.bookings, month=str(month)))

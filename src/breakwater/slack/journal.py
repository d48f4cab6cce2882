"""Doors: `/recon journal MONTH`, into the direct messages of the one who asks."""

from __future__ import annotations

import calendar
import re
from datetime import date

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.slack import direct_files
from breakwater.slack.doors import Body, Doors
from breakwater.steps import journal as steps
from breakwater.views.journal import journal_sent

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_EXAMPLE = "For example `/recon journal 2026-10`."


def journal(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """Answer `/recon journal 2026-10`."""
    if len(words) != 1:
        raise RefusedError("`/recon journal` takes one month.", remedy=_EXAMPLE)
    first, last = month(words[0], example=_EXAMPLE)
    with doors.database.transaction() as tx:
        made = steps.export(tx, actor=actor, first=first, last=last, partners=doors.partners, now=doors.now())
    if made.bookings:
        direct_files.send(doors, user_id=actor.id, name=made.name, content=made.csv)
    doors.tell(body, journal_sent(made.bookings, month=words[0]))


def month(word: str, *, example: str) -> tuple[date, date]:
    """The first and the last day of a month like '2026-10'."""
    found = _MONTH.fullmatch(word)
    if not found or int(found[1]) < 2000:
        raise RefusedError(f"'{word[:20]}' is not a month.", remedy=example)
    year, number = int(found[1]), int(found[2])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])

"""Changes to the sign-off of a period, each with its audit row. Only steps call this."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.signoff import SignOff
from breakwater.store import audit
from breakwater.store.statements import insert_new
from breakwater.store.tables.accounting import sign_off


def save(tx: Connection, signoff: SignOff, *, was: SignOff | None, action: str, actor: Actor, now: datetime, said: str = "") -> None:
    """Keep a new or changed sign-off. Refused if somebody else changed it since `was` was read."""
    row = _row(signoff)
    if was is None:
        is_kept = insert_new(tx, sign_off, row)
    else:
        same = (sign_off.c.partner == was.partner, sign_off.c.period == was.period, sign_off.c.revision == was.revision)
        is_kept = tx.execute(update(sign_off).where(*same).values(row)).rowcount == 1
    if not is_kept:
        raise RefusedError(f"Somebody else was faster with {signoff.period} of {signoff.partner}.", remedy="Look at its card.")
    detail = {"state": str(signoff.state), "figures": (signoff.now or signoff.figures).to_json()} | ({"said": said} if said else {})
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="sign_off", about_id=signoff.name, detail=detail)


def _row(signoff: SignOff) -> dict[str, Any]:
    figures = {"figures": signoff.figures.to_json(), "now": signoff.now.to_json() if signoff.now else None}
    return {**asdict(signoff), **figures, "state": str(signoff.state)}

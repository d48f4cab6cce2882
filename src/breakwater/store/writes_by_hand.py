"""Changes to what people matched by hand, each with its audit row. Only steps call this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, update

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.by_hand import ManualMatch, ManualState
from breakwater.store import audit
from breakwater.store.by_hand import row_of
from breakwater.store.tables.runs import manual_match


def save_manual_match(tx: Connection, made: ManualMatch, *, actor: Actor, now: datetime) -> None:
    """Keep a new match by hand."""
    tx.execute(insert(manual_match).values(row_of(made)))
    detail = {"break": made.break_id, "ours": list(made.pair.ours), "theirs": list(made.pair.theirs), "made_by": made.made_by}
    _note(tx, made, "match_by_hand", detail, actor=actor, now=now)


def end_manual_match(tx: Connection, ended: ManualMatch, *, actor: Actor, now: datetime) -> None:
    """Keep that a match by hand no longer counts. Refused if somebody else ended it before."""
    held = (manual_match.c.id == ended.id, manual_match.c.state == str(ManualState.HOLDS))
    if tx.execute(update(manual_match).where(*held).values(row_of(ended))).rowcount == 0:
        raise RefusedError(f"{ended.id} was ended by somebody else a moment ago.", remedy="Look at the card of its break.")
    detail = {"break": ended.break_id, "because": ended.ended_because or ""}
    _note(tx, ended, f"match_by_hand_{ended.state}", detail, actor=actor, now=now)


def _note(tx: Connection, made: ManualMatch, action: str, detail: Mapping[str, object], *, actor: Actor, now: datetime) -> None:
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="manual_match", about_id=made.id, detail=detail)

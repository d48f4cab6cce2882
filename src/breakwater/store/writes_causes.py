"""Every change to a cause, with its audit row. Only steps call this."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.causes import Cause
from breakwater.store import audit
from breakwater.store.statements import chunks
from breakwater.store.tables.causes import cause, cause_break

_QUIET = frozenset({"evidence", "revision", "run_id"})


def put(tx: Connection, new: Cause, *, was: Cause | None, action: str, actor: Actor, now: datetime) -> None:
    """Keep a new cause, or a changed one. Refused if somebody else changed it since `was` was read."""
    row = _row(new)
    if was is None:
        tx.execute(insert(cause).values(row))
        detail: dict[str, Any] = {name: row[name] for name in ("partner", "kind", "scope", "count", "value_minor")}
    else:
        same = (cause.c.id == was.id, cause.c.revision == was.revision)
        if tx.execute(update(cause).where(*same).values(row)).rowcount == 0:
            raise RefusedError(f"{was.id} was changed by somebody else a moment ago; nothing was changed.", remedy="Look at it again.")
        before = _row(was)
        changed = {name: [before[name], value] for name, value in row.items() if value != before[name] and name not in _QUIET}
        detail = {name: [v.isoformat() if isinstance(v, datetime) else v for v in pair] for name, pair in changed.items()}
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="cause", about_id=new.id, detail=detail)


def place_under(tx: Connection, *, agreement: str, members: Mapping[str, Collection[str]]) -> set[str]:
    """Put breaks (by id) under causes, and all others of the agreement under none. Returned are those that were not there before."""
    wanted = {break_id: cause_id for cause_id, ids in members.items() for break_id in ids}
    query = select(cause_break.c.break_id, cause_break.c.cause_id).join(cause, cause.c.id == cause_break.c.cause_id)
    known = {row.break_id: row.cause_id for row in tx.execute(query.where(cause.c.agreement == agreement))}
    moved = [break_id for break_id, cause_id in known.items() if wanted.get(break_id) != cause_id]
    for chunk in chunks(sorted(moved)):
        tx.execute(delete(cause_break).where(cause_break.c.break_id.in_(chunk)))
    fresh = sorted(break_id for break_id, cause_id in wanted.items() if known.get(break_id) != cause_id)
    for chunk in chunks(fresh):
        tx.execute(insert(cause_break), [{"break_id": b, "cause_id": wanted[b]} for b in chunk])
    return set(fresh)


def _row(found: Cause) -> dict[str, Any]:
    row = {f.name: getattr(found, f.name) for f in fields(Cause)}
    return {**row, "kind": str(found.kind), "state": str(found.state), **{n: dict(row[n]) for n in ("scope", "evidence", "value_minor")}}

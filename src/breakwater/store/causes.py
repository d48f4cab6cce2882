"""Causes at rest: which there are, and which breaks are under each. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, select

from breakwater.model.breaks import ACTIVE, Break
from breakwater.model.causes import Cause, CauseKind, CauseState
from breakwater.store.rows import break_of
from breakwater.store.tables.breaks import breaks
from breakwater.store.tables.causes import cause, cause_break


def causes(tx: Connection, *, partner: str, active_only: bool = True) -> list[Cause]:
    """The causes of a partner, the one that explains most first; those that are over come last."""
    query = select(cause).where(cause.c.partner == partner).order_by(cause.c.state == str(CauseState.OVER), cause.c.rank, cause.c.id)
    if active_only:
        query = query.where(cause.c.state != str(CauseState.OVER))
    return [_cause_of(row) for row in tx.execute(query).mappings()]


def cause_by_id(tx: Connection, cause_id: str) -> Cause | None:
    """The cause with this short name."""
    row = tx.execute(select(cause).where(cause.c.id == cause_id)).mappings().first()
    return _cause_of(row) if row else None


def cause_of_break(tx: Connection, break_id: str) -> Cause | None:
    """The cause that a break is under."""
    under = select(cause).join(cause_break, cause_break.c.cause_id == cause.c.id).where(cause_break.c.break_id == break_id)
    row = tx.execute(under).mappings().first()
    return _cause_of(row) if row else None


def breaks_under(tx: Connection, cause_id: str, *, limit: int | None = None) -> list[Break]:
    """The active breaks under a cause, the largest first."""
    query = select(breaks).join(cause_break, cause_break.c.break_id == breaks.c.id).where(*_active_under(cause_id))
    query = query.order_by(breaks.c.amount_minor.desc(), breaks.c.id).limit(limit)
    return [break_of(row) for row in tx.execute(query).mappings()]


def states_under(tx: Connection, cause_id: str) -> dict[str, int]:
    """How many active breaks under a cause are in each state."""
    query = select(breaks.c.state, func.count()).join(cause_break, cause_break.c.break_id == breaks.c.id)
    return {row[0]: row[1] for row in tx.execute(query.where(*_active_under(cause_id)).group_by(breaks.c.state))}


def count_under_any(tx: Connection, *, partner: str) -> int:
    """How many active breaks of a partner are under a cause."""
    query = select(func.count()).select_from(cause_break).join(breaks, breaks.c.id == cause_break.c.break_id)
    return tx.execute(query.where(breaks.c.partner == partner, breaks.c.state.in_(sorted(map(str, ACTIVE))))).scalar_one()


def active_breaks(tx: Connection, *, agreement: str) -> dict[str, str]:
    """The id of each active break of an agreement, by its fingerprint."""
    query = select(breaks.c.fingerprint, breaks.c.id).where(breaks.c.agreement == agreement, breaks.c.state.in_(sorted(map(str, ACTIVE))))
    return {row.fingerprint: row.id for row in tx.execute(query)}


def confirmed_fingerprints(tx: Connection, *, agreement: str) -> list[str]:
    """The active breaks that are under a cause somebody stands behind."""
    query = (
        select(breaks.c.fingerprint)
        .join(cause_break, cause_break.c.break_id == breaks.c.id)
        .join(cause, cause.c.id == cause_break.c.cause_id)
        .where(breaks.c.agreement == agreement, cause.c.state != str(CauseState.OVER))
        .where((cause.c.acknowledged_by.is_not(None)) | (cause.c.incident_id.is_not(None)))
    )
    return sorted(tx.scalars(query))


def _active_under(cause_id: str) -> tuple[Any, ...]:
    return (cause_break.c.cause_id == cause_id, breaks.c.state.in_(sorted(map(str, ACTIVE))))


def _cause_of(row: Mapping[Any, Any]) -> Cause:
    plain = {f.name: row[f.name] for f in fields(Cause)}
    return Cause(**{**plain, "kind": CauseKind(row["kind"]), "state": CauseState(row["state"])})

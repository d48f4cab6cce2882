"""Causes at rest: which there are, and which breaks are under each. Nothing here changes anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from breakwater.model.breaks import ACTIVE, Break
from breakwater.model.causes import Cause, CauseKind, CauseState
from breakwater.store.rows import break_of
from breakwater.store.sums import halves, whole
from breakwater.store.tables.breaks import breaks
from breakwater.store.tables.causes import cause, cause_break


def causes(tx: Connection, *, partner: str) -> list[Cause]:
    """The causes of a partner's breaks with what is under them now, the one that explains most first.

    One with nothing left under it is left out; the next run ends it.
    """
    return [found for found in _now(tx, _known(tx, cause.c.partner == partner)) if found.count]


def causes_of_last_run(tx: Connection, *, agreement: str) -> list[Cause]:
    """Every cause there ever was with an agreement, as the last run saw it or the last move left it; those that are over come last."""
    return _known(tx, cause.c.agreement == agreement)


def cause_by_id(tx: Connection, cause_id: str) -> Cause | None:
    """The cause with this short name, and what is under it now."""
    return next(iter(_now(tx, _known(tx, cause.c.id == cause_id))), None)


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
    return tx.execute(query.where(breaks.c.partner == partner, *_COUNTS)).scalar_one()


class Worth(NamedTuple):
    """What an active break has at stake."""

    id: str
    currency: str
    amount_minor: int


def active_breaks(tx: Connection, *, agreement: str) -> dict[str, Worth]:
    """The active breaks of an agreement, by fingerprint."""
    query = select(breaks.c.fingerprint, breaks.c.id, breaks.c.currency, breaks.c.amount_minor)
    return {row[0]: Worth(*row[1:]) for row in tx.execute(query.where(breaks.c.agreement == agreement, *_COUNTS))}


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


# Active breaks count, but for those a rule calls known noise: they are counted apart, here as in every other figure.
_COUNTS = (breaks.c.state.in_(sorted(map(str, ACTIVE))), breaks.c.suppressed_by.is_(None))


def _active_under(cause_id: str) -> tuple[Any, ...]:
    return (cause_break.c.cause_id == cause_id, *_COUNTS)


def _known(tx: Connection, which: ColumnElement[bool]) -> list[Cause]:
    query = select(cause).where(which).order_by(cause.c.state == str(CauseState.OVER), cause.c.rank, cause.c.id)
    return [_cause_of(row) for row in tx.execute(query).mappings()]


def _now(tx: Connection, found: Sequence[Cause]) -> list[Cause]:
    """The causes with the figures of the breaks that are under them now: people close some between two runs."""
    groups = (cause_break.c.cause_id, breaks.c.currency)
    query = select(*groups, func.count(), *halves(breaks.c.amount_minor)).join(breaks, breaks.c.id == cause_break.c.break_id)
    query = query.where(cause_break.c.cause_id.in_([c.id for c in found]), *_COUNTS).group_by(*groups).order_by(*groups)
    count: Counter[str] = Counter()
    value: dict[str, dict[str, int]] = {}
    for cause_id, currency, breaks_there, *worth in tx.execute(query):
        count[cause_id] += breaks_there
        value.setdefault(cause_id, {})[currency] = whole(*worth)
    return [replace(c, count=count[c.id], value_minor=value.get(c.id, {})) for c in found]


def _cause_of(row: Mapping[Any, Any]) -> Cause:
    plain = {f.name: row[f.name] for f in fields(Cause)}
    return Cause(**{**plain, "kind": CauseKind(row["kind"]), "state": CauseState(row["state"])})

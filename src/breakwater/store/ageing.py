"""How breaks grow old: how far each partner was looked through, and which breaks crossed into an older band since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, update

from breakwater.model.ageing import DatedFigure
from breakwater.model.breaks import ACTIVE, Break
from breakwater.store.rows import break_of
from breakwater.store.statements import insert_new
from breakwater.store.sums import halves, whole
from breakwater.store.tables.breaks import ageing, breaks

Dates = tuple[date, date]  # after the first, up to and including the second


def seen(tx: Connection, *, partner: str) -> tuple[date, datetime] | None:
    """The day a partner's breaks were looked through last, and the moment; None if they never were."""
    row = tx.execute(select(ageing.c.seen_on, ageing.c.seen_at).where(ageing.c.partner == partner)).first()
    return (row.seen_on, row.seen_at) if row else None


def advance(tx: Connection, *, partner: str, was: date | None, on: date, at: datetime) -> bool:
    """Note that a partner's breaks are looked through on a day. False if another process did, so that one tells of it."""
    if was is None:
        return insert_new(tx, ageing, {"partner": partner, "seen_on": on, "seen_at": at})
    same = (ageing.c.partner == partner, ageing.c.seen_on == was)
    return tx.execute(update(ageing).where(*same).values(seen_on=on, seen_at=at)).rowcount == 1


def dated_figures(tx: Connection, *, partner: str, dates: Sequence[Dates], known_at: datetime) -> list[DatedFigure]:
    """Count and value of the active breaks with these dates that were there at `known_at`, by date and currency."""
    groups = (breaks.c.dated, breaks.c.currency)
    query = select(*groups, func.count(), *halves(breaks.c.amount_minor)).where(*_of(partner, dates, known_at))
    rows = tx.execute(query.group_by(*groups).order_by(*groups))
    return [DatedFigure(dated=row[0], currency=row[1], count=row[2], value_minor=whole(*row[3:])) for row in rows]


def largest(tx: Connection, *, partner: str, dates: Sequence[Dates], known_at: datetime, limit: int) -> list[Break]:
    """The largest of the same breaks: material ones first, then by minor units."""
    order = (breaks.c.material.desc(), breaks.c.amount_minor.desc(), breaks.c.id)
    query = select(breaks).where(*_of(partner, dates, known_at)).order_by(*order).limit(limit)
    return [break_of(row) for row in tx.execute(query).mappings()]


def _of(partner: str, dates: Sequence[Dates], known_at: datetime) -> tuple[ColumnElement[bool], ...]:
    within = or_(false(), *(and_(breaks.c.dated > after, breaks.c.dated <= last) for after, last in dates))
    counts = (breaks.c.state.in_(sorted(map(str, ACTIVE))), breaks.c.suppressed_by.is_(None))
    return (breaks.c.partner == partner, *counts, breaks.c.opened_at <= known_at, within)

"""Lists of active breaks, filtered and in pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from breakwater.model.break_filters import BreakFilter
from breakwater.model.breaks import ACTIVE, OVERTAKEN, REVERSAL_PROPOSED, Break, BreakState
from breakwater.model.money import exponent
from breakwater.model.partners import Partner
from breakwater.model.runs import BreakFigure, total_of
from breakwater.store.rows import break_of
from breakwater.store.sums import halves, whole
from breakwater.store.tables.breaks import breaks


def filtered(tx: Connection, wanted: BreakFilter, *, today: dict[str, date], limit: int, offset: int = 0) -> tuple[list[Break], int]:
    """One page of the breaks somebody asks for, and how many there are in all. `today` is each partner's business date.

    The largest first, by minor units, or the oldest first; the id decides between equals.
    """
    matching = _matching(tx, wanted, today)
    order = (breaks.c.dated, breaks.c.amount_minor.desc()) if wanted.oldest_first else (breaks.c.amount_minor.desc(), breaks.c.dated)
    query = select(breaks).where(*matching).order_by(*order, breaks.c.id).limit(limit).offset(offset)
    total = tx.execute(select(func.count()).select_from(breaks).where(*matching)).scalar_one()
    return [break_of(row) for row in tx.execute(query).mappings()], total


def proposed(tx: Connection, *, partners: Iterable[str], limit: int) -> list[Break]:
    """Breaks of these partners of which a proposal or a reversal waits for a second person, the longest waiting first."""
    is_proposed = or_(breaks.c.state == str(BreakState.PROPOSED), and_(_over(), breaks.c.resolution == REVERSAL_PROPOSED))
    waiting = (is_proposed, breaks.c.partner.in_(sorted(partners)))
    query = select(breaks).where(*waiting).order_by(breaks.c.touched_at, breaks.c.id).limit(limit)
    return [break_of(row) for row in tx.execute(query).mappings()]


def overtaken(tx: Connection, *, partner: str) -> BreakFigure:
    """What was booked and is explained by a later run, and whose reversal nobody has decided on."""
    groups = (breaks.c.currency, func.count(), *halves(breaks.c.amount_minor))
    query = select(*groups).where(breaks.c.partner == partner, _in_doubt()).group_by(breaks.c.currency)
    return total_of(BreakFigure(count=n, value_minor={currency: whole(*value)}) for currency, n, *value in tx.execute(query))


def left_alone(tx: Connection, *, partners: Iterable[str], since: datetime, after_id: str = "", limit: int) -> list[Break]:
    """Acknowledged breaks nobody has touched since a moment, in the order of their ids, those after `after_id`."""
    untouched = (breaks.c.state == str(BreakState.ACKNOWLEDGED), breaks.c.partner.in_(sorted(partners)), breaks.c.touched_at <= since)
    query = select(breaks).where(*untouched, breaks.c.id > after_id).order_by(breaks.c.id).limit(limit)
    return [break_of(row) for row in tx.execute(query).mappings()]


def _matching(tx: Connection, wanted: BreakFilter, today: dict[str, date]) -> tuple[ColumnElement[bool], ...]:
    where: list[ColumnElement[bool]] = [_in_doubt() if wanted.overtaken else breaks.c.state.in_(_names(ACTIVE))]
    where.append(breaks.c.suppressed_by.is_not(None) if wanted.suppressed else breaks.c.suppressed_by.is_(None))
    where.append(or_(false(), *(_of_partner(wanted, p, today[p.id]) for p in wanted.partners)))
    if wanted.kinds:
        where.append(breaks.c.kind.in_(_names(wanted.kinds)))
    if wanted.currency:
        where.append(breaks.c.currency == wanted.currency)
    if wanted.owner_id:
        where.append(breaks.c.owner_id == wanted.owner_id)
    if wanted.least_major:
        currencies = tx.scalars(select(breaks.c.currency).where(*where).distinct()).all()
        where.append(or_(false(), *(_worth(currency, wanted.least_major) for currency in currencies)))
    return tuple(where)


def _in_doubt() -> ColumnElement[bool]:
    return and_(_over(), breaks.c.resolution.in_([OVERTAKEN, REVERSAL_PROPOSED]))


def _over() -> ColumnElement[bool]:
    return breaks.c.state.in_(_names(frozenset(BreakState) - ACTIVE))


def _of_partner(wanted: BreakFilter, partner: Partner, today: date) -> ColumnElement[bool]:
    latest = wanted.latest_date(partner, today=today)
    of = breaks.c.partner == partner.id
    return of if latest is None else and_(of, breaks.c.dated <= latest)


def _worth(currency: str, least_major: int) -> ColumnElement[bool]:
    """A currency whose decimals nobody knows is compared in its minor units."""
    try:
        places = exponent(currency)
    except KeyError:
        places = 0
    return and_(breaks.c.currency == currency, breaks.c.amount_minor >= least_major * 10**places)


def _names(words: Any) -> list[str]:
    return sorted(str(word) for word in words)

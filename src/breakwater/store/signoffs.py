"""Periods that were prepared or signed off, the figures of breaks by month, and what happened to them since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from breakwater.model.breaks import ACTIVE, BreakState
from breakwater.model.periods import Month, month_of
from breakwater.model.signoff import Amount, SignOff, SignOffState, figures_of
from breakwater.store.sums import halves, whole
from breakwater.store.tables.accounting import sign_off
from breakwater.store.tables.audit_trail import audit
from breakwater.store.tables.breaks import breaks
from breakwater.store.tables.files import source_file

Row = tuple[str, str]  # the row of the figures, and the currency


def sign_offs(tx: Connection, *, partners: Iterable[str], state: SignOffState | None = None) -> list[SignOff]:
    """The periods of these partners that somebody prepared, the latest period first."""
    query = select(sign_off).where(sign_off.c.partner.in_(sorted(partners)))
    query = query if state is None else query.where(sign_off.c.state == str(state))
    return [_sign_off(row) for row in tx.execute(query.order_by(sign_off.c.period.desc(), sign_off.c.partner)).mappings()]


def sign_off_of(tx: Connection, *, partner: str, period: str) -> SignOff | None:
    """The sign-off of a partner's period."""
    row = tx.execute(select(sign_off).where(sign_off.c.partner == partner, sign_off.c.period == period)).mappings().first()
    return _sign_off(row) if row else None


def break_figures(tx: Connection, *, partner: str, first: date, last: date) -> dict[Month, dict[Row, Amount]]:
    """Open, suppressed and written-off breaks dated from `first` through `last`, by the month of their date."""
    row = case(
        (breaks.c.state == str(BreakState.WRITTEN_OFF), "written_off"),
        (breaks.c.suppressed_by.is_not(None), "known_noise"),
        else_="open_breaks",
    )
    groups = (breaks.c.dated, breaks.c.currency, row.label("row"))
    counted = breaks.c.state.in_(sorted(map(str, {*ACTIVE, BreakState.WRITTEN_OFF})))
    here = (breaks.c.partner == partner, breaks.c.dated >= first, breaks.c.dated <= last, counted)
    found: dict[Month, dict[Row, Amount]] = defaultdict(dict)
    for dated, currency, name, count, *value in tx.execute(
        select(*groups, func.count(), *halves(breaks.c.amount_minor)).where(*here).group_by(*groups)
    ):
        month = found[month_of(dated)]
        before = month.get((name, currency), Amount(count=0, value_minor=0))
        month[name, currency] = Amount(count=before.count + count, value_minor=before.value_minor + whole(*value))
    return dict(found)


def what_happened(tx: Connection, *, partner: str, first: date, last: date, since: datetime) -> dict[str, int]:
    """What happened after a moment to a partner's period: how often a break dated in it made each move, and 'files' that came about it."""
    moved = (audit.c.about_kind == "break", audit.c.about_id == breaks.c.id, audit.c.at > since)
    dated = (breaks.c.partner == partner, breaks.c.dated >= first, breaks.c.dated <= last)
    moves = tx.execute(select(audit.c.action, func.count()).where(*moved, *dated).group_by(audit.c.action))
    counts = {row[0]: row[1] for row in moves}
    about = (source_file.c.partner == partner, source_file.c.business_date >= first, source_file.c.business_date <= last)
    came = select(func.count()).select_from(source_file).where(*about, source_file.c.received_at > since)
    return counts | ({"files": files} if (files := tx.execute(came).scalar_one()) else {})


def _sign_off(row: Mapping[Any, Any]) -> SignOff:
    figures = {"figures": figures_of(row["figures"]), "now": figures_of(row["now"]) if row["now"] else None}
    return SignOff(**{**row, **figures, "state": SignOffState(row["state"])})

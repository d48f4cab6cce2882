"""The daily state of partners at rest: one row per partner, currency and business date; a run of that date takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from breakwater.model.breaks import ACTIVE, MATCHED_LATE
from breakwater.model.partner_state import PartnerState
from breakwater.model.records import Side
from breakwater.store.tables.breaks import break_record, breaks
from breakwater.store.tables.runs import partner_state


def history(tx: Connection, *, partner: str, since: date) -> dict[str, list[PartnerState]]:
    """The states of a partner from a business date on, by currency, oldest first."""
    query = select(partner_state).where(partner_state.c.partner == partner, partner_state.c.business_date >= since)
    found: dict[str, list[PartnerState]] = {}
    for row in tx.execute(query.order_by(partner_state.c.currency, partner_state.c.business_date)).mappings():
        found.setdefault(row["currency"], []).append(_state_of(row))
    return found


def settled(tx: Connection, *, agreement: str) -> list[str]:
    """The breaks of an agreement that are closed, by fingerprint."""
    query = select(breaks.c.fingerprint).where(breaks.c.agreement == agreement, breaks.c.state.not_in(sorted(map(str, ACTIVE))))
    return sorted(tx.scalars(query))


def matched_late(tx: Connection, *, agreement: str) -> list[tuple[Side, str]]:
    """The records of breaks that a later run closed because they match now."""
    query = select(break_record.c.side, break_record.c.record_id).join(breaks, breaks.c.id == break_record.c.break_id)
    query = query.where(breaks.c.agreement == agreement, breaks.c.resolution == MATCHED_LATE).distinct()
    return sorted((Side(row.side), row.record_id) for row in tx.execute(query))


def replace_states(tx: Connection, states: Iterable[PartnerState], *, partner: str, business_date: date) -> None:
    """Keep the states of a business date instead of those that were there."""
    same = (partner_state.c.partner == partner, partner_state.c.business_date == business_date)
    tx.execute(delete(partner_state).where(*same))
    rows = [_row(state) for state in states]
    if rows:
        tx.execute(insert(partner_state), rows)


_KEY = ("partner", "currency", "business_date", "run_id")


def _row(state: PartnerState) -> dict[str, Any]:
    plain = asdict(state)
    return {name: plain.pop(name) for name in _KEY} | {"figures": plain}


def _state_of(row: Mapping[Any, Any]) -> PartnerState:
    figures: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row["figures"].items()}
    return PartnerState(**{**figures, **{name: row[name] for name in _KEY}})

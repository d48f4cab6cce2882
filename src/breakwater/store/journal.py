"""The journal: bookings are added with the change that makes them, and marked by the export that tells of them first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from breakwater.model.breaks import Break
from breakwater.model.journal import JournalEntry, entry_of
from breakwater.model.proposals import Effect, ProposalKind, ReasonCode
from breakwater.store.tables.accounting import journal_entry


def book(tx: Connection, changes: Iterable[tuple[Break, Break]], *, by: str, now: datetime) -> None:
    """Add what these changes of breaks, each given as (was, is), book."""
    entries = [entry for was, brk in changes if (entry := entry_of(was, brk, by=by, now=now))]
    if entries:
        tx.execute(insert(journal_entry), [_row(entry) for entry in entries])


def mark_exported(tx: Connection, *, export: str, since: datetime, until: datetime, contra_accounts: Mapping[str, str]) -> None:
    """Note the export that tells first of the bookings from `since` until before `until`, and what each partner's account is called."""
    period = (journal_entry.c.booked_at >= since, journal_entry.c.booked_at < until, journal_entry.c.export.is_(None))
    for partner in tx.scalars(select(journal_entry.c.partner).where(*period).distinct().order_by(journal_entry.c.partner)).all():
        named = contra_accounts.get(partner) or f"clearing-{partner}"
        tx.execute(update(journal_entry).where(*period, journal_entry.c.partner == partner).values(export=export, contra_account=named))


def entries(tx: Connection, *, since: datetime, until: datetime) -> list[JournalEntry]:
    """Every booking from `since` until before `until`, in the order they were made."""
    query = select(journal_entry).where(journal_entry.c.booked_at >= since, journal_entry.c.booked_at < until)
    return [_entry(row) for row in tx.execute(query.order_by(journal_entry.c.booked_at, journal_entry.c.id)).mappings()]


def _row(entry: JournalEntry) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, ProposalKind | Effect | ReasonCode) else value for name, value in asdict(entry).items()}


def _entry(row: Mapping[Any, Any]) -> JournalEntry:
    words = {"kind": ProposalKind(row["kind"]), "effect": Effect(row["effect"]), "reason": ReasonCode(row["reason"])}
    return JournalEntry(**{**row, **words})

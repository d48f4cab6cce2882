"""The journal of a period for accounting: the same period again gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.partners import Partner
from breakwater.model.periods import Month, month_of
from breakwater.store import audit, claims, journal
from breakwater.views.journal_csv import journal_csv

SETTLED_AFTER = timedelta(minutes=10)  # a click just before midnight is booked by then


@dataclass(frozen=True, kw_only=True)
class JournalExport:
    """A period's journal as CSV, and how many bookings it holds."""

    name: str
    csv: str
    bookings: int


def export_month(tx: Connection, *, actor: Actor, month: Month, partners: Mapping[str, Partner], now: datetime) -> JournalExport:
    """A whole month's bookings; one that is not over is refused with the months that can be asked for."""
    require(actor, Permission.EXPORT_JOURNAL)
    last_over = _last_day_over(now)
    if month.last > last_over:
        latest = month_of(month_of(last_over + timedelta(days=1)).first - timedelta(days=1))
        raise RefusedError(
            f"{month} is not over yet, so more can be booked.",
            remedy=f"The latest month there is: `/recon journal {latest}`. {month} can be asked for once it is over, in UTC.",
        )
    return export(tx, actor=actor, first=month.first, last=month.last, partners=partners, now=now)


def export(tx: Connection, *, actor: Actor, first: date, last: date, partners: Mapping[str, Partner], now: datetime) -> JournalExport:
    """The bookings from one day through another (days of UTC), as CSV. Only a period that is over can be exported: it never changes.

    A booking that another export told of before carries that one's name, so that nobody books it twice.
    """
    require(actor, Permission.EXPORT_JOURNAL)
    since, until = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    if first > last:
        raise RefusedError(f"{first} is after {last}.", remedy="Give the first day first.")
    if last > _last_day_over(now):
        over = _last_day_over(now)
        raise RefusedError(f"{last} is not over yet, so more can be booked.", remedy=f"Export through {over}, or wait.")
    name = f"{first.isoformat()}..{last.isoformat()}"
    claims.one_at_a_time(tx, job="journal")
    accounts = {p.id: p.clearing_account for p in partners.values()}
    journal.mark_exported(tx, export=name, since=since, until=until, contra_accounts=accounts)
    entries = journal.entries(tx, since=since, until=until)
    csv = journal_csv(entries)
    detail = {"bookings": len(entries), "sha256": hashlib.sha256(csv.encode()).hexdigest()}
    audit.append(tx, at=now, actor_id=actor.id, action="journal_exported", about_kind="journal", about_id=name, detail=detail)
    return JournalExport(name=f"journal-{first.isoformat()}-{last.isoformat()}.csv", csv=csv, bookings=len(entries))


def _last_day_over(now: datetime) -> date:
    """The last day of UTC in which nothing can be booked any more."""
    return (now - SETTLED_AFTER).astimezone(UTC).date() - timedelta(days=1)

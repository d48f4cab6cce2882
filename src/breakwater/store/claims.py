"""Claims: each job of the clock is done by one process, however many tick."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from breakwater.store.statements import insert_new
from breakwater.store.tables import delivery

_JOBS = 0x4A4F42  # our locks among PostgreSQL's advisory ones
KEEP_S = 7 * 24 * 3600  # far longer than any job is caught up after it was missed


def claim(tx: Connection, *, job: str, scheduled_at: datetime, now: datetime) -> bool:
    """True for the one process that may do `job` as scheduled at this moment. Rolled back with its transaction."""
    return insert_new(tx, delivery.claim, {"job": job, "scheduled_at": scheduled_at, "claimed_at": now})


def is_taken(tx: Connection, *, job: str, scheduled_at: datetime) -> bool:
    """True if somebody has claimed `job` as scheduled at this moment: there is no need to prepare for it."""
    taken = delivery.claim.c.job == job, delivery.claim.c.scheduled_at == scheduled_at
    return tx.execute(select(delivery.claim.c.job).where(*taken)).first() is not None


def one_at_a_time(tx: Connection, *, job: str) -> None:
    """Wait until no other transaction that asked for the same `job` is under way. On SQLite writers queue anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_JOBS, func.hashtext(job))))


def prune(tx: Connection, *, now: datetime, keep_s: float = KEEP_S) -> int:
    """Forget claims of jobs scheduled more than `keep_s` seconds ago. How many there were."""
    return tx.execute(delete(delivery.claim).where(delivery.claim.c.scheduled_at < now - timedelta(seconds=keep_s))).rowcount

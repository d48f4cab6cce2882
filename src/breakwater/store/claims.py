"""Claims: each job of the clock is done by one process, however many tick."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from breakwater.store import schema

KEEP_S = 7 * 24 * 3600  # far longer than any job is caught up after it was missed


def claim(tx: Connection, *, job: str, scheduled_at: datetime, now: datetime) -> bool:
    """True for the one process that may do `job` as scheduled at this moment. Rolled back with its transaction."""
    return schema.insert_new(tx, schema.claim, {"job": job, "scheduled_at": scheduled_at, "claimed_at": now})


def prune(tx: Connection, *, now: datetime, keep_s: float = KEEP_S) -> int:
    """Forget claims of jobs scheduled more than `keep_s` seconds ago. How many there were."""
    return tx.execute(delete(schema.claim).where(schema.claim.c.scheduled_at < now - timedelta(seconds=keep_s))).rowcount

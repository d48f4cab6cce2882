"""The inbox: what Slack delivers twice is done once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from breakwater.store.statements import insert_new
from breakwater.store.tables import delivery

KEEP_S = 3600  # Slack repeats an event for about 6 minutes


def first_time(tx: Connection, *, key: str, now: datetime) -> bool:
    """True the first time a key is seen. Rolled back with its transaction, so that work that failed is done when Slack repeats it."""
    return insert_new(tx, delivery.inbox, {"key": key, "seen_at": now})


def prune(tx: Connection, *, now: datetime, keep_s: float = KEEP_S) -> int:
    """Forget keys seen more than `keep_s` seconds ago. How many there were."""
    return tx.execute(delete(delivery.inbox).where(delivery.inbox.c.seen_at < now - timedelta(seconds=keep_s))).rowcount

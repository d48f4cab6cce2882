"""What nobody needs any more: old claims, messages long delivered, what Slack repeats no longer, parts that no file names."""

from __future__ import annotations

from datetime import datetime, timedelta

from breakwater.lake import watch_states
from breakwater.lake.merging import merge
from breakwater.lake.outcomes import forget_matches
from breakwater.lake.parts import Lake
from breakwater.lake.writing import CONTENTS
from breakwater.model.records import Side
from breakwater.store import claims, inbox, outbox, reads, runs
from breakwater.store.database import Database

MATCHES_KEPT_DAYS = 14  # of the last run as of each day: what it matched can be compared with that long
WATCH_KEPT_S = 7 * 24 * 3600  # of another version, or of other settings: who goes back to them goes on from there
UNNAMED_FOR_S = 24 * 3600  # far longer than a file is under way
MESSAGES_AT_ONCE = 500  # nobody else writes to SQLite meanwhile
MOST_MESSAGES = 100_000  # in one go; the rest is for the next


def tidy(database: Database, lake: Lake, *, messages_kept_days: int, now: datetime) -> list[str]:
    """Forget what is past, and merge small parts. What was removed from the lake: parts whose file was never committed, old matches.

    Messages are forgotten `messages_kept_days` after they were delivered.
    """
    with database.transaction() as tx:
        claims.prune(tx, now=now)
        inbox.prune(tx, now=now)
    _forget_messages(database, before=now - timedelta(days=messages_kept_days))
    with database.reading() as tx:
        named = {part for file in reads.source_files(tx, state=None) for part in file.parts}
        counting = [part for side in Side for content in CONTENTS for part in reads.active_parts(tx, side=side, content=content)]
        looked_into = runs.looked_into(tx, since=now.date() - timedelta(days=MATCHES_KEPT_DAYS))
    merge(lake, counting)
    watch_states.forget(lake, older_than_s=WATCH_KEPT_S)
    forgotten = forget_matches(lake, keep=looked_into, older_than_s=UNNAMED_FOR_S)
    return [*lake.sweep(named, older_than_s=UNNAMED_FOR_S), *forgotten]


def _forget_messages(database: Database, *, before: datetime) -> None:
    """A few in each transaction, so that whoever has something to say waits for none of it."""
    for _ in range(MOST_MESSAGES // MESSAGES_AT_ONCE):
        with database.transaction() as tx:
            if outbox.prune(tx, before=before, limit=MESSAGES_AT_ONCE) < MESSAGES_AT_ONCE:
                return

"""What nobody needs any more: old claims, deliveries that Slack repeats no longer, parts that no file names."""

from __future__ import annotations

from datetime import datetime, timedelta

from breakwater.lake.merging import merge
from breakwater.lake.outcomes import forget_matches
from breakwater.lake.parts import Lake
from breakwater.lake.writing import CONTENTS
from breakwater.model.records import Side
from breakwater.store import claims, inbox, reads, runs
from breakwater.store.database import Database

MATCHES_KEPT_DAYS = 14  # of the last run as of each day: what it matched can be compared with that long
UNNAMED_FOR_S = 24 * 3600  # far longer than a file is under way


def tidy(database: Database, lake: Lake, *, now: datetime) -> list[str]:
    """Forget what is past, and merge small parts. What was removed from the lake: parts whose file was never committed, old matches."""
    with database.transaction() as tx:
        claims.prune(tx, now=now)
        inbox.prune(tx, now=now)
        named = {part for file in reads.source_files(tx, state=None) for part in file.parts}
        counting = [part for side in Side for content in CONTENTS for part in reads.active_parts(tx, side=side, content=content)]
        looked_into = runs.looked_into(tx, since=now.date() - timedelta(days=MATCHES_KEPT_DAYS))
    merge(lake, counting)
    forgotten = forget_matches(lake, keep=looked_into, older_than_s=UNNAMED_FOR_S)
    return [*lake.sweep(named, older_than_s=UNNAMED_FOR_S), *forgotten]

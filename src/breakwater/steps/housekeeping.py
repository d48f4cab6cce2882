"""What nobody needs any more: old claims, deliveries that Slack repeats no longer, parts that no file names."""

from __future__ import annotations

from datetime import datetime

from breakwater.lake.parts import Lake
from breakwater.store import claims, inbox, reads
from breakwater.store.database import Database

UNNAMED_FOR_S = 24 * 3600  # far longer than a file is under way


def tidy(database: Database, lake: Lake, *, now: datetime) -> list[str]:
    """Forget what is past. The parts that were removed: those a crash left behind before their file was committed."""
    with database.transaction() as tx:
        claims.prune(tx, now=now)
        inbox.prune(tx, now=now)
        named = {part for file in reads.source_files(tx, state=None) for part in file.parts}
    return lake.sweep(named, older_than_s=UNNAMED_FOR_S)

"""What nobody needs any more: old claims, deliveries that Slack repeats no longer, parts that no file names."""

from __future__ import annotations

from datetime import datetime

from breakwater.lake.merging import merge
from breakwater.lake.parts import Lake
from breakwater.lake.writing import CONTENTS
from breakwater.model.records import Side
from breakwater.store import claims, inbox, reads
from breakwater.store.database import Database

UNNAMED_FOR_S = 24 * 3600  # far longer than a file is under way


def tidy(database: Database, lake: Lake, *, now: datetime) -> list[str]:
    """Forget what is past, and merge small parts. What was removed from the lake: above all parts whose file was never committed."""
    with database.transaction() as tx:
        claims.prune(tx, now=now)
        inbox.prune(tx, now=now)
        named = {part for file in reads.source_files(tx, state=None) for part in file.parts}
        counting = [part for side in Side for content in CONTENTS for part in reads.active_parts(tx, side=side, content=content)]
    merge(lake, counting)
    return lake.sweep(named, older_than_s=UNNAMED_FOR_S)

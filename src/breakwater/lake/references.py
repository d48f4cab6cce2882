"""References: finding records and events by any name somebody gave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from breakwater.lake.index import BLANKS, hash_sql, index_of
from breakwater.lake.parts import Lake
from breakwater.model.events import EVENT_SCHEMA, Event
from breakwater.model.records import RECORD_SCHEMA, REFERENCE_COLUMNS, Kind, Record, clean_reference

RECORDS_FOUND = 1_000  # a batch id names a whole batch: nobody reads more in a thread
EVENTS_FOUND = 1_000


def find_records(lake: Lake, parts: Sequence[str], references: Sequence[str], *, limit: int = RECORDS_FOUND) -> list[Record]:
    """Records that carry one of `references` in any reference or as their own id, whatever the case or blanks around it.

    In order of date and record id, at most `limit` of them. WorldError if a part can't be read.
    """
    wanted = sorted({cleaned for r in references if (cleaned := clean_reference(r))})
    columns = ("record_id", *REFERENCE_COLUMNS)
    is_wanted = " OR ".join(f"lower(trim({column}, $blanks)) IN (SELECT lower(unnest($wanted)))" for column in columns)
    return _records(_rows(lake, parts, wanted, is_wanted=is_wanted, names=RECORD_SCHEMA.names, blanks=BLANKS))[:limit]


def records_by_id(lake: Lake, parts: Sequence[str], ids: Sequence[str]) -> list[Record]:
    """The records with exactly these ids, in order of date and record id."""
    is_wanted = "record_id IN (SELECT unnest($wanted))"
    return _records(_rows(lake, parts, sorted(set(ids)), is_wanted=is_wanted, names=RECORD_SCHEMA.names))


def find_events(lake: Lake, parts: Sequence[str], payment_ids: Sequence[str], *, limit: int = EVENTS_FOUND) -> list[Event]:
    """What happened to the payments with exactly these ids, oldest first; an event delivered twice is there once."""
    is_wanted = "payment_id IN (SELECT unnest($wanted))"
    rows = _rows(lake, parts, sorted(set(payment_ids)), is_wanted=is_wanted, names=EVENT_SCHEMA.names)
    events = {row["event_id"]: Event(**{**row, "occurred_at": row["occurred_at"].astimezone(UTC)}) for row in rows}
    return sorted(events.values(), key=lambda e: (e.occurred_at, e.event_id))[:limit]


def _rows(
    lake: Lake, parts: Sequence[str], wanted: list[str], *, is_wanted: str, names: Sequence[str], **bound: str
) -> list[dict[str, Any]]:
    """The rows of `parts` that the index points at and that are wanted indeed."""
    hits = _hits(lake, parts, wanted) if parts and wanted else {}
    if not hits:
        return []
    sql = f"""
    WITH hits AS (SELECT unnest($hit_files) AS filename, unnest($hit_rows) AS file_row_number)
    SELECT {", ".join(names)} FROM read_parquet($paths, hive_partitioning = false, filename = true, file_row_number = true)
    JOIN hits USING (filename, file_row_number) WHERE {is_wanted}
    """
    files = [str(lake.root / part) for part, rows in hits.items() for _ in rows]
    found = {"hit_files": files, "hit_rows": [row for rows in hits.values() for row in rows], "paths": lake.scanned(hits)}
    return list(lake.query(sql, {**found, "wanted": wanted, **bound}).to_pylist())


def _hits(lake: Lake, parts: Sequence[str], wanted: list[str]) -> dict[str, set[int]]:
    """For each part with one of these references, by its hash: the rows to look at."""
    hashes = lake.query(
        f"SELECT DISTINCT {hash_sql('reference')} AS hash FROM (SELECT unnest($wanted) AS reference)", {"wanted": wanted, "blanks": BLANKS}
    )
    numbers = {f"h{n}": value for n, value in enumerate(hashes["hash"].to_pylist())}
    indexes = {str(lake.root / index_of(part)): part for part in parts}
    # The hashes stand in the query one by one, since only constants let the engine skip row groups before it reads them.
    sql = f"""
    SELECT filename, row FROM read_parquet($indexes, hive_partitioning = false, filename = true)
    WHERE hash IN ({", ".join(f"${name}" for name in numbers)})
    """
    found = lake.query(sql, {"indexes": list(indexes), **numbers})
    hits: dict[str, set[int]] = defaultdict(set)
    for row in found.to_pylist():
        hits[indexes[row["filename"]]].add(row["row"])
    return hits


def _records(rows: Iterable[dict[str, Any]]) -> list[Record]:
    return sorted((_record(row) for row in rows), key=lambda r: (r.booked_on, r.record_id))


def _record(row: dict[str, Any]) -> Record:
    booked_at = row["booked_at"]
    return Record(**{**row, "kind": Kind(row["kind"]), "booked_at": booked_at.astimezone(UTC) if booked_at else None})

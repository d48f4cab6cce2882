"""References: finding records and events by any name somebody gave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from breakwater.lake.parts import Lake
from breakwater.model.events import Event
from breakwater.model.records import REFERENCE_COLUMNS, Kind, Record, clean_reference

RECORDS_FOUND = 1_000  # a batch id names a whole batch: nobody reads more in a thread
EVENTS_FOUND = 1_000
# What is not part of a reference at its ends; the same as in clean_reference.
_BLANKS = " \t\n\r\f\v"


def find_records(lake: Lake, parts: Sequence[str], references: Sequence[str], *, limit: int = RECORDS_FOUND) -> list[Record]:
    """Records that carry one of `references` in any reference or as their own id, whatever the case or blanks around it.

    In order of date and record id, at most `limit` of them.
    """
    columns = ("record_id", *REFERENCE_COLUMNS)
    where = " OR ".join(f"lower(trim({column}, $blanks)) IN (SELECT reference FROM wanted)" for column in columns)
    wanted = sorted({cleaned for r in references if (cleaned := clean_reference(r))})
    return _records(lake, parts, where, wanted, limit=limit)


def records_by_id(lake: Lake, parts: Sequence[str], ids: Sequence[str]) -> list[Record]:
    """The records with exactly these ids, in order of date and record id."""
    if not parts or not ids:
        return []
    sql = """
    SELECT * FROM read_parquet($paths, hive_partitioning = false) WHERE record_id IN (SELECT unnest($ids))
    ORDER BY booked_on, record_id
    """
    found = lake.query(sql, {"paths": lake.scanned(parts), "ids": sorted(set(ids))})
    return [_record(row) for row in found.to_pylist()]


def find_events(lake: Lake, parts: Sequence[str], payment_ids: Sequence[str], *, limit: int = EVENTS_FOUND) -> list[Event]:
    """What happened to these payments, oldest first; an event delivered twice is there once."""
    if not parts or not payment_ids:
        return []
    sql = """
    SELECT DISTINCT ON (event_id) * FROM read_parquet($paths, hive_partitioning = false) WHERE payment_id IN (SELECT unnest($ids))
    ORDER BY occurred_at, event_id LIMIT $limit
    """
    found = lake.query(sql, {"paths": lake.scanned(parts), "ids": sorted(set(payment_ids)), "limit": limit})
    return [Event(**{**row, "occurred_at": row["occurred_at"].astimezone(UTC)}) for row in found.to_pylist()]


def _records(lake: Lake, parts: Sequence[str], where: str, wanted: list[str], *, limit: int) -> list[Record]:
    if not parts or not wanted:
        return []
    sql = f"""
    WITH wanted AS (SELECT lower(unnest($references)) AS reference)
    SELECT * FROM read_parquet($paths, hive_partitioning = false) WHERE {where} ORDER BY booked_on, record_id LIMIT $limit
    """
    bound = {"paths": lake.scanned(parts), "references": wanted, "blanks": _BLANKS, "limit": limit}
    return [_record(row) for row in lake.query(sql, bound).to_pylist()]


def _record(row: dict[str, Any]) -> Record:
    booked_at = row["booked_at"]
    return Record(**{**row, "kind": Kind(row["kind"]), "booked_at": booked_at.astimezone(UTC) if booked_at else None})

"""Codes that count as unknown, of all events: what a digest names, so that somebody teaches them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of
from breakwater.model.unknown_codes import UnknownCode

_UNKNOWN = """
SELECT partner, network, coalesce(raw_code, '') AS code, count(*) AS count FROM read_parquet($paths, hive_partitioning = false)
WHERE state = 'unknown' AND occurred_at >= $since GROUP BY ALL ORDER BY count DESC, partner, code, network
"""


def unknown_codes(lake: Lake, parts: Sequence[str], *, since: datetime) -> list[UnknownCode]:
    """The codes of events from `since` on that nobody knew when they were taken in, and nobody knows today; the most frequent first."""
    recent = [part for part in parts if part_of(part).day >= since.astimezone(UTC).date()]
    if not recent:
        return []
    found = lake.query(_UNKNOWN, {"paths": lake.scanned(recent), "since": since.astimezone(UTC)}).to_pylist()
    return [code for code in (UnknownCode(**row) for row in found) if not code.is_known_by_now]

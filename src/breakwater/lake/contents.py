"""Contents: what stands in the records of files, and what is missing in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of
from breakwater.model.records import RECORD_SCHEMA

FIELDS = tuple(f.name for f in RECORD_SCHEMA if f.nullable and f.name not in ("source_file", "line"))
MOST_CODES = 300  # of one file
_MISSING = f"""
SELECT filename, count(*) AS rows, {", ".join(f"count(*) - count({name}) AS {name}" for name in FIELDS)}
FROM read_parquet($paths, hive_partitioning = false, filename = true) GROUP BY filename
"""
_CODES = """
SELECT filename, code, count(*) AS rows FROM (
    SELECT filename, coalesce(raw_code, raw_status) AS code FROM read_parquet($paths, hive_partitioning = false, filename = true)
) WHERE code IS NOT NULL GROUP BY filename, code QUALIFY row_number() OVER (PARTITION BY filename ORDER BY rows DESC, code) <= $most
"""


def contents(lake: Lake, parts: Sequence[str]) -> dict[str, tuple[int, Mapping[str, int], Mapping[str, int]]]:
    """For each part of records: how many rows it has, in how many each field is missing, and its most frequent codes with their rows."""
    if not parts:
        return {}
    paths = {str(path): part_of(part).path for part, path in zip(parts, lake.paths(parts), strict=True)}
    given: dict[str, Any] = {"paths": list(paths)}
    codes: dict[str, dict[str, int]] = {}
    for row in lake.query(_CODES, {**given, "most": MOST_CODES}).to_pylist():
        codes.setdefault(row["filename"], {})[row["code"]] = row["rows"]
    return {
        paths[row["filename"]]: (row["rows"], {name: row[name] for name in FIELDS}, codes.get(row["filename"], {}))
        for row in lake.query(_MISSING, given).to_pylist()
    }

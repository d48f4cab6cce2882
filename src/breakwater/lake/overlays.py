"""Rows that were pulled once more: which are news, and what a new file has to carry on of the files it takes the place of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from breakwater.lake.parts import Lake


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The records a new file holds, and the hashes of the files whose place it takes: those of which a record changed."""

    records: pa.Table
    replaces: tuple[str, ...]


def overlay(lake: Lake, *, new: Sequence[str], held: Sequence[str]) -> Overlay:
    """Lay the records in the parts `new` over those in `held`, by record id.

    Records that are held already as they are stay where they are. Where one changed, the file that holds it is replaced: its other
    records are carried on, so that each record counts once, as it is now.
    """
    if not held:
        return Overlay(records=lake.query("SELECT * FROM read_parquet($new)", {"new": lake.scanned(new)}), replaces=())
    parameters = {"new": lake.scanned(new), "held": lake.scanned(held)}
    touched = lake.query(_WITH + "SELECT source_file FROM touched ORDER BY source_file", parameters)["source_file"].to_pylist()
    return Overlay(records=lake.query(_WITH + _RECORDS, parameters), replaces=tuple(touched))


_WITH = """
WITH new_rows AS (SELECT * EXCLUDE (source_file, line) FROM read_parquet($new)),
held_rows AS (SELECT * FROM read_parquet($held)),
news AS (SELECT record_id FROM (SELECT * FROM new_rows EXCEPT SELECT * EXCLUDE (source_file, line) FROM held_rows)),
touched AS (SELECT DISTINCT source_file FROM held_rows SEMI JOIN news USING (record_id)),
carried AS (SELECT * EXCLUDE (source_file, line) FROM held_rows SEMI JOIN touched USING (source_file) ANTI JOIN new_rows USING (record_id))
"""
_RECORDS = """
SELECT * FROM new_rows SEMI JOIN (
    SELECT record_id FROM news UNION ALL SELECT record_id FROM held_rows SEMI JOIN touched USING (source_file)
) USING (record_id)
UNION ALL SELECT * FROM carried ORDER BY record_id
"""

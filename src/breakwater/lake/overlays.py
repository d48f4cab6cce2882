"""Rows that were pulled once more: which are news, and what a new file has to carry on of the files it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.lake.parts import Lake


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The records a new file holds, and the hashes of the files whose place it takes: those of which a record changed."""

    records: pa.Table
    replaces: tuple[str, ...]

    def write(self, path: Path, *, at: datetime) -> None:
        """Write the records to a Parquet file. It says when that was: a file with the same records again, after others, is another one."""
        pq.write_table(self.records.replace_schema_metadata({"laid_over_at": at.isoformat()}), path)


def overlay(lake: Lake, *, new: Sequence[str], held: Sequence[str]) -> Overlay:
    """Lay the records in the parts `new` over those in `held`, by record id.

    Records that are held already as they are stay where they are. Where one changed, the file that holds it is replaced: its other
    records are carried on, so that each record counts once, as it is now.
    """
    if not held:
        return Overlay(records=lake.query(_ALL, {"new": lake.scanned(new)}), replaces=())
    parameters = {"new": lake.scanned(new), "held": lake.scanned(held)}
    touched = lake.query(_WITH + "SELECT source_file FROM touched ORDER BY source_file", parameters)["source_file"].to_pylist()
    return Overlay(records=lake.query(_WITH + _RECORDS, parameters), replaces=tuple(touched))


@dataclass(frozen=True, kw_only=True)
class Gone:
    """What a source no longer has of some days: how many of the records held, by currency what they come to, and the first ones."""

    held: int
    count: int
    amount_minor: Mapping[str, int]
    first: tuple[str, ...]


def gone(lake: Lake, *, new: Sequence[str], held: Sequence[str], first: date, last: date) -> Gone:
    """Which of the records in `held` that are booked from one day through another are not in `new`, which has all of those days."""
    asked = {"held": lake.scanned(held), "first": first, "last": last}
    new_ids = f"(SELECT record_id FROM ({_ALL}))" if new else "(SELECT NULL::VARCHAR AS record_id WHERE false)"
    parameters = asked | ({"new": lake.scanned(new)} if new else {})
    (count,) = lake.query(_HELD, asked)["rows"].to_pylist()
    rows = lake.query(_GONE.format(new=new_ids), parameters).to_pylist()
    return Gone(
        held=count,
        count=sum(row["rows"] for row in rows),
        amount_minor={row["currency"]: int(row["amount"]) for row in rows},
        first=tuple(sorted(name for row in rows for name in row["first"])[:GONE_NAMED]),
    )


def without_gone(lake: Lake, *, new: Sequence[str], held: Sequence[str], first: date, last: date) -> Overlay:
    """Lay `new`, which has all records of some days, over `held`: files that have records of those days, or one of `new`, are replaced."""
    parameters = {"new": lake.scanned(new), "held": lake.scanned(held), "first": first, "last": last}
    touched = lake.query(_OF_DAYS + "SELECT source_file FROM touched ORDER BY source_file", parameters)["source_file"].to_pylist()
    return Overlay(records=lake.query(_OF_DAYS + _WITHOUT_GONE, parameters), replaces=tuple(touched))


GONE_NAMED = 5
_ALL = "SELECT * FROM read_parquet($new, hive_partitioning = false)"
_HELD = "SELECT count(*) AS rows FROM read_parquet($held, hive_partitioning = false) WHERE booked_on BETWEEN $first AND $last"
_GONE = f"""
SELECT currency, count(*) AS rows, sum(amount_minor)::VARCHAR AS amount, list(record_id ORDER BY record_id)[:{GONE_NAMED}] AS first
FROM (SELECT * FROM read_parquet($held, hive_partitioning = false) WHERE booked_on BETWEEN $first AND $last)
ANTI JOIN {{new}} USING (record_id)
GROUP BY currency ORDER BY currency
"""
_OF_DAYS = """
WITH new_rows AS (SELECT * EXCLUDE (source_file, line) FROM read_parquet($new, hive_partitioning = false)),
held_rows AS (SELECT * FROM read_parquet($held, hive_partitioning = false)),
is_touched AS (
    SELECT source_file FROM held_rows WHERE booked_on BETWEEN $first AND $last
    UNION SELECT source_file FROM held_rows SEMI JOIN new_rows USING (record_id)
),
touched AS (SELECT DISTINCT source_file FROM is_touched),
carried AS (
    SELECT * EXCLUDE (source_file, line) FROM (SELECT * FROM held_rows WHERE NOT booked_on BETWEEN $first AND $last)
    SEMI JOIN touched USING (source_file) ANTI JOIN new_rows USING (record_id)
)
"""
_WITHOUT_GONE = "SELECT * FROM new_rows UNION ALL SELECT * FROM carried ORDER BY record_id"
_WITH = """
WITH new_rows AS (SELECT * EXCLUDE (source_file, line) FROM read_parquet($new, hive_partitioning = false)),
held_rows AS (SELECT * FROM read_parquet($held, hive_partitioning = false)),
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

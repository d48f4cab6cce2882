"""From what a run claimed to the tables of an Outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.matching.outcome import REFERENCE_NOTICE
from breakwater.model.runs import MATCH_SCHEMA, PENDING_SCHEMA

# Matches share no record, so the first of ours alone decides their order.
_SORTED = """
CREATE TEMP TABLE breakwater_matches AS SELECT row_number() OVER () - 1 AS match_id, * FROM (FROM ({heads}) ORDER BY ours)
"""
_ROWS = """
SELECT match_id, CASE WHEN is_ours THEN 'ours' ELSE 'theirs' END AS side, record_id, {passes}[pass + 1] AS pass,
  CASE WHEN noticed THEN {notice} END AS notice
FROM (SELECT match_id, unnest({members}) AS record_id, unnest({are_ours}) AS is_ours, pass, noticed FROM breakwater_matches)
"""
_PAIRS = {"members": "[ours, theirs]", "are_ours": "[true, false]"}
_PAIRS_AND_GROUPS = {name: f"CASE WHEN theirs IS NULL THEN {name} ELSE {of_pair} END" for name, of_pair in _PAIRS.items()}


def write_matches(connection: duckdb.DuckDBPyConnection, heads: str, *, passes: Sequence[str], target: Path) -> None:
    """Write one row per matched record, numbered by match in the order of (ours, theirs), as Parquet.

    `heads` is a query for the matches as `Books` keeps them. The same matches give the same bytes, whatever engine found them.
    """
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(_SORTED.format(heads=heads))
    has_groups = connection.execute("SELECT 1 FROM breakwater_matches WHERE theirs IS NULL LIMIT 1").fetchall()
    names = f"[{', '.join(map(_quoted, passes))}]"
    rows = _ROWS.format(passes=names, notice=_quoted(REFERENCE_NOTICE), **(_PAIRS_AND_GROUPS if has_groups else _PAIRS))
    connection.execute(f"COPY ({rows}) TO {_quoted(str(target))} (FORMAT parquet)")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def write_match_table(matches: pa.Table, target: Path) -> None:
    """The same file from the rows themselves, in their order."""
    with duckdb.connect() as connection:
        connection.register("matches", matches)
        connection.execute("CREATE TEMP TABLE rows AS FROM matches")
        # Through a list as above, or the file would say that a record_id is never null, in other bytes.
        rows = "SELECT match_id, side, unnest([record_id]) AS record_id, pass, notice FROM rows"
        connection.execute(f"COPY ({rows}) TO {_quoted(str(target))} (FORMAT parquet)")


def match_count(path: Path) -> int:
    """How many matches lie in a file: they are numbered from 0, in order."""
    file = pq.ParquetFile(path)
    if not file.metadata.num_rows:
        return 0
    last = file.read_row_group(file.num_row_groups - 1, columns=["match_id"])["match_id"]
    return int(last[-1].as_py()) + 1


def match_table(path: Path) -> pa.Table:
    """The matches that lie in a file, at hand."""
    return pq.read_table(path).cast(MATCH_SCHEMA)


def pending_table(pending: Iterable[tuple[str, str]], parts: Sequence[pa.Table] = ()) -> pa.Table:
    """The pending records by (side, record_id); `parts` are those in columns already."""
    found = list(pending)
    plain = pa.table({"side": [side for side, _ in found], "record_id": [i for _, i in found]}, schema=PENDING_SCHEMA)
    every = pa.concat_tables([plain, *(part.cast(PENDING_SCHEMA) for part in parts)])
    return every.sort_by([("side", "ascending"), ("record_id", "ascending")])

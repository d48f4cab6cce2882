"""From what a run claimed to the tables of an Outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from breakwater.errors import WorldError
from breakwater.matching.ahead import ahead
from breakwater.matching.backend import failed
from breakwater.matching.outcome import REFERENCE_NOTICE, SIDES
from breakwater.model.runs import MATCH_SCHEMA, PENDING_SCHEMA

# Matches share no record, so the first of ours alone decides their order.
_ROWS = """
SELECT match_id, unnest({members}) AS record_id, unnest({are_ours}) AS is_ours, pass, noticed
FROM (SELECT row_number() OVER () - 1 AS match_id, * FROM (FROM ({heads}) ORDER BY ours))
"""
_OF_PAIRS = {"members": "[ours, theirs]", "are_ours": "[true, false]"}
_OF_BOTH = {name: f"CASE WHEN theirs IS NULL THEN {name} ELSE {of_pair} END" for name, of_pair in _OF_PAIRS.items()}
_ROWS_AT_ONCE = 131_072
_ENCODED = ["side", "pass", "notice"]


def write_matches(connection: duckdb.DuckDBPyConnection, heads: str, *, passes: Sequence[str], target: Path) -> None:
    """Write one row per matched record, numbered by match in the order of (ours, theirs), as Parquet.

    `heads` is a query for the matches as `Books` keeps them. The same matches give the same bytes, whatever engine found them.
    """
    connection.execute("SET SESSION preserve_insertion_order = true")
    have_groups = "members" in connection.sql(heads).columns
    rows = connection.sql(_ROWS.format(heads=heads, **(_OF_BOTH if have_groups else _OF_PAIRS)))
    _write(target, (_named(part, pa.array(passes, pa.string())) for part in _in_parts(_read(rows))))


def _read(rows: duckdb.DuckDBPyRelation) -> Iterator[pa.RecordBatch]:
    """All rows. What goes wrong in mid-stream looks like a failure of the disk to Arrow, and is one of the engine."""
    try:
        yield from rows.to_arrow_reader(_ROWS_AT_ONCE)
    except OSError as lost:
        raise failed("The matching engine", lost) from None


def write_match_table(matches: pa.Table, target: Path) -> None:
    """The same file from the rows themselves, in their order."""
    _write(target, (_encoded(part) for part in _in_parts(matches.to_batches())))


def _write(target: Path, parts: Iterable[pa.Table]) -> None:
    """Arrow's writer takes few words as numbers, which is cheaper than DuckDB's; what it writes are texts all the same."""
    options = {"use_dictionary": _ENCODED, "column_encoding": {"match_id": "DELTA_BINARY_PACKED"}, "write_statistics": ["match_id"]}
    made = iter(parts)
    try:
        with pq.ParquetWriter(target, _FILE_SCHEMA, store_schema=False, **options) as writer:
            for part in ahead(partial(next, made, None) for _ in count()):
                if part is None:
                    break
                writer.write_table(part)
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise WorldError(f"The matches can't be written to {target.parent}: {why}.", remedy="Make room there, and run it again.") from None


_WORD = pa.dictionary(pa.int32(), pa.string())
_FILE_SCHEMA = pa.schema([f.with_type(_WORD) if f.name in ("side", "pass") else f for f in MATCH_SCHEMA])


def _in_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """All rows in parts of one size, each in one piece: how they came must not show in the file."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while sum(map(len, held)) >= _ROWS_AT_ONCE:
            table = pa.Table.from_batches(held)
            yield table.slice(0, _ROWS_AT_ONCE).combine_chunks()
            held = table.slice(_ROWS_AT_ONCE).to_batches()
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _named(rows: pa.Table, passes: pa.Array) -> pa.Table:
    side = _words(pc.if_else(rows["is_ours"], _OURS, _THEIRS), pa.array(SIDES))
    notice = pc.if_else(rows["noticed"], pa.scalar(REFERENCE_NOTICE), pa.scalar(None, pa.string()))
    return pa.table([rows["match_id"], side, rows["record_id"], _words(rows["pass"], passes), notice], _FILE_SCHEMA)


_OURS, _THEIRS = (pa.scalar(place, pa.int8()) for place in range(2))


def _words(places: pa.ChunkedArray, words: pa.Array) -> pa.DictionaryArray:
    """The words at these places, in the order in which they come up first, as encoding the texts themselves would have it."""
    encoded = places.combine_chunks().dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, words.take(encoded.dictionary))


def _encoded(rows: pa.Table) -> pa.Table:
    columns = [rows[f.name].dictionary_encode() if f.type == _WORD else rows[f.name] for f in _FILE_SCHEMA]
    return pa.table(columns, _FILE_SCHEMA)


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

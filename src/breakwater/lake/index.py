"""The reference index: beside each part, the hash of every reference in it and the row it stands in.

Rows come in runs, each sorted by hash, so that a look-up prunes by the smallest and largest hash and reads one row group per run.
A hash only says where to look: who looks compares the reference itself.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.model.records import REFERENCE_COLUMNS

INDEXED = {"records": ("record_id", *REFERENCE_COLUMNS), "events": ("payment_id",)}  # by what a part holds
BLANKS = " \t\n\r\f\v"  # what is no part of a reference at its ends, as in clean_reference
INDEX_SCHEMA = pa.schema([("hash", pa.uint64()), ("row", pa.int64())])
_FOLDER = "references"
_ROWS_PER_GROUP = 16_384  # what one look-up reads of a run
_ROWS_PER_RUN = 131_072  # of the part: fewer and longer runs cost a look-up less, and a writer more memory


def index_of(part: str) -> str:
    """Where the index of a part lies inside the lake."""
    return f"{_FOLDER}/{part}"


def part_of_index(name: str) -> str:
    """The part that a path inside the lake belongs to: its own, or that of its index."""
    return name.removeprefix(f"{_FOLDER}/")


def hash_sql(reference: str) -> str:
    """The SQL for the hash of a reference, which must never change: cut at its ends, in lower case, by MD5."""
    return f"md5_number_lower(lower(trim({reference}, $blanks)))"


class IndexWriter:
    """Writes the index of one part while the part is written."""

    def __init__(self, path: Path, *, content: str, engine: duckdb.DuckDBPyConnection) -> None:
        self._columns = INDEXED[content]
        self._engine = engine
        self._writer = pq.ParquetWriter(path, INDEX_SCHEMA, compression="zstd", use_dictionary=False)
        self._rows = 0
        self._run: list[pa.Table] = []
        self._run_rows = 0

    def add(self, table: pa.Table) -> None:
        """Index the rows that come next in the part."""
        numbers = pa.array(range(self._rows, self._rows + table.num_rows), pa.int64())
        self._rows += table.num_rows
        names = [name for name in self._columns if table[name].null_count < table.num_rows]
        sql = f"""
        SELECT {hash_sql("reference")} AS hash, row FROM (SELECT row, unnest([{", ".join(names)}]) AS reference FROM held)
        WHERE reference IS NOT NULL
        """
        with self._engine.cursor() as cursor:
            cursor.register("held", table.select(names).append_column("row", numbers))
            found = cursor.sql(sql, params={"blanks": BLANKS}).to_arrow_table()
        self._run.append(found.cast(INDEX_SCHEMA))
        self._run_rows += table.num_rows
        if self._run_rows >= _ROWS_PER_RUN:
            self._write_run()

    def close(self) -> None:
        """Finish the file."""
        self._write_run()
        self._writer.close()

    def _write_run(self) -> None:
        if self._run:
            run = pa.concat_tables(self._run).sort_by([("hash", "ascending"), ("row", "ascending")])
            self._writer.write_table(run, row_group_size=_ROWS_PER_GROUP)
        self._run, self._run_rows = [], 0

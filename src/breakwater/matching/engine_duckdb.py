"""DuckDB, embedded: nothing to install, and what does not fit into its memory goes to disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
from ibis import Column, Table

from breakwater.matching import sides
from breakwater.matching.backend import Means, failed
from breakwater.matching.books import Kept
from breakwater.matching.tables import write_matches

_SQL_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "date32[day]": "DATE"}
_SORTED_AT_ONCE = 8 << 20  # numbers


@contextmanager
def connect(scratch: Path, means: Means) -> Iterator[DuckDB]:
    """An embedded database of its own, which spills into `scratch`."""
    try:
        # Its tables live as long as a run, so to rewrite them compressed, as a checkpoint does, is in vain.
        connection = ibis.duckdb.connect(**_limits(scratch, means), preserve_insertion_order=False, checkpoint_threshold="1TB")
        try:
            yield DuckDB(connection)
        finally:
            connection.disconnect()
    except duckdb.Error as lost:
        raise failed("The matching engine", lost) from lost


def write_fetched(heads: pa.RecordBatchReader, passes: Sequence[str], target: Path, *, scratch: Path, means: Means) -> None:
    """The matches that another engine found, fetched from it, into the file of `tables.write_matches`."""
    with duckdb.connect(config=_limits(scratch, means)) as connection:
        connection.register("heads", heads)
        write_matches(connection, "FROM heads", passes=passes, target=target)


def _limits(scratch: Path, means: Means) -> dict[str, Any]:
    return {"memory_limit": means.memory_limit, "temp_directory": str(scratch / "spill")}


class DuckDB:
    """See `backend.Backend`. Sides stay in their files."""

    def __init__(self, connection: ibis.BaseBackend, *, sorted_at_once: int = _SORTED_AT_ONCE) -> None:
        self.connection, self._sorted_at_once = connection, sorted_at_once

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        return self._view(name, _reading(parts))

    def whole(self, name: str, table: Table) -> Table:
        return self._view(name, self.connection.compile(table))

    def keep(self, name: str, table: Table) -> Kept:
        ((size,),) = self.connection.raw_sql(f"CREATE TEMP TABLE {name} AS {self.connection.compile(table)}").fetchall()
        return Kept(self.connection.table(name), size)

    def put(self, name: str, rows: pa.Table) -> Table:
        return self.connection.create_table(name, rows, temp=True)

    def repeated(self, name: str, column: Column) -> Kept:
        """NumPy sorts numbers in a tenth of the time DuckDB takes; a share of them at a time, so memory does not grow with the sides."""
        table = column.as_table()
        number = table[column.get_name()]
        shares = 1 + table.count().to_pyarrow().as_py() // self._sorted_at_once
        parts = [table] if shares == 1 else [table.filter(number % shares == share) for share in range(shares)]
        found = pa.concat_arrays([_repeated(part.to_pyarrow().column(0)) for part in parts])
        return Kept(self.put(name, pa.table({column.get_name(): found})), len(found))

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        write_matches(self.connection.con, self.connection.compile(heads), passes=passes, target=target)

    def _view(self, name: str, sql: str) -> Table:
        self.connection.raw_sql(f"CREATE TEMP VIEW {name} AS {sql}")
        return self.connection.table(name)


def _repeated(column: pa.ChunkedArray) -> pa.Array:
    numbers = np.sort(column.to_numpy())
    return pa.array(np.unique(numbers[1:][numbers[1:] == numbers[:-1]]))


def _reading(parts: Sequence[Path]) -> str:
    """SQL that reads Parquet parts; the number of a record is its part's, then its row's."""
    # A path is a glob to DuckDB, so each of its special letters becomes a class of one letter.
    names = ", ".join("'" + re.sub(r"([*?\[])", r"[\1]", str(part)).replace("'", "''") + "'" for part in parts)
    columns = ", ".join(f'CAST("{field.name}" AS {_SQL_TYPES[str(field.type)]}) AS "{field.name}"' for field in sides.SCHEMA)
    # Without arithmetics, records looked up by their numbers are not even read whole.
    row = f"(CAST(file_index AS BIGINT) << {sides.ROW_BITS}) | file_row_number" if len(parts) > 1 else "file_row_number"
    # A folder called currency=EUR says nothing about the records in it.
    return f"SELECT {row} AS n, {columns} FROM read_parquet([{names}], file_row_number = true, hive_partitioning = false)"

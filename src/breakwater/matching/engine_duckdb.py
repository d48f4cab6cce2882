"""DuckDB, embedded: nothing to install, and what does not fit into its memory goes to disk."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import Column, Table
from ibis.backends.duckdb import Backend as Ibis

from breakwater.matching import sides
from breakwater.matching.backend import Means, failed
from breakwater.matching.books import Kept, T
from breakwater.matching.tables import write_matches

_SCHEMA = ibis.Schema.from_pyarrow(sides.SCHEMA.insert(0, pa.field("n", pa.int64())))
_SQL_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "date32[day]": "DATE"}
_SORTED_AT_ONCE = 8 << 20  # numbers
_INTERRUPTED_EVERY_S = 0.02
_THREADS = 3  # what a run begins at once, at most


@contextmanager
def connect(scratch: Path, means: Means) -> Iterator[DuckDB]:
    """An embedded database of its own, which spills into `scratch`."""
    try:
        # Its tables live as long as a run, so to rewrite them compressed, as a checkpoint does, is in vain.
        config = {**_limits(scratch, means), "preserve_insertion_order": False, "checkpoint_threshold": "1TB"}
        with (
            duckdb.connect(config=config) as root,
            _Ibis.from_connection(root) as connection,
            ThreadPoolExecutor(_THREADS, "matching") as pool,
        ):
            engine = DuckDB(connection, pool)
            try:
                yield engine
            except BaseException:
                engine.stop()  # or whoever pressed Ctrl-C waits for joins that nobody wants any more
                raise
    except duckdb.Error as lost:
        raise failed("The matching engine", lost) from lost
    except RuntimeError as stopped:
        if str(stopped) == "Query interrupted":  # what DuckDB makes of Ctrl-C
            raise KeyboardInterrupt from None
        raise


def write_fetched(heads: pa.RecordBatchReader, passes: Sequence[str], target: Path, *, scratch: Path, means: Means) -> None:
    """The matches that another engine found, fetched from it, into the file of `tables.write_matches`."""
    with duckdb.connect(config=_limits(scratch, means)) as connection:
        connection.register("heads", heads)
        write_matches(connection, "FROM heads", passes=passes, target=target)


def _limits(scratch: Path, means: Means) -> dict[str, Any]:
    return {"memory_limit": means.memory_limit, "temp_directory": str(scratch / "spill")}


class _Ibis(Ibis):  # type: ignore[misc]
    """Ibis with a cursor for each thread, since a connection does one thing after the other."""

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The cursor of this thread."""
        if self._stopped:
            raise duckdb.InterruptException("the run was stopped")
        if not hasattr(self._own, "cursor"):
            self._own.cursor = self._root.cursor()
            self._cursors.append(self._own.cursor)
        cursor: duckdb.DuckDBPyConnection = self._own.cursor
        return cursor

    @con.setter
    def con(self, root: duckdb.DuckDBPyConnection) -> None:
        self._root, self._own, self._cursors = root, threading.local(), list[duckdb.DuckDBPyConnection]()
        self._stopped = False

    def interrupt(self) -> None:
        """Stop the statement that each thread is at; none of them begins another one."""
        self._stopped = True
        for cursor in list(self._cursors):
            cursor.interrupt()

    def to_pyarrow(self, expr: ibis.Expr, /, **_: object) -> pa.Table | pa.ChunkedArray | pa.Scalar:
        """What an expression gives. Ibis' own way takes a tenth of a second longer, once: it imports pandas, which nothing here needs."""
        return expr.__pyarrow_result__(self.con.sql(self.compile(expr.as_table())).to_arrow_table())

    def __enter__(self) -> _Ibis:
        return self

    def __exit__(self, *_: object) -> None:
        for cursor in self._cursors:
            with suppress(duckdb.Error):  # whoever presses Ctrl-C twice leaves a thread behind that is still at it
                cursor.close()


class DuckDB:
    """See `backend.Backend`. Sides stay in their files. All cursors see its tables, so none is temporary; the database is in memory."""

    def __init__(self, connection: _Ibis, pool: ThreadPoolExecutor, *, sorted_at_once: int = _SORTED_AT_ONCE) -> None:
        self.connection, self.pool, self._sorted_at_once = connection, pool, sorted_at_once
        self._begun = list[Future[Any]]()

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        return self._view(name, _reading(parts), _SCHEMA)

    def whole(self, name: str, table: Table) -> Table:
        return self._view(name, self.connection.compile(table), table.schema())

    def keep(self, name: str, table: Table) -> Kept:
        ((size,),) = self.connection.raw_sql(f"CREATE TABLE {name} AS {self.connection.compile(table)}").fetchall()
        return Kept(self._table(name, table.schema()), size)

    def put(self, name: str, rows: pa.Table) -> Table:
        self.connection.con.from_arrow(rows).create(name)
        return self._table(name, ibis.Schema.from_pyarrow(rows.schema))

    def repeated(self, name: str, column: Column) -> Kept:
        """NumPy sorts numbers in a tenth of the time DuckDB takes; a share of them at a time, so memory does not grow with the sides."""
        table = column.as_table()
        number = table[column.get_name()]
        shares = 1 + table.count().to_pyarrow().as_py() // self._sorted_at_once
        parts = [table] if shares == 1 else [table.filter(number % shares == share) for share in range(shares)]
        found = pa.concat_arrays([_repeated(part.to_pyarrow().column(0)) for part in parts])
        return Kept(self.put(name, pa.table({column.get_name(): found})), len(found))

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        # A cursor of its own: one whose stream was left half-read says nothing but that to whoever uses it next.
        with self.connection.con.cursor() as cursor:
            write_matches(cursor, self.connection.compile(heads), passes=passes, target=target)

    def begin(self, task: Callable[[], T]) -> Callable[[], T]:
        future = self.pool.submit(task)
        self._begun.append(future)
        return future.result

    def stop(self) -> None:
        """End what was begun. A statement that is only just starting misses an interrupt, so one is not enough."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        while running := [future for future in self._begun if not future.done()]:
            self.connection.interrupt()
            wait(running, timeout=_INTERRUPTED_EVERY_S)

    def _view(self, name: str, sql: str, schema: ibis.Schema) -> Table:
        self.connection.raw_sql(f"CREATE VIEW {name} AS {sql}")
        return self._table(name, schema)

    def _table(self, name: str, schema: ibis.Schema) -> Table:
        """What `connection.table` gives, without asking for the schema."""
        table: Table = ops.DatabaseTable(name=name, schema=schema, source=self.connection).to_expr()
        return table


def _repeated(column: pa.ChunkedArray) -> pa.Array:
    numbers = np.concatenate([np.empty(0, column.type.to_pandas_dtype()), *(chunk.to_numpy() for chunk in column.chunks)])
    numbers.sort()
    return pc.unique(pa.array(numbers[1:][numbers[1:] == numbers[:-1]]))


def _reading(parts: Sequence[Path]) -> str:
    """SQL that reads Parquet parts; the number of a record is its part's, then its row's."""
    # A path is a glob to DuckDB, so each of its special letters becomes a class of one letter.
    names = ", ".join("'" + re.sub(r"([*?\[])", r"[\1]", str(part)).replace("'", "''") + "'" for part in parts)
    columns = ", ".join(f'CAST("{field.name}" AS {_SQL_TYPES[str(field.type)]}) AS "{field.name}"' for field in sides.SCHEMA)
    # Without arithmetics, records looked up by their numbers are not even read whole.
    row = f"(CAST(file_index AS BIGINT) << {sides.ROW_BITS}) | file_row_number" if len(parts) > 1 else "file_row_number"
    # A folder called currency=EUR says nothing about the records in it.
    return f"SELECT {row} AS n, {columns} FROM read_parquet([{names}], file_row_number = true, hive_partitioning = false)"

"""Any other backend of Ibis, by what Ibis offers on all of them. Nothing is claimed of it: `breakwater engine check` tries it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import Column, Table

from breakwater.errors import BreakwaterError, CallError, WorldError
from breakwater.matching import sides
from breakwater.matching.backend import Connect, Means, at_once, counted_twice, failed, first_line
from breakwater.matching.books import Kept, T
from breakwater.matching.engine_duckdb import write_fetched


def connector(url: str) -> Connect:
    """Connections to whatever Ibis finds at a URL. CallError where the URL holds a password."""
    place = urlsplit(url)
    if place.password:
        raise CallError("The URL of the engine holds a password.", remedy="Leave it out, and give it where that driver looks for it.")

    @contextmanager
    def connect(scratch: Path, means: Means) -> Iterator[AnyIbis]:
        # Drivers share no class of errors, so whatever is no error of ours is the engine's.
        try:
            connection = ibis.connect(url)
        except Exception as refused:
            raise WorldError(f"{place.scheme} can't be reached: {first_line(refused)}", remedy="Check the URL and its driver.") from refused
        engine = AnyIbis(connection, scratch, means)
        try:
            yield engine
        except BreakwaterError:
            raise
        except Exception as lost:
            raise failed(place.scheme, lost) from lost
        finally:
            engine.close()

    return connect


class AnyIbis:
    """See `backend.Backend`. Not every engine has temporary tables, so ours have names of their own and are dropped at the end."""

    def __init__(self, connection: ibis.BaseBackend, scratch: Path, means: Means) -> None:
        self._connection, self._scratch, self._means = connection, scratch, means
        connection.compiler = _speaking(connection.compiler)
        self._mark = uuid.uuid4().hex[:8]
        self._made: list[str] = []

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        return self.put(name, pa.concat_tables(_numbered(part, number << sides.ROW_BITS) for number, part in enumerate(parts)))

    def whole(self, name: str, table: Table) -> Table:
        return self.keep(name, table).table

    def keep(self, name: str, table: Table) -> Kept:
        kept = self._create(name, table)
        return Kept(kept, int(kept.count().to_pyarrow().as_py()))

    def put(self, name: str, rows: pa.Table) -> Table:
        return self._create(name, rows)

    def repeated(self, name: str, column: Column) -> Kept:
        return self.keep(name, counted_twice(column))

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        write_fetched(heads.to_pyarrow().to_reader(), passes, target, scratch=self._scratch, means=self._means)

    def begin(self, task: Callable[[], T]) -> Callable[[], T]:
        return at_once(task)

    def close(self) -> None:
        """Drop what was made, as far as the engine still answers."""
        for name in reversed(self._made):
            with suppress(Exception):
                self._connection.drop_table(name, force=True)
        with suppress(Exception):
            self._connection.disconnect()

    def _create(self, name: str, content: Table | pa.Table) -> Table:
        own = f"{name}_{self._mark}"
        self._made.append(own)
        return self._connection.create_table(own, content)


def _numbered(part: Path, first: int) -> pa.Table:
    try:
        table = pq.read_table(part, columns=sides.SCHEMA.names).cast(sides.SCHEMA)
    except (OSError, pa.ArrowException) as wrong:
        raise sides.unreadable(part, first_line(wrong)) from wrong
    return table.add_column(0, "n", pa.array(range(first, first + len(table)), pa.int64()))


def _speaking(compiler: Any) -> Any:
    """A backend's compiler that knows `hash_of`, which is DuckDB's own function, by Ibis' name for it."""

    class Portable(type(compiler)):  # type: ignore[misc]
        __slots__ = ()

        def visit_ScalarUDF(self, op: ops.Node, *, text: object) -> object:  # noqa: N802  Ibis looks for this name
            return self.visit_Hash(ops.Hash(op.args[0]), arg=text)

    return Portable()

"""PostgreSQL: both sides are copied into temporary tables of one connection, and all steps run there.

Texts have the C collation, so they are compared and sorted by code point whatever the database's own order is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis import Column, Table
from ibis.backends.postgres import Backend as Ibis
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from psycopg.conninfo import conninfo_to_dict
from sqlglot.expressions import Expression, Select
from sqlglot.transforms import eliminate_semi_and_anti_joins

from breakwater.errors import CallError, WorldError
from breakwater.matching import sides
from breakwater.matching.backend import Connect, Means, at_once, counted_twice, failed, first_line
from breakwater.matching.books import Kept, T
from breakwater.matching.engine_duckdb import write_fetched

CONNECT_TIMEOUT_S = 10
_TYPES = {
    "string": 'text COLLATE "C"',
    "int64": "bigint",
    "date32[day]": "date",
    "bool": "boolean",
    "list<item: string>": 'text[] COLLATE "C"',
    "list<item: bool>": "boolean[]",
}
# A cursor is asked for all its rows, never for the first few; the kept tables are too short-lived for anything but plain plans.
_SESSION = {
    "client_encoding": "UTF8",
    "cursor_tuple_fraction": "1.0",
    "datestyle": "ISO, YMD",
    "jit": "off",
    "standard_conforming_strings": "on",
    "temp_buffers": "128MB",
    "work_mem": "128MB",
}
_ROWS_AT_ONCE = 65_536
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def connector(url: str) -> Connect:
    """Connections to the database at a URL, such as postgresql://host/warehouse. CallError where it is no such URL."""
    try:
        place = conninfo_to_dict(url)
    except psycopg.ProgrammingError as wrong:
        raise CallError(f"'{url}' is no URL of a PostgreSQL database: {first_line(wrong)}.", remedy=_EXAMPLE) from None
    if place.get("password"):
        raise CallError("The URL of the engine holds a password.", remedy="Leave it out, and set PGPASSWORD or write ~/.pgpass.")

    @contextmanager
    def connect(scratch: Path, means: Means) -> Iterator[Postgres]:
        with _connected(place) as connection:
            try:
                yield Postgres(connection, scratch, means)
            except psycopg.errors.InsufficientPrivilege as refused:
                raise WorldError(f"PostgreSQL refuses: {first_line(refused)}", remedy="Grant TEMPORARY on that database.") from refused
            except psycopg.Error as lost:
                raise failed("PostgreSQL", lost) from lost

    return connect


_EXAMPLE = "It looks like postgresql://user@host:5432/database."


@contextmanager
def _connected(place: Mapping[str, object]) -> Iterator[psycopg.Connection]:
    """A connection of its own: temporary tables go with it."""
    settings = {"application_name": "breakwater", "connect_timeout": CONNECT_TIMEOUT_S} | dict(place) | {"autocommit": True}
    try:
        connection = psycopg.connect(**settings)  # type: ignore[arg-type]
    except psycopg.Error as refused:
        raise WorldError(
            f"PostgreSQL can't be reached: {first_line(refused)}",
            remedy="Check the URL and the login; the password comes from PGPASSWORD or ~/.pgpass.",
        ) from refused
    with connection:
        if connection.info.parameter_status("server_encoding") != "UTF8":
            raise CallError("That PostgreSQL database is not in UTF-8.", remedy="Name a database created with ENCODING 'UTF8'.")
        yield connection


class _Compiler(PostgresCompiler):  # type: ignore[misc]
    __slots__ = ()

    def to_sqlglot(self, expr: object, **options: object) -> Expression:
        """PostgreSQL has no semi and anti joins. sqlglot writes them as EXISTS, but each time it looks, it overlooks every second one."""
        tree: Expression = super().to_sqlglot(expr, **options)
        for select in reversed(list(tree.find_all(Select))):  # from inside, since what is rewritten is copied
            while any(join.kind in ("SEMI", "ANTI") for join in select.args.get("joins") or ()):
                eliminate_semi_and_anti_joins(select)
        return tree

    def visit_ScalarUDF(self, op: object, *, text: object) -> object:  # noqa: N802  Ibis looks for this name
        """`hash_of`, the only one we have."""
        return self.f.hashtextextended(text, 0)


class _Ibis(Ibis):  # type: ignore[misc]
    compiler = _Compiler()


class Postgres:
    """See `backend.Backend`."""

    def __init__(self, connection: psycopg.Connection, scratch: Path, means: Means) -> None:
        self.connection, self._scratch, self._means = connection, scratch, means
        self._ibis = _Ibis.from_connection(connection)
        for name, value in _SESSION.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.execute("CREATE TEMP TABLE breakwater ()")
        ((self._schema,),) = connection.execute("SELECT pg_my_temp_schema()::regnamespace::text").fetchall()

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        self._create(name, sides.SCHEMA.insert(0, pa.field("n", pa.int64())))
        with self.connection.cursor() as cursor, cursor.copy(f"COPY pg_temp.{name} FROM STDIN") as copy:
            for number, part in enumerate(parts):
                for lines in _lines(part, first=number << sides.ROW_BITS):
                    copy.write(lines)
        return self._analyzed(name)

    def whole(self, name: str, table: Table) -> Table:
        return self.keep(name, table).table

    def keep(self, name: str, table: Table) -> Kept:
        size = self.connection.execute(f"CREATE TEMP TABLE {name} AS {self._ibis.compile(table)}").rowcount
        return Kept(self._analyzed(name), size)

    def put(self, name: str, rows: pa.Table) -> Table:
        self._create(name, rows.schema)
        with self.connection.cursor() as cursor, cursor.copy(f"COPY pg_temp.{name} FROM STDIN") as copy:
            for batch in rows.to_batches():
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
        return self._analyzed(name)

    def repeated(self, name: str, column: Column) -> Kept:
        return self.keep(name, counted_twice(column))

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        write_fetched(heads.to_pyarrow_batches(), passes, target, scratch=self._scratch, means=self._means)

    def begin(self, task: Callable[[], T]) -> Callable[[], T]:
        return at_once(task)

    def _create(self, name: str, schema: pa.Schema) -> None:
        columns = ", ".join(f'"{field.name}" {_TYPES[str(field.type)]}' for field in schema)
        self.connection.execute(f"CREATE TEMP TABLE {name} ({columns})")

    def _analyzed(self, name: str) -> Table:
        """Without statistics the planner takes every temporary table for a small one, and joins by nested loops."""
        self.connection.execute(f"ANALYZE pg_temp.{name}")
        return self._ibis.table(name, database=self._schema)


def _lines(part: Path, *, first: int) -> Iterator[bytes]:
    """A Parquet file as COPY wants it, some rows at a time, each with its number."""
    try:
        for batch in pq.ParquetFile(part).iter_batches(_ROWS_AT_ONCE, columns=sides.SCHEMA.names):
            numbers = pa.array(range(first, first + len(batch)), pa.int64())
            columns = [numbers.cast(pa.string()), *(_texts(batch[field.name].cast(field.type), part) for field in sides.SCHEMA)]
            lines = pc.binary_join_element_wise(*columns, "\t", null_handling="replace", null_replacement="\\N")
            lines = pc.binary_join_element_wise(lines, "\n", "")
            yield lines.buffers()[2].to_pybytes()
            first += len(batch)
    except (OSError, pa.ArrowException) as wrong:
        raise sides.unreadable(part, first_line(wrong)) from wrong


def _texts(column: pa.Array, part: Path) -> pa.Array:
    """The values as texts, what COPY reads otherwise escaped; dates beyond the calendar, which are refused later, as infinity."""
    if pa.types.is_date(column.type):
        is_day = pc.and_(pc.greater_equal(column, pa.scalar(date.min)), pc.less_equal(column, pa.scalar(date.max)))
        return pc.if_else(is_day, column.cast(pa.string()), "infinity")
    texts = column.cast(pa.string())
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise CallError(f"{part} has a text with U+0000, which PostgreSQL can't hold.", remedy="Reconcile it with the embedded engine.")
    for letter, escaped in _ESCAPES.items():
        texts = pc.replace_substring(texts, letter, escaped)
    return texts

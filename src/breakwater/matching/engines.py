"""Where the matching runs: an embedded DuckDB, or the engine behind an Ibis connection URL."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
from ibis import Table

from breakwater.errors import CallError, WorldError
from breakwater.matching import sides as side_files
from breakwater.matching.agreement import KEY_COLUMNS, Agreement
from breakwater.matching.books import Books, Kept
from breakwater.matching.outcome import SIDES, break_table, totals
from breakwater.matching.pairs import clean
from breakwater.matching.passes import run
from breakwater.matching.tables import match_table, pending_table
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import ByHand, Outcome

MEMORY_LIMIT = "1GB"
EPOCH = date(1970, 1, 1)
Paths = Sequence[str | Path]
Match = Callable[..., Outcome]


def open(url: str | None = None) -> Match:
    """The `match` of an engine: match(ours=[paths], theirs=[paths], agreement=…, as_of=…) gives an Outcome.

    `by_hand` is what people matched; it comes before every pass. Each call has a connection and a scratch directory of its own, so
    calls may run side by side. CallError for sides that can't be used, WorldError when the engine is lost.
    """

    def match(*, ours: Paths, theirs: Paths, agreement: Agreement, as_of: date, by_hand: Sequence[ByHand] = ()) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="breakwater-") as scratch, _engine_errors():
            connection = _connect(url, Path(scratch))
            try:
                engine = _Engine(connection, paths={"ours": ours, "theirs": theirs}, agreement=agreement, scratch=Path(scratch))
                return _reconcile(engine, agreement=agreement, as_of=as_of, by_hand=by_hand)
            finally:
                connection.disconnect()

    return match


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as lost:
        raise WorldError(f"The matching engine failed: {str(lost).splitlines()[0]}", remedy="Run it again; nothing was written.") from lost


def _reconcile(engine: _Engine, *, agreement: Agreement, as_of: date, by_hand: Sequence[ByHand]) -> Outcome:
    """All steps, and what they found. Matched is what is neither in a break nor pending, which tests compare with the matches."""
    profiles = engine.profiles
    sizes = {side: profiles[side].rows for side in SIDES}
    books = Books(sides={side: engine.whole(side) for side in SIDES}, sizes=sizes, agreement=agreement, as_of=as_of, engine=engine)
    run(books, by_hand=by_hand)
    everything = [(side, *figures) for side in SIDES for figures in profiles[side].totals]
    not_matched = [
        (side, currency, -rows, -amount, -moved) for side, currency, rows, amount, moved in (*books.in_breaks, *books.in_pending)
    ]
    return Outcome(
        ours_rows=sizes["ours"],
        theirs_rows=sizes["theirs"],
        matched=totals((*everything, *not_matched)),
        pending_totals=totals(books.in_pending),
        in_breaks=totals(books.in_breaks),
        matches=match_table(books.matches),
        pending=pending_table(books.pending),
        breaks=break_table(books.breaks, agreement),
    )


class _Engine:
    """One connection with both sides staged and checked, for one reconciliation."""

    def __init__(self, connection: ibis.BaseBackend, *, paths: Mapping[str, Paths], agreement: Agreement, scratch: Path) -> None:
        self.connection, self.agreement = connection, agreement
        self._names = (f"breakwater_{number}" for number in count())
        parts = {side: side_files.parquet_parts(paths[side], side=side, scratch=scratch) for side in SIDES}
        self._staged = {side: _without_empty_texts(self._view(_reading(parts[side]))) for side in SIDES}
        self.profiles = {side: _checked(self._staged[side], side=side, paths=paths[side]) for side in SIDES}
        self._calendar = self.put(_calendar(agreement, {day for profile in self.profiles.values() for day in profile.dates}))

    def whole(self, side: str) -> Table:
        """All records of a side."""
        return self._view(self.connection.compile(_records(self._staged[side], self._calendar, self.agreement)))

    def records(self, side: str, numbers: Table) -> Table:
        """The records of a side with these numbers."""
        return _records(self._staged[side].semi_join(numbers, "n"), self._calendar, self.agreement)

    def keep(self, table: Table) -> Kept:
        """The rows of an expression, worked out once."""
        name = next(self._names)
        ((size,),) = self.connection.raw_sql(f"CREATE TEMP TABLE {name} AS {self.connection.compile(table)}").fetchall()
        return Kept(self.connection.table(name), size)

    def put(self, rows: pa.Table) -> Table:
        """Rows at hand, as a table of the engine."""
        return self.connection.create_table(next(self._names), rows, temp=True)

    def _view(self, sql: str) -> Table:
        """An expression by name, so that what is built on it stays short."""
        name = next(self._names)
        self.connection.raw_sql(f"CREATE TEMP VIEW {name} AS {sql}")
        return self.connection.table(name)


def _checked(table: Table, *, side: str, paths: Paths) -> side_files.Profile:
    try:
        return side_files.check(table, side=side, paths=paths)
    except (duckdb.InvalidInputException, duckdb.IOException) as wrong:
        raise CallError(f"The files of {side} can't be read: {str(wrong).splitlines()[0]}", remedy="Write them again.") from wrong


def _connect(url: str | None, scratch: Path) -> ibis.BaseBackend:
    if url is None:
        return ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=str(scratch / "spill"), preserve_insertion_order=False)
    raise CallError(f"The engine '{url}' is not supported.", remedy="Leave --engine out: the embedded engine needs nothing else.")


def _reading(parts: Sequence[Path]) -> str:
    """SQL that reads Parquet parts; the number of a record is its part's, then its row's."""
    # A path is a glob to DuckDB, so each of its special letters becomes a class of one letter.
    names = ", ".join("'" + re.sub(r"([*?\[])", r"[\1]", str(part)).replace("'", "''") + "'" for part in parts)
    columns = ", ".join(f'CAST("{field.name}" AS {_SQL_TYPES[str(field.type)]}) AS "{field.name}"' for field in side_files.SCHEMA)
    number = f"(CAST(file_index AS BIGINT) << {side_files.ROW_BITS}) | file_row_number AS n"
    return f"SELECT {number}, {columns} FROM read_parquet([{names}], file_row_number = true)"


_SQL_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "date32[day]": "DATE"}


def _without_empty_texts(table: Table) -> Table:
    """In every column of texts, an empty one is null."""
    return table.mutate(**{name: table[name].nullif("") for name, kind in table.schema().items() if kind.is_string()})


def _calendar(agreement: Agreement, days: Iterable[date]) -> pa.Table:
    """Each date there is, with `b`, the business days up to it, and `day`, the calendar days."""
    ordered = sorted(days)
    columns = {
        "date": pa.array(ordered, pa.date32()),
        "b": pa.array([agreement.calendar.between(EPOCH, day) for day in ordered], pa.int64()),
        "day": pa.array([(day - EPOCH).days for day in ordered], pa.int64()),
    }
    return pa.table(columns)


def _records(table: Table, calendar: Table, agreement: Agreement) -> Table:
    """Canonical records as the passes see them: one date with its count of business days, references cleaned."""
    dated = table.mutate(date=ibis.coalesce(table.value_date, table.booked_on))
    plain = dated.mutate(**{name: clean(dated[name], agreement.not_keys) for name in KEY_COLUMNS})
    kept = ["n", "date", *(name for name in CANONICAL_COLUMNS if name not in ("booked_on", "value_date"))]
    return plain.select(kept).join(calendar, "date")

"""Our own side: canonical records and events in CSV or Parquet, as the ledger exports them. Types are stated here, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from breakwater.errors import FileError
from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import Reading, Statement
from breakwater.model.masking import mask_cards
from breakwater.model.payments import ProcessingState
from breakwater.model.records import CANONICAL_COLUMNS, RECORD_SCHEMA, REFERENCE_COLUMNS, Kind, Side
from breakwater.sources import columns, csv_blocks
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import Document, Head, head_of

_PARQUET_ROWS = 20_000
_OURS_TO_SAY = frozenset({"source_file", "line"})  # where a row stands is known here, whatever the export says
_CORRECT = "Correct the export of the ledger."
_CODES = {"int64": "bad-amount", "date32[day]": "bad-date", "timestamp[us, tz=UTC]": "bad-date"}
_DAYS = (date.min, date.max)  # what a program can count with; Parquet has room for millions of years more
_INSTANTS = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))  # on any clock


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of the two tables a ledger exports: what identifies a row, what every file must have, and which words are known."""

    format: str
    schema: pa.Schema
    key: str
    required: tuple[str, ...]
    recognised_by: frozenset[str]
    word_column: str
    words: frozenset[str]
    cleaned: frozenset[str]
    day: str


RECORDS = Table(
    format="ledger-records",
    schema=RECORD_SCHEMA,
    key="record_id",
    required=(*CANONICAL_COLUMNS, "partner"),
    recognised_by=frozenset({"record_id", "kind", "amount_minor"}),
    word_column="kind",
    words=frozenset(Kind),
    cleaned=frozenset({*REFERENCE_COLUMNS, "account"}),
    day="booked_on",
)
EVENTS = Table(
    format="ledger-events",
    schema=EVENT_SCHEMA,
    key="event_id",
    required=tuple(field.name for field in EVENT_SCHEMA if not field.nullable),
    recognised_by=frozenset({"event_id", "payment_id", "occurred_at"}),
    word_column="state",
    words=frozenset(ProcessingState),
    cleaned=frozenset(name for name in EVENT_SCHEMA.names if name.startswith("ref_")),
    day="occurred_at",
)


class Ledger:
    """One of the ledger's tables as a language. Its logical key is the file's name without its ending."""

    side = Side.OURS

    def __init__(self, table: Table) -> None:
        self._table = table
        self.formats: tuple[str, ...] = (table.format,)
        self.event_formats: tuple[str, ...] = (table.format,) if table is EVENTS else ()

    def recognise(self, head: Head) -> str | None:
        """By the names of its columns, in the header line or in the Parquet schema."""
        known = self._table.recognised_by
        return self._table.format if known <= set(head.parquet_columns) or csv_blocks.header_of(head.text, known=known) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The typed rows of one export."""
        seen: set[str] = set()
        sums: dict[str, list[int]] = {}
        entries = 0
        head = head_of(document)
        typed = bool(head.parquet_columns)
        for block in _parquet_blocks(document, self._table) if typed else _csv_blocks(document, self._table, head):
            batch = _Rows(self._table, document, block, typed=typed).batch(seen)
            self._add_up(batch, reading, sums)
            entries += batch.num_rows
            yield batch
        stem = PurePath(document.name).stem
        reading.logical_keys.append(f"ledger:{stem}")
        if self._table is EVENTS:
            reading.statements.append(Statement(id=stem, account=None, currency=None, entries=entries))
        for currency, (count, credits_minor, debits_minor) in sums.items():
            reading.statements.append(
                Statement(id=stem, account=None, currency=currency, entries=count, credits_minor=credits_minor, debits_minor=debits_minor)
            )

    def _add_up(self, batch: pa.RecordBatch, reading: Reading, sums: dict[str, list[int]]) -> None:
        latest = pc.max(pc.cast(batch.column(self._table.day), pa.date32(), safe=False)).as_py()
        days: list[date] = [day for day in (reading.business_date, latest) if day]
        reading.business_date = max(days, default=None)
        if self._table is RECORDS:
            for currency, amount_minor in zip(batch.column("currency").to_pylist(), batch.column("amount_minor").to_pylist(), strict=True):
                figures = sums.setdefault(currency, [0, 0, 0])
                figures[0] += 1
                figures[1 if amount_minor > 0 else 2] += abs(amount_minor)


def _csv_blocks(document: Document, table: Table, head: Head) -> Iterator[Block]:
    """The rows of a CSV file with the columns we know, still as texts."""
    header = csv_blocks.header_of(head.text, known=table.recognised_by)
    if header is None:
        raise _missing(document, sorted(table.recognised_by))
    _require_columns(document, table, header.names)
    wanted = [name for name in table.schema.names if name in header.names and name not in _OURS_TO_SAY]
    yield from csv_blocks.blocks(document, header, columns=wanted, needed=table.required)


def _parquet_blocks(document: Document, table: Table) -> Iterator[Block]:
    """The rows of a Parquet file with the columns we know, in the file's own types."""
    assert document.path is not None
    with pq.ParquetFile(document.path) as file:
        names = file.schema_arrow.names
        _require_columns(document, table, names)
        wanted = [name for name in table.schema.names if name in names and name not in _OURS_TO_SAY]
        first = 1
        try:
            for batch in file.iter_batches(_PARQUET_ROWS, columns=wanted):
                lines = pa.array(range(first, first + batch.num_rows), pa.int64())
                first += batch.num_rows
                yield Block(columns={name: batch.column(name) for name in wanted}, lines=lines)
        except (pa.ArrowInvalid, OSError) as wrong:
            raise FileError("malformed", f"{document.name} is a damaged Parquet file: {wrong}.", remedy=_CORRECT) from None


def _require_columns(document: Document, table: Table, names: list[str] | tuple[str, ...]) -> None:
    if missing := [name for name in table.required if name not in names]:
        raise _missing(document, missing)


def _missing(document: Document, names: list[str]) -> FileError:
    listed = ", ".join(f"'{name}'" for name in names)
    remedy = "Add them to the export of the ledger, empty where nothing is known: docs/partners.md lists them all."
    return FileError("malformed", f"{document.name} lacks the {'column' if len(names) == 1 else 'columns'} {listed}.", remedy=remedy)


class _Rows:
    """One block of an export, typed and checked."""

    def __init__(self, table: Table, document: Document, block: Block, *, typed: bool) -> None:
        self._typed_file = typed
        self._table = table
        self._document = document
        self._block = block

    def batch(self, seen: set[str]) -> pa.RecordBatch:
        """The rows, each value in its column's type; `seen` are the identities of earlier blocks."""
        count = len(self._block.lines)
        given = {field.name: self._typed(field) for field in self._table.schema if field.name in self._block.columns}
        given["line"] = self._block.lines
        given["source_file"] = pa.repeat(pa.scalar(self._document.source_file, pa.string()), count)
        self._check(given, seen)
        arrays = [given.get(field.name, pa.nulls(count, field.type)) for field in self._table.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self._table.schema)

    def _typed(self, field: pa.Field) -> pa.Array:
        column = self._block.columns[field.name]
        if self._typed_file:
            column = self._converted(column, field)
        if pa.types.is_string(field.type):
            return columns.cleaned(column) if field.name in self._table.cleaned else columns.or_null(column)
        if self._typed_file:
            return column
        blame = self._blame(field.name, _CODES[str(field.type)])
        if pa.types.is_int64(field.type):
            return columns.whole_numbers(column, blame)
        return columns.days(column, blame) if pa.types.is_date32(field.type) else columns.instants(column, blame)

    def _converted(self, column: pa.Array, field: pa.Field) -> pa.Array:
        """A Parquet column in the type we keep, where that is the same kind of thing; a text is never taken for a number or a date."""
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        same = {
            "string": pa.types.is_string(kind) or pa.types.is_large_string(kind),
            "int64": pa.types.is_integer(kind),
            "date32[day]": pa.types.is_date32(kind),
            "timestamp[us, tz=UTC]": pa.types.is_timestamp(kind) and kind.tz is not None,
        }
        if not (same[str(field.type)] or pa.types.is_null(kind)):
            message = f"{self._document.name}: the column '{field.name}' is of the type {column.type}, not {field.type}."
            raise FileError("malformed", message, remedy=_CORRECT)
        try:
            return pc.cast(column, field.type)
        except pa.ArrowInvalid as wrong:
            message = f"{self._document.name}: the column '{field.name}' can't be kept exactly as {field.type}: {wrong}."
            raise FileError(_CODES[str(field.type)], message, remedy=_CORRECT) from None

    def _check(self, given: dict[str, pa.Array], seen: set[str]) -> None:
        table = self._table
        for field in table.schema:
            if not field.nullable and given[field.name].null_count:
                self._refuse(pc.is_null(given[field.name]), _CODES.get(str(field.type), "malformed"), field.name, "is empty")
        self._check_times(given)
        words = given[table.word_column]
        self._refuse(pc.invert(pc.is_in(words, pa.array(sorted(table.words)))), "malformed", table.word_column, "is a word nobody knows")
        for name in ("currency", "original_currency"):
            if name in given:
                wrong = pc.invert(pc.match_substring_regex(given[name], r"^[A-Z]{3}$"))
                self._refuse(pc.fill_null(wrong, False), "malformed", name, "is no currency: three letters A-Z")
        if "original_currency" in given:
            one_only = pc.xor(pc.is_null(given["original_currency"]), pc.is_null(given["original_amount_minor"]))
            self._refuse(one_only, "malformed", "original_amount_minor", "and 'original_currency' go together: both or none")
        self._check_identities(given[table.key].to_pylist(), seen)

    def _check_times(self, given: dict[str, pa.Array]) -> None:
        for field in self._table.schema:
            if field.name in given and pa.types.is_temporal(field.type):
                first, last = (pa.scalar(at, field.type) for at in (_DAYS if pa.types.is_date(field.type) else _INSTANTS))
                out = pc.or_(pc.less(given[field.name], first), pc.greater(given[field.name], last))
                self._refuse(pc.fill_null(out, False), "bad-date", field.name, "lies outside of the years 1 to 9999")

    def _check_identities(self, identities: list[str], seen: set[str]) -> None:
        if len(set(identities)) == len(identities) and seen.isdisjoint(identities):
            seen.update(identities)
            return
        for row, identity in enumerate(identities):
            if identity in seen:
                self._blame(self._table.key, "malformed")(row, f"{identity}, which stands in this file twice")
            seen.add(identity)

    def _refuse(self, wrong: pa.Array, code: str, name: str, why: str) -> None:
        row = pc.index(wrong, value=True).as_py()
        if row >= 0:
            raise FileError(code, f"{self._where(row)}: '{name}' {why}.", remedy=_CORRECT)

    def _blame(self, name: str, code: str) -> columns.Blame:
        def blame(row: int, text: str) -> NoReturn:
            raise FileError(code, f"{self._where(row)}: '{name}' can't be {mask_cards(text)!s}.", remedy=_CORRECT)

        return blame

    def _where(self, row: int) -> str:
        return f"{self._document.name} line {self._block.lines[row].as_py()}"

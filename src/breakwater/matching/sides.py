"""The two sides as files: canonical records in Parquet or CSV, with the types the columns have, never guessed ones."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from ibis import Column

from breakwater.errors import CallError, nearest
from breakwater.matching.agreement import KINDS, Agreement
from breakwater.matching.books import Kept
from breakwater.matching.pairs import hash_of, is_suspect
from breakwater.model.money import CURRENCY_CODE
from breakwater.model.records import CANONICAL_COLUMNS, RECORD_SCHEMA

SCHEMA = pa.schema([RECORD_SCHEMA.field(name).with_nullable(True) for name in CANONICAL_COLUMNS])
ROW_BITS = 40  # a record's number is its part's number, then its row in that part
MOST_STATUSES = 32
_BLOCK_BYTES = 4 << 20
_NEEDED = ("record_id", "kind", "amount_minor", "currency", "booked_on")
_ENGINE_COLUMNS = {"file_row_number", "file_index", "filename"}
_INTEGER, _DATE = "^-?[0-9]+$", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What one look at a side tells: its dates, (currency, rows, sum of amounts, sum of their absolute values), which of the columns
    that passes compare are clean as they are, whether any record has an original amount or a fee, and all statuses, if these are few."""

    rows: int
    clean: frozenset[str]
    has_originals: bool
    has_fees: bool
    statuses: frozenset[str] | None
    dates: frozenset[date]
    totals: tuple[tuple[str, int, int, int], ...]


def parquet_parts(paths: Sequence[str | Path], *, side: str, scratch: Path) -> list[Path]:
    """The parts of a side as Parquet files with the right types: as they are, or rewritten into `scratch`. CallError if unfit."""
    parts = [Path(path) for path in paths]
    if not parts:
        pq.write_table(SCHEMA.empty_table(), scratch / f"{side}.parquet")
        return [scratch / f"{side}.parquet"]
    return [_parquet_part(part, scratch / f"{side}-{number}.parquet") for number, part in enumerate(parts)]


def _parquet_part(path: Path, target: Path) -> Path:
    try:
        if path.suffix != ".parquet":
            _rewrite(_csv_batches(path), target)
            return target
        schema = pq.read_schema(path)
        _check_schema(schema, path)
        if not _needs_rewriting(schema):
            return path
        file = pq.ParquetFile(path)
        _rewrite(file.iter_batches(columns=list(CANONICAL_COLUMNS)), target)
    except OSError as wrong:
        # Arrow reports a file that is not Parquet as an OSError without a number.
        raise unreadable(path, wrong.strerror or str(wrong)) from None
    except pa.ArrowInvalid as wrong:
        raise unreadable(path, str(wrong)) from None
    return target


def refuse_damaged(paths: Sequence[str | Path]) -> None:
    """CallError for the first Parquet file that can't be read to its end."""
    for path in map(Path, paths):
        if path.suffix == ".parquet":
            try:
                for batch in pq.ParquetFile(path).iter_batches(columns=list(CANONICAL_COLUMNS)):
                    batch.validate(full=True)
            except (OSError, pa.ArrowException) as wrong:
                raise unreadable(path, str(wrong)) from wrong


def unreadable(path: Path, why: str) -> CallError:
    """A file that is not what its name says, or not there."""
    return CallError(f"{path} can't be read: {why.splitlines()[0].rstrip('.')}.", remedy="Correct the path, or write the file again.")


def _rewrite(batches: Iterator[pa.RecordBatch], target: Path) -> None:
    with pq.ParquetWriter(target, SCHEMA, compression="lz4") as writer:
        for batch in batches:
            writer.write_batch(batch.cast(SCHEMA) if batch.schema != SCHEMA else batch)


# Parquet


def _check_schema(schema: pa.Schema, path: Path) -> None:
    _check_names(schema.names, path)
    for wanted in SCHEMA:
        found = schema.field(wanted.name).type
        if not _fits(found, wanted.type):
            raise CallError(
                f"{path}: column '{wanted.name}' is {found}, and has to be {_word(wanted.type)}.",
                remedy=f"Write '{wanted.name}' as {_word(wanted.type)}.",
            )


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_null(found):
        return True
    if wanted == pa.string():
        plain = found.value_type if pa.types.is_dictionary(found) else found
        return any(test(plain) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))
    return bool(pa.types.is_date(found) if pa.types.is_date(wanted) else found == wanted)


def _word(kind: pa.DataType) -> str:
    return {"string": "text", "int64": "a whole number of 64 bits", "date32[day]": "a date"}[str(kind)]


def _needs_rewriting(schema: pa.Schema) -> bool:
    """Engines fold the case of column names, and a column of nulls has no type of its own."""
    lower = Counter(name.lower() for name in schema.names)
    ambiguous = any(lower[name] > 1 for name in CANONICAL_COLUMNS) or not _ENGINE_COLUMNS.isdisjoint(lower)
    return ambiguous or any(pa.types.is_null(schema.field(name).type) for name in CANONICAL_COLUMNS)


def _check_names(names: Sequence[str], path: Path) -> None:
    for name in CANONICAL_COLUMNS:
        if names.count(name) == 0:
            raise CallError(
                f"{path} has no column '{name}'.{nearest(name, [n for n in names if n not in CANONICAL_COLUMNS])}",
                remedy="A side has all columns of the canonical record; the values may be empty where they are unknown.",
            )
        if names.count(name) > 1:
            raise CallError(f"{path} has the column '{name}' twice.", remedy="Leave one of them out.")


# CSV


def _csv_batches(path: Path) -> Iterator[pa.RecordBatch]:
    header, is_all = _csv_header(path)
    _check_names(header, path)
    if is_all:
        return
    reader = pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(CANONICAL_COLUMNS), column_types=dict.fromkeys(CANONICAL_COLUMNS, pa.string()), strings_can_be_null=False
        ),
    )
    first = 0
    for batch in reader:
        yield pa.record_batch([_typed(batch[f.name], f, path, first) for f in SCHEMA], schema=SCHEMA)
        first += len(batch)


def _csv_header(path: Path) -> tuple[list[str], bool]:
    """The names of the columns, and whether nothing follows them, not even the end of their line, which Arrow takes for no CSV."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return next(csv.reader(lines), []), next(lines, None) is None
    except UnicodeDecodeError:
        raise CallError(f"{path} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except csv.Error as wrong:
        raise unreadable(path, str(wrong)) from None


def _typed(column: pa.Array, field: pa.Field, path: Path, first: int) -> pa.Array:
    """A column of texts as what its field says; empty is null."""
    filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    if field.type == pa.string():
        return filled
    fits = pc.fill_null(pc.match_substring_regex(filled, _INTEGER if field.type == pa.int64() else _DATE), True)
    if not pc.all(fits).as_py() and len(fits):
        _refuse_text(filled, fits.index(pa.scalar(False)).as_py(), field, path, first)
    try:
        return filled.cast(field.type)
    except pa.ArrowInvalid:
        return _refuse_text(filled, next(n for n, text in enumerate(filled) if not _casts(text, field.type)), field, path, first)


def _casts(text: pa.Scalar, kind: pa.DataType) -> bool:
    try:
        text.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _refuse_text(column: pa.Array, row: int, field: pa.Field, path: Path, first: int) -> NoReturn:
    form = " in the form 2026-04-30" if pa.types.is_date(field.type) else ""
    raise CallError(
        f"{path} {place(path, first + row)}: {field.name} is '{column[row]}', and has to be {_word(field.type)}{form}.",
        remedy="Correct that value.",
    )


def place(path: Path, row: int) -> str:
    """Where the record number `row` (from 0) is: its line in a CSV file, its row in a Parquet file (from 1)."""
    if path.suffix == ".parquet":
        return f"row {row + 1}"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        filled = (reader.line_num for cells in reader if cells)
        return f"line {next(line for n, line in enumerate(filled) if n == row + 1)}"


# Values


def check(table: ibis.Table, *, agreement: Agreement, side: str, paths: Sequence[str | Path]) -> Profile:
    """The profile of a staged side (see `engines`). CallError names the first record with a value that can't be."""
    compared = sorted(agreement.compared_columns)
    found = _look(table, compared, agreement)
    for group in found:
        if _is_wrong(group):
            _refuse_first(table, side, paths)
    rows = sum(group["rows"] for group in found)
    totals = tuple((group["currency"], group["rows"], int(group["amount_minor"]), int(group["moved_minor"])) for group in found)
    clean = frozenset(name for name in compared if not any(group[f"suspect_{name}"] for group in found))
    return Profile(
        rows=rows,
        clean=clean,
        has_originals=any(group["original_currency"] for group in found),
        has_fees=any(group["fees"] for group in found),
        statuses=_statuses(table),
        dates=frozenset(group["day"] for group in found),
        totals=totals,
    )


def _statuses(table: ibis.Table) -> frozenset[str] | None:
    """The statuses there are; None if there are many."""
    found = table.select(status=table.status.nullif("")).distinct().limit(MOST_STATUSES + 1).to_pyarrow()["status"].to_pylist()
    return None if len(found) > MOST_STATUSES else frozenset(found) - {None}


def _look(table: ibis.Table, compared: Sequence[str], agreement: Agreement) -> list[dict[str, Any]]:
    """One row per kind, currencies and date, with the number of records where something is missing, or a key may not be clean."""
    day = ibis.coalesce(table.value_date, table.booked_on)
    outside = ibis.or_(*_outside(table))
    groups = table.group_by(table.kind, table.currency, table.original_currency, day=ibis.ifelse(outside, None, day)).aggregate(
        rows=table.count(),
        fees=table.fee_minor.count(),
        amount_minor=table.amount_minor.cast("decimal(38,0)").sum().cast("decimal(38,0)"),
        moved_minor=table.amount_minor.cast("decimal(38,0)").abs().sum().cast("decimal(38,0)"),
        missing=((table.record_id.fill_null("") == "") | table.amount_minor.isnull() | table.booked_on.isnull() | outside).sum(),
        halves=(table.original_amount_minor.isnull() != table.original_currency.nullif("").isnull()).sum(),
        **{f"suspect_{name}": is_suspect(table[name], agreement.not_keys).sum() for name in compared},
    )
    return list(groups.to_pyarrow().to_pylist())


def _is_wrong(group: Mapping[str, Any]) -> bool:
    currencies = [group["currency"] or "", group["original_currency"] or group["currency"] or ""]
    return bool(
        group["kind"] not in KINDS or group["missing"] or group["halves"] or not all(CURRENCY_CODE.fullmatch(c) for c in currencies)
    )


def _refuse_first(table: ibis.Table, side: str, paths: Sequence[str | Path]) -> NoReturn:
    """Find the first wrong record, which is there, and say what is wrong with it."""
    table = table.mutate(**{name: table[name].nullif("") for name, kind in table.schema().items() if kind.is_string()})
    currencies = (ibis.coalesce(table[name], "XXX") for name in ("currency", "original_currency"))
    wrong = [table[name].isnull() for name in _NEEDED]
    wrong += [table.kind.notin(KINDS), *(~currency.re_search("^[A-Z]{3}$") for currency in currencies)]
    wrong += [table.original_amount_minor.isnull() != table.original_currency.isnull(), *_outside(table)]
    (row,) = table.filter(ibis.or_(*wrong)).order_by("n").limit(1).drop("booked_on", "value_date").to_pyarrow().to_pylist()
    raise CallError(f"{_origin(paths, row['n'])}: {_complaint(row)}.", remedy=f"Correct that record of {side}.")


def _outside(table: ibis.Table) -> list[ibis.Value]:
    """Dates beyond the years 1 to 9999, which no calendar counts."""
    days = (table.booked_on, table.value_date)
    return [~day.between(ibis.literal(date.min), ibis.literal(date.max)).fill_null(True) for day in days]


def _complaint(row: Mapping[str, Any]) -> str:
    for name in _NEEDED:
        if name in row and row[name] is None:
            return f"{name} is empty"
    if row["kind"] not in KINDS:
        return f"kind is '{row['kind']}', which is none of {', '.join(KINDS)}.{nearest(row['kind'], KINDS)}".rstrip("?.")
    for name in ("currency", "original_currency"):
        if row[name] is not None and not CURRENCY_CODE.fullmatch(row[name]):
            return f"{name} is '{row[name]}', and has to be three letters A-Z"
    if (row["original_amount_minor"] is None) != (row["original_currency"] is None):
        return "original_amount_minor and original_currency have to be there both, or none of them"
    return "booked_on is empty, or a date is outside the years 1 to 9999"


def check_ids(table: ibis.Table, *, side: str, paths: Sequence[str | Path], repeated: Callable[[Column], Kept]) -> None:
    """CallError for a record_id that is there twice. `repeated` is the engine's way to the values that a column has more than once."""
    if not repeated(hash_of(table.record_id).name("own")).size:
        return
    # Their hashes may be equal without them.
    twice = table.group_by("record_id").aggregate(n=table.n.max(), rows=table.count())
    rows = twice.filter(twice.rows > 1).order_by("n").limit(1).to_pyarrow().to_pylist()
    for row in rows:
        raise CallError(
            f"{_origin(paths, row['n'])}: record_id {json.dumps(row['record_id'], ensure_ascii=False)} was there before.",
            remedy=f"Each record of {side} has an id of its own; leave the repeated one out.",
        )


def _origin(paths: Sequence[str | Path], n: int) -> str:
    path = Path(paths[n >> ROW_BITS])
    return f"{path} {place(path, n & ((1 << ROW_BITS) - 1))}"

"""How the first rows of a file are read: from which columns which field of a record comes."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from breakwater.model.files import Reading
from breakwater.model.masking import mask_cards
from breakwater.model.records import Side
from breakwater.sources import files
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import HEAD_BYTES, Document, Language, head_of
from breakwater.sources.layout_language import LayoutLanguage
from breakwater.sources.layouts import Column, Layout

_ABOUT_THE_FILE = frozenset({"partner", "network", "source_file", "line"})


@dataclass(frozen=True)
class Field:
    """One field of a record: its value, and the filled cells it was read from, as (column, text). None are known of other languages."""

    name: str
    value: str
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ExplainedRow:
    """One row of a file. `text` is the line as it stands, where the file has lines; without fields it moved no money, and `why` says so."""

    line: int
    fields: tuple[Field, ...]
    text: str | None = None
    why: str | None = None


def explain(path: Path | str, *, rows: int, format: str | None = None, layouts: Sequence[Language] = ()) -> list[ExplainedRow]:
    """How the first `rows` rows of the file at `path` are read, with every card number masked. FileError as when it is read."""
    document, name, language = files.first_document(path, format=format, layouts=layouts)
    reading = Reading(format=name, side=Side.THEIRS, records=iter(()))
    if isinstance(language, LayoutLanguage):
        layout, block, batches = language.first_block(document, reading)
        return _of_layout(layout, block, batches, rows=rows) if block else []
    batch = next(iter(language.read(document, reading)), None) or next(iter(reading.events_among_records), None)
    return [] if batch is None else _of_language(document, batch.slice(0, rows).to_pylist())


def _of_layout(layout: Layout, block: Block, batches: list[pa.RecordBatch], *, rows: int) -> list[ExplainedRow]:
    records = {record["line"]: record for batch in batches for record in batch.slice(0, rows).to_pylist()}
    explained = []
    for row, line in enumerate(block.lines[:rows].to_pylist()):
        cells = {name: column[row].as_py() for name, column in block.columns.items()}
        if line in records:
            fields = tuple(_field(name, value, cells, layout) for name, value in _told(records[line]))
            explained.append(ExplainedRow(line, fields))
        else:
            explained.append(ExplainedRow(line, (), why=_why(cells, layout)))
    return explained


def _why(cells: Mapping[str, str], layout: Layout) -> str:
    """Why a row is no record."""
    is_total = layout.total and _first(cells, layout.total.column)[1].lower() == layout.total.word
    part, what = (layout.total, "adds up other rows") if is_total else (layout.state, "has moved no money yet, and counts as pending")
    name, word = _first(cells, part.column if part else ())
    return f"'{name}' is '{mask_cards(word)}': this row {what}."


def _first(cells: Mapping[str, str], column: Column) -> tuple[str, str]:
    """The column that counts of several, and its text."""
    return next(((name, cells[name]) for name in column if cells.get(name)), ("".join(column[:1]), ""))


def _field(name: str, value: Any, cells: Mapping[str, str], layout: Layout) -> Field:
    counted = (_first(cells, column) for column in layout.read_from(name))
    return Field(name, mask_cards(str(value)), tuple((column, mask_cards(text)) for column, text in counted if text))


def _of_language(document: Document, records: list[dict[str, Any]]) -> list[ExplainedRow]:
    lines = _lines(document, {record["line"] for record in records if record["line"]})
    return [
        ExplainedRow(
            record["line"] or 0,
            tuple(Field(name, mask_cards(str(value))) for name, value in _told(record)),
            text=lines.get(record["line"]),
        )
        for record in records
    ]


def _told(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in record.items() if value is not None and name not in _ABOUT_THE_FILE]


def _lines(document: Document, wanted: set[int]) -> dict[int, str]:
    """Some lines of a document as they stand; none of one that is no text of lines, as markup and card clearing are."""
    head = head_of(document)
    if not wanted or head.text.lstrip("\ufeff \t\r\n").startswith("<") or b"\0" in head.raw or "\ufffd" in head.text[: HEAD_BYTES // 2]:
        return {}
    with document.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace") as text:
        lines = itertools.islice(text, max(wanted))
        return {number: mask_cards(line.rstrip("\r\n")) for number, line in enumerate(lines, start=1) if number in wanted}

"""Delimited text, read in blocks of columns: header names found, every cell text, every odd line named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document, Utf8Stream, bad_encoding, utf8_stream

BLOCK_BYTES = 8 * 1024 * 1024
LONGEST_ROW_BYTES = 64 * 1024 * 1024
DELIMITERS = (",", ";", "|", "\t")


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header line of a document: trimmed names, the delimiter, and the lines up to and with it."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some rows of a document: the columns asked for as trimmed text ('' where empty), and the line each row starts on."""

    columns: dict[str, pa.Array]
    lines: pa.Array


def header_of(text: str, *, known: frozenset[str]) -> Header | None:
    """The header at the start of `text`, if with some delimiter it holds every known name; leading blank lines are skipped."""
    before = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    line, _, _ = text[before:].partition("\n")
    for delimiter in DELIMITERS:
        try:
            names = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), []))
        except csv.Error:
            continue
        if known <= set(names):
            return Header(names=names, delimiter=delimiter, lines=text[:before].count("\n") + 1)
    return None


def blocks(document: Document, header: Header, *, columns: Sequence[str], needed: Sequence[str]) -> Iterator[Block]:
    """The rows of a document below its header, block by block.

    `columns` are the names wanted, all in the header. A row may end early, but not before the last of `needed` (`truncated`), nor go on
    after the header's last column (`malformed`).
    """
    places = {name: header.names.index(name) for name in columns}
    shortest = 1 + max(header.names.index(name) for name in needed)
    line = 1
    for data in _cut(utf8_stream(document), name=document.name):
        if line == 1:
            data, line = _without_lines(data, header.lines), 1 + header.lines
        reader = _Rows(document.name, header, places=places, shortest=shortest, first_line=line)
        ends = data.count(b"\n")
        if data and not data.isspace():
            yield reader.block(data, ends=ends)
        line += ends


def _without_lines(data: bytes, count: int) -> bytes:
    at = 0
    for _ in range(count):
        at = data.find(b"\n", at) + 1 or len(data)
    return data[at:]


def _cut(stream: Utf8Stream, *, name: str) -> Iterator[bytes]:
    """The stream in blocks that end where a row ends: at a line end outside of quotes."""
    try:
        pending = b""
        while chunk := stream.read(BLOCK_BYTES):
            pending += chunk
            end = _last_row_end(pending)
            if end:
                yield pending[:end]
                pending = pending[end:]
            elif len(pending) > LONGEST_ROW_BYTES:
                raise FileError("malformed", f"{name} opens a quote that is not closed for {len(pending):,} bytes.", remedy=RESEND)
        if pending.count(b'"') % 2:
            raise FileError("truncated", f"{name} ends inside of a quoted cell.", remedy=RESEND)
        if pending:
            yield pending
    finally:
        stream.close()


def _last_row_end(data: bytes) -> int:
    """Where the last complete row ends, or 0. A line end is a row's end where the quotes before it are even."""
    end = data.rfind(b"\n") + 1
    if b'"' not in data:
        return end
    odd = data.count(b'"', 0, end) % 2
    while odd and end:
        before = data.rfind(b"\n", 0, end - 1) + 1
        odd = (odd + data.count(b'"', before, end)) % 2
        end = before
    return end


class _Rows:
    def __init__(self, name: str, header: Header, *, places: dict[str, int], shortest: int, first_line: int) -> None:
        self._name = name
        self._header = header
        self._places = places
        self._shortest = shortest
        self._first_line = first_line

    def block(self, data: bytes, *, ends: int) -> Block:
        """The fast way for a block of whole rows with `ends` line ends, else row by row."""
        if not data.isascii():
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as wrong:
                line = self._first_line + data.count(b"\n", 0, wrong.start)
                raise bad_encoding(self._name, f"line {line} is not UTF-8") from None
        try:
            table = self._parsed(data)
        except pa.ArrowInvalid:
            return self._walked(data)
        if ends + (not data.endswith(b"\n")) != table.num_rows:
            return self._walked(data)  # blank lines, or line ends inside of quotes: only a walk knows the line of a row
        lines = pa.array(range(self._first_line, self._first_line + table.num_rows), pa.int64())
        return Block(columns={name: _trimmed(table.column(str(at))) for name, at in self._places.items()}, lines=lines)

    def _parsed(self, data: bytes) -> pa.Table:
        # Columns go by position here, since a header may repeat the name of a column nobody asks for.
        wanted = [str(at) for at in self._places.values()]
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=[str(n) for n in range(len(self._header.names))], block_size=1 << 20),
            parse_options=pacsv.ParseOptions(delimiter=self._header.delimiter, newlines_in_values=b'"' in data),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(dict.fromkeys(wanted)), column_types=dict.fromkeys(wanted, pa.string()), check_utf8=False
            ),
        )

    def _walked(self, data: bytes) -> Block:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=self._header.delimiter, strict=True)
        width = len(self._header.names)
        rows: list[list[str]] = []
        lines: list[int] = []
        before = 0
        try:
            for row in reader:
                line, before = self._first_line + before, reader.line_num
                if len(row) < 2 and not "".join(row).strip():
                    continue
                self._check(row, line=line)
                rows.append(row + [""] * (width - len(row)))
                lines.append(line)
        except csv.Error as wrong:
            line = self._first_line + reader.line_num - 1
            raise FileError("malformed", f"{self._name} line {line} can't be split into cells: {wrong}.", remedy=RESEND) from None
        return Block(
            columns={name: _trimmed(pa.array([row[at] for row in rows], pa.string())) for name, at in self._places.items()},
            lines=pa.array(lines, pa.int64()),
        )

    def _check(self, row: list[str], *, line: int) -> None:
        width = len(self._header.names)
        if len(row) > width:
            raise FileError("malformed", f"{self._name} line {line} has {len(row)} cells for {width} columns.", remedy=RESEND)
        if len(row) < self._shortest:
            missing = self._header.names[self._shortest - 1]
            raise FileError("truncated", f"{self._name} line {line} ends before the column '{missing}'.", remedy=RESEND)


def _trimmed(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    trimmed = pc.ascii_trim(whole, " \t\r\n\f\v")
    return trimmed.combine_chunks() if isinstance(trimmed, pa.ChunkedArray) else trimmed

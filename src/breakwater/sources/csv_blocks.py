"""Delimited text, read in blocks of columns: header names found, every cell text, every odd line named."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document, Utf8Stream, bad_encoding, utf8_stream

BLOCK_BYTES = 8 * 1024 * 1024
_FOOT_BYTES = 64 * 1024  # a last piece as small as this may begin in the middle of the lines after the rows
LONGEST_ROW_BYTES = 64 * 1024 * 1024
DELIMITERS = (",", ";", "|", "\t")
_BLANK = " \t\r\n\f\v"


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header line of a document: trimmed names, the delimiter, the number of lines up to and with it, and the texts of those before."""

    names: tuple[str, ...]
    delimiter: str
    lines: int
    before: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What comes after the last row: lines that start with `comment`, and `mark`, a line of its own or a word in such a line.

    A document without its mark is `truncated`.
    """

    comment: str | None = None
    mark: str | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some rows of a document: the columns asked for as trimmed text ('' where empty), and the line each row starts on."""

    columns: dict[str, pa.Array]
    lines: pa.Array

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, mask: pa.Array) -> Block:
        """The rows for which `mask` is true."""
        return Block(columns={name: column.filter(mask) for name, column in self.columns.items()}, lines=self.lines.filter(mask))

    def filled(self, names: Sequence[str]) -> pa.Array:
        """Of several columns the first that is filled, row by row; '' where none is, or where the document has none of them."""
        known = [self.columns[name] for name in names if name in self.columns]
        if not known:
            return pa.repeat(pa.scalar("", pa.string()), len(self.lines))
        cells = known[0]
        for other in known[1:]:
            cells = pc.if_else(pc.equal(cells, ""), other, cells)
        return cells


def header_of(text: str, *, known: Collection[str], skipped: Sequence[str] = ()) -> Header | None:
    """The header at the start of `text`, if with some delimiter it holds every known name.

    Blank lines and lines that start with one of `skipped` may stand before it.
    """
    before: list[str] = []
    for number, line in enumerate(_lines(text.lstrip("\ufeff"))):
        if not line.strip() or any(line.startswith(start) for start in skipped):
            before.append(line.strip())
            continue
        for delimiter in DELIMITERS:
            names = _split(line, delimiter)
            if frozenset(known) <= frozenset(names):
                return Header(names=names, delimiter=delimiter, lines=number + 1, before=tuple(filter(None, before)))
        return None
    return None


def _lines(text: str) -> Iterator[str]:
    """As `text.split("\\n")`, without splitting what nobody asks for."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return ()


def first_rows(text: str, header: Header, *, ending: Ending | None, is_whole: bool) -> list[dict[str, str]]:
    """The rows of a document as far as `text` goes, for a look at what it holds. Unless it is whole, its last row may be cut: left out."""
    lines = text.lstrip("\ufeff").split("\n")[header.lines : None if is_whole else -1]
    found = []
    with contextlib.suppress(csv.Error):  # the reading itself will name the line
        for row in csv.reader(lines, delimiter=header.delimiter):
            cells = [cell.strip() for cell in row]
            if any(cells) and not (ending and any(end and cells[0].startswith(end) for end in (ending.mark, ending.comment))):
                found.append(dict(zip(header.names, cells, strict=False)))
    return found


def blocks(
    document: Document,
    header: Header,
    *,
    columns: Sequence[str],
    needed: Sequence[str],
    ending: Ending | None = None,
    encoding: str | None = None,
) -> Iterator[Block]:
    """The rows of a document below its header, block by block.

    `columns` are the names wanted, all in the header. A row may end early, but not before the last of `needed` (`truncated`), nor go on
    after the header's last column (`malformed`). `encoding` is of a document that is not Unicode.
    """
    places = {name: header.names.index(name) for name in columns}
    shortest = 1 + max((header.names.index(name) for name in needed), default=0)
    line = 1
    stream = utf8_stream(document) if encoding is None else Utf8Stream(document.open(), encoding=encoding, name=document.name)
    for data in _ended(_cut(stream, name=document.name), ending, header, name=document.name):
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


def _ended(pieces: Iterator[bytes], ending: Ending | None, header: Header, *, name: str) -> Iterator[bytes]:
    """The pieces without what comes after the last row."""
    if ending is None:
        yield from pieces
        return
    held = b""
    for piece in pieces:
        if held and len(piece) > _FOOT_BYTES:
            yield held
            held = b""
        held += piece
    rows, after = _last_lines(held, ending, delimiter=header.delimiter)
    if ending.mark and not any(_is_mark(line, ending, delimiter=header.delimiter) for line in after):
        raise FileError("truncated", f"{name} does not end with '{ending.mark}'.", remedy=RESEND)
    yield rows


def _last_lines(data: bytes, ending: Ending, *, delimiter: str) -> tuple[bytes, list[str]]:
    """The rows of the last piece, and the lines after them."""
    after: list[str] = []
    while stripped := data.rstrip():
        start = stripped.rfind(b"\n") + 1
        line = stripped[start:].decode("utf-8", errors="replace").strip()
        if not (ending.comment and line.startswith(ending.comment)) and not _is_mark(line, ending, delimiter=delimiter):
            break
        after.append(line)
        data = data[:start]
    return data, after


def _is_mark(line: str, ending: Ending, *, delimiter: str) -> bool:
    if ending.mark is None:
        return False
    if ending.comment and line.startswith(ending.comment):
        return ending.mark in line
    return line.rstrip(delimiter + _BLANK).strip('"') == ending.mark


def _cut(stream: Utf8Stream, *, name: str) -> Iterator[bytes]:
    """The stream in pieces that end where a row ends: at a line end outside of quotes."""
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
    trimmed = pc.ascii_trim(whole, _BLANK)
    return trimmed.combine_chunks() if isinstance(trimmed, pa.ChunkedArray) else trimmed

"""Delimited text whose rows differ from each other, cell by cell: for reports with record types or with more than one header."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.sources.amounts import minor_of
from breakwater.sources.csv_blocks import DELIMITERS
from breakwater.sources.documents import RESEND, Document, bad_encoding, utf8_stream

_CHUNK_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20  # characters


@dataclass(frozen=True)
class Row:
    """The trimmed cells of one row, and where it stands."""

    document: str
    line: int
    cells: tuple[str, ...]

    def cell(self, place: int, *, what: str) -> str:
        """The cell at a place. `truncated` where the row ends before it."""
        if place >= len(self.cells):
            self.refuse("truncated", f"the row ends before its {what}")
        return self.cells[place]

    def minor_units(self, text: str, places: int, *, what: str) -> int:
        """An amount as `amounts.minor_of` reads it. `bad-amount` for everything else."""
        try:
            return minor_of(text, places)
        except ValueError:
            self.refuse("bad-amount", f"{what} {mask_cards(repr(text))} is no amount this currency can have")

    def refuse(self, code: str, what: str) -> NoReturn:
        """Refuse the document for this row."""
        raise FileError(code, f"{self.document} line {self.line}: {what}.", remedy=RESEND)


def first_row(text: str) -> tuple[str, ...]:
    """The trimmed cells of the first line that is not blank, with whichever delimiter splits it into most of them."""
    line = text.lstrip("\ufeff \t\r\n\f\v").partition("\n")[0]
    return max((_split(line, delimiter) for delimiter in DELIMITERS), key=len)


def rows(document: Document) -> Iterator[Row]:
    """The rows of a document that are not blank. `bad-encoding`, `truncated` inside of quotes, `malformed` where cells can't be told."""
    lines = _Lines(document)
    number = 1
    reader: Iterator[list[str]] | None = None
    try:
        for line in lines:
            if line.strip():
                lines.back(line)
                reader = csv.reader(lines, delimiter=_delimiter(line), strict=True)
                break
            number += 1
        for cells in reader or ():
            if any(cell.strip() for cell in cells):
                yield Row(document.name, number, tuple(cell.strip() for cell in cells))
            number = lines.number + 1
    except csv.Error as wrong:
        code = "truncated" if "unexpected end" in str(wrong) else "malformed"
        raise FileError(code, f"{document.name} line {number} can't be split into cells: {wrong}.", remedy=RESEND) from None


class _Lines:
    """The lines of a document with their ends, one after the other."""

    def __init__(self, document: Document) -> None:
        self._name = document.name
        self._stream = utf8_stream(document)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._ready: list[str] = []  # in reverse
        self._pending = ""
        self._is_over = False
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def back(self, line: str) -> None:
        """Give a line back, to be read again."""
        self._ready.append(line)
        self.number -= 1

    def __next__(self) -> str:
        while not self._ready:
            if self._is_over:
                raise StopIteration
            self._fill()
        self.number += 1
        return self._ready.pop()

    def _fill(self) -> None:
        chunk = self._stream.read(_CHUNK_BYTES)
        try:
            text = self._pending + self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise bad_encoding(self._name, f"line {self.number + 1} or below is not UTF-8") from None
        *whole, self._pending = text.split("\n")
        ready = [line + "\n" for line in whole]
        if not chunk:
            self._is_over = True
            self._stream.close()
            ready += [self._pending] if self._pending else []
        elif len(self._pending) > _LONGEST_LINE:
            raise FileError("malformed", f"{self._name} line {self.number + 1} does not end.", remedy=RESEND)
        self._ready = ready[::-1]


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=lambda delimiter: len(_split(line, delimiter)))


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line.strip("\r\n")], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return ()

"""NACHA records of 94 columns, found in lines of any length, and the fields in them by their columns.

Source: the record layouts of the Nacha Operating Rules as Nacha and the Federal Reserve publish them (ACH file details).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document
from breakwater.sources.text_lines import numbered_lines, six_digit_day

WIDTH = 94
# The columns that a record must reach; behind them only blanks can be missing.
_REACHES = {"1": 40, "5": 53, "6": 39, "7": 3, "8": 44, "9": 55}


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it stands on and its text, without blanks at its end."""

    name: str
    line: int
    text: str

    @property
    def type(self) -> str:
        """The record type code: 1 file header, 5 batch header, 6 entry, 7 addenda, 8 batch control, 9 file control."""
        return self.text[0]

    @property
    def filler(self) -> bool:
        """True for the lines of nines that fill a file's last block."""
        return not self.text.strip("9")

    def field(self, first: int, last: int) -> str:
        """The columns `first` to `last`, counted from 1, without blanks around."""
        return self.text[first - 1 : last].strip()

    def number(self, first: int, last: int, *, code: str, of: str) -> int:
        """A field of digits. `code` is the refusal's where it holds anything else, or nothing."""
        text = self.field(first, last)
        if not (text.isascii() and text.isdecimal()):
            raise self.wrong(code, f"the {of} in columns {first}-{last} is no number")
        return int(text)

    def total(self, first: int, last: int, *, of: str) -> int | None:
        """A control total; None where it is left blank."""
        return self.number(first, last, code="malformed", of=of) if self.field(first, last) else None

    def day(self, first: int, last: int) -> date | None:
        """A date of six digits; None where there is none that exists: originators leave it blank, or fill it with zeros."""
        try:
            return six_digit_day(self.field(first, last))
        except ValueError:
            return None

    def wrong(self, code: str, what: str) -> FileError:
        """The refusal of the document because of this record. Its text is never quoted: it holds names and account numbers."""
        return FileError(code, f"{self.name} line {self.line}: {what}.", remedy=RESEND)


def records(document: Document) -> Iterator[Record]:
    """The records of a document in order. `malformed` for what is none, `truncated` for one that ends in the midst of a field."""
    for number, line in numbered_lines(document):
        text = line.rstrip(" \t\x1a\0")
        if not line.isascii() and len(text) < WIDTH == len(text.encode()):
            text = text.encode().decode("latin-1")  # the columns were counted in bytes
        for start in range(0, len(text), WIDTH):
            record = Record(document.name, number, text[start : start + WIDTH].rstrip())
            if record.text and not record.filler:
                yield _checked(record)


def _checked(record: Record) -> Record:
    if record.type not in _REACHES:
        raise record.wrong("malformed", "there is no such record type")
    if len(record.text) < _REACHES[record.type]:
        raise record.wrong("truncated", f"a record of type {record.type} ends at column {len(record.text)}")
    return record

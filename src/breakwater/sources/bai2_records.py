"""BAI2 records: found in lines that hold several of them or only a part of one, with their continuations; and the fields in them.

Source: BAI's "Cash Management Balance Reporting Specifications, version 2", as banks publish it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.sources.amounts import LARGEST_MINOR
from breakwater.sources.documents import RESEND, Document
from breakwater.sources.text_lines import numbered_lines, six_digit_day

_START = re.compile(r"\s*(01|02|03|16|49|88|98|99),")
# A record that starts inside of a line must look like one: the slash of '12/16,500.00' in a text does not end anything.
_INSIDE = re.compile(
    r"/(?=\s*(?:01,[^,]*,[^,]*,[0-9]{6},|02,[^,]*,[^,]*,[0-9]?,[0-9]{6},|03,[^,/]*,[A-Z]{0,3},|16,[0-9]{3},[0-9]*,[012VSDZ]?,"
    r"|49,[+-]?[0-9]*,[0-9]*\s*/|9[89],[+-]?[0-9]*,[0-9]*,[0-9]*\s*/)|\s+88,)"
)
_ODD_CODE = re.compile(r"\s*[0-9]{2}[,:]")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}")
_TYPE_CODE = re.compile(r"[0-9]{3}|")
_COUNT = re.compile(r"[0-9]{1,3}")
_MOST_SEGMENTS = 10_000  # continuations of one record


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it starts on, its code, and its text and those of its continuations, without codes and end marks."""

    line: int
    code: str
    segments: list[str]

    @property
    def fields(self) -> list[str]:
        """Its fields as trimmed text, continuations included: a record may be continued between any two of them."""
        return [text.strip() for segment in self.segments for text in segment.split(",")]


def records(document: Document) -> Iterator[Record]:
    """The records of a document in order. `malformed` for what is none, `truncated` where the last line is only part of one."""
    record: Record | None = None
    ended = True
    odd: tuple[int, str] | None = None
    for number, piece in _pieces(document):
        if odd:
            raise _wrong(document, "malformed", odd[0], f"'{odd[1].strip()[:40]}' is no BAI2 record")
        found = _START.match(piece)
        text = piece.rstrip()
        if found and (found[1] == "88") <= (record is not None):
            segment, ended = text[found.end() :].removesuffix("/"), text.endswith("/")
            if found[1] == "88" and record:
                record.segments.append(segment)
                if len(record.segments) > _MOST_SEGMENTS:
                    raise _wrong(document, "malformed", number, f"the record of line {record.line} is continued without end")
                continue
            if record:
                yield record
            record = Record(number, found[1], [segment])
        elif record and not ended and record.code == "16" and not _ODD_CODE.match(piece):
            # Banks break long texts at a width, whatever the format says.
            record.segments[-1] += " " + text.removesuffix("/")
            ended = text.endswith("/")
        else:
            odd = (number, piece)
    if odd and record and record.code == "99":
        raise _wrong(document, "malformed", odd[0], "something stands behind the file's trailer '99'")
    if odd or record is None or record.code != "99":
        raise FileError("truncated", f"{document.name} ends without the file's trailer '99'.", remedy=RESEND)
    yield record


def _pieces(document: Document) -> Iterator[tuple[int, str]]:
    """The parts of lines that may be records or continued texts, with the number of their line."""
    for number, line in numbered_lines(document):
        start = 0
        for inside in _INSIDE.finditer(line) if line.count("/") > 1 else ():
            yield number, line[start : inside.end()]
            start = inside.end()
        if rest := line[start:].strip("\x1a \t\f\v\0"):
            yield number, rest


class Fields:
    """The fields of one record, taken one after the other; those left out are empty."""

    def __init__(self, document: Document, record: Record) -> None:
        self._document = document
        self._record = record
        self._fields = record.fields
        self._at = 0

    @property
    def left(self) -> bool:
        """True while there are fields that have not been taken."""
        return self._at < len(self._fields)

    def next(self) -> str:
        """The next field."""
        self._at += 1
        return self._fields[self._at - 1] if self._at <= len(self._fields) else ""

    def back(self) -> None:
        """The field taken last is the next one again."""
        self._at -= 1

    def amount(self, *, of: str) -> int | None:
        """The next field as a signed amount in minor units; None where it is empty."""
        text = self.next()
        if not text:
            return None
        amount_minor = int(text) if _AMOUNT.fullmatch(text) else LARGEST_MINOR + 1
        if abs(amount_minor) > LARGEST_MINOR:
            raise self.wrong("bad-amount", f"the {of} '{text}' is no whole number of minor units")
        return amount_minor

    def day(self, *, of: str) -> date | None:
        """The next field as YYMMDD; None where it is empty."""
        text = self.next()
        try:
            return six_digit_day(text) if text else None
        except ValueError:
            raise self.wrong("bad-date", f"the {of} '{text}' does not exist") from None

    def type_code(self) -> int | None:
        """The next field as a type code; None where it is empty."""
        text = self.next()
        if not _TYPE_CODE.fullmatch(text):
            raise self.wrong("malformed", f"'{text}' is no type code")
        return int(text) if text else None

    def funds(self) -> date | None:
        """Past the next field, which says when funds are available, and what it asks for; the value date if it states one."""
        kind = self.next()
        value_date = None
        match kind:
            case "" | "0" | "1" | "2" | "Z":
                pass
            case "S":
                for _ in range(3):
                    self.amount(of="available amount")
            case "V":
                value_date = self.day(of="value date")
                self.next()
            case "D":
                self._distribution()
            case _:
                raise self.wrong("malformed", f"'{kind}' is no funds type")
        return value_date

    def _distribution(self) -> None:
        count = self.next()
        if not _COUNT.fullmatch(count):
            raise self.wrong("malformed", f"'{count}' is no number of availabilities")
        for _ in range(int(count)):
            self.next()
            self.amount(of="available amount")

    def wrong(self, code: str, what: str) -> FileError:
        """The refusal of the document because of this record."""
        return _wrong(self._document, code, self._record.line, what)


def _wrong(document: Document, code: str, line: int, what: str) -> FileError:
    return FileError(code, f"{document.name} line {line}: {mask_cards(what)}.", remedy=RESEND)

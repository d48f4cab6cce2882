"""A copy of a NACHA file in which no card number can be read, and which is otherwise the same file, byte for byte."""

from __future__ import annotations

from typing import BinaryIO

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document
from breakwater.sources.nacha_records import WIDTH

_CARD_CLASS = b"SHR"  # shared network transactions: the only entries with a card number of their own, where others have a name
_FIRST, _LAST, _SEEN = 55, 76, 4  # its columns, and how many of its last digits may be seen
_LONGEST_LINE_BYTES = 1 << 26


def write_masked(document: Document, copy: BinaryIO) -> None:
    """Write a document with all but the last four digits of its card numbers covered. `malformed` for a line that does not end."""
    card_batch = False
    pending = b""
    with document.open() as stream:
        while chunk := stream.read(WIDTH << 14):
            *lines, pending = (pending + chunk).splitlines(keepends=True)
            if len(pending) > _LONGEST_LINE_BYTES:
                raise FileError("malformed", f"{document.name} has a line that does not end.", remedy=RESEND)
            for line in lines:
                card_batch = _copied(line, copy, card_batch=card_batch)
    _copied(pending, copy, card_batch=card_batch)


def _copied(line: bytes, copy: BinaryIO, *, card_batch: bool) -> bool:
    """Copy the records of one line; whether the next line is in a batch of entries with card numbers."""
    for start in range(0, len(line), WIDTH):
        record = line[start : start + WIDTH]
        if record.startswith(b"5"):
            card_batch = record[50:53] == _CARD_CLASS
        if record.startswith(b"6") and card_batch:
            number = record[_FIRST - 1 : _LAST].rstrip()
            covered = bytes(ord("*") if chr(byte).isdigit() else byte for byte in number[:-_SEEN]) + number[-_SEEN:]
            record = record[: _FIRST - 1] + covered + record[_FIRST - 1 + len(number) :]
        copy.write(record)
    return card_batch

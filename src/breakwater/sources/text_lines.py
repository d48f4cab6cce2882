"""Lines of banks' flat text files, in UTF-8 where that is what they are, else in Latin-1; and the dates they write in six digits."""

from __future__ import annotations

import codecs
import functools
import io
from collections.abc import Iterator
from datetime import date

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND, Document, bad_encoding

LONGEST_LINE = 1 << 26  # characters; mainframes write whole files without line ends
_CHUNK_BYTES = 1 << 20
_CENTURY_TURNS = 70  # two-digit years from here on are of the last century
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def numbered_lines(document: Document) -> Iterator[tuple[int, str]]:
    """The lines of a document with their numbers from 1, without their ends (LF, CRLF or CR).

    These formats declare no encoding. In practice it is UTF-8 or one byte per letter, and the latter can always be read: at worst a name,
    which nobody keeps, looks odd. `malformed` for a line that does not end, `bad-encoding` where a byte order mark is contradicted.
    """
    number, pending = 0, ""
    for text in _texts(document):
        *whole, pending = (pending + text).split("\n")
        for line in whole:
            number += 1
            yield number, line
        if len(pending) > LONGEST_LINE:
            raise FileError("malformed", f"{document.name} line {number + 1} does not end.", remedy=RESEND)
    if pending:
        yield number + 1, pending


def _texts(document: Document) -> Iterator[str]:
    encoding = _encoding(document)
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    with document.open() as stream:
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise bad_encoding(document.name, f"its byte order mark says {encoding.removesuffix('-sig')}, its bytes do not") from None


def _encoding(document: Document) -> str:
    with document.open() as stream:
        chunk = stream.read(_CHUNK_BYTES)
        for mark, encoding in _BOMS:
            if chunk.startswith(mark):
                return encoding
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(_CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


@functools.lru_cache(maxsize=4096)
def six_digit_day(text: str) -> date:
    """The date of YYMMDD; years 70-99 are of the last century. ValueError if it is no date."""
    if len(text) != 6 or not (text.isascii() and text.isdecimal()):
        raise ValueError(f"'{text}' is no date of six digits")
    year = int(text[:2])
    return date(year + (1900 if year >= _CENTURY_TURNS else 2000), int(text[2:4]), int(text[4:]))

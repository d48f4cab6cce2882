"""One document of a delivery: its bytes, its encoding, and the frame every partner language fits into."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.records import Side

HEAD_BYTES = 256 * 1024  # how much of a document its format may be known by
ASK_FOR_UTF8 = "Ask the partner to resend the file in UTF-8."
RESEND = "Ask the partner to resend the file."

# Text encodings an XML declaration may name. Others are refused rather than guessed.
_NAMED_ENCODING = re.compile(r"utf-?8|utf-?16(le|be)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|gb18030|gbk|gb2312", re.IGNORECASE)
_PARQUET = b"PAR1"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, kw_only=True)
class Document:
    """A delivered file, or one member of a delivered archive. `name` is for messages; `source_file` goes into every record."""

    name: str
    open: Callable[[], BinaryIO]
    partner: str
    network: str | None
    source_file: str
    path: Path | None = None  # None inside of an archive

    def head(self) -> bytes:
        """The first bytes, by which the format is known."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The start of a document: its bytes, its text where it is text (undecodable bytes shown as '�'), a Parquet file's columns."""

    raw: bytes
    text: str
    parquet_columns: tuple[str, ...] = ()


class Language(Protocol):
    """A language that partners speak in files: it knows its own formats by their start, and reads them.

    `read` yields batches of RECORD_SCHEMA (EVENT_SCHEMA for the formats in `event_formats`), fills the reading's statements, notices,
    logical keys and business date as it goes, and raises FileError when the document can't be trusted.
    """

    side: Side
    formats: tuple[str, ...]
    event_formats: tuple[str, ...]

    def recognise(self, head: Head) -> str | None:
        """The format of a document that starts like this, or None if it is none of this language's."""

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The batches of one document."""


class Utf8Stream:
    """A document's bytes as UTF-8 without a byte order mark, whatever it is written in. Reading raises `bad-encoding`."""

    def __init__(self, raw: BinaryIO, *, encoding: str, name: str) -> None:
        self._raw = raw
        self._name = name
        self._encoding = encoding
        # UTF-8 itself is passed through untouched: whoever parses it proves it, at no cost.
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(errors="strict")

    def read(self, size: int) -> bytes:
        """Up to about `size` bytes; empty only at the end."""
        while True:
            chunk = self._raw.read(size)
            if self._decoder is None:
                return chunk
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as wrong:
                raise bad_encoding(
                    self._name, f"it says {self._encoding}, but holds the bytes {wrong.object[wrong.start : wrong.end]!r}"
                ) from None
            if text or not chunk:
                return text.encode("utf-8")

    def close(self) -> None:
        """Close the file below."""
        self._raw.close()


def bad_encoding(name: str, why: str) -> FileError:
    """The refusal of a document whose bytes are not the text they claim to be."""
    return FileError("bad-encoding", f"{name} is not readable text: {why}.", remedy=ASK_FOR_UTF8)


def utf8_stream(document: Document, *, declared: str | None = None) -> Utf8Stream:
    """The document as UTF-8. `declared` is the encoding it claims; a byte order mark that says otherwise is `bad-encoding`."""
    return Utf8Stream(document.open(), encoding=_encoding(document, declared=declared), name=document.name)


def head_of(document: Document) -> Head:
    """The start of a document, decoded leniently: enough to know its format, not to read it."""
    raw = document.head()
    if raw.startswith(_PARQUET) and document.path:
        return Head(raw=raw, text="", parquet_columns=_parquet_columns(document.path))
    encoding = next((name for mark, name in _BOMS if raw.startswith(mark)), "utf-8")
    return Head(raw=raw, text=raw.decode(encoding, errors="replace"))


def _parquet_columns(path: Path) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError):
        raise FileError("truncated", f"{path.name} is a Parquet file without its end.", remedy=RESEND) from None


def _encoding(document: Document, *, declared: str | None) -> str:
    marked = next((name for mark, name in _BOMS if document.head().startswith(mark)), None)
    if declared is None:
        return marked or "utf-8"
    if not _NAMED_ENCODING.fullmatch(declared):
        raise bad_encoding(document.name, f"it declares the encoding '{declared}', which is not supported")
    plain = declared.lower().replace("utf8", "utf-8").replace("utf16", "utf-16")
    if marked is None and plain.startswith("utf-16"):
        raise bad_encoding(document.name, f"it declares {declared}, but has no byte order mark")
    if marked and not plain.startswith(marked.removesuffix("-sig")):
        raise bad_encoding(document.name, f"it declares {declared}, but its byte order mark says {marked.removesuffix('-sig')}")
    return marked or plain

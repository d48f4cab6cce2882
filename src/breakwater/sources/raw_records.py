"""One record of a kept file as the partner wrote it: a line of text, an element of markup, a row of a table; every card number masked."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq
from lxml import etree

from breakwater.model.masking import mask_cards
from breakwater.sources import archives, ipm_text, markup
from breakwater.sources.csv_blocks import header_of
from breakwater.sources.documents import Document, head_of
from breakwater.sources.ledger import EVENTS, RECORDS

# What a record is, in formats of markup: the element that the reader of the format counts.
_ELEMENTS: Mapping[str, str] = {
    "camt.052": "Ntry", "camt.053": "Ntry", "camt.054": "Ntry", "camt.056": "TxInf", "pain.001": "CdtTrfTxInf", "pain.008": "DrctDbtTxInf",
    "pain.002": "TxInfAndSts", "pacs.002": "TxInfAndSts", "pacs.004": "TxInf", "pacs.008": "CdtTrfTxInf",
}  # fmt: skip
MEMBERS_LOOKED_INTO = 50  # of an archive: nobody waits for more
_OURS = {table.format: table for table in (RECORDS, EVENTS)}
_SPANS = {"mt940": (":61:", "-}", ":62", ":64", ":65")}  # a statement line goes on until the next tag of these


def raw_record(path: Path, *, format: str, line: int, names: Iterable[str] = ()) -> str | None:
    """The record that `line` names in a file of this format; None where it can't be shown as text.

    Lines of an archive are those of its members: of several, the one whose record holds one of `names`, the record's references, is
    meant; where that is not one alone, nothing is shown. FileError if the file can't be read as what it is.
    """
    if line < 1:
        return None
    with path.open("rb") as stream:
        packed = stream.read(4).startswith(archives.SIGNATURES)
    if not packed:
        return _record(_document(path.name, functools.partial(_opened, path), path=path), format, line)
    members = archives.members(path)
    found = [(m.name, text) for m in members[:MEMBERS_LOOKED_INTO] if (text := _record(_document(m.name, m.open), format, line))]
    if len(members) > 1:
        found = [(name, text) for name, text in found if any(known in text for known in names)]
    return f"{found[0][0]}\n{found[0][1]}" if len(found) == 1 else None


def _document(name: str, open: Callable[[], BinaryIO], *, path: Path | None = None) -> Document:
    return Document(name=name, open=open, partner="", network=None, source_file="", path=path)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _record(document: Document, format: str, line: int) -> str | None:
    """A record of one document."""
    head = head_of(document)
    if format == "mastercard-ipm":
        return ipm_text.message_text(document, line)
    if head.parquet_columns:
        return _row(document.path, line) if document.path else None
    if head.text.lstrip("\ufeff \t\r\n").startswith("<"):
        return _element(document, _ELEMENTS[format], line) if format in _ELEMENTS else None
    if b"\0" in head.raw or "\ufffd" in head.text[:1024]:
        return None
    text = _lines(document, line, more=_SPANS.get(format))
    return _with_names(text, head.text, known=_OURS[format].recognised_by) if text and format in _OURS else text


def _with_names(row: str, head: str, *, known: Collection[str]) -> str:
    """A row of our own with the name of each column before its value, since nobody knows their order; what is empty is left out."""
    header = header_of(head, known=known)
    cells = next(csv.reader([row], delimiter=header.delimiter), []) if header else []
    if header is None or len(cells) > len(header.names):
        return row
    return "\n".join(f"{name}: {cell.strip()}" for name, cell in zip(header.names, cells, strict=False) if cell.strip())


def _row(path: Path, line: int) -> str | None:
    """A row of a Parquet file, read by its row group alone."""
    with pq.ParquetFile(path) as file:
        before = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if line - 1 < before + rows:
                row = file.read_row_group(group).slice(line - 1 - before, 1).to_pylist()[0]
                return mask_cards(json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False, indent=1, default=str))
            before += rows
    return None


def _element(document: Document, name: str, number: int) -> str | None:
    found = 0
    for part in markup.parts(document):
        for element in markup.elements(part, names=(name,), document=document):
            found += 1
            if found == number:
                etree.cleanup_namespaces(element)
                return mask_cards(etree.tostring(element, encoding="unicode", with_tail=False))
            markup.forget(element)
    return None


def _lines(document: Document, line: int, *, more: tuple[str, ...] | None) -> str | None:
    """A line, and those that go on with it where the format has such."""
    with document.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace") as text:
        rest = itertools.islice(text, line - 1, None)
        first = next(rest, None)
        if first is None:
            return None
        held = [first, *(itertools.takewhile(lambda following: not following.startswith(more), rest) if more else ())]
    return mask_cards("".join(held).rstrip("\r\n"))

"""Declared layouts as a partner language: recognised by their header line, read block by block."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.records import Side
from breakwater.sources import csv_blocks
from breakwater.sources.csv_blocks import Block, Ending, Header
from breakwater.sources.documents import HEAD_BYTES, RESEND, Document, Head, head_of
from breakwater.sources.layout_rows import Rows
from breakwater.sources.layouts import Layout


class LayoutLanguage:
    """One format as a partner language: one layout, or several where its reports come with different columns."""

    side = Side.THEIRS
    event_formats: tuple[str, ...] = ()

    def __init__(self, *layouts: Layout) -> None:
        # The more columns a layout asks for, the surer it is that a report with all of them is meant.
        self.layouts = tuple(sorted(layouts, key=lambda layout: -len(layout.header)))
        self.formats: tuple[str, ...] = (layouts[0].format,)

    def recognise(self, head: Head) -> str | None:
        """By the columns of the header line, and where two reports share them, by what the first rows fill."""
        return self.formats[0] if any(_fits(layout, head) for layout in self.layouts) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        report = self._report(document, reading)
        for block in report.blocks:
            yield from report.rows.batches(block)
        report.rows.finish()

    def first_block(self, document: Document, reading: Reading) -> tuple[Layout, Block | None, list[pa.RecordBatch]]:
        """The layout that reads a report, its first rows as they stand, and the records they become."""
        report = self._report(document, reading)
        block = next(report.blocks, None)
        return report.layout, block, list(report.rows.batches(block)) if block else []

    def _report(self, document: Document, reading: Reading) -> _Report:
        head = head_of(document)
        layout = next((one for one in self.layouts if _fits(one, head)), None)
        layout = layout or next((one for one in self.layouts if _header(one, head)), self.layouts[-1])
        header = _header(layout, head)
        if header is None:
            raise _without(document, "a header line with the columns " + _listed(layout.header))
        _check(document, layout, header)
        reading.columns.extend(name for name in header.names if name)
        account, count = _first_line(document, layout, header)
        blocks = csv_blocks.blocks(
            document,
            header,
            columns=layout.mentioned(header.names),
            needed=layout.shortest(header.names),
            ending=_ending(layout),
            encoding=layout.text.encoding if _is_in_own_encoding(layout, head) else None,
        )
        return _Report(layout, blocks, Rows(layout, document=document, reading=reading, account=account, count=count))


class _Report(NamedTuple):
    """One report that was opened: by which layout it is read, its rows as they stand, and what turns them into records."""

    layout: Layout
    blocks: Iterator[Block]
    rows: Rows


def languages(layouts: Sequence[Layout]) -> tuple[LayoutLanguage, ...]:
    """One language for each format, those first that are known by most columns."""
    formats: dict[str, list[Layout]] = {}
    for layout in layouts:
        formats.setdefault(layout.format, []).append(layout)
    made = [LayoutLanguage(*variants) for variants in formats.values()]
    return tuple(sorted(made, key=lambda language: -len(language.layouts[0].header)))


def _fits(layout: Layout, head: Head) -> bool:
    header = _header(layout, head)
    if header is None:
        return False
    if layout.filled_in_every_row is None and layout.empty_in_some_row is None:
        return True
    is_whole = len(head.raw) < HEAD_BYTES
    rows = csv_blocks.first_rows(_text(layout, head), header, ending=_ending(layout), is_whole=is_whole)
    name = layout.filled_in_every_row or layout.empty_in_some_row
    everywhere = all(row.get(str(name)) for row in rows)
    return everywhere if layout.filled_in_every_row else not everywhere


def _header(layout: Layout, head: Head) -> Header | None:
    skipped = [start for start in (layout.text.comment, layout.first_line and layout.first_line.starts) if start]
    return csv_blocks.header_of(_text(layout, head), known=layout.header, skipped=skipped)


def _text(layout: Layout, head: Head) -> str:
    return head.raw.decode(str(layout.text.encoding), errors="replace") if _is_in_own_encoding(layout, head) else head.text


def _is_in_own_encoding(layout: Layout, head: Head) -> bool:
    """True if a report is written in its layout's encoding rather than in Unicode."""
    if layout.text.encoding is None or head.raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head.raw)  # the head may end within a letter
    except UnicodeDecodeError:
        return True
    return False


def _ending(layout: Layout) -> Ending | None:
    return Ending(comment=layout.text.comment, mark=layout.text.end) if layout.text.comment or layout.text.end else None


def _check(document: Document, layout: Layout, header: Header) -> None:
    for column in layout.needed:
        if not any(name in header.names for name in column):
            raise _without(document, f"the column {_listed(column, ' or ')}")
    if not any(name in header.names for name in layout.booked):
        raise _without(document, f"any of the date columns {_listed(layout.booked)}")


def _first_line(document: Document, layout: Layout, header: Header) -> tuple[str | None, int | None]:
    """The account and the number of rows in the line before the header; None where it says nothing of them."""
    declared = layout.first_line
    line = next((line for line in header.before if declared and line.startswith(declared.starts)), None)
    if declared is None or line is None:
        return None, None
    pairs = (cell.partition(":") for cell in line.split(header.delimiter))
    said = {name.strip(): value.strip() for name, _, value in pairs}
    count = said.get(declared.count or "", "")
    if count and not (count.isascii() and count.isdecimal()):
        raise FileError("malformed", f"{document.name}: '{declared.count}' in the first line is no number.", remedy=RESEND)
    return said.get(declared.account or "") or None, int(count) if count else None


def _listed(names: Sequence[str], between: str = ", ") -> str:
    return between.join(f"'{name}'" for name in names)


def _without(document: Document, what: str) -> FileError:
    return FileError("malformed", f"{document.name} lacks {what}.", remedy="Ask the partner to add it to the report.")

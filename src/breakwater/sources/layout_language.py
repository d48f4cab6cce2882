"""A declared layout as a partner language: recognised by its header line, read block by block."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.records import Side
from breakwater.sources import csv_blocks
from breakwater.sources.documents import RESEND, Document, Head, head_of
from breakwater.sources.layout_rows import Rows
from breakwater.sources.layouts import Layout


class LayoutLanguage:
    """One declared layout as a partner language."""

    side = Side.THEIRS
    event_formats: tuple[str, ...] = ()

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.formats: tuple[str, ...] = (layout.format,)

    def recognise(self, head: Head) -> str | None:
        """By the columns of the header line."""
        return self.layout.format if csv_blocks.header_of(head.text, known=frozenset(self.layout.header)) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        layout = self.layout
        with_header = csv_blocks.header_of(head_of(document).text, known=frozenset(layout.header))
        if with_header is None:
            missing = ", ".join(f"'{name}'" for name in layout.header)
            raise FileError("malformed", f"{document.name} has no header line with the columns {missing}.", remedy=RESEND)
        names = frozenset(with_header.names)
        for wanted in (*layout.needed, layout.kind):
            if wanted not in names:
                raise _without(document, f"the column '{wanted}'")
        if not names & set(layout.booked):
            raise _without(document, "any of the date columns " + ", ".join(f"'{name}'" for name in layout.booked))
        columns = [name for name in layout.mentioned if name in names]
        rows = Rows(layout, document=document, reading=reading)
        for block in csv_blocks.blocks(document, with_header, columns=columns, needed=layout.needed):
            yield rows.batch(block)
        rows.finish()


def _without(document: Document, what: str) -> FileError:
    return FileError("malformed", f"{document.name} lacks {what}.", remedy="Ask the partner to add it to the report.")

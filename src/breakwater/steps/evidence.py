"""The evidence behind an answer: each record and event with the file it came in, and the raw text of it as it was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from breakwater.errors import BreakwaterError
from breakwater.lake import archive
from breakwater.lake.parts import Lake
from breakwater.model.events import Event
from breakwater.model.payments import PaymentTrace
from breakwater.model.records import Record
from breakwater.views.payment_forms import Piece

ReadRecord = Callable[..., str | None]
RawRecord = Callable[..., str | None]  # the hash, name and format of a kept file, a line of it, and what its record is called


def pieces_of(trace: PaymentTrace, raw_record: RawRecord) -> list[Piece]:
    """Every piece of evidence, records first. One whose file can't be read says so and stops no other."""
    found = [(e.record.source_file, e.record.line, f"{e.side} {e.record.kind}", _names(e.record)) for e in trace.evidence]
    derived = {(e.record.source_file, e.record.line) for e in trace.evidence}
    found += [(e.source_file, e.line, e.state, _names(e)) for e in trace.events if (e.source_file, e.line) not in derived]
    pieces = []
    for sha256, line, what, names in found:
        source = trace.sources.get(sha256 or "")
        if sha256 is None or source is None:
            continue
        raw, said = None, what.replace("_", " ")
        try:
            raw = raw_record(sha256, source.name, source.format, line, names) if line else None
        except BreakwaterError as wrong:
            said = f"{said}: {wrong.message}"
        pieces.append(Piece(file_name=source.name, format=source.format, line=line, what=said, raw=raw))
    return pieces


def raw_text(lake: Lake, read: ReadRecord, sha256: str, name: str, format: str, line: int, names: Sequence[str] = ()) -> str | None:
    """The record at a line of a kept file; `read` knows the formats. NotFoundError if the file was not kept."""
    with archive.under_its_name(lake, sha256=sha256, name=name) as path:
        return read(path, format=format, line=line, names=names)


def _names(of: Record | Event) -> tuple[str, ...]:
    """Every reference of a record or an event."""
    return tuple(str(value) for name, value in vars(of).items() if value and (name.startswith("ref_") or name == "payment_id"))

"""The records and events behind an answer as CSV, and the SQL that finds them in the lake with any engine that reads Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from breakwater.model.events import Event
from breakwater.model.payments import PaymentTrace
from breakwater.model.records import Record
from breakwater.views.blocks import Message, section, word
from breakwater.views.break_csv import harmless

_RECORD = tuple(f.name for f in fields(Record))
_EVENT = tuple(f.name for f in fields(Event) if f.name not in _RECORD)
COLUMNS = ("what", "side", "file", "reconciliation", *_RECORD, *_EVENT)


def payment_csv(trace: PaymentTrace) -> str:
    """A header, then a line for each record and each event; amounts in minor units. No cell is a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for e in trace.evidence:
        writer.writerow(_row(e.record, what="record", side=str(e.side), file=e.file_name, reconciliation=str(e.reconciliation)))
    for event in trace.events:
        source = trace.sources.get(event.source_file or "")
        writer.writerow(_row(event, what="event", side=str(source.side) if source else "", file=source.name if source else ""))
    return text.getvalue()


def payment_sql(trace: PaymentTrace) -> str:
    """DuckDB's SQL for the same rows, to be run in the lake's folder; a compacted part may repeat a row, hence DISTINCT."""
    queries = []
    hashes = {e.record.source_file for e in trace.evidence} | {e.source_file for e in trace.events}
    files = _list(sorted(sha256 for sha256 in hashes if sha256))
    records = sorted(e.record.record_id for e in trace.evidence)
    events = sorted(e.event_id for e in trace.events if not e.event_id.startswith("record:"))
    for content, key, values in (("records", "record_id", records), ("events", "event_id", events)):
        if values:
            queries.append(
                f"SELECT DISTINCT * FROM read_parquet('{content}/**/*.parquet', union_by_name = true, hive_types_autocast = false)\n"
                f"WHERE {key} IN ({_list(values)})\n  AND source_file IN ({files});"
            )
    return "\n\n".join(queries) + "\n"


def export_sent(reference: str) -> Message:
    """Where the files went."""
    text = f"The records and events of {word(reference)} as CSV, and the SQL that finds them, are in your direct messages with me."
    return Message(text=text, blocks=(section(text),))


def _row(row: Record | Event, **more: str) -> dict[str, str]:
    values = {f.name: "" if getattr(row, f.name) is None else str(getattr(row, f.name)) for f in fields(row)}
    return {name: value if name.endswith("_minor") else harmless(value) for name, value in {**values, **more}.items()}


def _list(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)

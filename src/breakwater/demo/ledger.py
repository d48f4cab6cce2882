"""Our own side: the ledger's canonical files, one of records and one of events per day."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.model.events import EVENT_SCHEMA, Event
from breakwater.model.records import Record

LEDGER_ZONE = ZoneInfo("Europe/Berlin")
# What a ledger knows of itself: where a line stands in a file is for the reader to say.
RECORD_COLUMNS = tuple(f.name for f in fields(Record) if f.name not in ("source_file", "line"))


def write_records(records: Iterable[Record], *, folder: Path, now: datetime) -> list[Path]:
    """`records-YYYY-MM-DD.csv`: every record booked on that day, in order of its id."""
    paths = []
    for day, of_day in groupby(sorted(records, key=attrgetter("booked_on", "record_id")), key=attrgetter("booked_on")):
        path = folder / f"records-{day}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(RECORD_COLUMNS)
            writer.writerows([_cell(getattr(record, name)) for name in RECORD_COLUMNS] for record in of_day)
        _came_at_the_end_of(day, path, now=now)
        paths.append(path)
    return paths


def _cell(value: str | int | date | datetime | None) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def write_events(events: Iterable[Event], *, folder: Path, now: datetime) -> list[Path]:
    """`events-YYYY-MM-DD.parquet`: everything that happened on that day of the ledger, in order of time."""
    paths = []
    names = EVENT_SCHEMA.names
    ordered = sorted(events, key=lambda e: (e.occurred_at, e.event_id))
    for day, of_day in groupby(ordered, key=lambda e: e.occurred_at.astimezone(LEDGER_ZONE).date()):
        rows = list(of_day)
        table = pa.Table.from_pydict({name: [getattr(e, name) for e in rows] for name in names}, schema=EVENT_SCHEMA)
        path = folder / f"events-{day}.parquet"
        pq.write_table(table, path)
        _came_at_the_end_of(day, path, now=now)
        paths.append(path)
    return paths


def _came_at_the_end_of(day: date, path: Path, *, now: datetime) -> None:
    """The time of the file: the end of its day, or now."""
    end = datetime.combine(day + timedelta(days=1), time(0, 5), LEDGER_ZONE)
    came_at = min(end, now).timestamp()
    os.utime(path, (came_at, came_at))

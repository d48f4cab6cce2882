"""Payments as events of our own side in a real lake, and a pass over them, for the tests of what is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from breakwater.lake.parts import Lake
from breakwater.model.access import SYSTEM
from breakwater.model.calendar import named_calendar
from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.steps.detect import detect
from breakwater.steps.traffic import Traffic
from breakwater.store import writes
from breakwater.store.database import Database

START = datetime(2026, 9, 7, tzinfo=UTC)
MERIDIAN = Partner(
    id="meridian", name="Meridian", network="cards", calendar=named_calendar("weekends"), calendar_name="weekends",
    time_zone=ZoneInfo("Europe/Berlin"), cut_off=time(17), live_from=date(2026, 1, 1), agreement="",
)  # fmt: skip


@dataclass
class AtWork:
    """A lake into which hours of events are written, and the passes over them."""

    database: Database
    lake: Lake
    partners: Mapping[str, Partner] = field(default_factory=lambda: {"meridian": MERIDIAN})
    files: int = 0

    def __post_init__(self) -> None:
        self.traffic = Traffic(self.database, self.lake, partners=self.partners)

    def happen(self, counts: Mapping[tuple[str, str | None], np.ndarray], *, first: int, minor: int = 4_000, currency: str = "EUR") -> None:
        """Write how often each (state, code) happened, hour by hour from hour `first` on, as one file of our own."""
        at = [
            (state, code, first + hour) for (state, code), by_hour in counts.items() for hour in np.repeat(np.arange(len(by_hour)), by_hour)
        ]
        times = [START + timedelta(hours=int(hour), seconds=n % 3_600) for n, (_, _, hour) in enumerate(at)]
        self.files += 1
        names = [f"{self.files}-{n}" for n in range(len(at))]
        given = {
            "event_id": names, "payment_id": names, "partner": ["meridian"] * len(at), "occurred_at": times,
            "state": [state for state, _, _ in at], "amount_minor": [minor] * len(at), "currency": [currency] * len(at),
            "raw_code": [code for _, code, _ in at],
        }  # fmt: skip
        columns = [pa.array(given.get(f.name, [None] * len(at)), f.type) for f in EVENT_SCHEMA]
        self.keep(pa.record_batch(columns, schema=EVENT_SCHEMA))

    def keep(self, batch: pa.RecordBatch) -> None:
        """One committed source file of our own with these events."""
        sha256 = f"{self.files:064x}"
        parts = self.lake.write(iter([batch]), content="events", side=Side.OURS, sha256=sha256)
        file = SourceFile(
            sha256=sha256, partner="ledger", stream="ledger", side=Side.OURS, format="events", name=f"{self.files}.csv",
            business_date=START.date(), received_at=START, records=0, events=batch.num_rows, state="ingested", parts=tuple(parts),
        )  # fmt: skip
        with self.database.transaction() as tx:
            writes.save_source_file(tx, file, actor=SYSTEM, now=START)

    def look(self, *, hour: int) -> list[Finding]:
        """A pass after which every hour before `hour` is looked at; what is open."""
        now = START + timedelta(hours=hour, minutes=30)
        return detect(self.database, self.traffic, partners=self.partners, channel="C0PAYOPS", now=now)

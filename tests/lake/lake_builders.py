"""One builder per record: everything has a sensible value, and a test names only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from breakwater.model.events import EVENT_SCHEMA, Event
from breakwater.model.records import RECORD_SCHEMA, Kind, Record

A_HASH = "a" * 64


def a_record(**changes: Any) -> Record:
    given: dict[str, Any] = {
        "record_id": "DE89/7/E2E-1/0",
        "kind": Kind.PAYMENT,
        "amount_minor": 1250,
        "currency": "EUR",
        "booked_on": date(2026, 11, 18),
        "partner": "nordbank",
    }
    return Record(**{**given, **changes})


def an_event(**changes: Any) -> Event:
    given: dict[str, Any] = {
        "event_id": "evt_1",
        "payment_id": "pay_1",
        "partner": "nordbank",
        "occurred_at": datetime(2026, 11, 18, 9, 30, tzinfo=UTC),
        "state": "created",
        "amount_minor": 1250,
        "currency": "EUR",
    }
    return Event(**{**given, **changes})


def batch_of(records: Iterable[Record]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{**asdict(r), "kind": str(r.kind)} for r in records], schema=RECORD_SCHEMA)


def batch_of_events(events: Iterable[Event]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([asdict(e) for e in events], schema=EVENT_SCHEMA)

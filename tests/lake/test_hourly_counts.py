from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_builders import A_HASH, an_event, batch_of_events

from breakwater.lake.parts import Lake
from breakwater.lake.series import HOURLY_SCHEMA, MOST_MINOR, hourly_counts
from breakwater.model.events import Event
from breakwater.model.records import Side

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def counted(lake: Lake, *events: Event, since: datetime = NINE) -> list[dict[str, Any]]:
    parts = lake.write(iter([batch_of_events(events)]), content="events", side=Side.OURS, sha256=A_HASH)
    return list(hourly_counts(lake, parts, since=since).to_pylist())


def test_an_hour_counts_what_was_tried_approved_and_declined(lake: Lake) -> None:
    states = ["created", "created", "created", "authorized", "accepted", "failed", "rejected", "settled"]
    events = [an_event(event_id=str(n), state=s, occurred_at=NINE + timedelta(minutes=n)) for n, s in enumerate(states)]

    assert counted(lake, *events) == [
        {
            "partner": "nordbank",
            "network": None,
            "currency": "EUR",
            "hour": NINE,
            "attempts": 3,
            "approved": 2,
            "declined": 2,
            "approved_minor": 2_500,
            "attempted_minor": 3_750,
        }
    ]


def test_hours_currencies_and_partners_are_counted_apart_and_in_order(lake: Lake) -> None:
    events = [
        an_event(event_id="1", occurred_at=NINE + timedelta(minutes=59, seconds=59)),
        an_event(event_id="2", occurred_at=NINE + timedelta(hours=1)),
        an_event(event_id="3", currency="CHF"),
        an_event(event_id="4", partner="meridian"),
    ]

    rows = [(r["partner"], r["currency"], r["hour"].hour, r["attempts"]) for r in counted(lake, *events)]

    assert rows == [("meridian", "EUR", 9, 1), ("nordbank", "CHF", 9, 1), ("nordbank", "EUR", 9, 1), ("nordbank", "EUR", 10, 1)]


def test_amounts_at_the_edge_of_64_bits_stop_no_look_at_the_others(lake: Lake) -> None:
    wild = [an_event(event_id=str(n), state="authorized", amount_minor=2**63 - 1) for n in range(3)]
    sound = [an_event(event_id="9", state="authorized", currency="CHF"), an_event(event_id="10", currency="CHF")]

    rows = [(r["currency"], r["approved"], r["approved_minor"], r["attempted_minor"]) for r in counted(lake, *wild, *sound)]

    assert rows == [("CHF", 1, 1_250, 1_250), ("EUR", 3, MOST_MINOR, 0)]


def test_what_happened_before_is_left_out(lake: Lake) -> None:
    events = [an_event(event_id="1", occurred_at=NINE - timedelta(microseconds=1)), an_event(event_id="2", occurred_at=NINE)]

    assert [(r["hour"], r["attempts"]) for r in counted(lake, *events)] == [(NINE, 1)]
    assert counted(lake, *events, since=NINE + timedelta(days=2)) == []


def test_nothing_is_counted_as_an_empty_table(lake: Lake) -> None:
    assert hourly_counts(lake, [], since=NINE).equals(HOURLY_SCHEMA.empty_table())


def test_the_columns_are_as_promised(lake: Lake) -> None:
    parts = lake.write(iter([batch_of_events([an_event()])]), content="events", side=Side.OURS, sha256=A_HASH)

    assert hourly_counts(lake, parts, since=NINE).schema.equals(HOURLY_SCHEMA)

"""What goes wrong with payments, hour by hour: declines by family, refunds and chargebacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_builders import A_HASH, an_event, batch_of_events

from breakwater.lake.occurrences import OCCURRENCE_SCHEMA, hourly_occurrences
from breakwater.lake.parts import Lake
from breakwater.lake.series import MOST_MINOR
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.events import Event
from breakwater.model.occurrences import Occurrence
from breakwater.model.records import Side

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def counted(lake: Lake, *events: Event, since: datetime = NINE) -> list[tuple[Any, ...]]:
    parts = lake.write(iter([batch_of_events(events)]), content="events", side=Side.OURS, sha256=A_HASH)
    rows = hourly_occurrences(lake, parts, since=since).to_pylist()
    return [(r["partner"], r["network"], r["currency"], r["hour"].hour, r["what"], r["count"], r["minor"]) for r in rows]


def declined(n: int, *, code: str | None, reason: str | None = None, **changes: Any) -> Event:
    return an_event(**{"event_id": f"d{n}", "state": "failed", "raw_code": code, "reason": reason, "network": "cards", **changes})


def test_declines_are_counted_by_family_whatever_their_codes(lake: Lake) -> None:
    events = [
        declined(1, code="91"),
        declined(2, code="96", reason="System malfunction"),
        declined(3, code="51", state="rejected"),
        declined(4, code="never seen"),
        declined(5, code=None),
    ]

    assert counted(lake, *events) == [
        ("nordbank", "cards", "EUR", 9, "funds", 1, 1_250),
        ("nordbank", "cards", "EUR", 9, "other", 2, 2_500),
        ("nordbank", "cards", "EUR", 9, "technical", 2, 2_500),
    ]


def test_a_code_means_what_its_partner_was_declared_to_mean_and_for_others_what_it_did(lake: Lake) -> None:
    parts = lake.write(
        iter([batch_of_events([declined(1, code="65"), declined(2, code="65", partner="meridian")])]),
        content="events", side=Side.OURS, sha256=A_HASH,
    )  # fmt: skip

    table = hourly_occurrences(lake, parts, since=NINE, taught={"meridian": {"65": DeclineFamily.AUTHENTICATION}})

    assert [(row["partner"], row["what"]) for row in table.to_pylist()] == [("meridian", "authentication"), ("nordbank", "funds")]


def test_amounts_at_the_edge_of_64_bits_stop_no_look_at_the_others(lake: Lake) -> None:
    events = [an_event(event_id=str(n), state="refunded", amount_minor=2**63 - 1) for n in range(3)]

    assert counted(lake, *events) == [("nordbank", None, "EUR", 9, Occurrence.REFUND, 3, MOST_MINOR)]


def test_refunds_and_chargebacks_are_counted_with_their_worth(lake: Lake) -> None:
    states = ["created", "refunded", "refunded", "disputed", "dispute_won", "settled"]
    events = [an_event(event_id=str(n), state=state, amount_minor=100 + n) for n, state in enumerate(states)]

    assert counted(lake, *events) == [
        ("nordbank", None, "EUR", 9, Occurrence.CHARGEBACK, 1, 103),
        ("nordbank", None, "EUR", 9, Occurrence.REFUND, 2, 203),
    ]


def test_hours_and_what_lies_before_are_told_apart(lake: Lake) -> None:
    events = [
        declined(1, code="91", occurred_at=NINE - timedelta(seconds=1)),
        declined(2, code="91", occurred_at=NINE),
        declined(3, code="91", occurred_at=NINE + timedelta(hours=1)),
    ]

    assert [row[3] for row in counted(lake, *events)] == [9, 10]
    assert hourly_occurrences(lake, [], since=NINE).equals(OCCURRENCE_SCHEMA.empty_table())

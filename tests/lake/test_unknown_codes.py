"""Codes that nobody knows are found among all events, so that a digest can name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lake_builders import A_HASH, an_event, batch_of_events

from breakwater.lake.parts import Lake
from breakwater.lake.unknown_codes import unknown_codes
from breakwater.model.events import Event
from breakwater.model.records import Side
from breakwater.model.unknown_codes import UnknownCode

SINCE = datetime(2026, 11, 18, 9, tzinfo=UTC)


def unknown(code: str | None, *, n: int, network: str | None = "sepa", **more: Any) -> Event:
    return an_event(event_id=f"{code}/{n}", state="unknown", raw_code=code, network=network, **more)


def found(folder: Path, *events: Event) -> list[UnknownCode]:
    lake = Lake(folder / "lake")
    parts = lake.write(iter([batch_of_events(events)]), content="events", side=Side.THEIRS, sha256=A_HASH)
    return unknown_codes(lake, parts, since=SINCE)


def test_unknown_codes_are_counted_the_most_frequent_first(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        unknown("PART", n=1),
        unknown("ACWP", n=1),
        unknown("ACWP", n=2),
        unknown(None, n=3),
        an_event(event_id="known", state="settled"),
    )

    assert [(c.code, c.count) for c in told] == [("ACWP", 2), ("", 1), ("PART", 1)]


def test_what_is_known_by_now_or_told_by_its_history_is_no_news(tmp_path: Path) -> None:
    told = found(tmp_path, unknown("ACSC", n=1), unknown("TRADE_CLOSED", n=2, network="alipay"), unknown("ACSC", n=3, network="cards"))

    assert [(c.code, c.network) for c in told] == [("ACSC", "cards")]


def test_what_happened_before_is_left_to_earlier_digests(tmp_path: Path) -> None:
    assert found(tmp_path, unknown("ACWP", n=1, occurred_at=SINCE - timedelta(seconds=1))) == []
    assert unknown_codes(Lake(tmp_path / "empty"), [], since=SINCE) == []

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lake_builders import A_HASH, a_record, an_event, batch_of, batch_of_events

from breakwater.lake import amounts
from breakwater.lake.parts import Lake
from breakwater.model.records import Record, Side

FRIDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 22)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def found(lake: Lake, *records: Record, amount_minor: int = 12345, currency: str = "EUR") -> list[str]:
    parts = lake.write(iter([batch_of(records)]), content="records", side=Side.OURS, sha256=A_HASH)
    hits = amounts.find_records(lake, parts, amount_minor=amount_minor, currency=currency, dated_from=FRIDAY, dated_to=SUNDAY)
    return [r.record_id for r in hits]


def on(day: int, record_id: str, amount_minor: int = 12345, **changes: object) -> Record:
    return a_record(record_id=record_id, amount_minor=amount_minor, booked_on=date(2026, 11, day), **changes)


def test_an_amount_is_found_on_its_days_and_no_other(lake: Lake) -> None:
    assert found(lake, on(23, "after"), on(22, "last"), on(20, "first"), on(19, "before")) == ["first", "last"]


def test_money_that_left_is_found_like_money_that_came(lake: Lake) -> None:
    records = on(20, "in"), on(20, "out", -12345)

    assert found(lake, *records) == ["in", "out"]
    assert found(lake, *records, amount_minor=-12345) == ["in", "out"]


def test_another_amount_or_currency_is_another_amount(lake: Lake) -> None:
    records = on(20, "more", 12346), on(20, "yen", currency="JPY"), on(20, "it")

    assert found(lake, *records) == ["it"]
    assert found(lake, *records, currency="jpy") == ["yen"]


def test_what_the_payer_paid_in_his_own_currency_counts_too(lake: Lake) -> None:
    record = on(20, "converted", 11000, original_amount_minor=12345, original_currency="USD")

    assert found(lake, record, currency="USD") == ["converted"]
    assert found(lake, record, currency="EUR") == []


def test_the_largest_and_smallest_amounts_are_found(lake: Lake) -> None:
    records = on(20, "least", -(2**63)), on(20, "most", 2**63 - 1), on(20, "nothing", 0)

    assert found(lake, *records, amount_minor=2**63 - 1) == ["most"]
    assert found(lake, *records, amount_minor=0) == ["nothing"]


def test_hits_are_bounded_and_the_oldest_come_first(lake: Lake) -> None:
    parts = lake.write(iter([batch_of([on(20 + n % 3, f"r{n}") for n in range(3_000)])]), content="records", side=Side.OURS, sha256=A_HASH)
    hits = amounts.find_records(lake, parts, amount_minor=12345, currency="EUR", dated_from=FRIDAY, dated_to=SUNDAY, limit=5)

    assert [(r.booked_on, r.amount_minor) for r in hits] == [(FRIDAY, 12345)] * 5


def test_days_that_end_before_they_begin_hold_nothing(lake: Lake) -> None:
    parts = lake.write(iter([batch_of([on(20, "it")])]), content="records", side=Side.OURS, sha256=A_HASH)

    assert amounts.find_records(lake, parts, amount_minor=12345, currency="EUR", dated_from=SUNDAY, dated_to=FRIDAY) == []


def test_events_are_found_by_amount_in_utc_days_and_each_once(lake: Lake) -> None:
    evening = an_event(event_id="e1", amount_minor=12345, occurred_at=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    midnight = an_event(event_id="e2", amount_minor=12345, occurred_at=datetime(2026, 11, 23, tzinfo=UTC))
    batch = batch_of_events([midnight, evening])
    parts = [part for sha256 in (A_HASH, "b" * 64) for part in lake.write(iter([batch]), content="events", side=Side.THEIRS, sha256=sha256)]

    assert amounts.find_events(lake, parts, amount_minor=12345, currency="EUR", dated_from=FRIDAY, dated_to=SUNDAY) == [evening]

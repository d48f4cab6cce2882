"""From records in the lake to cards: a fee and the time to settlement that change, told once, and over when they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tiny_company import outbox_of
from traffic_at_work import MERIDIAN, AtWork

from breakwater.lake.parts import Lake
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.backtests import Budget
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.model.records import RECORD_SCHEMA, Kind, Record, Side
from breakwater.steps import feedback
from breakwater.steps.feedback import Answered
from breakwater.store import writes
from breakwater.store.database import Database

FIRST = date(2026, 9, 1)
DAYS = [day for n in range(40) if MERIDIAN.calendar.is_business_day(day := FIRST + timedelta(days=n))]
ADA = Actor("U0ADA", Role.OPERATOR)


@pytest.fixture
def at_work(database: Database, tmp_path: Path) -> AtWork:
    """A partner with four weeks of settled payments at 140 basis points, one business day after we booked them."""
    known = AtWork(database, Lake(tmp_path / "lake"))
    for n, day in enumerate(DAYS[:20]):
        a_day(known, day, fee_minor=140 + n % 2)
    return known


def a_day(at_work: AtWork, day: date, *, fee_minor: int = 140, lag_days: int = 1) -> None:
    """Thirty payments booked by us, and settled by the partner business days later."""
    settled = MERIDIAN.calendar.shift(day, lag_days)
    ours = [paid(day, n) for n in range(30)]
    theirs = [paid(day, n, fee_minor=fee_minor, value_date=settled) for n in range(30)]
    for side, records in ((Side.OURS, ours), (Side.THEIRS, theirs)):
        keep(at_work, side, records, day=day)


def paid(day: date, n: int, **changes: object) -> Record:
    record = {
        "record_id": f"{day}/{n}", "kind": Kind.PAYMENT, "amount_minor": 10_000, "currency": "EUR", "booked_on": day, "partner": "meridian",
        "ref_payment_id": f"P-{day}-{n}",
    }  # fmt: skip
    return Record(**{**record, **changes})  # type: ignore[arg-type]


def keep(at_work: AtWork, side: Side, records: Iterable[Record], *, day: date) -> None:
    at_work.files += 1
    sha256 = f"{at_work.files:064x}"
    batch = pa.RecordBatch.from_pylist([{**asdict(r), "kind": str(r.kind)} for r in records], schema=RECORD_SCHEMA)
    parts = at_work.lake.write(iter([batch]), content="records", side=side, sha256=sha256)
    file = SourceFile(
        sha256=sha256, partner="meridian", stream="settlement", side=side, format="csv", name=f"{at_work.files}.csv", business_date=day,
        received_at=noon(day), records=batch.num_rows, events=0, state="ingested", parts=tuple(parts),
    )  # fmt: skip
    with at_work.database.transaction() as tx:
        writes.save_source_file(tx, file, actor=SYSTEM, now=noon(day))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def looked(at_work: AtWork, day: date) -> list[Finding]:
    hour = (noon(day) - datetime(2026, 9, 7, tzinfo=UTC)) // timedelta(hours=1)
    return at_work.look(hour=hour)


def test_a_fee_that_changes_has_a_card_once_and_is_over_when_it_is_back(at_work: AtWork) -> None:
    assert looked(at_work, DAYS[20]) == []
    a_day(at_work, DAYS[20], fee_minor=165)
    a_day(at_work, DAYS[21], fee_minor=165)

    (found,) = looked(at_work, DAYS[22])

    assert found.kind is FindingKind.FEE_DRIFT
    assert found.summary == "Fees at Meridian in EUR rose from 140.5 bp to 165.0 bp. That is EUR 14.70 more on EUR 6,000.00 since then."
    assert (found.at_risk_minor, found.currency, found.since.date()) == (1_470, "EUR", DAYS[20])
    assert [f.id for f in looked(at_work, DAYS[22])] == [found.id]
    assert [key for key, _, _ in outbox_of(at_work.database)] == [f"finding:{found.id}:C0PAYOPS:1"]

    a_day(at_work, DAYS[22])
    assert looked(at_work, DAYS[23]) == []
    assert [key for key, _, _ in outbox_of(at_work.database)][1:] == [
        f"finding:{found.id}:C0PAYOPS:2",
        f"finding:{found.id}:C0PAYOPS:2:news",
    ]


def test_a_fee_accepted_as_the_new_level_is_not_told_again(at_work: AtWork) -> None:
    a_day(at_work, DAYS[20], fee_minor=165)
    a_day(at_work, DAYS[21], fee_minor=165)
    (found,) = looked(at_work, DAYS[22])
    click = Answered(actor=ADA, finding_id=found.id, revision=1, partners={"meridian": MERIDIAN}, channel="C0PAYOPS", now=noon(DAYS[22]))
    with at_work.database.transaction() as tx:
        assert feedback.new_level(tx, click).state is FindingState.NEW_LEVEL

    a_day(at_work, DAYS[22], fee_minor=165)
    a_day(at_work, DAYS[23], fee_minor=166)

    assert looked(at_work, DAYS[24]) == []


def test_what_was_expected_until_a_time_is_told_again_after_it_and_not_before(at_work: AtWork) -> None:
    for day in DAYS[20:22]:
        a_day(at_work, day, fee_minor=165)
    (found,) = looked(at_work, DAYS[21])
    until = noon(DAYS[22]) + timedelta(hours=6)
    click = Answered(actor=ADA, finding_id=found.id, revision=1, partners={"meridian": MERIDIAN}, channel="C0PAYOPS", now=noon(DAYS[21]))
    with at_work.database.transaction() as tx:
        feedback.expected(tx, click, reason="a promotion.", until=until)

    a_day(at_work, DAYS[22], fee_minor=165)
    assert looked(at_work, DAYS[22]) == []

    a_day(at_work, DAYS[23], fee_minor=165)
    assert [f.id for f in looked(at_work, DAYS[23])] == [found.id]


def test_payments_that_settle_later_are_told_with_what_they_are_worth(at_work: AtWork) -> None:
    for day in DAYS[20:24]:
        a_day(at_work, day, lag_days=3)

    (found,) = looked(at_work, DAYS[27])

    assert found.kind is FindingKind.SETTLEMENT_SLOW
    assert found.summary == (
        "The time to settlement at Meridian in EUR rose from 1.0 business days to 3.0 business days. EUR 12,000.00 took longer than usual."
    )
    done = at_work.traffic.levels.would_tell(MERIDIAN, since=noon(DAYS[10]), now=noon(DAYS[27]))
    assert {budget: [one.what for one in told] for budget, told in done.items()} == {
        budget: ["1.0 business days became 3.0 business days"] for budget in Budget
    }


def test_days_that_have_not_come_yet_have_no_level(at_work: AtWork) -> None:
    never = date.max
    records = [paid(never, n, ref_payment_id=f"P-{DAYS[19]}-{n}", fee_minor=900, value_date=never) for n in range(30)]
    keep(at_work, Side.THEIRS, records, day=DAYS[20])

    assert looked(at_work, DAYS[20]) == []
    told = at_work.traffic.levels.would_tell(MERIDIAN, since=noon(DAYS[0]), now=noon(DAYS[20]))
    assert told == {budget: [] for budget in Budget}


def test_a_young_partner_is_said_to_have_no_level_yet(database: Database, tmp_path: Path) -> None:
    at_work = AtWork(database, Lake(tmp_path / "lake"))
    for day in DAYS[:5]:
        a_day(at_work, day, fee_minor=100 + day.day)

    assert looked(at_work, DAYS[6]) == []

    (said,) = at_work.traffic.levels.unmonitored
    assert said.text == (
        "No usual level is known at Meridian of fees (EUR), the time to settlement (EUR): ten days of at least 20 payments each are needed."
    )

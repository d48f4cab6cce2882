from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_builders import A_HASH, a_record, an_event, batch_of, batch_of_events

from breakwater.lake import amounts, references
from breakwater.lake.parts import Lake
from breakwater.model.events import EVENT_REFERENCE_COLUMNS
from breakwater.model.records import REFERENCE_COLUMNS, Record, Side, clean_reference


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "la*ke [1]")  # what a query engine would read as a pattern


def parts_of(lake: Lake, *records: Record) -> list[str]:
    return lake.write(iter([batch_of(records)]), content="records", side=Side.OURS, sha256=A_HASH)


def test_a_record_is_found_among_many_row_groups_of_many_parts(lake: Lake) -> None:
    parts = []
    for part in "abc":
        batch = batch_of([a_record(record_id=f"{part}{n}", ref_payment_id=f"pay_{part}{n}") for n in range(300)])
        batches = [
            batch,
            *(batch_of([a_record()]).take(pa.array([0] * 50_000)) for _ in range(4)),
            batch_of([a_record(record_id=f"{part}-last")]),
        ]
        parts += lake.write(iter(batches), content="records", side=Side.OURS, sha256=part * 64)

    assert [r.record_id for r in references.find_records(lake, parts, ["PAY_B123", "c-last"])] == ["b123", "c-last"]


@pytest.mark.parametrize("column", ["record_id", *REFERENCE_COLUMNS])
def test_a_record_is_found_by_each_of_its_references(lake: Lake, column: str) -> None:
    wanted, other = a_record(**{column: "Ref-1"}), a_record(**{"record_id": "other", column: "Ref-12"})

    assert references.find_records(lake, parts_of(lake, wanted, other), ["Ref-1"]) == [wanted]


@pytest.mark.parametrize("asked", ["PAY_1", "pay_1", "  pay_1\t"])
def test_case_and_blanks_around_a_reference_do_not_matter(lake: Lake, asked: str) -> None:
    record = a_record(ref_payment_id=" Pay_1 ")

    assert references.find_records(lake, parts_of(lake, record), [asked]) == [record]


@pytest.mark.parametrize(("there", "asked"), [("RÜCK-1", "RÜCK-1"), ("RÜCK-1", "rück-1"), ("заказ 7", "ЗАКАЗ 7"), ("订单7", "订单7")])
@pytest.mark.parametrize("column", ["record_id", "ref_partner_id"])
def test_a_reference_in_any_letters_is_found_whatever_its_case(lake: Lake, column: str, there: str, asked: str) -> None:
    record = a_record(**{column: there})

    assert references.find_records(lake, parts_of(lake, record), [asked]) == [record]


@pytest.mark.parametrize("asked", ["", "  ", "NOTPROVIDED", "' OR 1=1 --", "%", "pay", "*"])
def test_what_is_no_reference_finds_nothing(lake: Lake, asked: str) -> None:
    parts = parts_of(lake, a_record(ref_payment_id="pay_1", ref_end_to_end_id="NOTPROVIDED"))

    assert references.find_records(lake, parts, [asked]) == []


def test_records_are_found_in_order_and_bounded(lake: Lake) -> None:
    records = [a_record(record_id=f"r{n}", booked_on=date(2026, 11, 20 - n), ref_batch_id="batch") for n in range(9)]
    parts = parts_of(lake, *records)

    assert [r.record_id for r in references.find_records(lake, parts, ["batch"], limit=3)] == ["r8", "r7", "r6"]
    assert references.find_records(lake, [], ["batch"]) == []


def test_records_are_fetched_by_exactly_their_ids(lake: Lake) -> None:
    parts = parts_of(lake, a_record(record_id="r1"), a_record(record_id="R1"))

    assert [r.record_id for r in references.records_by_id(lake, parts, ["r1", "r1", "r2"])] == ["r1"]
    assert references.records_by_id(lake, [], ["r1"]) == []
    assert references.records_by_id(lake, parts, []) == []


def test_a_moment_comes_back_in_utc(lake: Lake) -> None:
    booked_at = datetime(2026, 11, 18, 9, 30, 0, 123456, tzinfo=UTC)
    parts = parts_of(lake, a_record(booked_at=booked_at))

    (found,) = references.records_by_id(lake, parts, [a_record().record_id])

    assert found.booked_at == booked_at
    assert str(found.booked_at) == "2026-11-18 09:30:00.123456+00:00"


def test_the_events_of_a_payment_are_told_in_order_and_each_once(lake: Lake) -> None:
    created, paid = an_event(), an_event(event_id="evt_2", state="paid_out", occurred_at=datetime(2026, 11, 19, tzinfo=UTC))
    other = an_event(event_id="evt_3", payment_id="pay_2")
    parts = lake.write(iter([batch_of_events([paid, created, other])]), content="events", side=Side.OURS, sha256=A_HASH)
    again = lake.write(iter([batch_of_events([created])]), content="events", side=Side.OURS, sha256="b" * 64)

    assert references.find_events(lake, parts + again, ["pay_1"]) == [created, paid]
    assert references.find_events(lake, parts, ["pay_9"]) == []
    assert references.find_events(lake, [], ["pay_1"]) == []


@pytest.mark.parametrize("column", ["payment_id", *EVENT_REFERENCE_COLUMNS])
def test_an_event_is_found_by_each_of_its_references(lake: Lake, column: str) -> None:
    wanted, other = an_event(**{column: " Ref-1"}), an_event(**{"event_id": "other", column: "Ref-12"})
    parts = lake.write(iter([batch_of_events([wanted, other])]), content="events", side=Side.THEIRS, sha256=A_HASH)

    assert references.find_events(lake, parts, ["ref-1 "]) == [wanted]


def test_a_batch_of_many_thousands_is_read_only_as_far_as_it_is_asked_for(lake: Lake) -> None:
    batch = batch_of([a_record(ref_batch_id="0815")]).take(pa.array([0] * 60_000))
    parts = lake.write(
        iter([batch, batch, batch_of([a_record(record_id="it", ref_batch_id="815")])]), content="records", side=Side.OURS, sha256=A_HASH
    )

    assert len(references.find_records(lake, parts, ["0815"], limit=7)) == 7
    assert [r.record_id for r in references.find_records(lake, parts, ["815"])] == ["it"]


REFERENCES = (
    st.none() | st.text(st.characters(codec="latin-1", include_characters="-0 "), max_size=36) | st.integers(0, 99).map("ORD-{}".format)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_record_is_found_by_whatever_it_carries_among_others(lake: Lake, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    given_names = [{name: data.draw(REFERENCES) for name in ("ref_payment_id", "ref_partner_id", "ref_uetr")} for _ in range(count)]
    amounts_minor = data.draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count))
    records = [
        a_record(record_id=f"R-{n}", amount_minor=m, **names) for n, (m, names) in enumerate(zip(amounts_minor, given_names, strict=True))
    ]
    parts = parts_of(lake, *records)

    for record in records:
        for reference in filter(clean_reference, (record.record_id, record.ref_payment_id, record.ref_partner_id, record.ref_uetr)):
            assert record in references.find_records(lake, parts, [reference])
            assert record in references.find_records(lake, parts, [f" {reference.lower()} "])
        day = {"dated_from": record.booked_on, "dated_to": record.booked_on}
        assert record in amounts.find_records(lake, parts, amount_minor=record.amount_minor, currency="EUR", **day)

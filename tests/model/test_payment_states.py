"""A payment's three axes: what happened, where the money is, and what the last run says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.events import EVENT_SCHEMA, Event
from breakwater.model.payments import (
    Evidence,
    MoneyState,
    PaymentTrace,
    ProcessingState,
    ReconciliationState,
    money_state,
    processing_state,
)
from breakwater.model.records import CANONICAL_COLUMNS, RECORD_SCHEMA, Kind, Record, Side, clean_reference, record_id

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def an_event(state: str, *, after_s: int = 0, event_id: str = "E1") -> Event:
    return Event(
        event_id=event_id, payment_id="P-1", partner="meridian", occurred_at=NOON + timedelta(seconds=after_s),
        state=state, amount_minor=1_000, currency="EUR",
    )  # fmt: skip


def evidence(side: Side, *, reconciliation: ReconciliationState = ReconciliationState.MATCHED, kind: Kind = Kind.PAYMENT) -> Evidence:
    record = Record(record_id=f"{side}/1", kind=kind, amount_minor=1_000, currency="EUR", booked_on=date(2026, 11, 20), partner="meridian")
    return Evidence(side=side, record=record, file_name="f", received_at=NOON, reconciliation=reconciliation)


STATES = st.sampled_from([*ProcessingState, "partner_says_hm"])
EVENTS = st.lists(st.builds(an_event, STATES, after_s=st.integers(0, 5), event_id=st.uuids().map(str)), max_size=12)


@given(events=EVENTS, data=st.data())
def test_order_and_repetition_of_arrival_do_not_matter(events: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []

    assert processing_state([*shuffled, *repeated]) is processing_state(events)


@given(events=EVENTS)
def test_the_state_is_one_of_the_latest_events_unless_a_payout_is_passed_over(events: list[Event]) -> None:
    told = [e for e in events if e.state != ProcessingState.PAID_OUT]
    last_at = max((e.occurred_at for e in told), default=NOON)
    latest = {e.state for e in told if e.occurred_at == last_at} or {"unknown"}

    assert processing_state(told) in latest | {ProcessingState.UNKNOWN}


@pytest.mark.parametrize(
    ("story", "state"),
    [
        pytest.param([("created", 0), ("authorized", 1), ("captured", 2)], "captured", id="forward"),
        pytest.param([("captured", 2), ("created", 0)], "captured", id="by event time, not by arrival"),
        pytest.param([("settled", 1), ("authorized", 2)], "authorized", id="some partners roll back"),
        pytest.param([("captured", 1), ("refunded", 1)], "refunded", id="at one moment the further one"),
        pytest.param([("settled", 1), ("gibberish", 2)], "unknown", id="an unmapped code is never success"),
        pytest.param([("settled", 1), ("paid_out", 2)], "paid_out", id="paid out"),
        pytest.param([("refunded", 1), ("paid_out", 2)], "refunded", id="a payout does not hide a refund"),
        pytest.param([("disputed", 1), ("paid_out", 2), ("dispute_won", 3)], "dispute_won", id="nor a dispute"),
        pytest.param([], "unknown", id="nothing is known"),
    ],
)
def test_the_latest_event_says_where_it_stands(story: list[tuple[str, int]], state: str) -> None:
    assert processing_state([an_event(s, after_s=t, event_id=f"E{n}") for n, (s, t) in enumerate(story)]) == state


@pytest.mark.parametrize(
    ("sides", "states", "money"),
    [
        pytest.param([], [], MoneyState.NONE, id="no record"),
        pytest.param([Side.OURS], ["captured"], MoneyState.EXPECTED, id="ours alone"),
        pytest.param([Side.OURS, Side.THEIRS], ["captured"], MoneyState.CLEARED, id="the partner shows it"),
        pytest.param([Side.THEIRS], [], MoneyState.CLEARED, id="only the partner"),
        pytest.param([Side.OURS], ["paid_out", "refunded"], MoneyState.PAID_OUT, id="its payout is known"),
    ],
)
def test_where_the_money_is(sides: list[Side], states: list[str], money: MoneyState) -> None:
    events = [an_event(state, event_id=f"E{n}") for n, state in enumerate(states)]

    assert money_state([evidence(s) for s in sides], events) is money


def test_a_fee_line_is_not_the_payments_money() -> None:
    assert money_state([evidence(Side.THEIRS, kind=Kind.FEE)], []) is MoneyState.NONE


@pytest.mark.parametrize(
    ("states", "weakest"),
    [
        ([], ReconciliationState.NOT_RUN),
        ([ReconciliationState.MATCHED], ReconciliationState.MATCHED),
        ([ReconciliationState.MATCHED, ReconciliationState.NOT_RUN], ReconciliationState.NOT_RUN),
        ([ReconciliationState.NOT_RUN, ReconciliationState.PENDING], ReconciliationState.PENDING),
        ([ReconciliationState.PENDING, ReconciliationState.IN_BREAK, ReconciliationState.MATCHED], ReconciliationState.IN_BREAK),
    ],
)
def test_the_weakest_record_speaks_for_the_payment(states: list[ReconciliationState], weakest: ReconciliationState) -> None:
    records = tuple(evidence(Side.OURS, reconciliation=state) for state in states)

    trace = PaymentTrace(reference="P-1", evidence=records, events=(an_event("settled"),), breaks=(), searched="everything")

    assert trace.reconciliation is weakest
    assert trace.processing is ProcessingState.SETTLED


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (" ABC ", "ABC"),
        ("", None),
        (None, None),
        ("  ", None),
        ("NOTPROVIDED", None),
        ("NotProvided\n", None),
        ("NOTPROVIDED1", "NOTPROVIDED1"),
    ],
)
def test_a_reference_that_says_there_is_none_is_none(text: str | None, reference: str | None) -> None:
    assert clean_reference(text) == reference


def test_records_have_the_canonical_columns_and_an_identity_without_bytes() -> None:
    assert set(CANONICAL_COLUMNS) < set(RECORD_SCHEMA.names)
    assert str(RECORD_SCHEMA.field("amount_minor").type) == str(EVENT_SCHEMA.field("amount_minor").type) == "int64"
    assert record_id("DE89/2026-118", "REF1", 0) == "DE89/2026-118/REF1/0"
    assert record_id("DE89/2026-118", "", 2) == "DE89/2026-118/-/2"


def test_events_are_frozen() -> None:
    with pytest.raises(AttributeError):
        an_event("created").state = "settled"  # type: ignore[misc]
    assert replace(an_event("created"), state="settled").state == "settled"

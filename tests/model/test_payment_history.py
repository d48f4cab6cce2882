"""Whatever order and however often a payment's events are told, its history and state are the same; and what partners' codes mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.events import Event
from breakwater.model.payment_history import has_no_time, history
from breakwater.model.payment_states import RAILS, ProcessingState, Rail, meaning, rail_of
from breakwater.sources import layout_files

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)


def an_event(state: str, *, at: datetime = NOON, event_id: str = "E1", **more: Any) -> Event:
    given: dict[str, Any] = {"payment_id": "P-1", "partner": "meridian", "amount_minor": 1_000, "currency": "EUR"}
    return Event(event_id=event_id, occurred_at=at, state=state, **{**given, **more})


def story(*told: tuple[str, str | None], network: str = "cards", amounts: tuple[int, ...] = ()) -> list[Event]:
    """One event an hour from noon on, as (state, raw code)."""
    return [
        an_event(
            state,
            at=NOON + timedelta(hours=n),
            event_id=f"E{n}",
            raw_code=code,
            network=network,
            amount_minor=dict(enumerate(amounts)).get(n, 1_000),
        )
        for n, (state, code) in enumerate(told)
    ]


CODES = st.sampled_from(["TRADE_SUCCESS", "TRADE_CLOSED", "payout.failed", "RefundFailed", "ACSP", "00", "never heard of", None])
TIMES = st.sampled_from([DAY, DAY + timedelta(days=1)]) | st.integers(1, 6).map(lambda n: DAY + timedelta(hours=8 * n))
EVENTS = st.lists(
    st.builds(
        an_event,
        st.sampled_from([*ProcessingState, "partner_says_hm"]),
        at=TIMES,
        event_id=st.integers(0, 30).map(str),
        raw_code=CODES,
        network=st.sampled_from(["cards", "alipay", None]),
        partner=st.sampled_from(["meridian", "nordbank"]),
        amount_minor=st.sampled_from([0, 400, 1_000]),
    ),
    max_size=12,
)


@given(events=EVENTS, data=st.data())
def test_order_and_repetition_of_arrival_change_nothing(events: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []

    told = history([*shuffled, *repeated])

    assert told == history(events)
    assert (told.state, told.is_paid_out) == (history(events).state, history(events).is_paid_out)


@pytest.mark.parametrize(
    ("told", "state", "paid_out"),
    [
        pytest.param(
            [("captured", None), ("settled", None), ("paid_out", None), ("failed", "payout.failed")], "settled", False, id="payout"
        ),
        pytest.param(
            [("submitted", None), ("clearing", None), ("paid_out", None), ("failed", None)], "failed", False, id="a payout itself"
        ),
        pytest.param([("settled", None), ("paid_out", None), ("failed", None), ("paid_out", None)], "paid_out", True, id="paid again"),
        pytest.param([("settled", None), ("refunded", None), ("failed", "RefundFailed")], "settled", False, id="a refund that failed"),
        pytest.param(
            [("settled", None), ("refunded", None), ("paid_out", None), ("failed", "RefundFailed")], "settled", True, id="not the payout"
        ),
        pytest.param(
            [("settled", None), ("refunded", None), ("paid_out", None), ("failed", "payout.failed")], "refunded", False, id="hidden"
        ),
        pytest.param([("authorized", None), ("failed", None)], "failed", False, id="its own failure"),
        pytest.param([("settled", None), ("accepted", "processing")], "accepted", False, id="some partners roll back"),
        pytest.param([("settled", None), ("on_hold", "PDNG"), ("settled", "ACSC")], "settled", False, id="a hold that ended"),
    ],
)
def test_a_paid_payout_that_fails_later_takes_nothing_from_the_payment(
    told: list[tuple[str, str | None]], state: str, paid_out: bool
) -> None:
    found = history(story(*told))

    assert (found.state, found.is_paid_out) == (state, paid_out)


@pytest.mark.parametrize(
    ("before", "amounts", "state"),
    [
        pytest.param([("pending_action", "WAIT_BUYER_PAY")], (), "expired", id="nobody paid in time"),
        pytest.param([("pending_action", "WAIT_BUYER_PAY"), ("canceled", "cancel")], (), "canceled", id="cancelled before"),
        pytest.param([("captured", "TRADE_SUCCESS"), ("canceled", "cancel")], (), "canceled", id="cancelled after it was paid"),
        pytest.param([("captured", "TRADE_SUCCESS"), ("refunded", "x")], (1_000, 1_000), "refunded", id="refunded at once"),
        pytest.param([("captured", "TRADE_SUCCESS"), ("refunded", "x"), ("refunded", "y")], (1_000, 600, 400), "refunded", id="in parts"),
        pytest.param([("captured", "TRADE_SUCCESS"), ("refunded", "x")], (1_000, 600), "unknown", id="the rest was never seen"),
        pytest.param([("captured", "TRADE_SUCCESS")], (), "unknown", id="paid, and no refund was seen"),
    ],
)
def test_a_closed_trade_means_what_its_history_says(before: list[tuple[str, str | None]], amounts: tuple[int, ...], state: str) -> None:
    closed = story(*before, ("unknown", "TRADE_CLOSED"), network="alipay", amounts=amounts)

    assert history(closed).state == state


def test_what_is_said_again_is_so_since_it_was_said_first() -> None:
    told = [("captured", None), ("settled", None), ("refunded", None), ("settled", None), ("settled", "ACSC"), ("settled", "again")]

    found = history(story(*told))

    assert found.began
    assert found.standing
    assert (found.began.event.event_id, found.standing.event.event_id) == ("E3", "E5")


def test_a_failed_payout_leaves_the_payment_as_it_was_since_it_was_so() -> None:
    found = history(story(("settled", None), ("paid_out", None), ("failed", "payout.failed"), ("settled", None)))

    assert found.began
    assert found.began.event.event_id == "E0"


def test_nothing_known_began_at_no_time() -> None:
    assert history([]).began is None


def test_a_trades_success_that_is_said_again_does_not_hide_a_partial_refund() -> None:
    told = story(("captured", "TRADE_SUCCESS"), ("refunded", None), ("captured", "TRADE_SUCCESS"), network="alipay")

    assert history(told).state is ProcessingState.REFUNDED


@pytest.mark.parametrize(
    ("states", "state"),
    [
        pytest.param(("accepted", "settled"), "settled", id="after what it must have followed"),
        pytest.param(("accepted", "settled", "returned"), "returned", id="before what must have followed it"),
    ],
)
def test_a_day_without_a_time_takes_its_place_within_the_day(states: tuple[str, ...], state: str) -> None:
    timed = [an_event(s, at=NOON + timedelta(hours=n), event_id=s) for n, s in enumerate(states) if s != "settled"]
    on_the_day = an_event("settled", at=DAY, event_id="settled")

    assert has_no_time(on_the_day)
    assert history([on_the_day, *timed]).state == state


@pytest.mark.parametrize(
    ("rail", "code", "state"),
    [
        (Rail.CARD, "00", "authorized"),
        (Rail.CARD, "05", "rejected"),
        (Rail.CARD, "01", "on_hold"),
        (Rail.CARD, "1240", "clearing"),
        (Rail.CARD, "TC15", "disputed"),
        (Rail.ISO20022, "ACSC", "settled"),
        (Rail.ISO20022, "PDNG", "on_hold"),
        (Rail.ISO20022, "acsp", "clearing"),
        (Rail.ISO20022, "camt.056", "return_requested"),
        (Rail.GPI, "ACSP/G003", "on_hold"),
        (Rail.GPI, "G000", "clearing"),
        (Rail.GPI, "ACCC", "settled"),
        (Rail.ALIPAY, "TRADE_FINISHED", "captured"),
        (Rail.ALIPAY, "TRADE_CLOSED", "unknown"),
        (Rail.STRIPE, "payment_intent.requires_capture", "authorized"),
        (Rail.STRIPE, "refund.succeeded", "refunded"),
        (Rail.STRIPE, "payout.paid", "paid_out"),
        (Rail.ADYEN, "SentForSettle", "clearing"),
        (Rail.ADYEN, "SecondChargeback", "dispute_lost"),
        (Rail.WISE, "funds_converted", "clearing"),
        (Rail.WISE, "bounced_back", "returned"),
        (None, "ACSC", "unknown"),
    ],
)
def test_codes_mean_what_their_rail_says(rail: Rail | None, code: str, state: str) -> None:
    assert meaning(rail, code) == state


@pytest.mark.parametrize("rail", list(Rail))
def test_a_code_nobody_knows_is_unknown_and_never_success(rail: Rail) -> None:
    assert {meaning(rail, code) for code in ("SUCCESS!", "", None)} == {ProcessingState.UNKNOWN}
    assert ProcessingState.UNKNOWN not in RAILS[rail].values()


def test_an_event_kept_as_unknown_is_understood_once_its_code_is_in_a_table() -> None:
    assert history([an_event("unknown", raw_code="ACSC", network="sepa")]).state is ProcessingState.SETTLED
    assert history([an_event("acsc", network="sepa")]).state is ProcessingState.SETTLED
    assert history([an_event("unknown", raw_code="ACSC", network="carrier pigeon")]).state is ProcessingState.UNKNOWN


@pytest.mark.parametrize(("network", "rail"), [("cards", Rail.CARD), ("SEPA", Rail.ISO20022), ("stripe", Rail.STRIPE), (None, None)])
def test_a_network_belongs_to_a_rail(network: str | None, rail: Rail | None) -> None:
    assert rail_of(network) is rail


def test_the_accounting_report_and_the_table_of_its_rail_say_the_same() -> None:
    words = {layout.format: layout.status.meanings for layout in layout_files.built_in()}["adyen-accounting"]

    assert {word: str(meaning(Rail.ADYEN, word)) for word in words} == dict(words)

"""Stripe's API, against a server that answers with Stripe's published objects and misbehaves on demand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from breakwater.model.live import LiveAnswer, LiveQuestion
from breakwater.model.payments import ProcessingState, processing_state
from breakwater.sources.live_asking import LiveSources
from breakwater.sources.stripe_api import StripeSource
from stripe_peer import KEY, Fault, Peer, published, stripe_peer

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PI, CH, RE, PO = "pi_1PgafyB7WZ01zgkWSjxsAJo3", "ch_1PgafuB7WZ01zgkWXYmPNZs8", "re_1Pgc72B7WZ01zgkWqPvrRrPE", "po_1Pgc79B7WZ01zgkWu1KToYf4"


class Clock:
    """The time of day, as told."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def peer() -> Iterator[Peer]:
    with stripe_peer() as serving:
        yield serving


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stripe(peer: Peer, waits: list[float], clock: Clock) -> LiveSources:
    return asking(peer, waits=waits, clock=clock)


def asking(peer: Peer, *, waits: list[float], clock: Clock, key: str = KEY, deadline_s: float = 5.0) -> LiveSources:
    source = StripeSource(
        name="Stripe", partner="stripe", key=key, key_name="STRIPE_API_KEY", url=peer.url, deadline_s=deadline_s, wait=waits.append
    )
    return LiveSources([source], now=clock)


def answer_of(sources: LiveSources, *references: str) -> LiveAnswer:
    (answer,) = sources.ask(LiveQuestion(references=references))
    return answer


def told(answer: LiveAnswer) -> list[tuple[str, str, int, str]]:
    return [(e.state, str(e.raw_code), e.amount_minor, e.currency) for e in answer.events]


def charge(**changed: Any) -> dict[str, Any]:
    entry = published("balance_transaction", status="pending", available_on=1234740690, amount=1099, net=1040, fee=59)
    return published("charge", payment_intent=PI, amount=1099, captured=True, balance_transaction=entry) | changed


def paid_intent(**changed: Any) -> dict[str, Any]:
    return published("payment_intent", status="succeeded", latest_charge=charge(**changed))


def test_an_intent_tells_its_charge_what_it_is_worth_and_when_it_is_in_our_balance(stripe: LiveSources, peer: Peer) -> None:
    peer.know(paid_intent())

    answer = answer_of(stripe, PI)

    assert set(told(answer)) == {
        ("created", "payment_intent.created", 1099, "USD"),
        ("captured", "charge.succeeded", 1099, "USD"),
        ("clearing", "balance_transaction.pending", 1099, "USD"),
    }
    assert processing_state(answer.events) is ProcessingState.CLEARING
    assert answer.facts == ("USD 10.40 net of fees will be in our Stripe balance on 15 Feb 2009.",)
    assert answer.references == (("payment intent", PI), ("charge", CH), ("balance transaction", "txn_1PgaxNB7WZ01zgkWEV3TLf40"))
    assert answer.problem == ""


def test_the_published_objects_as_they_stand(stripe: LiveSources, peer: Peer) -> None:
    peer.know(published("payment_intent"), published("payout"), published("dispute", charge=None), published("refund"))

    assert told(answer_of(stripe, PI)) == [("created", "payment_intent.created", 1099, "USD")]
    assert told(answer_of(stripe, PO)) == [("clearing", "payout.in_transit", 1100, "USD")]
    assert told(answer_of(stripe, RE)) == [("refunded", "refund.succeeded", 100, "USD")]
    inquiry = answer_of(stripe, "dp_1Pgc71B7WZ01zgkWMevJiAUx")
    assert told(inquiry) == []
    assert inquiry.facts[0].startswith("The card issuer asks about it")
    assert inquiry.facts[1] == "Stripe wants our evidence for dp_1Pgc71B7WZ01zgkWMevJiAUx by 14 Aug 2024."


def test_all_pages_of_refunds_are_read_and_each_refund_counts_once(stripe: LiveSources, peer: Peer) -> None:
    peer.know(paid_intent())
    peer.page_size = 2
    peer.lists["/v1/refunds"] = [published("refund", id=f"re_{n}", payment_intent=PI, amount=100 + n) for n in range(5)]

    answer = answer_of(stripe, PI, CH, RE)

    assert sorted(e.amount_minor for e in answer.events if e.state == "refunded") == [100, 101, 102, 103, 104]
    assert processing_state(answer.events) is ProcessingState.REFUNDED
    assert sum(path.startswith("/v1/refunds?") for path in peer.asked) == 3


def test_a_refund_that_is_pending_is_no_refund_yet(stripe: LiveSources, peer: Peer) -> None:
    peer.know(paid_intent())
    peer.lists["/v1/refunds"] = [published("refund", payment_intent=PI, status="pending")]

    answer = answer_of(stripe, PI)

    assert processing_state(answer.events) is ProcessingState.CLEARING
    assert f"The refund {RE} of USD 1.00 is pending." in answer.facts


def test_a_payout_that_was_paid_and_came_back_has_failed(stripe: LiveSources, peer: Peer) -> None:
    peer.know(published("payout", status="failed", failure_code="account_closed", trace_id={"status": "pending", "value": None}))

    answer = answer_of(stripe, PO)

    assert [(e.state, e.reason) for e in answer.events] == [("failed", "account_closed")]
    assert answer.facts == (f"The trace id of {PO} is not known yet; it can take up to 10 days after it arrived.",)


def test_a_declined_charge_carries_its_reason_and_a_status_nobody_knows_is_unknown(stripe: LiveSources, peer: Peer) -> None:
    peer.know(charge(status="failed", failure_code="card_declined", paid=False), charge(id="ch_2", status="teleported"))

    assert [(e.state, e.reason) for e in answer_of(stripe, CH).events] == [("failed", "card_declined")]
    assert [(e.state, e.raw_code) for e in answer_of(stripe, "ch_2").events] == [("unknown", "charge.teleported")]


@pytest.mark.parametrize(
    ("currency", "written", "amount_minor"),
    [("jpy", 500, 500), ("kwd", 1230, 1230), ("isk", 500, 5), ("ugx", 500, 5), ("mga", 7, 700), ("eur", 7, 7)],
)
def test_amounts_follow_stripes_own_list_of_decimals(
    stripe: LiveSources, peer: Peer, currency: str, written: int, amount_minor: int
) -> None:
    peer.know(published("payment_intent", currency=currency, amount=written))

    assert told(answer_of(stripe, PI)) == [("created", "payment_intent.created", amount_minor, currency.upper())]


@pytest.mark.parametrize("wrong", [{"amount": "12.50"}, {"amount": 10.5}, {"currency": "isk", "amount": 501}, {"currency": "???"}])
def test_an_amount_that_can_not_be_is_no_answer(stripe: LiveSources, peer: Peer, wrong: dict[str, Any]) -> None:
    peer.know(published("payment_intent", **wrong))

    answer = answer_of(stripe, PI)

    assert answer.events == ()
    assert answer.problem.startswith("Stripe's payment_intent could not be read")


def test_references_that_are_not_stripes_are_not_asked_for(stripe: LiveSources, peer: Peer) -> None:
    assert list(stripe.ask(LiveQuestion(references=("pay_1", "E2E-17", "chaos")))) == []
    assert peer.asked == []


def test_what_stripe_does_not_know_is_an_empty_answer(stripe: LiveSources) -> None:
    assert answer_of(stripe, "pi_nobody").knows_nothing


def test_a_busy_server_is_asked_once_more_and_no_oftener(stripe: LiveSources, peer: Peer, waits: list[float]) -> None:
    path = f"/v1/payment_intents/{PI}"
    peer.know(paid_intent())
    peer.faults[path] = [Fault(status=429, headers={"Retry-After": "1"})]

    assert answer_of(stripe, PI).problem == ""
    assert waits == [1.0]

    peer.faults[path] = [Fault(status=500), Fault(status=500), Fault(status=500)]
    assert answer_of(stripe, PI).problem == "Stripe answers 500."
    assert sum(asked.startswith(path) for asked in peer.asked) == 4


def test_a_server_that_wants_a_long_rest_is_not_waited_for(stripe: LiveSources, peer: Peer, waits: list[float]) -> None:
    peer.faults[f"/v1/payment_intents/{PI}"] = [Fault(status=429, headers={"Retry-After": "30"})]

    assert answer_of(stripe, PI).problem == "Stripe is asked too often (it answers 429, and wants 30 s of rest)."
    assert waits == []


def test_a_part_that_fails_is_named_and_the_rest_stands(stripe: LiveSources, peer: Peer) -> None:
    peer.know(paid_intent())
    peer.faults["/v1/refunds"] = [Fault(status=500), Fault(status=502)]

    answer = answer_of(stripe, PI)

    assert len(answer.events) == 3
    assert answer.problem == f"The refunds of {PI} could not be read: Stripe answers 502."


def test_an_expired_key_is_said_without_the_key(peer: Peer, waits: list[float], clock: Clock) -> None:
    answer = answer_of(asking(peer, waits=waits, clock=clock, key="rk_live_expired"), PI)

    assert answer.problem == "Stripe refuses our key (it answers 401); set a valid STRIPE_API_KEY."
    assert len(peer.asked) == 1


@pytest.mark.parametrize("slow", [Fault(silent=True), Fault(dripping=True)], ids=["silent", "dripping"])
def test_a_slow_server_ends_with_the_deadline(peer: Peer, waits: list[float], clock: Clock, slow: Fault) -> None:
    peer.faults[f"/v1/payment_intents/{PI}"] = [slow]

    answer = answer_of(asking(peer, waits=waits, clock=clock, deadline_s=0.2), PI)

    assert answer.problem in ("Stripe did not answer in time.", "Stripe did not answer within 0.2 s.")
    assert len(peer.asked) == 1


@pytest.mark.parametrize("body", ["<html>maintenance</html>", '"text"', '{"object": "teapot"}', '{"object": "charge"}', ""])
def test_an_answer_that_is_none_is_said(stripe: LiveSources, peer: Peer, body: str) -> None:
    peer.faults[f"/v1/charges/{CH}"] = [Fault(body=body)]

    answer = answer_of(stripe, CH)

    assert answer.events == ()
    assert answer.problem.startswith("Stripe")


def test_after_three_failures_it_rests_for_a_minute_and_then_one_question_tries(stripe: LiveSources, peer: Peer, clock: Clock) -> None:
    peer.know(paid_intent())
    path = f"/v1/payment_intents/{PI}"
    peer.faults[path] = [Fault(status=503)] * 6
    for _ in range(3):
        assert answer_of(stripe, PI).problem == "Stripe answers 503."
    asked = len(peer.asked)

    assert answer_of(stripe, PI).problem == "Stripe was not asked: it failed 3 times in a row, and is asked again after 12:01 UTC."
    assert len(peer.asked) == asked

    clock.time += timedelta(seconds=61)
    assert answer_of(stripe, PI).problem == ""
    assert answer_of(stripe, PI).problem == ""

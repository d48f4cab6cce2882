"""Money has a direction: what we send is not on its way to us, what came back is not cleared, and a batch with a hole is not green."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from slack_limits import accept, named
from view_examples import NOW, a_record, a_trace, an_event, ours, theirs

from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.payment_batches import Batch, batch_of
from breakwater.model.payments import Evidence, PaymentTrace, ReconciliationState
from breakwater.model.records import Kind
from breakwater.views import payment_forms, payment_lists, payments
from breakwater.views.blocks import Message

NAMES = {"nordbank": "Nordbank", "meridian": "Meridian"}
PAYOUT = a_record(kind=Kind.PAYOUT, amount_minor=-12_000, network="sepa")


def shown(message: Message) -> str:
    """All the text a person sees."""
    return "\n".join(text for text in named(list(message.blocks), "text") if isinstance(text, str))


def a_payout(*states: str) -> PaymentTrace:
    events = tuple(an_event(event_id=state, state=state, network="sepa", raw_code=None) for state in states)
    return a_trace(evidence=(ours(record=PAYOUT),), events=events)


def batch_in(state: ArrivalState | None = None, *more: Any) -> Batch:
    """A batch that adds up: a payment of EUR 120.00 less EUR 0.30, and the payout of the rest."""
    payment = a_record(ref_batch_id="77", fee_minor=30)
    paid = a_record(record_id="p", kind=Kind.PAYOUT, amount_minor=-11_970, ref_batch_id="77", ref_payment_id="po_1")
    arrivals = [
        Arrival(leg="l", provider="Meridian", bank="Nordbank", payout=paid, state=s, due_on=date(2026, 11, 23)) for s in (state,) if s
    ]
    found = batch_of("77", [theirs(record=payment), theirs(record=paid), *more])
    return Batch(**{**vars(found), "arrivals": tuple(arrivals)})


def test_what_we_pay_out_is_on_its_way_to_the_payee(golden: Callable[[str, Any], None]) -> None:
    answer = payments.payment_answer(a_payout("accepted"), partner_names=NAMES)

    accept(answer)
    golden("payment_our_payout", answer.payload())
    assert "Money: *to be paid out by us, not seen at the partner yet*" in shown(answer)
    assert "Who has it: *on its way to the payee*" in shown(answer)
    assert "to us" not in shown(answer)


def test_what_we_sent_and_came_back_is_with_us() -> None:
    text = shown(payments.payment_answer(a_payout("accepted", "returned"), partner_names=NAMES))

    assert "Money: *back with us*" in text


def test_a_returned_payment_is_not_cleared_at_the_partner(golden: Callable[[str, Any], None]) -> None:
    back = theirs(record=a_record(record_id="r", kind=Kind.RETURN, amount_minor=-12_000))
    answer = payments.payment_answer(
        a_trace(
            evidence=(ours(), theirs(), back), events=(an_event(state="settled"), an_event(event_id="r", state="returned", occurred_at=NOW))
        ),
        partner_names=NAMES,
    )

    accept(answer)
    golden("payment_returned", answer.payload())
    assert "Money: *back with the payer*" in shown(answer)
    assert "cleared" not in shown(answer) + answer.text


def test_a_part_that_was_refunded_is_told_beside_where_the_rest_is() -> None:
    back = theirs(record=a_record(record_id="r", kind=Kind.REFUND, amount_minor=-2_000))
    trace = a_trace(
        evidence=(ours(), theirs(), back), events=(an_event(state="settled"), an_event(event_id="r", state="refunded", occurred_at=NOW))
    )

    assert "Money: *cleared at the partner, EUR 20.00 of it went back*" in shown(payments.payment_answer(trace, partner_names=NAMES))


def test_the_question_about_our_payout_says_that_we_paid_it() -> None:
    trace = a_payout("accepted")

    question = payment_forms.question_for(trace, expected=None)

    assert "Amount: EUR 120.00, paid out by us" in question
    assert question.endswith("Please tell us where this payout is, what holds it, and when the payee will have it.")
    assert payment_forms.title_for(trace).startswith("Payout ")


def test_the_question_about_a_providers_payout_says_that_it_is_to_us() -> None:
    paid = a_record(kind=Kind.PAYOUT, amount_minor=-12_000, network="cards")

    question = payment_forms.question_for(a_trace(evidence=(theirs(record=paid),), events=()), expected=None)

    assert "Amount: EUR 120.00, paid out to us" in question
    assert question.endswith("Please tell us where this payout is, what holds it, and when it will be with us.")


def test_nothing_known_is_no_state_to_tell_a_partner() -> None:
    trace = a_trace(evidence=(ours(),), events=())

    question = payment_forms.question_for(trace, expected=None)

    assert "unknown" not in question
    assert "We know of no status of this payment." in question
    assert "unknown" not in payment_forms.known_of(trace, expected=None)


def test_a_code_that_we_cant_read_is_given_back_to_whoever_wrote_it() -> None:
    strange = a_trace(evidence=(ours(),), events=(an_event(state="unknown", raw_code="ZZ99"),))

    assert "a status that we can't read, ZZ99, on 19 Nov 07:12 UTC." in payment_forms.question_for(strange, expected=None)


def test_a_batch_that_adds_up_and_is_at_our_bank_is_green() -> None:
    first = shown(payment_lists.batch(batch_in(ArrivalState.ARRIVED), partner_names=NAMES))

    assert first.startswith("🟢 *Batch* `77`: *adds up*\n")


def test_a_batch_whose_payout_never_came_is_red(golden: Callable[[str, Any], None]) -> None:
    answer = payment_lists.batch(batch_in(ArrivalState.MISSING), partner_names=NAMES)

    accept(answer)
    golden("payment_batch_not_arrived", answer.payload())
    assert shown(answer).startswith("🔴 *Batch* `77`: *adds up*, but *paid out by Meridian, not at Nordbank*")
    assert "adds up, but paid out by Meridian, not at Nordbank" in answer.text


def test_a_batch_whose_payout_is_on_its_way_is_not_green_yet() -> None:
    assert shown(payment_lists.batch(batch_in(ArrivalState.EXPECTED), partner_names=NAMES)).startswith("🟡")


def test_a_batch_that_arrived_otherwise_is_red() -> None:
    assert "🔴 *Batch* `77`: *adds up*, but *what arrived at our bank is not what was reported*" in shown(
        payment_lists.batch(batch_in(ArrivalState.DIFFERS), partner_names=NAMES)
    )


def test_a_batch_without_a_payment_that_we_have_in_it_is_red_and_shows_it() -> None:
    lost = ours(record=a_record(record_id="l", ref_payment_id="pay_LOST", ref_batch_id="77"), reconciliation=ReconciliationState.IN_BREAK)

    text = shown(payment_lists.batch(batch_in(ArrivalState.ARRIVED, lost), partner_names=NAMES))

    assert text.startswith("🔴 *Batch* `77`: *adds up*, but *1 line is in a break*")
    assert "• `pay_LOST` *EUR 120.00* payment · our line · in a break" in text


class Uncompared(Evidence):
    """A line that is never compared with another one."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("There may be 20,000 lines on each side: comparing each with each takes minutes.")

    __hash__ = None  # type: ignore[assignment]


def test_the_lines_of_a_long_batch_are_not_compared_with_each_other() -> None:
    records = [a_record(record_id=f"r{n}", ref_batch_id="77") for n in range(3)]
    lines = [side(record=record, reconciliation=ReconciliationState.IN_BREAK) for side in (ours, theirs) for record in records]
    found = batch_of("77", [Uncompared(**vars(line)) for line in lines])

    text = shown(payment_lists.batch(found, partner_names=NAMES))

    assert (text.count("our line"), text.count("their line")) == (3, 0)

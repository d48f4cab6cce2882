"""Objects of Stripe's API -> events, references and facts. Sources: docs.stripe.com/api and docs.stripe.com/currencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from breakwater.errors import WorldError
from breakwater.model.events import NO_CURRENCY, Event
from breakwater.model.live import LiveAnswer
from breakwater.model.money import exponent, format_minor
from breakwater.model.payment_states import ProcessingState as State
from breakwater.model.payment_states import Rail, meaning

# Places of an amount where they are not ISO 4217's. MGA has none at Stripe; ISK and UGX have none, but are written with two.
_PLACES: Mapping[str, int] = {"MGA": 0, "ISK": 2, "UGX": 2}

_INQUIRIES = frozenset({"warning_needs_response", "warning_under_review", "warning_closed"})


@dataclass
class Reading:
    """What was read so far of one question. `payments` are the intents, or the charges without one, that refunds may belong to."""

    partner: str
    asked_at: datetime
    events: dict[str, Event] = field(default_factory=dict)
    references: dict[tuple[str, str], None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    payments: set[str] = field(default_factory=set)

    def event(self, thing: Mapping[str, Any], state: State, *, at: datetime, payment: str, reason: str | None = None) -> None:
        """Keep an event of an object; read twice, it counts once."""
        amount_minor, currency = _money(thing)
        event_id = f"stripe:{thing['id']}:{state}"
        self.events[event_id] = Event(
            event_id=event_id,
            payment_id=payment,
            partner=self.partner,
            occurred_at=at,
            state=state,
            amount_minor=amount_minor,
            currency=currency,
            raw_code=f"{thing['object']}.{thing.get('status', '')}",
            reason=reason,
            ref_partner_id=str(thing["id"]),
        )

    def reference(self, name: str, value: object) -> None:
        """Keep a reference, if there is one."""
        if isinstance(value, str) and value:
            self.references[(name, value)] = None

    def fact(self, sentence: str) -> None:
        """Keep a sentence."""
        self.facts[sentence] = None

    def answer(self, *, source: str) -> LiveAnswer:
        """All of it."""
        return LiveAnswer(
            source=source,
            partner=self.partner,
            asked_at=self.asked_at,
            events=tuple(sorted(self.events.values(), key=lambda e: (e.occurred_at, e.event_id))),
            references=tuple(self.references),
            facts=tuple(self.facts),
            problem=" ".join(self.problems),
        )


def read(thing: Any, reading: Reading) -> None:
    """Add what an object says. WorldError for an answer that is none of the known objects, or lacks what each of them has."""
    reader = _READERS.get(thing.get("object")) if isinstance(thing, Mapping) else None
    if reader is None:
        raise WorldError("Stripe answered with something that is no payment, refund, dispute or payout.")
    try:
        reader(thing, reading)
    except (KeyError, TypeError, ValueError, OverflowError) as odd:
        raise WorldError(f"Stripe's {str(thing.get('object'))[:40]} could not be read ({type(odd).__name__}).") from None


def _payment_intent(intent: Mapping[str, Any], reading: Reading) -> None:
    payment, created = str(intent["id"]), _time(intent["created"])
    reading.payments.add(payment)
    reading.reference("payment intent", payment)
    reading.event({**intent, "status": "created"}, State.CREATED, at=created, payment=payment)
    status = str(intent["status"])
    if status == "canceled":
        at = _time(intent["canceled_at"]) if intent.get("canceled_at") else reading.asked_at
        reading.event(intent, State.CANCELED, at=at, payment=payment, reason=intent.get("cancellation_reason"))
    elif status != "succeeded" and (state := _state(intent)) is not State.CREATED:
        reading.event(intent, state, at=reading.asked_at, payment=payment)  # Stripe does not say since when
    if isinstance(intent.get("latest_charge"), Mapping):
        _charge(intent["latest_charge"], reading)


def _charge(charge: Mapping[str, Any], reading: Reading) -> None:
    payment = str(_id(charge.get("payment_intent")) or charge["id"])
    reading.payments.add(payment)
    reading.reference("charge", charge["id"])
    reading.reference("payment intent", _id(charge.get("payment_intent")))
    card = ((charge.get("payment_method_details") or {}).get("card")) or {}
    reading.reference("network transaction id", card.get("network_transaction_id"))
    at, status = _time(charge["created"]), str(charge["status"])
    if status == "failed":
        reading.event(charge, State.FAILED, at=at, payment=payment, reason=charge.get("failure_code"))
    elif status == "pending":
        reading.event(charge, State.SUBMITTED, at=at, payment=payment)
    elif status != "succeeded":
        reading.event(charge, State.UNKNOWN, at=at, payment=payment)
    else:
        reading.event(charge, State.CAPTURED if charge["captured"] else State.AUTHORIZED, at=at, payment=payment)
        if isinstance(charge.get("balance_transaction"), Mapping):
            _balance_transaction(charge["balance_transaction"], reading, payment=payment)


def _balance_transaction(entry: Mapping[str, Any], reading: Reading, *, payment: str | None = None) -> None:
    reading.reference("balance transaction", entry["id"])
    available, status = _time(entry["available_on"]), str(entry["status"])
    of = payment or str(_id(entry.get("source")) or entry["id"])
    net = format_minor(_minor(entry["net"], _currency(entry)), _currency(entry))
    if status == "available":
        reading.event(entry, State.SETTLED, at=available, payment=of)
        reading.fact(f"{net} net of fees is in our Stripe balance since {_day(available)}.")
    elif status == "pending":
        reading.event(entry, State.CLEARING, at=_time(entry["created"]), payment=of)
        reading.fact(f"{net} net of fees will be in our Stripe balance on {_day(available)}.")
    else:
        reading.event(entry, State.UNKNOWN, at=_time(entry["created"]), payment=of)


def _refund(refund: Mapping[str, Any], reading: Reading) -> None:
    payment = str(_id(refund.get("payment_intent")) or _id(refund.get("charge")) or refund["id"])
    reading.reference("refund", refund["id"])
    card = ((refund.get("destination_details") or {}).get("card")) or {}
    if card.get("reference_status") == "available":
        reading.reference(str(card.get("reference_type") or "refund reference").replace("_", " "), card.get("reference"))
    amount_minor, currency = _money(refund)
    amount, status = format_minor(amount_minor, currency), str(refund["status"])
    if status == "succeeded":
        reading.event(refund, State.REFUNDED, at=_time(refund["created"]), payment=payment, reason=refund.get("reason"))
    else:
        reading.fact(f"The refund {refund['id']} of {amount} is {status.replace('_', ' ')}.")
    if isinstance(refund.get("charge"), Mapping):
        _charge(refund["charge"], reading)


def _dispute(dispute: Mapping[str, Any], reading: Reading) -> None:
    payment = str(_id(dispute.get("payment_intent")) or _id(dispute.get("charge")) or dispute["id"])
    reading.reference("dispute", dispute["id"])
    status = str(dispute["status"])
    if status in _INQUIRIES:
        reading.fact(f"The card issuer asks about it ({dispute['id']}, {status.replace('_', ' ')}); no money has moved for that.")
    else:
        at = _time(dispute["created"]) if status in ("needs_response", "under_review") else reading.asked_at
        reading.event(dispute, _state(dispute), at=at, payment=payment, reason=dispute.get("reason"))
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    if due_by and status in ("needs_response", "warning_needs_response"):
        reading.fact(f"Stripe wants our evidence for {dispute['id']} by {_day(_time(due_by))}.")
    if isinstance(dispute.get("charge"), Mapping):
        _charge(dispute["charge"], reading)


def _payout(payout: Mapping[str, Any], reading: Reading) -> None:
    reading.reference("payout", payout["id"])
    arrives = _time(payout["arrival_date"])
    state = _state(payout)
    at = {State.PAID_OUT: arrives, State.SUBMITTED: _time(payout["created"]), State.CLEARING: _time(payout["created"])}.get(
        state, reading.asked_at
    )
    reading.event(payout, state, at=at, payment=str(payout["id"]), reason=payout.get("failure_code"))
    if state in (State.SUBMITTED, State.CLEARING):
        reading.fact(f"Stripe expects {payout['id']} at our bank on {_day(arrives)}.")
    trace = payout.get("trace_id") or {}
    if trace.get("status") == "supported":
        reading.reference("payout trace id", trace.get("value"))
    elif trace.get("status") == "pending":
        reading.fact(f"The trace id of {payout['id']} is not known yet; it can take up to 10 days after it arrived.")


_READERS: Mapping[object, Callable[[Mapping[str, Any], Reading], None]] = {
    "payment_intent": _payment_intent,
    "charge": _charge,
    "balance_transaction": _balance_transaction,
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
}


def _state(thing: Mapping[str, Any]) -> State:
    return meaning(Rail.STRIPE, f"{thing['object']}.{thing['status']}")


def _money(thing: Mapping[str, Any]) -> tuple[int, str]:
    if "currency" not in thing:
        return 0, NO_CURRENCY
    currency = _currency(thing)
    return abs(_minor(thing["amount"], currency)), currency


def _currency(thing: Mapping[str, Any]) -> str:
    return str(thing["currency"]).upper()


def _minor(amount: Any, currency: str) -> int:
    """Stripe's whole number in minor units of ISO 4217. ValueError for what is no whole number, or finer than the minor unit."""
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise ValueError("no whole number")
    places, written = exponent(currency), _PLACES.get(currency, exponent(currency))
    if written <= places:
        return int(amount * 10 ** (places - written))
    whole, rest = divmod(amount, 10 ** (written - places))
    if rest:
        raise ValueError("finer than the minor unit")
    return int(whole)


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def _id(value: Any) -> str | None:
    """The id of another object, which is there as its id or whole."""
    return str(value["id"]) if isinstance(value, Mapping) else value or None

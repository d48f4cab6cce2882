"""A payment: its states on three axes that are kept apart, and what is known of it from both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.model.breaks import Break
from breakwater.model.events import Event
from breakwater.model.records import Kind, Record, Side


class ProcessingState(StrEnum):
    """Canonical processing states. A partner code that is not mapped is UNKNOWN, never success."""

    CREATED = "created"
    PENDING_ACTION = "pending_action"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    CLEARING = "clearing"
    SETTLED = "settled"
    PAID_OUT = "paid_out"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    REVERSED = "reversed"
    ON_HOLD = "on_hold"
    UNKNOWN = "unknown"


class MoneyState(StrEnum):
    """Where the money is: still expected, cleared at the partner, or paid out to our bank."""

    EXPECTED = "expected"
    CLEARED = "cleared"
    PAID_OUT = "paid_out"
    NONE = "none"


class ReconciliationState(StrEnum):
    """What the last run says of a record."""

    MATCHED = "matched"
    PENDING = "pending"
    IN_BREAK = "in_break"
    NOT_RUN = "not_run"


_AFTER_SETTLEMENT = frozenset(
    {
        ProcessingState.RETURN_REQUESTED,
        ProcessingState.RETURNED,
        ProcessingState.REFUNDED,
        ProcessingState.DISPUTED,
        ProcessingState.DISPUTE_WON,
        ProcessingState.DISPUTE_LOST,
        ProcessingState.REVERSED,
    }
)
# Events that arrive at the same moment are ordered by how far they are along, so that any order of arrival gives one state.
_ORDER = {state: rank for rank, state in enumerate(ProcessingState)}


def processing_state(events: Iterable[Event]) -> ProcessingState:
    """The state after the latest event by `occurred_at`; UNKNOWN without events or for a state nobody knows.

    A payout is about money, which often moves after the payment was refunded or disputed: it does not hide that.
    """
    known = sorted((e.occurred_at, _ORDER[state], e.event_id, state) for e in events for state in [_state(e)])
    states = [state for *_, state in known]
    while states and states[-1] is ProcessingState.PAID_OUT and _AFTER_SETTLEMENT.intersection(states):
        states.pop()
    return states[-1] if states else ProcessingState.UNKNOWN


def _state(event: Event) -> ProcessingState:
    try:
        return ProcessingState(event.state)
    except ValueError:
        return ProcessingState.UNKNOWN


def money_state(records: Iterable[Evidence], events: Iterable[Event]) -> MoneyState:
    """CLEARED once a partner's record shows the payment, PAID_OUT once its payout event is known, EXPECTED while ours stands alone."""
    if any(_state(e) is ProcessingState.PAID_OUT for e in events):
        return MoneyState.PAID_OUT
    sides = {e.side for e in records if e.record.kind is Kind.PAYMENT}
    if Side.THEIRS in sides:
        return MoneyState.CLEARED
    return MoneyState.EXPECTED if Side.OURS in sides else MoneyState.NONE


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One record about a payment, with the side and file it came from and what the last run says of it."""

    side: Side
    record: Record
    file_name: str
    received_at: datetime | None
    reconciliation: ReconciliationState
    pass_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentTrace:
    """The answer to 'where is this payment?'. `searched` says which references and sources were looked through."""

    reference: str
    evidence: tuple[Evidence, ...]
    events: tuple[Event, ...]
    breaks: tuple[Break, ...]
    searched: str
    other_payment_ids: tuple[str, ...] = ()

    @property
    def processing(self) -> ProcessingState:
        """Where the payment stands by its events."""
        return processing_state(self.events)

    @property
    def money(self) -> MoneyState:
        """Where its money is."""
        return money_state(self.evidence, self.events)

    @property
    def reconciliation(self) -> ReconciliationState:
        """The weakest state among its records: in a break before pending before matched."""
        states = {e.reconciliation for e in self.evidence}
        order = (ReconciliationState.IN_BREAK, ReconciliationState.PENDING, ReconciliationState.NOT_RUN, ReconciliationState.MATCHED)
        return next((s for s in order if s in states), ReconciliationState.NOT_RUN)

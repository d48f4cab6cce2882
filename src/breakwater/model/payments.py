"""A payment: its states on three axes that are kept apart, and what is known of it from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import cached_property

from breakwater.model.arrivals import Arrival
from breakwater.model.breaks import Break
from breakwater.model.events import Event
from breakwater.model.incidents import Incident
from breakwater.model.live import LiveAnswer, LiveQuestion
from breakwater.model.payment_history import History, has_amount, history
from breakwater.model.payment_states import BANKS, ProcessingState, rail_of
from breakwater.model.records import REFERENCE_COLUMNS, Kind, Record, Side, clean_reference

__all__ = ["Evidence", "MoneyState", "PaymentTrace", "ProcessingState", "ReconciliationState", "SourceName"]


class MoneyState(StrEnum):
    """Where the money is: still expected, cleared at the partner, paid out but not at our bank yet, paid out to our bank, or gone back
    to whoever paid it."""

    EXPECTED = "expected"
    CLEARED = "cleared"
    IN_TRANSIT = "in_transit"
    PAID_OUT = "paid_out"
    GONE_BACK = "gone_back"
    NONE = "none"


class ReconciliationState(StrEnum):
    """What the last run says of a record."""

    MATCHED = "matched"
    PENDING = "pending"
    IN_BREAK = "in_break"
    OPENING_ITEM = "opening_item"
    NOT_RUN = "not_run"


def processing_state(events: Iterable[Event]) -> ProcessingState:
    """Where a payment stands by its events, in whatever order they are given; UNKNOWN without events."""
    return history(events).state


def money_state(records: Iterable[Evidence], events: Iterable[Event]) -> MoneyState:
    """CLEARED once a partner's record shows the payment, PAID_OUT once a payout of it is known that has not failed since,
    EXPECTED while ours stands alone."""
    if history(events).is_paid_out:
        return MoneyState.PAID_OUT
    sides = {e.side for e in records if e.record.kind in (Kind.PAYMENT, Kind.PAYOUT)}
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
class SourceName:
    """The file that an event or record came in: whose it is, its name, its format, and when it came."""

    side: Side
    name: str
    format: str
    received_at: datetime


# What a partner's line says happened, where no event says it. Interbank orders (pacs.008) move money that is not on our account yet.
_HAPPENED: Mapping[Kind, ProcessingState] = {
    Kind.PAYMENT: ProcessingState.SETTLED,
    Kind.PAYOUT: ProcessingState.PAID_OUT,
    Kind.REFUND: ProcessingState.REFUNDED,
    Kind.RETURN: ProcessingState.RETURNED,
    Kind.CHARGEBACK: ProcessingState.DISPUTED,
    Kind.CHARGEBACK_REVERSAL: ProcessingState.DISPUTE_WON,
}
_NOT_YET_OURS = frozenset({"pacs.008"})
_NEVER_MOVED = frozenset({ProcessingState.REJECTED, ProcessingState.FAILED, ProcessingState.CANCELED, ProcessingState.EXPIRED})
_WENT_BACK: Mapping[ProcessingState, frozenset[Kind]] = {
    ProcessingState.RETURNED: frozenset({Kind.RETURN}),
    ProcessingState.REFUNDED: frozenset({Kind.REFUND}),
    ProcessingState.REVERSED: frozenset({Kind.REFUND, Kind.RETURN}),
    ProcessingState.DISPUTE_LOST: frozenset({Kind.CHARGEBACK}),
}


def happening(evidence: Evidence, *, payment_id: str, format: str) -> Event | None:
    """What a partner's record says happened to its payment, as an event; None for fees, adjustments, and records of ours.

    A record without a time happened on its day (midnight UTC).
    """
    record = evidence.record
    state = _HAPPENED.get(record.kind)
    if evidence.side is Side.OURS or state is None:
        return None
    if state is ProcessingState.SETTLED and format in _NOT_YET_OURS:
        state = ProcessingState.CLEARING
    if state is ProcessingState.PAID_OUT and rail_of(record.network) in BANKS:
        state = ProcessingState.SETTLED  # a transfer of ours through a bank, not a provider's payout to us
    return Event(
        event_id=f"record:{record.record_id}",
        payment_id=payment_id,
        partner=record.partner,
        occurred_at=record.booked_at or datetime.combine(record.booked_on, time(), UTC),
        state=state,
        amount_minor=abs(record.amount_minor),
        currency=record.currency,
        network=record.network,
        raw_code=record.raw_status or record.raw_code,
        ref_partner_id=record.ref_partner_id,
        ref_end_to_end_id=record.ref_end_to_end_id,
        ref_uetr=record.ref_uetr,
        source_file=record.source_file,
        line=record.line,
    )


@dataclass(frozen=True, kw_only=True)
class PaymentTrace:
    """The answer to 'where is this payment?'. `searched` says which references and sources were looked through.

    `found_as` is the reference as our sources write it, where it was typed in another way. `sources` are the files of events and
    records by their hash, `live` what partners' own systems said when they were asked, `arrivals` the payouts its money went out with,
    and whether they are at our bank.
    """

    reference: str
    evidence: tuple[Evidence, ...]
    events: tuple[Event, ...]
    breaks: tuple[Break, ...]
    searched: str
    other_payment_ids: tuple[str, ...] = ()
    found_as: str | None = None
    sources: Mapping[str, SourceName] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()
    live: tuple[LiveAnswer, ...] = ()
    arrivals: tuple[Arrival, ...] = ()

    @cached_property
    def history(self) -> History:
        """What happened to it, in order."""
        return history(self.events)

    @property
    def known(self) -> bool:
        """False if nothing was found."""
        return bool(self.evidence or self.events)

    @property
    def processing(self) -> ProcessingState:
        """Where the payment stands by its events."""
        return self.history.state

    @property
    def money(self) -> MoneyState:
        """Where its money is: a payout that should be at our bank and is not is not there, whatever the partner says.

        What went back as a whole is neither there nor expected any more; nor is what never moved.
        """
        if self.processing in _WENT_BACK and self.part_back is None:
            return MoneyState.GONE_BACK
        if any(a.is_awaited for a in self.arrivals):
            return MoneyState.IN_TRANSIT
        if any(a.is_there for a in self.arrivals):
            return MoneyState.PAID_OUT
        money = money_state(self.evidence, self.events)
        return MoneyState.NONE if money is MoneyState.EXPECTED and self.processing in _NEVER_MOVED else money

    @property
    def part_back(self) -> tuple[int, str] | None:
        """What went back of a payment that stands as returned or refunded, where that is less than it was; None where it is all."""
        kinds = _WENT_BACK.get(self.processing, frozenset())
        told = [t.event for t in self.history.told if t.state is self.processing and t not in self.history.undone and has_amount(t.event)]
        back = next((of_kind for kind, of_kind in self.gone_back.items() if kind in kinds), None)
        if back is None and kinds and told:
            back = sum(abs(e.amount_minor) for e in told), told[0].currency
        return back if back and back[0] < self._paid_minor(back[1]) else None

    @property
    def reconciliation(self) -> ReconciliationState:
        """The weakest state among its records: in a break before pending before matched."""
        states = {e.reconciliation for e in self.evidence}
        order = ("in_break", "opening_item", "pending", "not_run", "matched")
        return next((s for s in map(ReconciliationState, order) if s in states), ReconciliationState.NOT_RUN)

    @property
    def batches(self) -> tuple[str, ...]:
        """The batches its money went out with, by the partner's records, else by ours."""
        for side in reversed(Side):
            named = (clean_reference(e.record.ref_batch_id) for e in self.evidence if e.side is side)
            if found := tuple(dict.fromkeys(name for name in named if name)):
                return found
        return ()

    @property
    def gone_back(self) -> dict[Kind, tuple[int, str]]:
        """What went back to the payer, unsigned, by kind, as the partner has it or else as we do: refunds, returns, chargebacks."""
        found: dict[Kind, tuple[int, str]] = {}
        for kind in (Kind.REFUND, Kind.RETURN, Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL):
            sides = [[e.record for e in self._records(side, kind)] for side in reversed(Side)]
            if records := next((of_side for of_side in sides if of_side), []):
                currency = records[0].currency
                found[kind] = (abs(sum(r.amount_minor for r in records if r.currency == currency)), currency)
        return found

    @property
    def payment_id(self) -> str:
        """The id it is known by: ours, else the partner's word for it, else what was asked."""
        ids = [e.record.ref_payment_id for side in Side for kind in (Kind.PAYMENT, Kind.PAYOUT) for e in self._records(side, kind)]
        named = [*ids, *(e.record.ref_original for e in self.evidence), *(e.payment_id for e in self.events)]
        return next((name for name in named if name), self.reference)

    def _paid_minor(self, currency: str) -> int:
        """What was paid in a currency, 0 if nothing: captures of one payment add up where both sides have them, since one side may have
        the same money in two files."""
        sides = [[abs(e.record.amount_minor) for e in self._records(side, Kind.PAYMENT) if e.record.currency == currency] for side in Side]
        return min(map(sum, sides)) if all(sides) else max((minor for of_side in sides for minor in of_side), default=0)

    def _records(self, side: Side, kind: Kind) -> list[Evidence]:
        return [e for e in self.evidence if e.side is side and e.record.kind is kind]

    @property
    def partner(self) -> str:
        """The partner it went through: that of its payment, else of whatever is known first; empty if nothing is."""
        records = sorted((e.record for e in self.evidence), key=lambda r: r.kind is not Kind.PAYMENT)
        return next((p for p in (*(r.partner for r in records), *(e.partner for e in self.events))), "")


def with_answers(trace: PaymentTrace, answers: Iterable[LiveAnswer]) -> PaymentTrace:
    """The trace with what live sources said beside what was known: the same message, once more, as answers arrive.

    A source that answered again takes its own place.
    """
    by_source = {answer.source: answer for answer in (*trace.live, *answers)}
    known = {(e.partner, e.event_id): e for e in (*trace.events, *(e for answer in by_source.values() for e in answer.events))}
    ordered = sorted(known.values(), key=lambda e: (e.occurred_at, e.event_id))
    return replace(trace, events=tuple(ordered), live=tuple(by_source.values()))


def live_question(trace: PaymentTrace) -> LiveQuestion:
    """What live sources are asked: every reference we know of the payment, the typed one first; once its partner is known, theirs alone.

    A batch is no reference of one payment, unless it is what was typed.
    """
    named = [getattr(e.record, name) for e in trace.evidence for name in REFERENCE_COLUMNS if name != "ref_batch_id"]
    named += [name for e in trace.events for name in (e.payment_id, e.ref_partner_id, e.ref_end_to_end_id, e.ref_uetr)]
    known = (clean_reference(name) for name in (trace.found_as or trace.reference, *named))
    return LiveQuestion(
        references=tuple(dict.fromkeys(name for name in known if name)), partners=frozenset({trace.partner} if trace.partner else ())
    )

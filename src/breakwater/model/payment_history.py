"""The history of a payment: what happened in the order it happened, and where that leaves it, in whatever order it was told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import takewhile

from breakwater.model.events import NO_CURRENCY, Event
from breakwater.model.payment_states import TRADE_CLOSED, ProcessingState, meaning, rail_of

_PAID = frozenset({ProcessingState.CAPTURED, ProcessingState.CLEARING, ProcessingState.SETTLED, ProcessingState.PAID_OUT})
_MONEY_WAS_TAKEN = frozenset({ProcessingState.CAPTURED, ProcessingState.SETTLED})
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
_CAN_FAIL_LATER = frozenset(
    {ProcessingState.PAID_OUT, ProcessingState.REFUNDED, ProcessingState.RETURN_REQUESTED, ProcessingState.RETURNED}
)
_FAILS_BY_WORD = {"payout": frozenset({ProcessingState.PAID_OUT}), "refund": _CAN_FAIL_LATER - {ProcessingState.PAID_OUT}}
_FAILURES = frozenset({ProcessingState.FAILED, ProcessingState.REJECTED})
# Standing words of a trade: asked again after a partial refund, the partner says them again, and that is no news.
_REPEATED_LATER = frozenset({"trade_success", "trade_finished"})
_ORDER = {state: rank for rank, state in enumerate(ProcessingState)}


@dataclass(frozen=True)
class Told:
    """An event and what it means at its place in the history."""

    event: Event
    state: ProcessingState


@dataclass(frozen=True)
class History:
    """What happened to a payment, oldest first; `standing` says where it stands, None if nothing is known, and `began` since when: the
    first of the happenings that said the same of it, one after the other.

    `undone` are the payouts and refunds that failed later: 'paid' is not the end of a payout.
    """

    told: tuple[Told, ...]
    standing: Told | None
    began: Told | None
    undone: frozenset[Told]

    @property
    def state(self) -> ProcessingState:
        """Where the payment stands."""
        return self.standing.state if self.standing else ProcessingState.UNKNOWN

    @property
    def is_paid_out(self) -> bool:
        """True if a payout with its money was made and has not failed since."""
        return any(t.state is ProcessingState.PAID_OUT and t not in self.undone for t in self.told)


def history(events: Iterable[Event]) -> History:
    """The history in the order of event time, not of arrival; an event told twice is there once.

    Events of one moment are ordered by how far along they are. An event with a day but no time (midnight UTC exactly) takes its
    place within its day the same way: after what it must have followed.
    """
    ordered = _ordered(events)
    told: list[Told] = []
    for event, state in ordered:
        told.append(Told(event, _closed(told) if _is_closing(event) else state))
    left, undone = _what_counts(told)
    same = list(takewhile(lambda t: t.state is left[-1].state, reversed(left)))
    standing, began = (same[0], same[-1]) if same else (None, None)
    return History(tuple(told), standing, began, frozenset(undone))


def state_of(event: Event) -> ProcessingState:
    """What an event means by itself: its canonical state, else what its rail's table says of its code."""
    try:
        state = ProcessingState(event.state)
    except ValueError:
        return meaning(rail_of(event.network), event.raw_code or event.state)
    return meaning(rail_of(event.network), event.raw_code) if state is ProcessingState.UNKNOWN else state


def has_no_time(event: Event) -> bool:
    """True if only the day of an event is known."""
    return event.occurred_at.time() == time()


def has_amount(event: Event) -> bool:
    """True if an event says what it is about in money."""
    return event.currency != NO_CURRENCY


def _ordered(events: Iterable[Event]) -> list[tuple[Event, ProcessingState]]:
    told_once: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda e: (e.occurred_at, repr(e))):  # one id told in two ways: always the same of them
        told_once[event.partner, event.event_id] = event
    known = [(event, state_of(event)) for event in told_once.values()]
    timed = [(event.occurred_at, _ORDER[state]) for event, state in known if not has_no_time(event)]

    def place(item: tuple[Event, ProcessingState]) -> tuple[datetime, int, str, str]:
        event, state = item
        at = event.occurred_at
        if has_no_time(event):
            at = max((t for t, rank in timed if t.date() == at.date() and rank <= _ORDER[state]), default=at)
        return at, _ORDER[state], event.event_id, event.partner

    return sorted(known, key=place)


def _is_closing(event: Event) -> bool:
    return TRADE_CLOSED.casefold() in ((event.raw_code or "").casefold(), event.state.casefold())


def _closed(before: Sequence[Told]) -> ProcessingState:
    """What TRADE_CLOSED says: nobody paid in time, somebody cancelled, or all was refunded. UNKNOWN where none of them is seen."""
    states = {t.state for t in before}
    if ProcessingState.CANCELED in states:
        return ProcessingState.CANCELED
    if not states & _PAID:
        return ProcessingState.EXPIRED
    refunds = [t.event for t in before if t.state is ProcessingState.REFUNDED]
    paid_minor = max(t.event.amount_minor for t in before if t.state in _PAID)
    return ProcessingState.REFUNDED if refunds and sum(r.amount_minor for r in refunds) >= paid_minor else ProcessingState.UNKNOWN


def _what_counts(told: Sequence[Told]) -> tuple[list[Told], set[Told]]:
    """The happenings that say where a payment stands, the last of them now, and the payouts and refunds that failures have undone.

    A payout is about money, which often moves after the payment was refunded or disputed: it does not hide that. A failure after the
    money was taken is not the payment's own, but that of the payout or refund before it: the payment stands where it stood without.
    """
    left: list[Told] = []
    undone: set[Told] = set()
    for n, now in enumerate(told):
        failed = _what_failed(now, told[:n], undone)
        if failed:
            undone.add(failed)
        if failed and any(t.state in _MONEY_WAS_TAKEN for t in left):
            left = [t for t in left if t is not failed]
        elif not (_is_no_news(now) and any(t.state in _AFTER_SETTLEMENT for t in left)):
            left.append(now)
    return left, undone


def _what_failed(now: Told, before: Sequence[Told], undone: Collection[Told]) -> Told | None:
    """The payout or refund that a failure is about: by its code where that says which, else the latest."""
    if now.state not in _FAILURES:
        return None
    code = (now.event.raw_code or "").casefold()
    could = next((states for word, states in _FAILS_BY_WORD.items() if word in code), _CAN_FAIL_LATER)
    return next((t for t in reversed(before) if t.state in could and t not in undone), None)


def _is_no_news(told: Told) -> bool:
    return told.state is ProcessingState.PAID_OUT or (told.event.raw_code or "").casefold() in _REPEATED_LATER

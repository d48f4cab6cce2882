"""Who holds the money of a payment now, and what should happen next, by when: rules per rail, on the partner's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.partners import Partner
from breakwater.model.payment_history import Told, has_no_time
from breakwater.model.payment_states import BANKS, ProcessingState, Rail, rail_of
from breakwater.model.payments import MoneyState, PaymentTrace
from breakwater.model.records import Kind, Side

S = ProcessingState


class Holder(StrEnum):
    """Who has the money."""

    PAYER = "payer"
    RESERVED = "reserved"
    ON_ITS_WAY = "on_its_way"
    ON_ITS_WAY_OUT = "on_its_way_out"
    PARTNER = "partner"
    NOT_ARRIVED = "not_arrived"
    OUR_ACCOUNT = "our_account"
    PAYEE = "payee"
    HELD = "held"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"


class Rule(NamedTuple):
    """What follows a state: `expect`, within `days` business days of the partner, or `hours` where that is the measure.

    With `by_file` it is the partner's file about that day that tells, so the day of its delivery and its deadline count; the day is
    then the one on which our ledger expects the money, where it says.
    """

    expect: str
    days: int = 0
    hours: int = 0
    by_file: bool = False


Rules = Mapping[ProcessingState, Rule]
_TRANSFER: Rules = {
    S.CREATED: Rule("the bank's acceptance"),
    S.PENDING_ACTION: Rule("the payer's approval", days=1),
    S.SUBMITTED: Rule("the bank's acceptance"),
    S.ACCEPTED: Rule("its booking on our account", days=1, by_file=True),  # SCT: credited by the end of the next business day
    S.CLEARING: Rule("its booking on our account", days=1, by_file=True),
    S.ON_HOLD: Rule("release or rejection", days=3),
    S.RETURN_REQUESTED: Rule("our answer to the recall", days=15),  # EPC SCT rulebook: 15 banking business days
}
_CARD: Rules = {
    S.CREATED: Rule("the issuer's answer", hours=1),
    S.PENDING_ACTION: Rule("the cardholder's confirmation", hours=1),
    S.SUBMITTED: Rule("the issuer's answer", hours=1),
    S.AUTHORIZED: Rule("the capture, or the authorization expires", days=5),
    S.CAPTURED: Rule("its line in a settlement report", days=1, by_file=True),
    S.CLEARING: Rule("its line in a settlement report", days=1, by_file=True),
    S.SETTLED: Rule("the payout", days=2),
    S.ON_HOLD: Rule("release or refusal", days=2),
    S.RETURN_REQUESTED: Rule("the refund", days=5),
    S.DISPUTED: Rule("the scheme's decision", days=45),
}
RULES: Mapping[Rail, Rules] = {
    Rail.CARD: _CARD,
    Rail.ADYEN: _CARD,
    Rail.STRIPE: {**_CARD, S.CLEARING: Rule("its balance becoming available", days=3), S.CAPTURED: Rule("its balance", days=3)},
    Rail.ISO20022: _TRANSFER,
    Rail.GPI: {**_TRANSFER, S.CLEARING: Rule("the credit at the payee's bank", days=1), S.ON_HOLD: Rule("release, or a return", days=5)},
    Rail.ALIPAY: {
        S.CREATED: Rule("the buyer's payment, or the trade closes", hours=24),
        S.PENDING_ACTION: Rule("the buyer's payment, or the trade closes", hours=24),
        S.AUTHORIZED: Rule("the capture", days=5),
        S.CAPTURED: Rule("its line in a settlement report", days=2, by_file=True),
        S.SETTLED: Rule("the payout", days=2),
        S.RETURN_REQUESTED: Rule("the refund", days=5),
        S.DISPUTED: Rule("Alipay's decision", days=30),
    },
    Rail.WISE: {
        S.CREATED: Rule("the incoming payment", days=3),
        S.SUBMITTED: Rule("the conversion", days=1),
        S.ACCEPTED: Rule("the conversion", days=2),
        S.CLEARING: Rule("the outgoing payment", days=1),
        S.RETURNED: Rule("the refund", days=2),
    },
}
_END_OF_DAY = time(23, 59)
_ARRIVAL = "the payout's arrival at our bank"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What should happen next, and until when it is in time. `file` is the stream of the file that will tell, if one does.

    `overdue` is by how much it is late, None while it is not; `overdue_days` the same in business days of the partner. `late_file` says
    which file has not come that would tell.
    """

    what: str
    by: datetime
    file: str | None = None
    overdue: timedelta | None = None
    overdue_days: int = 0
    late_file: str = ""


def expected_next(trace: PaymentTrace, partner: Partner | None, *, now: datetime) -> Expected | None:
    """The next thing that should happen to a payment; None where nothing more is due, or nobody can say.

    Time runs from when its state was said first: a partner that says it again, with the same code, gains none.
    """
    standing, began = trace.history.standing, trace.history.began
    rail = rail_of(standing.event.network or (partner.network if partner else None)) if standing else None
    if standing is None or began is None or partner is None or rail is None or _is_done(trace):
        return None
    rule = RULES[rail].get(standing.state)
    since = began if began.event.raw_code == standing.event.raw_code else standing
    ours = [e.record.value_date for e in trace.evidence if e.side is Side.OURS and e.record.kind in (Kind.PAYMENT, Kind.PAYOUT)]
    return _expected(rule, since, partner, expected_on=next(iter(ours), None), now=now) if rule else None


def expected_arrival(awaited: Arrival, leg: Partner, *, now: datetime) -> Expected:
    """The arrival of a payout at our bank, in time until the end of the day it is due on, by the bank's clock.

    Which bank is no business of whoever paid out, who may be asked with these words.
    """
    by = datetime.combine(awaited.due_on, _END_OF_DAY, leg.time_zone).astimezone(UTC)
    if now <= by:
        return Expected(what=_ARRIVAL, by=by)
    days = leg.calendar.between(awaited.due_on, now.astimezone(leg.time_zone).date())
    return Expected(what=_ARRIVAL, by=by, overdue=now - by, overdue_days=max(days, 0))


def holder(trace: PaymentTrace) -> Holder:
    """Who has the money now, by everything known of the payment."""
    state = trace.processing
    if is_transfer_of_ours(trace):
        return _OUR_TRANSFER.get(state, Holder.UNKNOWN)
    if state in _DECIDES:
        return _DECIDES[state]
    if trace.money is MoneyState.IN_TRANSIT:
        return Holder.NOT_ARRIVED if any(a.state is ArrivalState.MISSING for a in trace.arrivals) else Holder.ON_ITS_WAY
    if trace.money is MoneyState.PAID_OUT:
        return Holder.OUR_ACCOUNT
    if state is S.SETTLED or trace.money is MoneyState.CLEARED:
        return Holder.OUR_ACCOUNT if _rail(trace) in BANKS else Holder.PARTNER
    return _BEFORE.get(state, Holder.UNKNOWN)


def is_transfer_of_ours(trace: PaymentTrace) -> bool:
    """True if we send the money: a payout through a bank, whichever side has it, and not the payout of a provider to us."""
    payouts = [e.record for e in trace.evidence if e.record.kind is Kind.PAYOUT]
    return any((rail_of(r.network) or _rail(trace)) in BANKS for r in payouts)


_DECIDES: Mapping[ProcessingState, Holder] = {
    S.REJECTED: Holder.PAYER,
    S.FAILED: Holder.PAYER,
    S.CANCELED: Holder.PAYER,
    S.EXPIRED: Holder.PAYER,
    S.RETURNED: Holder.PAYER,
    S.REFUNDED: Holder.PAYER,
    S.REVERSED: Holder.PAYER,
    S.DISPUTE_LOST: Holder.PAYER,
    S.DISPUTED: Holder.DISPUTED,
    S.ON_HOLD: Holder.HELD,
}
_BEFORE: Mapping[ProcessingState, Holder] = {
    S.CREATED: Holder.PAYER,
    S.PENDING_ACTION: Holder.PAYER,
    S.SUBMITTED: Holder.PAYER,
    S.ACCEPTED: Holder.ON_ITS_WAY,
    S.AUTHORIZED: Holder.RESERVED,
    S.CAPTURED: Holder.ON_ITS_WAY,
    S.CLEARING: Holder.ON_ITS_WAY,
}
_OUR_TRANSFER: Mapping[ProcessingState, Holder] = {
    S.CREATED: Holder.OUR_ACCOUNT,
    S.PENDING_ACTION: Holder.OUR_ACCOUNT,
    S.SUBMITTED: Holder.OUR_ACCOUNT,
    S.ACCEPTED: Holder.ON_ITS_WAY_OUT,
    S.CLEARING: Holder.ON_ITS_WAY_OUT,
    S.RETURN_REQUESTED: Holder.ON_ITS_WAY_OUT,
    S.SETTLED: Holder.PAYEE,
    S.PAID_OUT: Holder.PAYEE,
    S.RETURNED: Holder.OUR_ACCOUNT,
    S.REJECTED: Holder.OUR_ACCOUNT,
    S.FAILED: Holder.OUR_ACCOUNT,
    S.CANCELED: Holder.OUR_ACCOUNT,
    S.EXPIRED: Holder.OUR_ACCOUNT,
    S.REVERSED: Holder.OUR_ACCOUNT,
    S.ON_HOLD: Holder.HELD,
}


def _rail(trace: PaymentTrace) -> Rail | None:
    names = (*(e.record.network for e in trace.evidence), *(e.network for e in trace.events))
    return next((rail for name in names if (rail := rail_of(name))), None)


def _is_done(trace: PaymentTrace) -> bool:
    """A payout once made, or a transfer once booked, owes nobody anything more, whatever its last event was."""
    return trace.money is MoneyState.PAID_OUT and trace.processing in (S.PAID_OUT, S.SETTLED)


def _expected(rule: Rule, began: Told, partner: Partner, *, expected_on: date | None, now: datetime) -> Expected:
    zone, calendar = partner.time_zone, partner.calendar
    by, file = _due(rule, began, partner, expected_on=expected_on)
    if now <= by:
        return Expected(what=rule.expect, by=by, file=file)
    days = calendar.between(by.astimezone(zone).date(), now.astimezone(zone).date())
    return Expected(what=rule.expect, by=by, file=file, overdue=now - by, overdue_days=max(days, 0))


def _due(rule: Rule, began: Told, partner: Partner, *, expected_on: date | None) -> tuple[datetime, str | None]:
    """Until when (UTC) a rule gives time, and the file that tells."""
    since, shift = began.event.occurred_at, partner.calendar.shift
    if rule.hours:
        return since + timedelta(hours=rule.hours), None
    local = since.astimezone(partner.time_zone)
    day = since.date() if has_no_time(began.event) else local.date() + timedelta(days=local.time() >= partner.cut_off)
    due_on = shift(shift(day, 0), rule.days)
    if rule.by_file and partner.files:
        told_on = shift(shift(expected_on, 0) if expected_on else due_on, 1)
        return datetime.combine(told_on, partner.files[0].deadline, partner.time_zone).astimezone(UTC), partner.files[0].stream
    return datetime.combine(due_on, _END_OF_DAY, partner.time_zone).astimezone(UTC), None

"""The words of a payment: its states, its references, who holds the money, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from breakwater.model.expectations import Expected, Holder, is_transfer_of_ours
from breakwater.model.payments import MoneyState, PaymentTrace, ProcessingState, ReconciliationState
from breakwater.model.records import Kind
from breakwater.views.blocks import code, word
from breakwater.views.words import moment, plain_money, plural

PROCESSING_WORDS: Mapping[ProcessingState, str] = {s: s.replace("_", " ") for s in ProcessingState} | {
    ProcessingState.PENDING_ACTION: "waiting for the payer",
    ProcessingState.CLEARING: "in clearing",
    ProcessingState.RETURN_REQUESTED: "return requested",
    ProcessingState.DISPUTE_WON: "dispute won",
    ProcessingState.DISPUTE_LOST: "dispute lost",
    ProcessingState.ON_HOLD: "on hold",
    ProcessingState.UNKNOWN: "unknown",
}
MONEY_WORDS: Mapping[MoneyState, str] = {
    MoneyState.EXPECTED: "expected, not seen at the partner yet",
    MoneyState.CLEARED: "cleared at the partner",
    MoneyState.IN_TRANSIT: "reported as paid out, not at our bank yet",
    MoneyState.PAID_OUT: "paid out to us",
    MoneyState.GONE_BACK: "back with the payer",
    MoneyState.NONE: "none seen",
}
_MONEY_WE_SEND: Mapping[MoneyState, str] = {
    **MONEY_WORDS,
    MoneyState.EXPECTED: "to be paid out by us, not seen at the partner yet",
    MoneyState.CLEARED: "paid out by us, booked at the partner",
    MoneyState.PAID_OUT: "paid out by us",
    MoneyState.GONE_BACK: "back with us",
}
RECONCILIATION_WORDS: Mapping[ReconciliationState, tuple[str, str]] = {
    ReconciliationState.MATCHED: ("🟢", "reconciled"),
    ReconciliationState.PENDING: ("🟡", "waiting for the other side, still in time"),
    ReconciliationState.IN_BREAK: ("🔴", "in a break"),
    ReconciliationState.OPENING_ITEM: ("⚪", "unmatched, from before the partner went live"),
    ReconciliationState.NOT_RUN: ("⚪", "not reconciled yet"),
}
HOLDER_WORDS: Mapping[Holder, str] = {
    Holder.PAYER: "the payer",
    Holder.RESERVED: "the payer's bank, which has reserved it for us",
    Holder.ON_ITS_WAY: "on its way to us",
    Holder.ON_ITS_WAY_OUT: "on its way to the payee",
    Holder.PARTNER: "{partner}, until its payout",
    Holder.NOT_ARRIVED: "nobody who says so: reported as paid out, not at our bank",
    Holder.OUR_ACCOUNT: "us, on our account",
    Holder.PAYEE: "the payee",
    Holder.HELD: "held back on its way, until somebody releases it",
    Holder.DISPUTED: "taken from us until the dispute is decided",
    Holder.UNKNOWN: "nobody here can say",
}
WENT_BACK: Mapping[Kind, str] = {
    Kind.REFUND: "refunded",
    Kind.RETURN: "returned",
    Kind.CHARGEBACK: "charged back",
    Kind.CHARGEBACK_REVERSAL: "given back to us after a chargeback",
}
REFERENCE_WORDS: Mapping[str, str] = {
    "ref_payment_id": "Payment id",
    "ref_partner_id": "Partner's reference",
    "ref_end_to_end_id": "EndToEndId",
    "ref_uetr": "UETR",
    "ref_tx_id": "TxId",
    "ref_arn": "ARN",
    "ref_rrn": "RRN",
    "ref_network_id": "Network transaction id",
    "ref_batch_id": "Batch",
    "ref_payout_trace_id": "Payout trace id",
    "ref_original": "Refers to",
    "payment_id": "Payment id",
    "record_id": "Record",
}


def money_words(trace: PaymentTrace) -> str:
    """Where its money is, from whoever pays to whoever is paid: what we send is not on its way to us."""
    said = (_MONEY_WE_SEND if is_transfer_of_ours(trace) else MONEY_WORDS)[trace.money]
    return f"{said}, {plain_money(*trace.part_back)} of it went back" if trace.part_back else said


def next_words(expected: Expected | None, processing: ProcessingState) -> str:
    """What should happen next, by when, and whether that is late."""
    if expected is None:
        return "nobody here can say" if processing is ProcessingState.UNKNOWN else "nothing more is due"
    where = f" (file {code(expected.file)})" if expected.file else ""
    late = f", *late by {lateness(expected)}*" if expected.overdue is not None else ""
    missing = f"; {word(expected.late_file)} has not come" if expected.late_file else ""
    return f"{expected.what}{where}, by {moment(expected.by)}{late}{missing}"


def lateness(expected: Expected) -> str:
    """By how much: business days of the partner, or the hours of a day that has only begun to be late."""
    if expected.overdue_days:
        return plural(expected.overdue_days, "business day")
    minutes = max((expected.overdue or timedelta()) // timedelta(minutes=1), 1)
    return plural(minutes // 60, "hour") if minutes >= 60 else plural(minutes, "minute")

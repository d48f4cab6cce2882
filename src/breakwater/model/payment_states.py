"""What partners' words mean: the canonical processing states, and one declared table per rail from its codes to them.

A code that stands in no table is UNKNOWN, and never success. The raw code is always kept beside its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


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


class Rail(StrEnum):
    """A way money travels, with a language of its own for what became of a payment."""

    CARD = "card"
    ISO20022 = "iso20022"
    GPI = "gpi"
    ALIPAY = "alipay"
    STRIPE = "stripe"
    ADYEN = "adyen"
    WISE = "wise"


BANKS = frozenset({Rail.ISO20022, Rail.GPI, Rail.WISE})  # rails on which money goes from account to account, ours among them
States = Mapping[str, ProcessingState]
S = ProcessingState

# ISO 8583: message types, Visa transaction codes, and response codes (data element 39).
CARD: States = {
    "0100": S.SUBMITTED, "3DS": S.PENDING_ACTION, "0400": S.CANCELED, "0420": S.CANCELED,
    "TC05": S.CLEARING, "1240": S.CLEARING, "TC06": S.REFUNDED, "TC15": S.DISPUTED, "1442": S.DISPUTED, "TC25": S.REVERSED,
    "00": S.AUTHORIZED, "10": S.AUTHORIZED, "11": S.AUTHORIZED, "85": S.AUTHORIZED,
    "01": S.ON_HOLD, "02": S.ON_HOLD,  # refer to the card issuer: somebody has to call
} | dict.fromkeys(
    (
        "03", "04", "05", "06", "07", "12", "13", "14", "15", "19", "30", "39", "41", "43", "46", "51", "52", "53", "54", "55", "57", "58",
        "59", "61", "62", "63", "64", "65", "70", "75", "76", "77", "78", "79", "80", "81", "82", "91", "92", "93", "94", "96", "97", "1A",
        "6P", "N3", "N4", "N7", "P5", "Q1", "R0", "R1", "R3", "Z3",
    ),
    S.REJECTED,
)  # fmt: skip

# ISO 20022 external code set, ExternalPaymentTransactionStatus1Code, and the messages that are a happening in themselves.
ISO20022: States = {
    "RCVD": S.SUBMITTED,  # received
    "PATC": S.PENDING_ACTION,  # more people have to sign
    "ACTC": S.ACCEPTED,  # syntax and semantics are right
    "ACCP": S.ACCEPTED,  # so is the customer's profile
    "ACFC": S.ACCEPTED,  # the funds are there
    "ACWC": S.ACCEPTED,  # accepted with a change
    "ACSP": S.CLEARING,  # settlement in process
    "ACPD": S.CLEARING,  # waiting for the creditor's agent
    "PDNG": S.ON_HOLD,  # further checks will be made: somebody holds it, and it does not move on by itself
    "ACSC": S.SETTLED,  # settled on the debtor's account; the code set says itself that this is no financial information
    "ACCC": S.SETTLED,  # settled on the creditor's account
    "RJCT": S.REJECTED,
    "CANC": S.CANCELED,
    "PAIN.001": S.CREATED,
    "PAIN.008": S.CREATED,
    "CAMT.056": S.RETURN_REQUESTED,
    "PACS.004": S.RETURNED,
    "BOOK": S.SETTLED,  # booked on a statement
}  # fmt: skip

# SWIFT gpi tracker: status, with its reason after a slash. G001 means different things to different vendors; tracking may stop there.
GPI: States = {
    "ACSP": S.ACCEPTED,
    "ACSP/G000": S.CLEARING,  # passed on to the next bank
    "ACSP/G001": S.CLEARING,  # passed on, perhaps out of sight
    "ACSP/G002": S.ON_HOLD,  # credit may not be confirmed the same day
    "ACSP/G003": S.ON_HOLD,  # documents of the creditor are awaited
    "ACSP/G004": S.ON_HOLD,  # cover is awaited
    "ACSP/G005": S.CLEARING,  # delivered to the creditor's bank as gpi
    "ACSP/G006": S.CLEARING,  # delivered to the creditor's bank, not as gpi
    "ACCC": S.SETTLED,
    "RJCT": S.REJECTED,
    "RJCT/FOCR": S.RETURNED,  # following a cancellation request
}

# Alipay: trade_status of a trade. TRADE_CLOSED has three meanings, told apart by its history (see payment_history).
TRADE_CLOSED = "TRADE_CLOSED"
ALIPAY: States = {
    "WAIT_BUYER_PAY": S.PENDING_ACTION,
    "AUTH_SUCCESS": S.AUTHORIZED,
    "TRADE_SUCCESS": S.CAPTURED,  # paid by the buyer; what settles it is the settlement file
    "TRADE_FINISHED": S.CAPTURED,  # paid, and can't be refunded any more; across borders this alone is success
    "REFUND_SUCCESS": S.REFUNDED,
}

# Stripe: object and status, since the same word means different things of different objects.
STRIPE: States = {
    "payment_intent.requires_payment_method": S.CREATED,
    "payment_intent.requires_confirmation": S.CREATED,
    "payment_intent.requires_action": S.PENDING_ACTION,
    "payment_intent.processing": S.SUBMITTED,
    "payment_intent.requires_capture": S.AUTHORIZED,
    "payment_intent.succeeded": S.CLEARING,  # until its balance transaction is available
    "payment_intent.canceled": S.CANCELED,
    "payment_intent.payment_failed": S.FAILED,
    "charge.pending": S.SUBMITTED,
    "charge.succeeded": S.CLEARING,
    "charge.failed": S.FAILED,
    "charge.expired": S.EXPIRED,
    "balance_transaction.pending": S.CLEARING,
    "balance_transaction.available": S.SETTLED,
    "refund.pending": S.RETURN_REQUESTED,
    "refund.requires_action": S.RETURN_REQUESTED,
    "refund.succeeded": S.REFUNDED,
    "refund.failed": S.FAILED,  # of the refund, not of the payment: the history tells them apart
    "refund.canceled": S.FAILED,
    "dispute.warning_needs_response": S.DISPUTED,
    "dispute.warning_under_review": S.DISPUTED,
    "dispute.warning_closed": S.DISPUTE_WON,
    "dispute.needs_response": S.DISPUTED,
    "dispute.under_review": S.DISPUTED,
    "dispute.won": S.DISPUTE_WON,
    "dispute.lost": S.DISPUTE_LOST,
    "payout.pending": S.SUBMITTED,
    "payout.in_transit": S.CLEARING,
    "payout.paid": S.PAID_OUT,  # may still fail, days later
    "payout.failed": S.FAILED,
    "payout.canceled": S.CANCELED,
}

# Adyen: record types of the payment accounting report.
ADYEN: States = {
    "Received": S.SUBMITTED,
    "Authorised": S.AUTHORIZED,
    "SentForSettle": S.CLEARING,
    "Settled": S.SETTLED,
    "SettledExternally": S.SETTLED,
    "MerchantPayout": S.PAID_OUT,
    "Refused": S.REJECTED,
    "Error": S.FAILED,
    "CaptureFailed": S.FAILED,
    "Cancelled": S.CANCELED,
    "Expired": S.EXPIRED,
    "SentForRefund": S.REFUNDED,
    "Refunded": S.REFUNDED,
    "RefundedExternally": S.REFUNDED,
    "RefundFailed": S.FAILED,
    "RequestForInformation": S.DISPUTED,
    "NotificationOfChargeback": S.DISPUTED,
    "NotificationOfFraud": S.DISPUTED,
    "Chargeback": S.DISPUTED,
    "SecondChargeback": S.DISPUTE_LOST,
    "ChargebackReversed": S.DISPUTE_WON,
}

# Wise: states of a transfer. Order of delivery is not guaranteed, a bounce may come weeks later, and transfers do go back.
WISE: States = {
    "incoming_payment_waiting": S.CREATED,
    "incoming_payment_initiated": S.SUBMITTED,
    "processing": S.ACCEPTED,
    "funds_converted": S.CLEARING,
    "outgoing_payment_sent": S.SETTLED,
    "bounced_back": S.RETURNED,
    "funds_refunded": S.REFUNDED,
    "cancelled": S.CANCELED,
    "charged_back": S.DISPUTED,
}

RAILS: Mapping[Rail, States] = {
    Rail.CARD: CARD,
    Rail.ISO20022: ISO20022,
    Rail.GPI: GPI,
    Rail.ALIPAY: ALIPAY,
    Rail.STRIPE: STRIPE,
    Rail.ADYEN: ADYEN,
    Rail.WISE: WISE,
}
# The rail of a network as configurations and files name it; a rail's own name is one, too.
_NETWORKS: Mapping[str, Rail] = {
    "cards": Rail.CARD, "visa": Rail.CARD, "mastercard": Rail.CARD, "sepa": Rail.ISO20022, "sct": Rail.ISO20022, "sdd": Rail.ISO20022,
    "instant": Rail.ISO20022, "swift": Rail.GPI, "wallets": Rail.ALIPAY, "antom": Rail.ALIPAY,
}  # fmt: skip
_FOLDED: Mapping[Rail, States] = {rail: {code.casefold(): state for code, state in table.items()} for rail, table in RAILS.items()}


def rail_of(network: str | None) -> Rail | None:
    """The rail of a network; None for one nobody told us about."""
    name = (network or "").casefold()
    return _NETWORKS.get(name) or (Rail(name) if name in set(Rail) else None)


def meaning(rail: Rail | None, code: str | None) -> ProcessingState:
    """What a code of a rail means, whatever its case. UNKNOWN for a code that stands in no table, or has no single meaning."""
    folded = (code or "").strip().casefold()
    if rail is None:
        return ProcessingState.UNKNOWN
    if rail is Rail.GPI and folded.startswith("g"):  # a tracker may give the reason alone
        folded = f"acsp/{folded}"
    return _FOLDED[rail].get(folded, ProcessingState.UNKNOWN)

"""Why payments are declined, in families: one declared table per rail from partners' codes to them.

A bank's refusal says little by itself, and its code a lot: who can do something about it. Codes that stand in no table are OTHER.
ISO 8583 response codes (data element 39), ISO 20022 ExternalStatusReason1Code, Stripe's decline codes, Adyen's refusal reasons and
Alipay's result codes are read; words are compared without case and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from breakwater.model.payment_states import Rail, rail_of


class DeclineFamily(StrEnum):
    """What keeps payments from being approved, by who can change it."""

    FUNDS = "funds"  # the money is not there, or a limit is reached: the customer
    REFUSED = "refused"  # the bank says no and not why
    FRAUD = "fraud"  # somebody suspects fraud: the bank, or we
    TECHNICAL = "technical"  # somebody can't be reached, or fails: a partner, a bank, or we
    AUTHENTICATION = "authentication"  # the customer was not authenticated: the bank's page, or ours
    DATA = "data"  # something given is wrong or out of date: the form, or what we send
    RESTRICTED = "restricted"  # this card or account may not do that
    CUSTOMER = "customer"  # the customer went away
    OTHER = "other"


FAMILY_WORDS: Mapping[DeclineFamily, str] = {
    DeclineFamily.FUNDS: "Declines for lack of funds",
    DeclineFamily.REFUSED: "Refusals without a reason",
    DeclineFamily.FRAUD: "Declines for suspected fraud",
    DeclineFamily.TECHNICAL: "Technical declines",
    DeclineFamily.AUTHENTICATION: "Declines for failed authentication",
    DeclineFamily.DATA: "Declines for wrong or outdated data",
    DeclineFamily.RESTRICTED: "Declines of restricted cards or accounts",
    DeclineFamily.CUSTOMER: "Payments customers gave up",
    DeclineFamily.OTHER: "Declines with codes nobody knows here",
}
Families = Mapping[str, DeclineFamily]


def _table(**codes: str) -> Families:
    """Codes by family; several words of one code are joined by a hyphen."""
    pairs = [(code.replace("-", " "), DeclineFamily(family)) for family, given in codes.items() for code in given.split()]
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a code stands in two families")
    return dict(pairs)


CARD: Families = _table(
    funds="51 61 65 n4",
    refused="01 02 05",
    fraud="04 07 34 41 43 59 63",
    technical="06 19 68 80 81 91 92 94 96 97 z3",
    authentication="1a 38 55 6p 70 75 82 83 86 n7 p5 q1",
    data="03 12 13 14 15 30 39 42 44 52 53 54 76 77 78",
    restricted="36 40 46 57 58 62 64 79 93 n3 r0 r1 r3",
    customer="17",
)
BANKS: Families = _table(
    funds="am02 am04 am14 am21 am23",
    refused="ms02 ms03",
    fraud="fr01 frad",
    technical="ab01 ab02 ab03 ab04 ab05 ab06 ab07 ab08 ab09 ab10 ab11 ed05 tm01",
    authentication="ds0h ds24",
    data="ac01 ac02 ac03 ac13 ac14 ac15 ac16 ag02 agnt am01 am05 am06 am09 am10 am11 am12 "
    "be01 be04 be05 be06 be07 be08 be16 be17 be20 be23 "
    "cnor dnor dt01 ff01 ff03 ff04 ff05 md02 rc01 rc03 rc04 rf01 rr01 rr02 rr03 rr05",
    restricted="ac04 ac05 ac06 ac07 ag01 ag03 am03 md01 md07 rr04 sl01 sl11 sl12 sl13 sl14",
    customer="cust ds02 md06",
)
STRIPE: Families = _table(
    funds="insufficient-funds card-velocity-exceeded withdrawal-count-limit-exceeded",
    refused="call-issuer card-declined do-not-honor do-not-try-again generic-decline no-action-taken",
    fraud="fraudulent lost-card merchant-blacklist pickup-card security-violation stolen-card",
    technical="api-connection-error duplicate-transaction issuer-not-available processing-error reenter-transaction try-again-later",
    authentication="authentication-not-handled authentication-required approve-with-id incorrect-cvc incorrect-pin invalid-cvc "
    "offline-pin-required online-or-offline-pin-required payment-intent-authentication-failure pin-try-exceeded",
    data="expired-card incorrect-address incorrect-number incorrect-zip invalid-account invalid-amount invalid-expiry-month "
    "invalid-expiry-year invalid-number new-account-information-available",
    restricted="card-not-supported currency-not-supported not-permitted restricted-card revocation-of-all-authorizations "
    "revocation-of-authorization service-not-allowed stop-payment-order transaction-not-allowed",
)
ADYEN: Families = _table(
    funds="not-enough-balance withdrawal-amount-exceeded withdrawal-count-exceeded",
    refused="refused referral declined-non-generic",
    fraud="acquirer-fraud fraud fraud-cancelled issuer-suspected-fraud",
    technical="acquirer-error error issuer-unavailable not-submitted pending pin-validation-not-possible",
    authentication="3d-not-authenticated 3d-secure-authentication-failed authentication-required avs-declined card-requires-online-pin "
    "cvc-declined invalid-pin pin-tries-exceeded",
    data="expired-card invalid-amount invalid-card-number no-checking-account-available-on-card no-savings-account-available-on-card",
    restricted="blocked-card not-supported restricted-card revocation-of-auth transaction-not-permitted mobile-pin-required",
    customer="cancelled shopper-cancelled",
)
ALIPAY: Families = _table(
    funds="buyer-balance-not-enough buyer-bankcard-balance-not-enough payment-count-exceed-limit user-amount-exceed-limit "
    "user-balance-not-enough",
    refused="process-fail",
    fraud="risk-reject suspected-fraud",
    technical="system-error unknown-exception aop-system-error timeout",
    authentication="user-payment-verification-failed identity-verify-failed",
    data="param-illegal invalid-parameter user-not-exist order-is-closed",
    restricted="access-denied currency-not-support merchant-not-registered payment-prohibited user-kyc-not-qualified user-status-abnormal "
    "no-pay-options",
    customer="order-is-canceled user-cancelled",
)
WORDS: Families = _table(
    funds="insufficient-balance over-limit limit-exceeded",
    refused="declined do-not-honour",
    fraud="suspected-fraud lost-or-stolen",
    technical="issuer-inoperative network-error system-malfunction technical-error timed-out timeout",
    authentication="authentication-failed cvv-mismatch strong-authentication-required wrong-pin",
    data="invalid-account-number invalid-card wrong-account",
    restricted="closed-account transaction-forbidden",
    customer="abandoned customer-cancelled customer-cancelled-at-the-bank",
)
TABLES: Mapping[Rail, Families] = {
    Rail.CARD: CARD, Rail.ISO20022: BANKS, Rail.GPI: BANKS, Rail.WISE: BANKS, Rail.STRIPE: STRIPE, Rail.ADYEN: ADYEN, Rail.ALIPAY: ALIPAY,
}  # fmt: skip
SPOKEN = (STRIPE, ADYEN, ALIPAY, WORDS)  # words that mean the same whoever says them
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def family_of(*, network: str | None, code: str | None, reason: str | None, taught: Families = MappingProxyType({})) -> DeclineFamily:
    """Why a payment was declined. The reason speaks before the code, which may only say that there was a refusal.

    `taught` are a partner's own codes, as `folded`: they speak before every table.
    """
    rail = rail_of(network)
    own: tuple[Families, ...] = (TABLES[rail],) if rail else ()
    said = [word for word in (folded(reason), folded(code)) if word]
    for tables in ((taught,), own, SPOKEN, tuple(TABLES.values())):
        for word in said:
            for table in tables:
                if word in table:
                    return table[word]
    return DeclineFamily.OTHER


def folded(text: str | None) -> str:
    """A code or a reason without case and punctuation, as it is compared."""
    return _NOT_A_WORD.sub(" ", (text or "").casefold()).strip()

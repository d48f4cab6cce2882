"""Why payments are declined: partners' codes in families, and what no table knows."""

from __future__ import annotations

from itertools import chain

import pytest

from breakwater.model.decline_families import SPOKEN, TABLES, DeclineFamily, family_of
from breakwater.model.payment_states import BANKS, Rail


@pytest.mark.parametrize(
    ("network", "code", "reason", "family"),
    [
        ("cards", "51", "Insufficient funds", DeclineFamily.FUNDS),
        ("visa", "05", "Do not honor", DeclineFamily.REFUSED),
        ("cards", "59", None, DeclineFamily.FRAUD),
        ("cards", "91", "Issuer unavailable", DeclineFamily.TECHNICAL),
        ("cards", "1A", "Strong authentication required", DeclineFamily.AUTHENTICATION),
        ("cards", "54", "Expired card", DeclineFamily.DATA),
        ("mastercard", "57", None, DeclineFamily.RESTRICTED),
        ("sepa", "CUST", "Customer cancelled at the bank", DeclineFamily.CUSTOMER),
        ("stripe", "payment_intent.payment_failed", "insufficient_funds", DeclineFamily.FUNDS),
        ("alipay", "USER_BALANCE_NOT_ENOUGH", None, DeclineFamily.FUNDS),
    ],
)
def test_a_code_belongs_to_a_family(network: str, code: str, reason: str | None, family: DeclineFamily) -> None:
    assert family_of(network=network, code=code, reason=reason) is family


@pytest.mark.parametrize(("network", "code", "reason"), [("sepa", "RJCT", "MS03"), ("adyen", "Refused", "Issuer Unavailable")])
def test_the_reason_speaks_before_a_code_that_only_refuses(network: str, code: str, reason: str) -> None:
    assert family_of(network=network, code=code, reason=reason) is not family_of(network=network, code=code, reason="AM04")
    assert family_of(network=network, code=code, reason=reason) is family_of(network=network, code=None, reason=reason)


def test_the_same_number_is_read_in_the_language_of_its_rail() -> None:
    assert family_of(network="cards", code="05", reason=None) is DeclineFamily.REFUSED
    assert family_of(network="sepa", code="AC04", reason=None) is DeclineFamily.RESTRICTED


def test_words_are_read_whatever_the_network_and_however_they_are_written() -> None:
    said = ["Not enough balance", "NOT_ENOUGH_BALANCE", "insufficient-funds", " Insufficient  Funds "]

    assert {family_of(network=network, code="", reason=word) for word in said for network in ("house_acquirer", None)} == {
        DeclineFamily.FUNDS
    }


@pytest.mark.parametrize(("code", "reason"), [(None, None), ("", " "), ("ZZ9", "computer says no")])
def test_what_no_table_knows_is_other(code: str | None, reason: str | None) -> None:
    assert family_of(network="cards", code=code, reason=reason) is DeclineFamily.OTHER


def test_what_a_partner_s_own_code_means_speaks_before_every_table() -> None:
    taught = {"65": DeclineFamily.AUTHENTICATION, "zz9": DeclineFamily.TECHNICAL}

    assert family_of(network="cards", code="65", reason=None) is DeclineFamily.FUNDS
    assert family_of(network="cards", code="65", reason="Expired card", taught=taught) is DeclineFamily.AUTHENTICATION
    assert family_of(network=None, code=" ZZ-9 ".replace("-", ""), reason=None, taught=taught) is DeclineFamily.TECHNICAL
    assert family_of(network="cards", code="51", reason=None, taught=taught) is DeclineFamily.FUNDS


def test_every_rail_has_a_table_and_no_code_is_in_two_families_of_it() -> None:
    assert set(TABLES) == set(Rail)
    assert {id(TABLES[rail]) for rail in BANKS} == {id(TABLES[Rail.ISO20022])}


def test_words_mean_the_same_whoever_says_them() -> None:
    said = [(word, family) for table in SPOKEN for word, family in table.items()]

    assert len(dict(said)) == len(set(said))
    assert set(chain.from_iterable(t.values() for t in TABLES.values())) == set(DeclineFamily) - {DeclineFamily.OTHER}

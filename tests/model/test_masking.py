"""Card numbers are masked wherever a person could paste them; account numbers and references survive."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.masking import is_card_number, mask_card, mask_cards


def with_check_digit(digits: str) -> str:
    """`digits` and the digit that makes Luhn's sum a multiple of ten."""
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[::-2])
    return digits + str(-(doubled + sum(int(d) for d in digits[-2::-2])) % 10)


# Issuer ranges with a length their scheme uses, without the check digit; the first four are acquirers' published test numbers.
CARDS = {
    name: with_check_digit(digits)
    for name, digits in {
        "Visa": "411111111111111",
        "Mastercard": "555555555555444",
        "American Express": "37828224631000",
        "Diners Club": "3056930902590",
        "Visa, 13 digits": "422222222222",
        "Visa, 19 digits": "400000000000000000",
        "Mastercard, first of the 2-series": "222100000000000",
        "Mastercard, last of the 2-series": "272099999999999",
        "American Express, 34": "34343434343434",
        "Diners Club, 36": "3622720627166",
        "Diners Club, 38": "385200000000000",
        "Discover": "601111111111111",
        "Discover, 644": "644111111111111",
        "Discover, 65": "651111111111111",
        "JCB, first": "352811133330000",
        "JCB, last": "358911133330000",
        "UnionPay": "620000000000000",
        "UnionPay, 19 digits": "620550000000000000",
        "Maestro": "501800000000000",
        "Maestro, 12 digits": "56000000000",
    }.items()
}


@pytest.mark.parametrize("number", CARDS.values(), ids=list(CARDS))
@pytest.mark.parametrize(
    "text", ["{}", "card {}, please", "PAN={};", "({})", "{} 12/27", "{} 123", "on 2026-11-20 {}", "{}\n{}", "ref 12 {} 99"]
)
def test_a_card_number_is_masked(number: str, text: str) -> None:
    masked = mask_cards(text.replace("{}", number))

    assert number not in masked
    assert f"{number[:6]}…{number[-4:]}" in masked


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("4111 1111 1111 1111", "411111…1111"),
        ("4111-1111-1111-1111", "411111…1111"),
        ("3782 822463 10005", "378282…0005"),
        ("41111111 11111111", "411111…1111"),
        ("4111 1111 1111 1111 12/27", "411111…1111 12/27"),
        ("4111 1111 1111 1111 exp 2027-12", "411111…1111 exp 2027-12"),
        ("5555555555554444 4111111111111111", "555555…4444 411111…1111"),
        ("2026-11-20 4111 1111 1111 1111", "2026-11-20 411111…1111"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "411111…1111"),
    ],
)
def test_groups_are_seen_and_neighbours_stay(written: str, masked: str) -> None:
    assert mask_cards(written) == masked


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4111111111111112", id="Luhn does not fit"),
        pytest.param("411111111111111", id="a length Visa does not have"),
        pytest.param(with_check_digit("900000000000000"), id="no issuer begins with 9"),
        pytest.param(with_check_digit("222099999999999"), id="just below Mastercard's 2-series"),
        pytest.param(with_check_digit("272100000000000"), id="just above it"),
        pytest.param(with_check_digit("352711133330000"), id="just below JCB"),
        pytest.param(with_check_digit("411111111111111111111"), id="22 digits are no card"),
        pytest.param("TX4111111111111111", id="letters before: a longer reference"),
        pytest.param("4111111111111111A", id="a letter behind"),
        pytest.param("INV2026-4111111111111111X", id="inside a reference"),
        pytest.param("123456", id="a trace number"),
        pytest.param("74537604221222222222221", id="an acquirer reference number of 23 digits"),
        pytest.param("2026-11-20 08:30:00", id="a time"),
        pytest.param("+49 30 901820 0", id="a telephone number"),
        pytest.param("eb6305c9-1f7f-49de-aed0-16487c27b42d", id="a UETR"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_card_number_survives(text: str) -> None:
    assert mask_cards(text) == text


@pytest.mark.parametrize(
    "iban",
    [
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "FR1420041010050500013M02606", "FR14 2004 1010 0505 0001 3M02 606",
        "NO9386011117947", "GB29 NWBK 6016 1331 9268 19", "MT84MALT011000012345MTLCAST001S", "SE45 5000 0000 0583 9825 7466",
    ],
)  # fmt: skip
def test_account_numbers_survive(iban: str) -> None:
    assert mask_cards(f"from {iban}, thank you") == f"from {iban}, thank you"


def with_iban_check_digits(country: str, account: str) -> str:
    """An IBAN in printed groups, with the check digits of ISO 13616."""
    check = 98 - int("".join(str(int(c, 36)) for c in f"{account}{country}00")) % 97
    text = f"{country}{check:02d}{account}"
    return " ".join(re.findall(".{1,4}", text))


def test_an_account_number_whose_groups_look_like_a_card_survives() -> None:
    """The sixteen digits after the check digits are a valid Visa number here."""
    iban = with_iban_check_digits("PL", "411111111111111100000000")

    assert mask_cards(iban) == iban


def test_a_card_number_behind_something_like_a_country_code_is_masked() -> None:
    assert mask_cards("ID99 4111 1111 1111 1111") == "ID99 411111…1111"


def test_a_long_card_number_in_groups_is_masked_to_its_end() -> None:
    number = CARDS["UnionPay, 19 digits"]
    written = " ".join(re.findall(".{1,4}", number))

    assert mask_cards(f"{written} 12/27") == f"{mask_card(number)} 12/27"


@given(text=st.text(alphabet="0123456789 -AB\n", max_size=60))
def test_masking_changes_nothing_but_digits_and_is_done_after_once(text: str) -> None:
    once = mask_cards(text)

    assert mask_cards(once) == once
    assert re.sub(r"[^AB\n]", "", once) == re.sub(r"[^AB\n]", "", text)


@given(
    number=st.sampled_from(sorted(CARDS.values())),
    before=st.sampled_from(["", "x ", "1 ", "12 ", "20 "]),
    after=st.sampled_from(["", " 1", " 12", " x"]),
)
def test_small_numbers_beside_it_do_not_hide_a_card(number: str, before: str, after: str) -> None:
    assert number not in mask_cards(before + number + after)


def test_a_masked_card_shows_six_and_four() -> None:
    assert mask_card("4111 1111 1111 1234") == "411111…1234"
    assert is_card_number("4111-1111 1111 1111")
    assert not is_card_number("")
    assert not is_card_number("4111111111111111x")

"""Money in whole minor units: exact both ways, in currencies with none, two, three and four decimals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.money import Money, exponent, format_minor, half_up, major_text, minor_from_major

AMOUNTS = st.integers(-(10**18), 10**18)


@given(amount_minor=AMOUNTS, places=st.integers(0, 4))
def test_every_amount_survives_its_text(amount_minor: int, places: int) -> None:
    assert minor_from_major(major_text(amount_minor, places), places) == amount_minor


@given(amount_minor=AMOUNTS, places=st.integers(0, 4), zeros=st.integers(0, 5))
def test_zeros_beyond_the_exponent_change_nothing(amount_minor: int, places: int, zeros: int) -> None:
    text = major_text(amount_minor, places)
    longer = text + ("" if places else ".") + "0" * zeros

    assert minor_from_major(longer, places) == amount_minor


@pytest.mark.parametrize(
    ("currency", "places"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0), ("DEM", 2), ("ITL", 0), ("BEF", 0), ("HRK", 2), ("BGN", 2)],
)
def test_exponents_of_living_and_withdrawn_currencies(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize("code", ["XAU", "XXX", "ABC", "eur", "", "EURO"])
def test_what_has_no_minor_unit_has_no_exponent(code: str) -> None:
    with pytest.raises(KeyError, match=f"'{code}'"):
        exponent(code)


@pytest.mark.parametrize(
    ("text", "places", "amount_minor"),
    [
        ("12.5", 2, 1250),
        ("8.850", 2, 885),
        ("-0.01", 2, -1),
        ("+7", 2, 700),
        ("1235", 0, 1235),
        ("1235.00", 0, 1235),
        ("0.5", 3, 500),
        ("007.", 2, 700),
        ("-0", 2, 0),
    ],
)
def test_major_units_are_read_exactly(text: str, places: int, amount_minor: int) -> None:
    assert minor_from_major(text, places) == amount_minor


@pytest.mark.parametrize(
    "text", ["", " ", ".5", "1,5", "1.234,56", "1 000", "12.5 ", "1e3", "0x10", "--1", "1.2.3", "NaN", "inf", "١٢", "12.5\n", "½", "-"]
)
def test_what_is_no_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal number"):
        minor_from_major(text, 2)


@pytest.mark.parametrize(("text", "places"), [("1.005", 2), ("1.5", 0), ("0.0001", 3)])
def test_a_digit_beyond_the_exponent_is_refused(text: str, places: int) -> None:
    with pytest.raises(ValueError, match=f"'{text}' has more than {places} decimals"):
        minor_from_major(text, places)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (123_456, "EUR", "EUR 1,234.56"),
        (-5, "EUR", "EUR -0.05"),
        (1_235, "JPY", "JPY 1,235"),
        (-500, "KWD", "KWD -0.500"),
        (1_000_000, "ITL", "ITL 1,000,000"),
        (0, "EUR", "EUR 0.00"),
        (1_234, "ABC", "ABC 1,234 (minor units)"),
    ],
)
def test_a_person_reads(amount_minor: int, currency: str, text: str) -> None:
    assert format_minor(amount_minor, currency) == text
    assert str(Money(currency, amount_minor)) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"), [(5, 2, 3), (4, 3, 1), (0, 7, 0), (7, 14, 1), (10**30 + 1, 2, 5 * 10**29 + 1)]
)
def test_half_goes_up(numerator: int, denominator: int, result: int) -> None:
    assert half_up(numerator, denominator) == result

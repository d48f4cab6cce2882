"""What people type when they look for a payment: any spelling of a reference, an amount, a masked card; never a full card number."""

from __future__ import annotations

from datetime import date

import pytest

from breakwater.errors import RefusedError
from breakwater.model.identifiers import ByAmount, ByReference, Likeness, MaskedCard, half_an_amount, likeness, no_currencies, read_question

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("typed", "reference"),
    [
        ("pay_8f2k1", "pay_8f2k1"),
        ("  RF18 5390  0754 7034 ", "RF18 5390 0754 7034"),
        ("74203986327375571827205", "74203986327375571827205"),
        ("97ed4827-7b6f-4491-a06f-b548d5a7512d", "97ed4827-7b6f-4491-a06f-b548d5a7512d"),
        ("EUR-2026-17", "EUR-2026-17"),
        ("EUR", "EUR"),
        ("2026-11-20", "2026-11-20"),
    ],
)
def test_whatever_is_no_amount_is_a_reference(typed: str, reference: str) -> None:
    assert read_question(typed) == ByReference(reference=reference)


@pytest.mark.parametrize(
    ("typed", "minor", "currency", "partner"),
    [
        ("123.45 EUR 2026-11-20", 12_345, "EUR", None),
        ("EUR 123,45 2026-11-20 nordbank", 12_345, "EUR", "nordbank"),
        ("2026-11-20 eur123.45", 12_345, "EUR", None),
        ("1,234.50EUR 2026-11-20", 123_450, "EUR", None),
        ("1 234.50 EUR 2026-11-20 North Bank", 123_450, "EUR", "North Bank"),
        ("900 JPY 2026-11-20", 900, "JPY", None),
        ("0.500 KWD 2026-11-20", 500, "KWD", None),
    ],
)
def test_an_amount_with_its_currency_and_day(typed: str, minor: int, currency: str, partner: str | None) -> None:
    assert read_question(typed) == ByAmount(amount_minor=minor, currency=currency, day=DAY, partner=partner)


@pytest.mark.parametrize("card", ["411111…1111", "411111******1111", "411111XXXXXX1111", "411111..1111"])
def test_a_masked_card_with_amount_and_day(card: str) -> None:
    asked = read_question(f"{card} 12.50 EUR 2026-11-20")

    assert asked == ByAmount(amount_minor=1_250, currency="EUR", day=DAY, card=MaskedCard(first="411111", last="1111"))


@pytest.mark.parametrize(
    "typed",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111111111111111 12.50 EUR 2026-11-20",
        "card 5555555555554444",
        "378282246310005",
    ],
)
def test_a_full_card_number_is_refused_masked_and_the_asker_told_why(typed: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_question(typed)

    said = f"{refused.value.message} {refused.value.remedy}"
    assert "looks like a full card number" in said
    assert "neither stored nor searched" in said
    assert not any(number in said for number in ("4111111111111111", "4111 1111", "1111-1111", "5555555555554444", "378282246310005"))
    assert "Delete your message" in said


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("", "no reference"),
        (" ", "no reference"),
        ("NOTPROVIDED", "NOTPROVIDED is what banks write where there is no reference"),
        (" notprovided ", "names none"),
        ("12.50 EUR", "one day"),
        ("12.50 EUR 20.11.2026", "one day"),
        ("12.50 EUR 2026-2-30", "is not a date"),
        ("12.50 EUR USD 2026-11-20", "one currency"),
        ("12.345 EUR 2026-11-20", "could be 12345 or 12.345"),
        ("411111…1111", "411111…1111 alone is on many payments"),
        ("x" * 141, "141 characters"),
    ],
)
def test_half_a_question_is_refused_with_what_is_missing(typed: str, what: str) -> None:
    with pytest.raises(RefusedError, match=what):
        read_question(typed)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("123.45", "123.45"),
        ("1.234,50", "1.234,50"),
        ("1 234.50", "1 234.50"),
        ("123,45 nordbank", "123,45"),
        ("100 2026-11-20", "100"),
        ("4711", ""),
        ("2026-11-20", ""),
        ("1.2.3", ""),
        ("ORD-123.45", ""),
        ("123.45 ORD-1", ""),
        ("nordbank 2026-11-20", ""),
    ],
)
def test_an_amount_without_its_currency_or_day_is_known_as_one(typed: str, amount: str) -> None:
    assert half_an_amount(typed) == amount


@pytest.mark.parametrize(
    ("typed", "strange"),
    [
        ("20.00 XYZ 2026-11-20", ["XYZ"]),
        ("20.00xyz", ["XYZ"]),
        ("20.00 EUR 2026-11-20", []),
        ("20.00 nordbank", []),
        ("20 XYZ", []),
        ("XYZ-20.00", []),
    ],
)
def test_three_letters_beside_an_amount_that_are_no_currency(typed: str, strange: list[str]) -> None:
    assert no_currencies(typed) == strange


@pytest.mark.parametrize(
    ("asked", "stored", "expected"),
    [
        ("PAY_8f2k1", "pay_8F2K1", Likeness.EXACT),
        ("RF18 5390 0754 7034", "rf18539007547034", Likeness.SAME),
        ("97ed48277b6f4491a06fb548d5a7512d", "97ed4827-7b6f-4491-a06f-b548d5a7512d", Likeness.SAME),
        ("000000123456", "123456", Likeness.NEAR),
        ("123456", "000000123456", Likeness.NEAR),
        ("HRB261120-92286DXRQJLZ", "HRB26112092286DX", Likeness.NEAR),
        ("1234567890123456", "1234567890123456789", Likeness.NEAR),
        ("123456789012345", "1234567890123456789", Likeness.NONE),
        ("pay_8f2k1", "pay_8f2k2", Likeness.NONE),
    ],
)
def test_how_near_one_reference_is_to_another(asked: str, stored: str, expected: Likeness) -> None:
    assert likeness(asked, stored) is expected

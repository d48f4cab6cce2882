"""Amounts as people type them into a form."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import RefusedError
from breakwater.model.amounts import typed_amount
from breakwater.model.money import exponent, format_minor, major_text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1.000,50", "EUR", 100_050),
        ("1,000.50", "EUR", 100_050),
        ("1'000.50", "EUR", 100_050),
        ("1 000,5", "EUR", 100_050),
        ("1\u202f000,50", "EUR", 100_050),
        (" EUR 1000.5 ", "EUR", 100_050),
        ("0,50", "EUR", 50),
        ("1.000.000", "EUR", 100_000_000),
        ("1.000", "JPY", 1_000),
        ("1.000", "KWD", 1_000),
        ("0.500", "KWD", 500),
        ("1,234,567.890", "KWD", 1_234_567_890),
    ],
)
def test_an_amount_that_means_one_thing_is_read(text: str, currency: str, minor: int) -> None:
    assert typed_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "said", "remedy"),
    [
        ("1e9", "EUR", "'1e9' is not an amount in EUR.", "Write it like 1000.50."),
        ("-5", "EUR", "'-5' is not an amount in EUR.", "Write it like 1000.50."),
        ("١٢", "EUR", "'١٢' is not an amount in EUR.", "Write it like 1000.50."),
        ("", "EUR", "'' is not an amount in EUR.", "Write it like 1000.50."),
        ("1.000", "EUR", "'1.000' in EUR could be 1000 or 1.000.", "Write it like 1000.50."),
        ("1,000", "KWD", "'1,000' in KWD could be 1000 or 1.000.", "Write it like 1000.500."),
        ("1000.5", "JPY", "JPY has no decimals; '1000.5' has 1.", "Write it like 1000."),
        ("1000.505", "EUR", "EUR has 2 decimals; '1000.505' has 3.", "Write it like 1000.50."),
        ("12,34,567.00", "EUR", "'12,34,567.00' is grouped in a way nobody can be sure of.", "Write it like 1000.50."),
        ("1.000,50.2", "EUR", "'1.000,50.2' is not an amount.", "Write it like 1000.50."),
        ("9" * 16, "EUR", "'9999999999999999' has too many digits.", "Write it like 1000.50."),
    ],
)
def test_any_other_is_refused_in_words(text: str, currency: str, said: str, remedy: str) -> None:
    with pytest.raises(RefusedError) as refused:
        typed_amount(text, currency)

    assert (refused.value.message, refused.value.remedy) == (said, remedy)


@given(minor=st.integers(1, 10**14), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_the_form_shows_can_be_sent_back_as_it_is(minor: int, currency: str) -> None:
    assert typed_amount(major_text(minor, exponent(currency)), currency) == minor


@given(minor=st.integers(1, 10**14), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_a_card_shows_can_be_typed(minor: int, currency: str) -> None:
    shown = format_minor(minor, currency)

    assert typed_amount(shown, currency) == minor


@given(text=st.text(max_size=20), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_whatever_is_typed_is_an_amount_or_a_sentence(text: str, currency: str) -> None:
    with contextlib.suppress(RefusedError):
        assert typed_amount(text, currency) >= 0

"""Masking: card numbers never rest, are never shown and never logged."""

from __future__ import annotations

import re

# A digit run, alone or in groups of four or so; letters or digits right beside it make it part of a longer reference.
_RUN = re.compile(r"(?<![0-9A-Za-z])(?:[0-9][ -]?){11,18}[0-9](?![0-9A-Za-z])")

# Issuer ranges with the lengths their schemes use. Source: ISO/IEC 7812 assignments as the networks publish them.
_SCHEMES: tuple[tuple[int, int, int, frozenset[int]], ...] = (
    (4, 4, 1, frozenset({13, 16, 19})),  # Visa
    (51, 55, 2, frozenset({16})),  # Mastercard
    (2221, 2720, 4, frozenset({16})),  # Mastercard
    (34, 34, 2, frozenset({15})),  # American Express
    (37, 37, 2, frozenset({15})),  # American Express
    (300, 305, 3, frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (36, 36, 2, frozenset({14, 15, 16, 17, 18, 19})),  # Diners Club
    (38, 39, 2, frozenset({16, 17, 18, 19})),  # Diners Club, Discover
    (6011, 6011, 4, frozenset({16, 17, 18, 19})),  # Discover
    (644, 659, 3, frozenset({16, 17, 18, 19})),  # Discover
    (3528, 3589, 4, frozenset({16, 17, 18, 19})),  # JCB
    (62, 62, 2, frozenset({16, 17, 18, 19})),  # UnionPay
    (50, 50, 2, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
    (56, 58, 2, frozenset({12, 13, 14, 15, 16, 17, 18, 19})),  # Maestro
)


def mask_card(number: str) -> str:
    """First six and last four digits of a card number: '411111…1111'."""
    digits = re.sub(r"[^0-9]", "", number)
    return f"{digits[:6]}…{digits[-4:]}"


def mask_cards(text: str) -> str:
    """`text` with every card number masked. A run of digits is a card number where Luhn, an issuer range and that scheme's length all fit.

    For free text only: never call it on a field that its format defines as a reference, since one in ten long references passes Luhn.
    """
    return _RUN.sub(lambda found: mask_card(found[0]) if is_card_number(found[0]) else found[0], text)


def is_card_number(text: str) -> bool:
    """True if the digits of `text` look like a card number of a known scheme."""
    digits = re.sub(r"[ -]", "", text)
    return digits.isdecimal() and _scheme_fits(digits) and _luhn(digits)


def _scheme_fits(digits: str) -> bool:
    return any(low <= int(digits[:width]) <= high and len(digits) in lengths for low, high, width, lengths in _SCHEMES)


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(int(d) for d in digits[-1::-2]) + sum(doubled)) % 10 == 0

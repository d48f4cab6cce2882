"""Amounts as people type them: read exactly where they can mean one thing only, refused in words where they can't."""

from __future__ import annotations

import re

from breakwater.errors import RefusedError
from breakwater.model.money import exponent, minor_from_major

_SHAPE = re.compile(r"[0-9]+(?:[.,'’ ][0-9]+)*")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'"})
MOST_DIGITS = 15


def typed_amount(text: str, currency: str) -> int:
    """Minor units of an amount as typed: '1.000,50', '1,000.50', '1 000.50' and 'EUR 1000.50' are the same. RefusedError in words."""
    given = " ".join(text.translate(_SPACES).split())
    number = given.removeprefix(currency).removesuffix(currency).strip()
    places = exponent(currency)
    example = "1000" + ("." + "50".ljust(places, "0")[:places] if places else "")
    remedy = f"Write it like {example}."
    if not _SHAPE.fullmatch(number):
        raise RefusedError(f"'{given[:40]}' is not an amount in {currency}.", remedy=remedy)
    if sum(letter.isdigit() for letter in number) > MOST_DIGITS:
        raise RefusedError(f"'{given[:40]}' has too many digits.", remedy=remedy)
    whole, fraction = _parts(number, places=places, currency=currency, remedy=remedy)
    try:
        return minor_from_major(f"{whole}.{fraction}" if fraction else whole, places)
    except ValueError:
        raise RefusedError(f"{currency} has {places or 'no'} decimals; '{given[:40]}' has {len(fraction)}.", remedy=remedy) from None


def _parts(number: str, *, places: int, currency: str, remedy: str) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    marks = [letter for letter in number if not letter.isdigit()]
    groups = re.split(r"[^0-9]", number)
    if not marks:
        return number, ""
    last = marks[-1]
    if last in "' " or (len(set(marks)) == 1 and len(marks) > 1):  # only groups
        return _whole(groups, number=number, remedy=remedy), ""
    if len(set(marks)) > 1:  # the last mark is the decimal one, those before it group
        if marks.count(last) > 1 or len(set(marks[:-1])) > 1:
            raise RefusedError(f"'{number[:40]}' is not an amount.", remedy=remedy)
        return _whole(groups[:-1], number=number, remedy=remedy), groups[-1]
    if len(groups[-1]) == 3 and 1 <= len(groups[0]) <= 3 and groups[0] != "0":  # one mark alone: '1.000' can be read in two ways
        if places == 0:
            return "".join(groups), ""
        if places == 3 and last == ".":
            return groups[0], groups[1]
        raise RefusedError(f"'{number}' in {currency} could be {groups[0]}{groups[1]} or {groups[0]}.{groups[1]}.", remedy=remedy)
    return groups[0], groups[1]


def _whole(groups: list[str], *, number: str, remedy: str) -> str:
    """Digits in groups of three, as they are grouped before the decimal mark."""
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
        raise RefusedError(f"'{number[:40]}' is grouped in a way nobody can be sure of.", remedy=remedy)
    return "".join(groups)

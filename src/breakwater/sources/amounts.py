"""Amounts as partners write them."""

from __future__ import annotations

import re

from breakwater.model.money import half_up, minor_from_major

LARGEST_MINOR = 2**63 - 1  # what a column of amounts can hold
_BARE_POINT = re.compile(r"([+-]?)\.(?=[0-9])")


def minor_of(text: str, places: int) -> int:
    """Minor units of a decimal text in major units; unlike in our own words the zero before the point may be missing ('.91').

    Negative `places` are for units smaller than the minor unit: '15000' with -2 is 150. ValueError for everything else
    `minor_from_major` refuses, and for what does not fit in 64 bits.
    """
    written_out = _BARE_POINT.sub(r"\g<1>0.", text, count=1) if _BARE_POINT.match(text) else text
    amount_minor = minor_from_major(written_out, max(places, 0))
    if places < 0:
        amount_minor, rest = divmod(amount_minor, 10**-places)
        if rest:
            raise ValueError(f"'{text}' is finer than the minor unit")
    if abs(amount_minor) > LARGEST_MINOR:
        raise ValueError(f"'{text}' is too large")
    return amount_minor


def rounded(amount: int, finer_by: int) -> int:
    """An amount in 10^-finer_by minor units in whole ones, half up by its size: -5 with 1 is -1."""
    size = half_up(abs(amount), 10**finer_by)
    return -size if amount < 0 else size

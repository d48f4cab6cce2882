"""Amounts as partners write them."""

from __future__ import annotations

import re

from breakwater.model.money import minor_from_major

LARGEST_MINOR = 2**63 - 1  # what a column of amounts can hold
_BARE_POINT = re.compile(r"([+-]?)\.(?=[0-9])")


def minor_of(text: str, places: int) -> int:
    """Minor units of a decimal text in major units; unlike in our own words the zero before the point may be missing ('.91').

    ValueError for everything else `minor_from_major` refuses, and for what does not fit in 64 bits.
    """
    amount_minor = minor_from_major(_BARE_POINT.sub(r"\g<1>0.", text, count=1) if _BARE_POINT.match(text) else text, places)
    if abs(amount_minor) > LARGEST_MINOR:
        raise ValueError(f"'{text}' is too large")
    return amount_minor

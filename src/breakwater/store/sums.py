"""Sums of amounts, exact however large: SQLite refuses a sum beyond 64 bits, so the two halves of each amount are added up apart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func

_HALF = 2**32


def halves(column: ColumnElement[int]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The two sums to select for a column of amounts, none of which is negative."""
    return func.sum(column // _HALF), func.sum(column % _HALF)


def whole(high: Any, low: Any) -> int:
    """The sum of the amounts, from those two."""
    return int(high) * _HALF + int(low)

"""Whole columns of text become money and days, exactly; where one cell does not fit, a walk finds it and says which."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.model.money import exponent
from breakwater.model.records import NOT_A_REFERENCE
from breakwater.sources.amounts import minor_of, rounded

_POWERS = pa.array([10**n for n in range(19)], pa.int64())
_FINEST_PLACES = 6  # how many decimals more than its currency an amount may have that is rounded
_NO_TEXT = pa.scalar(None, pa.string())
Blame = Callable[[int, str], NoReturn]  # told the row within the column and the text that does not fit, it raises


def blank(column: pa.Array) -> pa.Array:
    """True where a cell is empty."""
    return pc.equal(column, "")


def cleaned(column: pa.Array) -> pa.Array:
    """As `model.records.clean_reference`, for a whole column."""
    trimmed = pc.ascii_trim(column, " \t\r\n\f\v")
    no_reference = pc.is_in(pc.ascii_upper(trimmed), pa.array(["", *NOT_A_REFERENCE]))
    return pc.if_else(no_reference, _NO_TEXT, trimmed)


def or_null(column: pa.Array) -> pa.Array:
    """The column with null for every empty cell."""
    return pc.if_else(blank(column), _NO_TEXT, column)


def exponents(currencies: pa.Array, blame: Blame) -> pa.Array:
    """The decimal places of each currency; null for null."""
    encoded = pc.dictionary_encode(currencies)
    places = []
    for code in encoded.dictionary.to_pylist():
        try:
            places.append(exponent(code))
        except KeyError:
            blame(pc.index(currencies, code).as_py(), code)
    return pc.take(pa.array(places, pa.int64()), encoded.indices)


def with_points(column: pa.Array, *, decimal: str, thousands: str, blame: Blame) -> pa.Array:
    """Amounts with another decimal sign, or with thousands apart, as plain decimal texts. What is not written so is blamed."""
    if (decimal, thousands) == (".", ""):
        return column
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]*" if thousands else "[0-9]*"
    wrong = pc.invert(pc.match_substring_regex(column, rf"^[+-]?(?:{whole})(?:{point}[0-9]*)?$"))
    row = pc.index(wrong, value=True).as_py()
    if row >= 0:
        blame(row, column[row].as_py())
    plain = pc.replace_substring(column, thousands, "") if thousands else column
    return plain if decimal == "." else pc.replace_substring(plain, decimal, ".")


def minor_units(column: pa.Array, places: pa.Array, blame: Blame) -> pa.Array:
    """Minor units of decimal texts in major units, `places` decimals each; null where the cell is empty."""
    texts = or_null(column)
    try:
        return _minor_units(texts, places)
    except (pa.ArrowInvalid, IndexError):
        return pa.array(_walk(texts, places, blame), pa.int64())


def rounded_units(column: pa.Array, places: pa.Array, blame: Blame) -> pa.Array:
    """As `minor_units`, for amounts that may be finer than the minor unit: they are rounded half up by their size."""
    texts = or_null(column)
    try:
        return _minor_units(texts, places)
    except (pa.ArrowInvalid, IndexError):
        fine = _walk(texts, pc.add(places, _FINEST_PLACES), blame)
        return pa.array([None if amount is None else rounded(amount, _FINEST_PLACES) for amount in fine], pa.int64())


def _minor_units(texts: pa.Array, places: pa.Array) -> pa.Array:
    """The fast way: digits without their point as whole numbers, moved by powers of ten. ArrowInvalid where that is not exact."""
    if (pc.max(pc.find_substring(texts, "-")).as_py() or 0) > 0 or any(pc.any(pc.match_substring(texts, x)).as_py() for x in "xX"):
        raise pa.ArrowInvalid("a sign inside of a number, or hexadecimal")
    point = pc.find_substring(texts, ".")
    digits = pc.cast(pc.replace_substring(texts, ".", "", max_replacements=1), pa.int64())
    decimals = pc.if_else(pc.less(point, 0), 0, pc.subtract(pc.subtract(pc.binary_length(texts), point), 1))
    shift = pc.subtract(places, pc.cast(decimals, pa.int64()))
    scaled = pc.multiply_checked(digits, pc.take(_POWERS, pc.max_element_wise(shift, 0, skip_nulls=False)))
    divisor = pc.take(_POWERS, pc.max_element_wise(pc.negate(shift), 0, skip_nulls=False))
    minor = pc.divide(scaled, divisor)
    if not pc.all(pc.equal(pc.multiply(minor, divisor), scaled), min_count=0).as_py():
        raise pa.ArrowInvalid("more decimals than the currency has")
    return minor


def _walk(texts: pa.Array, places: pa.Array, blame: Blame) -> list[int | None]:
    found: list[int | None] = []
    for row, (text, decimals) in enumerate(zip(texts.to_pylist(), places.to_pylist(), strict=True)):
        found.append(None if text is None else _one(row, text, decimals, blame))
    return found


def _one(row: int, text: str, decimals: int | None, blame: Blame) -> int:
    try:
        return minor_of(text, 0 if decimals is None else decimals)
    except ValueError:
        blame(row, text)


def moments(column: pa.Array, blame: Blame) -> pa.Array:
    """Local date times (no zone) of ISO dates and date times; null where the cell is empty."""
    return _cast(column, pa.timestamp("us"), _local, blame)


def days(column: pa.Array, blame: Blame) -> pa.Array:
    """Dates of texts YYYY-MM-DD; null where the cell is empty."""
    return _cast(column, pa.date32(), _day, blame)


def instants(column: pa.Array, blame: Blame) -> pa.Array:
    """Moments in UTC of ISO date times with an offset; null where the cell is empty."""
    return _cast(column, pa.timestamp("us", tz="UTC"), _instant, blame)


def whole_numbers(column: pa.Array, blame: Blame) -> pa.Array:
    """Whole numbers of decimal digits; null where the cell is empty."""
    hexadecimal = pc.index(pc.match_substring(column, "x", ignore_case=True), value=True).as_py()
    if hexadecimal >= 0:  # Arrow would read it
        blame(hexadecimal, column[hexadecimal].as_py())
    return _cast(column, pa.int64(), _whole, blame)


def _cast(column: pa.Array, kind: pa.DataType, one: Callable[[str], date | int], blame: Blame) -> pa.Array:
    """Arrow's own cast of a whole column where it can, else text by text."""
    texts = or_null(column)
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        found: list[date | int | None] = []
        for row, text in enumerate(texts.to_pylist()):
            try:
                found.append(None if text is None else one(text))
            except (ValueError, OverflowError):
                blame(row, text)
        return pa.array(found, kind)


def _whole(text: str) -> int:
    if "." in text:
        raise ValueError(f"'{text}' is no whole number")
    return minor_of(text, 0)


def _day(text: str) -> date:
    if len(text) != len("YYYY-MM-DD"):
        raise ValueError(f"'{text}' is no date")
    return _dashed(text).date()


def _local(text: str) -> datetime:
    return _dashed(text).replace(tzinfo=None)


def _dashed(text: str) -> datetime:
    if text[4:8:3] != "--":  # Python also knows weeks, and days without dashes
        raise ValueError(f"'{text}' is no date")
    return datetime.fromisoformat(text)


def _instant(text: str) -> datetime:
    moment = _dashed(text)
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' has no offset")
    return moment.astimezone(UTC)

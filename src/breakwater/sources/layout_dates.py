"""The dates of a report's rows: written in many ways, in a zone that is named beside them, in them, or known of the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.sources import columns
from breakwater.sources.columns import Blame
from breakwater.sources.csv_blocks import Block
from breakwater.sources.layouts import Column

# Hours ahead of UTC of the zone abbreviations that reports print. Reports name standard and summer time apart, so each is one offset.
_ZONE_OFFSET_H = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
    "BRT": -3, "ART": -3, "SAST": 2, "GST": 4, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
}  # fmt: skip
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_OFFSET_AT_END = r"(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})$"
_DAY_LENGTH = len("2026-12-31")
_LONGEST_WITHOUT_OFFSET = len("2026-12-31 23:59:59")
_REORDERED: Mapping[str, tuple[str, str]] = {
    "2026/12/31": (r"^([0-9]{4})/([0-9]{2})/([0-9]{2})", r"\1-\2-\3"),
    "20261231": (r"^([0-9]{4})([0-9]{2})([0-9]{2})(?:$|([T ]))", r"\1-\2-\3\4"),
    "31.12.2026": (r"^([0-9]{2})[.]([0-9]{2})[.]([0-9]{4})", r"\3-\2-\1"),
    "31/12/2026": (r"^([0-9]{2})/([0-9]{2})/([0-9]{4})", r"\3-\2-\1"),
    "12/31/2026": (r"^([0-9]{2})/([0-9]{2})/([0-9]{4})", r"\3-\1-\2"),
}
_NO_TIME = pa.scalar(None, pa.timestamp("us"))


def booked(block: Block, names: Column, *, zones: tuple[str, ...], written: str, blame: Blame) -> tuple[pa.Array, pa.Array]:
    """The local booking time of each row (null where all its date columns are empty), and the moment in UTC.

    The moment is null where no hour is given or the zone is not known, since a guessed hour is worse than none. The zone at the same
    place as a date's name is a column, an abbreviation or an offset.
    """
    empty = pa.repeat(pa.scalar("", pa.string()), len(block.lines))
    text, zone = empty, empty
    for name, zone_name in reversed(list(zip(names, (*zones, *[""] * len(names)), strict=False))):
        if name in block.columns:
            filled = pc.invert(columns.blank(block.columns[name]))
            text = pc.if_else(filled, block.columns[name], text)
            zone = pc.if_else(filled, block.columns.get(zone_name, zone_name), zone)
    local, offset = _read(text, written=written, blame=blame)
    offset = _offsets(zone) if offset is None else pc.if_else(pc.is_null(offset), _offsets(zone), offset)
    has_time = pc.greater(pc.binary_length(text), _DAY_LENGTH)
    return local, pc.assume_timezone(pc.subtract(pc.if_else(has_time, local, _NO_TIME), offset), "UTC")


def days(column: pa.Array, *, written: str, blame: Blame) -> pa.Array:
    """The days of a column of dates, with or without a time; null where the cell is empty."""
    return pc.cast(_read(column, written=written, blame=blame)[0], pa.date32())


def _read(texts: pa.Array, *, written: str, blame: Blame) -> tuple[pa.Array, pa.Array | None]:
    """Local times, and the offsets that stand in the texts; None where there are none in the whole column."""

    def original(row: int, _: str) -> NoReturn:
        blame(row, texts[row].as_py())

    plain = _iso(texts, written)
    offsets = None
    if pc.any(pc.greater(pc.binary_length(plain), _LONGEST_WITHOUT_OFFSET)).as_py():
        found = pc.struct_field(pc.extract_regex(plain, _OFFSET_AT_END), "offset")
        if found.null_count < len(found):
            offsets = _offsets(found)
            plain = pc.if_else(pc.is_valid(found), pc.replace_substring_regex(plain, r" ?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$", ""), plain)
    return columns.moments(plain, original), offsets


def _iso(texts: pa.Array, written: str) -> pa.Array:
    """Texts in the order year, month, day with dashes, with two digits each; what is written otherwise stays as it is."""
    if written not in _REORDERED:
        return texts
    for pattern, padded in ((r"^([0-9])([./])", r"0\1\2"), (r"^([0-9]{2}[./])([0-9])([./])", r"\10\2\3")):
        texts = pc.replace_substring_regex(texts, pattern, padded)
    pattern, order = _REORDERED[written]
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, pattern, order), r"^(.{10})[ T]([0-9]):", r"\1 0\2:")


def _offsets(zone: pa.Array) -> pa.Array:
    """How far each zone is ahead of UTC; null for one that is not known."""
    encoded = pc.dictionary_encode(zone)
    return pc.take(pa.array([_offset(name) for name in encoded.dictionary.to_pylist()], pa.duration("us")), encoded.indices)


def _offset(name: str | None) -> timedelta | None:
    if name in ("Z", "z"):
        return timedelta()
    if name and (found := _OFFSET.fullmatch(name)):
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return -ahead if found[1] == "-" else ahead
    hours = _ZONE_OFFSET_H.get(name.upper()) if name else None
    return None if hours is None else timedelta(hours=hours)

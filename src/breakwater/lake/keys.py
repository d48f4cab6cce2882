"""Keys: the numbers under which the index knows a reference, or an amount with its currency and day.

The key of a reference ignores case, blanks, dashes and leading zeros. What shares a key need not be the same: who looks compares.
Keys lie on disks, so what is computed here must never change. Everything works on whole columns, since ingest waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

CUT_AT = 16  # where SWIFT's field 20 and its likes cut a reference
BLANKS = " \t\n\r\f\v"  # what is no part of a reference at its ends, as in clean_reference
_LONGEST = 256  # bytes that make a key: nobody asks for a longer reference, and one cell may hold megabytes
_WORD_BYTES = 8
_AT_ONCE = 4096  # references, so that what is worked on stays in the processor's cache
_DASH, _SPACE, _ZERO, _UPPER_A, _LETTERS, _NOT_ASCII = 45, 32, 48, 65, 26, 128
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFF_FFFF)
_SEED = np.uint64(0x9E37_79B9_7F4A_7C15)
_MULTIPLIER = np.uint64(0xD6E8_FEB8_6659_FD93)
_KEPT_OF_WORD = np.array([(1 << (8 * count)) - 1 for count in range(_WORD_BYTES + 1)], np.uint64)
_FIRST_DAY = 1 << 31  # added to days since 1970, so that earlier ones sort before later ones

Keys = npt.NDArray[np.uint64]
_Bytes = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.int64]


def plain(reference: str) -> str:
    """A reference as its key sees it: in lower case, without blanks, dashes and leading zeros."""
    kept = "".join(c.lower() for c in reference if c > " " and c != "-")
    return kept.lstrip("0") or kept[-1:]


def reference_keys(references: pa.Array) -> Keys:
    """The key of every reference of a column without nulls."""
    return _keys(references, _plain)


def id_keys(ids: pa.Array) -> Keys:
    """The key of every record id of a column without nulls: nobody spells them otherwise, so only case is ignored."""
    return _keys(ids, _lowered)


def id_key_of(record_id: str) -> int:
    """The key of one record id."""
    return int(id_keys(pa.array([record_id], pa.string()))[0])


def cut(references: pa.Array) -> pa.Array:
    """References as older systems keep them, of which only the first 16 characters are left."""
    return pc.utf8_slice_codeunits(references, 0, CUT_AT)


def key_of(reference: str) -> int:
    """The key of one reference."""
    return int(reference_keys(pa.array([reference], pa.string()))[0])


def amount_keys(amounts: pa.Array, currencies: pa.Array, days: npt.NDArray[np.int64]) -> Keys:
    """The key of every amount, whatever its sign; days are counted since 1970. Columns without nulls."""
    encoded = currencies.dictionary_encode()
    of_currency = reference_keys(encoded.dictionary)[encoded.indices.to_numpy(zero_copy_only=False)]
    worth = np.abs(amounts.to_numpy(zero_copy_only=False)).view(np.uint64)
    return (_mixed(_mixed(worth ^ of_currency)) & ~_LOW) | (days + _FIRST_DAY).astype(np.uint64)


def amount_range(amount_minor: int, currency: str, *, dated_from: date, dated_to: date) -> tuple[int, int]:
    """The first and last key of an amount in a currency on these days, both included."""
    days = np.array([dated_from, dated_to], "datetime64[D]").astype(np.int64)
    amounts, currencies = pa.array([amount_minor] * 2, pa.int64()), pa.array([currency] * 2, pa.string())
    first, last = amount_keys(amounts, currencies, days).tolist()
    return first, last


def days_of(column: pa.Array) -> npt.NDArray[np.int64]:
    """Dates, or the dates of moments in UTC, as days since 1970."""
    if pa.types.is_date32(column.type):
        days: npt.NDArray[np.int64] = column.cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)
        return days
    return days_of(pc.cast(column.cast(pa.timestamp("us")), pa.date32(), safe=False))


def _keys(column: pa.Array, bytes_of: Callable[[pa.Array], tuple[_Bytes, _Places, _Places]]) -> Keys:
    found = np.empty(len(column), np.uint64)
    for at in range(0, len(column), _AT_ONCE):
        data, begins, ends = bytes_of(column.slice(at, _AT_ONCE))
        found[at : at + _AT_ONCE] = _hashes(data, begins, np.minimum(ends, begins + _LONGEST))
    return found


def _plain(references: pa.Array) -> tuple[_Bytes, _Places, _Places]:
    """The bytes of all references as their keys see them, and where each begins and ends."""
    data, begins, ends = _lowered(references)
    is_dropped = (data == _DASH) | (data <= _SPACE)
    is_dropped[-_WORD_BYTES:] = False
    if is_dropped.any():
        dropped = np.where(ends > begins, np.add.reduceat(is_dropped, begins, dtype=np.int64), 0)
        lengths = ends - begins - dropped
        data, ends = data[~is_dropped], np.cumsum(lengths)
        begins = ends - lengths
    for _ in range(_LONGEST):
        is_zero = (data[begins] == _ZERO) & (ends - begins > 1)
        if not is_zero.any():
            break
        begins = begins + is_zero
    return data, begins, ends


def _lowered(column: pa.Array) -> tuple[_Bytes, _Places, _Places]:
    """The bytes of all texts of a column in lower case, and where each begins and ends. A word of nothing follows the last."""
    _, offsets_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32, count=len(column) + 1, offset=4 * column.offset).astype(np.int64)
    data = np.frombuffer(data_buffer or b"", np.uint8)[offsets[0] : offsets[-1]]
    if data.max(initial=0) >= _NOT_ASCII:
        lowered = pc.utf8_lower(column)
        if not lowered.equals(column):
            return _lowered(lowered)
    is_upper = (data - np.uint8(_UPPER_A)) < _LETTERS
    data = np.concatenate([data | (is_upper.view(np.uint8) << np.uint8(5)), np.zeros(_WORD_BYTES, np.uint8)])
    offsets -= offsets[0]
    return data, offsets[:-1], offsets[1:]


def _hashes(data: _Bytes, begins: _Places, ends: _Places) -> Keys:
    """A hash of each stretch of `data`, word by word; `data` goes on for a word behind the last."""
    words: Keys = np.ndarray(shape=(len(data) - _WORD_BYTES + 1,), dtype="<u8", buffer=data, strides=(1,))
    lengths = ends - begins
    shortest, longest = int(lengths.min()), int(lengths.max())
    hashes = np.full(len(begins), _SEED)
    for at in range(0, max(longest, 1), _WORD_BYTES):
        going_on: Any = slice(None) if at < max(shortest, 1) else np.flatnonzero(lengths > at)
        word = words[begins[going_on] + at]
        if at + _WORD_BYTES > shortest:
            word &= _KEPT_OF_WORD[np.minimum(lengths[going_on] - at, _WORD_BYTES)]
        hashes[going_on] = _mixed(hashes[going_on] ^ word)
    return _mixed(hashes)


def _mixed(hashes: Keys) -> Keys:
    mixed = hashes * _MULTIPLIER
    return mixed ^ (mixed >> _HALF)

"""Rows of a language that is read line by line, gathered into Arrow batches of records; and the ordinals that make ids unique."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from breakwater.model.records import RECORD_SCHEMA, record_id

BATCH_ROWS = 10_000
_64_BITS = (1 << 64) - 1


class Ordinals:
    """Counts the lines of one file that have the same key, from 0, in about 16 bytes per line.

    Keys are kept as 64-bit hashes: among ten million lines the chance that two different ones share a hash is one in 300,000, and then
    one of them merely gets ordinal 1.
    """

    def __init__(self) -> None:
        self._size = 1 << 12
        self._slots = array("Q", bytes(8 * self._size))
        self._used = 0
        self._repeated: dict[int, int] = {}

    def of(self, keys: Iterable[str]) -> list[int]:
        """The ordinal of each key, in order."""
        ordinals = []
        for key in keys:
            hashed = hash(key) & _64_BITS or 1
            ordinals.append(0 if self._add(hashed) else self._again(hashed))
        return ordinals

    def _again(self, hashed: int) -> int:
        ordinal = self._repeated[hashed] = self._repeated.get(hashed, 0) + 1
        return ordinal

    def _add(self, hashed: int) -> bool:
        """True if it was not there. Open addressing with linear probing; 0 is an empty slot."""
        slots, mask = self._slots, self._size - 1
        at = hashed & mask
        while (seen := slots[at]) and seen != hashed:
            at = (at + 1) & mask
        if seen:
            return False
        slots[at] = hashed
        self._used += 1
        if 2 * self._used > self._size:
            self._grow()
        return True

    def _grow(self) -> None:
        before = self._slots
        self._size *= 2
        self._slots = array("Q", bytes(8 * self._size))
        slots, mask = self._slots, self._size - 1
        for hashed in before:
            if hashed:
                at = hashed & mask
                while slots[at]:
                    at = (at + 1) & mask
                slots[at] = hashed


class RecordRows:
    """Gathers rows until there is a batch of them. A row starts with its logical key and line reference, which become the record id."""

    def __init__(self, *, columns: Sequence[str], constants: Mapping[str, Any]) -> None:
        self._columns = tuple(columns)
        self._constants = constants
        self._ordinals = Ordinals()
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """One record: (logical key, line reference, *columns)."""
        self._rows.append(row)

    @property
    def full(self) -> bool:
        """True once there is a batch to take."""
        return len(self._rows) >= BATCH_ROWS

    def take(self) -> list[pa.RecordBatch]:
        """What has been gathered: one batch, or none where there are no rows."""
        if not self._rows:
            return []
        keys, references, *values = zip(*self._rows, strict=True)
        ordinals = self._ordinals.of(f"{key}/{reference}" for key, reference in zip(keys, references, strict=True))
        given: dict[str, Any] = dict(zip(self._columns, values, strict=True))
        given["record_id"] = [record_id(*identity) for identity in zip(keys, references, ordinals, strict=True)]
        count = len(self._rows)
        self._rows = []
        return [pa.RecordBatch.from_arrays([self._array(field, given, count) for field in RECORD_SCHEMA], schema=RECORD_SCHEMA)]

    def _array(self, field: pa.Field, given: Mapping[str, Any], count: int) -> pa.Array:
        if field.name in given:
            return pa.array(given[field.name], type=field.type)
        value = self._constants.get(field.name)
        return pa.nulls(count, field.type) if value is None else pa.repeat(pa.scalar(value, field.type), count)

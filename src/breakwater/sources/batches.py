"""Rows of a language that is read line by line, gathered into Arrow batches of records or events; and the ordinals that make ids unique."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from breakwater.model.records import RECORD_SCHEMA, record_id

BATCH_ROWS = 10_000
_FIRST_SLOTS = 1 << 12


class Ordinals:
    """Counts the lines of one file that have the same key, from 0, in 12 to 24 bytes per line.

    Keys are kept as 64-bit hashes: among ten million lines the chance that two different ones share a hash is one in 300,000, and then
    one of them merely gets ordinal 1.
    """

    def __init__(self) -> None:
        self._slots = array("q", [0]) * _FIRST_SLOTS
        self._used = 0
        self._repeated: dict[int, int] = {}

    def of(self, keys: Sequence[str]) -> list[int]:
        """The ordinal of each key, in order."""
        self._make_room(len(keys))
        slots, mask = self._slots, len(self._slots) - 1
        ordinals = [0] * len(keys)
        for row, hashed in enumerate(map(hash, keys)):
            # Open addressing with linear probing, in place since this loop runs for every line of every file. 0 is an empty slot.
            hashed = hashed or 1
            at = hashed & mask
            while (seen := slots[at]) and seen != hashed:
                at = (at + 1) & mask
            if seen:
                ordinals[row] = self._repeated[hashed] = self._repeated.get(hashed, 0) + 1
            else:
                slots[at] = hashed
                self._used += 1
        return ordinals

    def _make_room(self, more: int) -> None:
        """A third of the slots stays empty at least, so that probing stays short."""
        size = len(self._slots)
        while 3 * (self._used + more) > 2 * size:
            size *= 2
        if size == len(self._slots):
            return
        before, self._slots = self._slots, array("q", [0]) * size
        slots, mask = self._slots, size - 1
        for hashed in filter(None, before):
            at = hashed & mask
            while slots[at]:
                at = (at + 1) & mask
            slots[at] = hashed


class RecordRows:
    """Gathers rows until there is a batch of them. A row starts with its logical key and line reference, which become the record id.

    With EVENT_SCHEMA the rows are events, and the id is the event's.
    """

    def __init__(self, *, columns: Sequence[str], constants: Mapping[str, Any], schema: pa.Schema = RECORD_SCHEMA) -> None:
        self._columns = tuple(columns)
        self._schema = schema
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
        ordinals = self._ordinals.of([f"{key}/{reference}" for key, reference in zip(keys, references, strict=True)])
        given: dict[str, Any] = dict(zip(self._columns, values, strict=True))
        given[self._schema.names[0]] = [record_id(*identity) for identity in zip(keys, references, ordinals, strict=True)]
        count = len(self._rows)
        self._rows = []
        return [pa.RecordBatch.from_arrays([self._array(field, given, count) for field in self._schema], schema=self._schema)]

    def _array(self, field: pa.Field, given: Mapping[str, Any], count: int) -> pa.Array:
        if field.name in given:
            return pa.array(given[field.name], type=field.type)
        value = self._constants.get(field.name)
        return pa.nulls(count, field.type) if value is None else pa.repeat(pa.scalar(value, field.type), count)

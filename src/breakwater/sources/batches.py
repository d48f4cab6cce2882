"""Rows of a language that is read line by line, gathered into Arrow batches of records or events; and the ordinals that make ids unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from breakwater.model.records import RECORD_SCHEMA, record_id

BATCH_ROWS = 5_000
_LONGEST_PIECE = 1 << 20  # hashes: longer ones would double the memory whenever they are moved
_Hashes = npt.NDArray[np.int64]


class Ordinals:
    """Counts the lines of one file that have the same key, from 0, in 8 bytes per line.

    Keys are kept as 64-bit hashes: among ten million lines the chance that two different ones share a hash is one in 300,000, and then
    one of them merely gets ordinal 1.
    """

    def __init__(self) -> None:
        self._seen: list[_Hashes] = []  # each sorted; of those that are not full, each is at least twice as long as the next
        self._repeated: dict[int, int] = {}  # the last ordinal of each hash that came more than once

    def of(self, keys: Sequence[str]) -> list[int]:
        """The ordinal of each key, in order."""
        hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
        order = np.argsort(hashes)
        ordered = hashes[order]
        is_known = np.zeros(len(keys), bool)
        for seen in self._seen:
            is_known |= seen[np.minimum(seen.searchsorted(ordered), len(seen) - 1)] == ordered
        is_again = np.zeros(len(keys), bool)
        is_again[1:] = ordered[1:] == ordered[:-1]
        self._keep(ordered[~(is_known | is_again)])
        has_company = is_known | is_again
        has_company[:-1] |= is_again[1:]
        ordinals = [0] * len(keys)
        known = set(ordered[is_known].tolist())
        for row in np.sort(order[has_company]).tolist():
            hashed = int(hashes[row])
            ordinals[row] = self._repeated[hashed] = self._repeated.get(hashed, 0 if hashed in known else -1) + 1
        return ordinals

    def _keep(self, fresh: _Hashes) -> None:
        """Longer and longer pieces, so that there are few of them and each hash is moved seldom."""
        while self._seen and len(self._seen[-1]) < min(2 * len(fresh), _LONGEST_PIECE):
            fresh = np.concatenate([self._seen.pop(), fresh])
            fresh.sort()
        if len(fresh):
            self._seen.append(fresh)


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

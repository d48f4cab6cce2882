"""The index of a part: beside it, every reference and every amount in it by key, and the row each stands in.

Entries come in runs, each sorted by key: a writer holds one run, and a look-up is a binary search in each, in a file that is mapped and
never read whole. Layout: a mark of 8 bytes; for each run and each kind its keys (64 bits) and then its rows (32 bits, filled up to 8
bytes); a table of how many entries each run has of each kind; how many runs; the mark again. Numbers are little-endian.
"""

from __future__ import annotations

import functools
import mmap
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from breakwater.lake import keys
from breakwater.lake.keys import Keys
from breakwater.model.events import EVENT_REFERENCE_COLUMNS
from breakwater.model.records import REFERENCE_COLUMNS

_ID = "record_id"
INDEXED = {"records": (_ID, *REFERENCE_COLUMNS), "events": ("payment_id", *EVENT_REFERENCE_COLUMNS)}  # by what a part holds
AMOUNTS = {
    "records": (("amount_minor", "currency"), ("original_amount_minor", "original_currency")),
    "events": (("amount_minor", "currency"),),
}
_NEVER_CUT = {_ID, "ref_uetr"}  # ours, and what is 36 characters everywhere
DATED_BY = {"records": "booked_on", "events": "occurred_at"}  # the column that dates a row
ROWS_PER_RUN = 65_536  # of the part: fewer and longer runs cost a look-up less, and a writer more memory
INDEXES = "references"
MERGED = "merged"  # a lake within the lake: see `merging`
_MARK = b"BWINDEX1"
_KEPT_OPEN = 16_384  # mapped indexes of a process: addresses, not memory

Rows = npt.NDArray[np.uint32]


class Entry(IntEnum):
    """What an entry of an index is."""

    REFERENCE = 0
    AMOUNT = 1


def index_of(file: str) -> str:
    """Where the index of a part, or of a file that merges some, lies inside the lake."""
    folder, part = (f"{MERGED}/", file.removeprefix(f"{MERGED}/")) if file.startswith(f"{MERGED}/") else ("", file)
    return f"{folder}{INDEXES}/{part}.index"


def part_of_index(name: str) -> str:
    """The part that a path inside the lake belongs to: its own, or that of its index."""
    return name.removeprefix(f"{INDEXES}/").removesuffix(".index")


class IndexWriter:
    """Writes the index of one part while the part is written."""

    def __init__(self, path: Path, *, content: str) -> None:
        self._content = content
        self._file = path.open("wb")
        self._file.write(_MARK)
        self._rows = self._run_rows = 0
        self._held: tuple[list[tuple[Keys, Rows]], ...] = tuple([] for _ in Entry)
        self._counts: list[list[int]] = []

    def add(self, table: pa.Table) -> None:
        """Index the rows that come next in the part."""
        for name in INDEXED[self._content]:
            self._add_references(name, table[name])
        days = keys.days_of(_whole(table[DATED_BY[self._content]]))
        for amount, currency in AMOUNTS[self._content]:
            self._add_amounts(table[amount], table[currency], days)
        self._rows += table.num_rows
        self._run_rows += table.num_rows
        if self._run_rows >= ROWS_PER_RUN:
            self._write_run()

    def close(self) -> None:
        """Finish the file."""
        if self._file.closed:
            return
        if self._run_rows:
            self._write_run()
        self._file.write(np.array(self._counts, "<u8").tobytes() + np.array([len(self._counts)], "<u8").tobytes() + _MARK)
        self._file.close()

    def _add_references(self, name: str, column: pa.ChunkedArray) -> None:
        """Each reference, and long ones once more as they are where they are cut."""
        if column.null_count == len(column):
            return
        references, rows = _given(column)
        keys_of = keys.id_keys if name == _ID else keys.reference_keys
        self._held[Entry.REFERENCE].append((keys_of(references), self._numbered(rows)))
        is_long = pc.greater(pc.binary_length(references), keys.CUT_AT)
        if name not in _NEVER_CUT and is_long.true_count:
            long = pc.indices_nonzero(is_long).to_numpy()
            self._held[Entry.REFERENCE].append((keys.reference_keys(keys.cut(references.take(long))), self._numbered(rows[long])))

    def _add_amounts(self, amounts: pa.ChunkedArray, currencies: pa.ChunkedArray, days: npt.NDArray[np.int64]) -> None:
        if max(amounts.null_count, currencies.null_count) < len(amounts):
            is_given = pc.and_(amounts.is_valid(), currencies.is_valid())
            rows = pc.indices_nonzero(is_given).to_numpy()
            found = keys.amount_keys(_whole(amounts.filter(is_given)), _whole(currencies.filter(is_given)), days[rows])
            self._held[Entry.AMOUNT].append((found, self._numbered(rows)))

    def _numbered(self, rows: npt.NDArray[Any]) -> Rows:
        return (rows + self._rows).astype(np.uint32)

    def _write_run(self) -> None:
        counts = []
        for held in self._held:
            found = np.concatenate([k for k, _ in held]) if held else np.empty(0, np.uint64)
            rows = np.concatenate([r for _, r in held]) if held else np.empty(0, np.uint32)
            held.clear()
            order = np.argsort(found)
            self._file.write(found[order].astype("<u8", copy=False).data)
            self._file.write(rows[order].astype("<u4", copy=False).data)
            self._file.write(bytes(_filling(len(found))))
            counts.append(len(found))
        self._counts.append(counts)
        self._run_rows = 0


class Index:
    """The index of one part, mapped."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(mapped) < 3 * len(_MARK) or mapped[: len(_MARK)] != _MARK or mapped[-len(_MARK) :] != _MARK:
            raise OSError(f"{path} is no index")
        runs = int(np.frombuffer(mapped, "<u8", 1, len(mapped) - 2 * len(_MARK))[0])
        counts = np.frombuffer(mapped, "<u8", runs * len(Entry), len(mapped) - 2 * len(_MARK) - 8 * runs * len(Entry))
        self._runs: tuple[list[tuple[Keys, Rows]], ...] = tuple([] for _ in Entry)
        at = len(_MARK)
        for number, count in enumerate(counts.tolist()):
            run = np.frombuffer(mapped, "<u8", count, at), np.frombuffer(mapped, "<u4", count, at + 8 * count)
            self._runs[number % len(Entry)].append(run)
            at += 12 * count + _filling(count)

    def rows(self, entry: Entry, ranges: Keys) -> Rows:
        """The rows with a key in one of these ranges (a row each: its first and its last key, both included), in order."""
        found = list(self._found(entry, ranges[:, 0], ranges[:, 1]))
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint32)

    def _found(self, entry: Entry, firsts: Keys, lasts: Keys) -> Iterator[Rows]:
        for found, rows in self._runs[entry]:
            begins, ends = found.searchsorted(firsts, "left"), found.searchsorted(lasts, "right")
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
                if begin < end:
                    yield rows[begin:end]


def opened(path: Path) -> Index:
    """The index at `path`, kept open for the next look-up. OSError if it is not there, or broken."""
    now = path.stat()
    return _opened(path, now.st_ino, now.st_mtime_ns, now.st_size)


@functools.lru_cache(maxsize=_KEPT_OPEN)
def _opened(path: Path, *_what_it_is: int) -> Index:
    return Index(path)


def _given(column: pa.ChunkedArray) -> tuple[pa.Array, npt.NDArray[Any]]:
    """The values of a column that are not null, and their rows."""
    if not column.null_count:
        return _whole(column), np.arange(len(column))
    return _whole(column.drop_null()), pc.indices_nonzero(column.is_valid()).to_numpy()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _filling(count: int) -> int:
    """Bytes behind the rows of a run, so that the keys of the next can be searched where they lie."""
    return 4 * (count % 2)

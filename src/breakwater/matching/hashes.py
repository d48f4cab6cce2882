"""Hashes of what lies in files that never change, each in a file of its own: worked out once, and read instead of the texts from then on.

Nothing depends on them: a hash file that is missing, broken, or of another file or question is made again. Layout: a mark; what it was
made of; which columns it holds, bit by bit, since one of zeros is left out; how many rows; the sum of all that follows; the columns.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as dt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import Value

from breakwater.matching.pairs import hash_of

Column = npt.NDArray[np.uint64]
Columns = tuple[Column | None, ...]
"""One value for each row; 0 where there is none, and None where that is everywhere."""

_MARK = b"BWHASH01"
_HEAD = struct.Struct("<8s32sQQQ")
_AT_ONCE_BYTES = 32 << 20  # of files, while they are hashed
_MARKED_USED_S = 24 * 3600.0  # at most so often a file is marked as used
_SLOTS = 64  # for each hash that is looked for: few others share its slot


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to work out of files: SQL over their `rows`, which gives `file_index` and the columns h0, h1, … (UBIGINT)."""

    sql: str
    columns: int
    beside: str = "NULL AS nothing"
    """What the rows have beside the columns of their file."""

    @property
    def sha256(self) -> bytes:
        """What it means: its own text, and the engine's, whose hashes are its own."""
        return _digest("\n".join((duckdb.__version__, self.sql, self.beside)))


@ibis.udf.scalar.builtin(name="greatest")  # type: ignore[untyped-decorator]
def _greatest(one: dt.uint64, other: dt.uint64) -> dt.uint64:
    """The greater of two numbers."""


def hashed(text: Value) -> Value:
    """The hash of a text: 0 where there is none, and only there."""
    return ibis.ifelse(text.isnull(), ibis.literal(0, "uint64"), _greatest(hash_of(text), ibis.literal(1, "uint64")))


class Hashes:
    """Hash files in a folder."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection, self._folder = connection, folder

    def of(self, files: Sequence[Path], question: Question) -> list[Columns]:
        """The answer for each Parquet file, in the order of its rows."""
        folder = self._folder / question.sha256.hex()[:32]
        folder.mkdir(parents=True, exist_ok=True)
        kept = [_Kept(path=folder / f"{_digest(str(file)).hex()}.hashes", made_of=_made_of(file, question)) for file in files]
        found = [one.read() for one in kept]
        for numbers in _batches(files, [n for n, columns in enumerate(found) if columns is None]):
            for n, columns in zip(numbers, self._work_out([files[n] for n in numbers], question), strict=True):
                kept[n].write(columns)
                found[n] = tuple(columns)
        return [columns for columns in found if columns is not None]

    def of_texts(self, texts: pa.Array) -> Column:
        """The hash of each text, as `hashed` gives it."""
        given = pa.table({"text": texts})
        return _numbers(self._connection.from_arrow(given).project("greatest(hash(text), 1)").to_arrow_table().column(0))

    def _work_out(self, files: Sequence[Path], question: Question) -> Iterator[list[Column | None]]:
        given = f"SELECT file_index, *, {question.beside} FROM {rows_of(files)}"
        found = self._connection.sql(f"WITH rows AS ({given}) {question.sql}").to_arrow_table()
        bounds = np.searchsorted(found["file_index"].to_numpy(), np.arange(len(files) + 1))
        columns = [_numbers(found[f"h{number}"]) for number in range(question.columns)]
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield [column[first:last] if column[first:last].any() else None for column in columns]


class Wanted:
    """A set of hashes that much is asked of."""

    def __init__(self, hashes: Column) -> None:
        self.hashes = np.unique(hashes[hashes != 0])
        bits = max(len(self.hashes) * _SLOTS - 1, 1).bit_length()
        self._shift = np.uint64(64 - bits)
        self._taken = np.zeros(1 << bits, np.bool_)
        self._taken[self.hashes >> self._shift] = True

    def __len__(self) -> int:
        return len(self.hashes)

    def among(self, column: Column) -> npt.NDArray[np.int64]:
        """The rows of a column that hold one of them."""
        if not len(self.hashes):
            return np.empty(0, np.int64)
        near = np.flatnonzero(self._taken[column >> self._shift])
        return near[self.hold(column[near])]

    def hold(self, hashes: Column) -> npt.NDArray[np.bool_]:
        """For each hash whether it is one of them."""
        if not len(self.hashes):
            return np.zeros(len(hashes), np.bool_)
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        held: npt.NDArray[np.bool_] = self.hashes[places] == hashes
        return held


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """One hash file. What it was made of says whether it is still that of its file."""

    path: Path
    made_of: bytes

    def read(self) -> Columns | None:
        """None where it is missing, broken, or of something else."""
        try:
            with self.path.open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                if time.time() - os.fstat(file.fileno()).st_mtime > _MARKED_USED_S:
                    os.utime(self.path)
        except (OSError, ValueError):  # not there, or empty
            return None
        return self._columns(data)

    def _columns(self, data: mmap.mmap) -> Columns | None:
        if len(data) < _HEAD.size:
            return None
        mark, made_of, held, rows, total = _HEAD.unpack_from(data)
        if mark != _MARK or made_of != self.made_of or len(data) != _HEAD.size + 8 * rows * (held.bit_count() - 1):
            return None
        body = np.frombuffer(data, "<u8", offset=_HEAD.size)
        if int(body.sum(dtype=np.uint64)) != total:
            return None
        columns = iter(body.reshape(-1, rows) if rows else ())
        return tuple(next(columns) if held >> number & 1 else None for number in range(held.bit_length() - 1))

    def write(self, columns: Sequence[Column | None]) -> None:
        """Replace it, whole."""
        there = [np.ascontiguousarray(column, "<u8") for column in columns if column is not None]
        held = sum(1 << number for number, column in enumerate(columns) if column is not None) | 1 << len(columns)
        total = sum(int(column.sum(dtype=np.uint64)) for column in there) % (1 << 64)
        unfinished = self.path.with_name(f"{uuid.uuid4().hex}.unfinished")
        try:
            with unfinished.open("wb") as file:
                file.write(_HEAD.pack(_MARK, self.made_of, held, len(there[0]) if there else 0, total))
                for column in there:
                    file.write(column.data)
            os.replace(unfinished, self.path)
        finally:
            with suppress(FileNotFoundError):
                unfinished.unlink()


def rows_of(files: Sequence[Path]) -> str:
    """SQL for the rows of Parquet files, with `file_index` and `file_row_number`."""
    # A path is a glob to DuckDB, so each of its special letters becomes a class of one letter.
    names = ", ".join(quoted(re.sub(r"([*?\[])", r"[\1]", str(file))) for file in files)
    return f"read_parquet([{names}], file_row_number = true, hive_partitioning = false)"


def quoted(words: object) -> str:
    """A text in SQL."""
    return "'" + str(words).replace("'", "''") + "'"


def _batches(files: Sequence[Path], numbers: Sequence[int]) -> Iterator[list[int]]:
    """Files to be hashed, a few at once."""
    batch: list[int] = []
    size = 0
    for n in numbers:
        batch.append(n)
        size += files[n].stat().st_size
        if size >= _AT_ONCE_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _made_of(file: Path, question: Question) -> bytes:
    now = file.stat()
    return _digest(f"{question.sha256.hex()} {file} {now.st_size} {now.st_mtime_ns}")


def _digest(words: str) -> bytes:
    return hashlib.sha256(words.encode(errors="surrogateescape")).digest()


def _numbers(column: pa.ChunkedArray) -> Column:
    numbers: Column = column.to_numpy()
    return numbers

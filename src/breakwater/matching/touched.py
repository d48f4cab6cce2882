"""Which records a change can reach: those it names, and all that hang together with one of them, and so on until nothing is added.

What hangs together does so by a hash (see `bonds`). Two records that hang together by no chain of such hashes can't change each other's
outcome, whatever else there is on the sides; two hashes that are equal by chance only make a run look at more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from breakwater.matching.agreement import Agreement
from breakwater.matching.bonds import ID, KEYS, LINKS, NAMES, questions
from breakwater.matching.hashes import Column, Columns, Hashes, Wanted, quoted, rows_of
from breakwater.matching.outcome import SIDES
from breakwater.matching.sides import ROW_BITS
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import ByHand, Earlier

_CANONICAL = ", ".join(f'"{name}"' for name in CANONICAL_COLUMNS)
Rows = npt.NDArray[np.int64]
_NOTHING = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Parts:
    """The files of both sides of an earlier run and of the next one, each once: first ours, then theirs."""

    ours: tuple[Path, ...]
    theirs: tuple[Path, ...]
    then: frozenset[Path]
    now: frozenset[Path]

    @property
    def every(self) -> tuple[Path, ...]:
        """All of them; a record's number is its part's place here, then its row."""
        return (*self.ours, *self.theirs)

    def numbers(self, *, then: bool | None = None, now: bool | None = None, side: str | None = None) -> list[int]:
        """The places of the parts that were given to the earlier run or not, are given to the next one or not, and are of a side."""
        return [
            n
            for n, path in enumerate(self.every)
            if then in (None, path in self.then) and now in (None, path in self.now) and side in (None, SIDES[n >= len(self.ours)])
        ]


def parts_of(earlier: Earlier, *, ours: Sequence[Path], theirs: Sequence[Path]) -> Parts:
    """The files of two runs."""
    return Parts(
        ours=tuple(dict.fromkeys([*ours, *earlier.ours])),
        theirs=tuple(dict.fromkeys([*theirs, *earlier.theirs])),
        then=frozenset([*earlier.ours, *earlier.theirs]),
        now=frozenset([*ours, *theirs]),
    )


class Touched:
    """The records of both runs, by their hashes; `find` says which of them have to be matched again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parts: Parts, *, hashes: Hashes, agreement: Agreement) -> None:
        self._connection, self._parts, self._hashes = connection, parts, hashes
        asked = questions(agreement)
        self._columns: list[Columns] = [*hashes.of(parts.ours, asked["ours"]), *hashes.of(parts.theirs, asked["theirs"])]
        self._is_touched = [np.zeros(_size(columns), np.bool_) for columns in self._columns]

    def find(self, earlier: Earlier, *, by_hand: Sequence[ByHand]) -> bool:
        """Work out what is touched. False if a record id is there twice, which is for a whole run to refuse."""
        if any(self._is_there_twice(side) for side in SIDES):
            return False
        named = Wanted(_joined(columns[NAMES] for columns in self._columns))
        tied = self._tied([*by_hand, *earlier.by_hand])
        reached: Column = _NOTHING
        step = self._add(chain(self._changed(), self._open(earlier, by_hand)))
        while step:
            found = np.setdiff1d(self._bonds(step, named), reached)
            reached = np.union1d(reached, found)
            step = self._add(chain(self._bound(found, named), self._along(tied)))
        numbers = [(n << ROW_BITS) + np.flatnonzero(touched) for n, touched in enumerate(self._is_touched)]
        self._connection.register("touched", pa.table({"n": np.concatenate([np.empty(0, np.int64), *numbers])}))
        return True

    def size(self) -> tuple[int, int]:
        """How many records are touched, and how many there are, of both runs."""
        return sum(int(touched.sum()) for touched in self._is_touched), sum(map(len, self._is_touched))

    def records(self) -> pa.Table:
        """The touched records: `is_ours`, `record_id`, `currency`, `amount_minor`, and whether they are of `then`, of `now`, or of both."""
        places = range(len(self._columns))
        sql = f"SELECT n, is_ours, record_id, currency, amount_minor FROM ({self._reading(places)}) SEMI JOIN touched USING (n)"
        found = self._connection.sql(sql).to_arrow_table()
        part = found["n"].to_numpy() >> ROW_BITS
        for name, given in (("then", self._parts.then), ("now", self._parts.now)):
            is_given = np.array([path in given for path in self._parts.every], np.bool_)
            found = found.append_column(name, pa.array(is_given[part]))
        return found.drop_columns("n")

    def write(self, folder: Path) -> dict[str, list[Path]]:
        """The touched records of the next run, as one file for each side that has any."""
        written: dict[str, list[Path]] = {side: [] for side in SIDES}
        for side in SIDES:
            if places := [n for n in self._parts.numbers(now=True, side=side) if self._is_touched[n].any()]:
                path = folder / f"touched-{side}.parquet"
                rows = f"SELECT {_CANONICAL} FROM ({self._reading(places)}) SEMI JOIN touched USING (n) ORDER BY n"
                self._connection.execute(f"COPY ({rows}) TO {quoted(path)} (FORMAT parquet, COMPRESSION lz4)")
                written[side].append(path)
        return written

    def _reading(self, places: Iterable[int]) -> str:
        """SQL for the records of those parts that hold something touched, with their numbers."""
        return reading(self._parts, [n for n in places if self._is_touched[n].any()])

    def _is_there_twice(self, side: str) -> bool:
        """Whether a record that is new on a side has the id of another one there."""
        new = _joined(self._columns[n][ID] for n in self._parts.numbers(then=False, now=True, side=side))
        ids = Wanted(new)
        kept = (self._columns[n][ID] for n in self._parts.numbers(then=True, now=True, side=side))
        return len(ids) < len(new) or any(len(ids.among(column)) for column in kept if column is not None)

    def _changed(self) -> Iterator[tuple[int, Rows]]:
        """The records that came or went. One that another file carries on unchanged is no change."""
        gone, new = self._parts.numbers(then=True, now=False), self._parts.numbers(then=False, now=True)
        if not gone or not new:
            yield from ((n, np.arange(len(self._is_touched[n]))) for n in (*gone, *new))
            return
        sql = _CHANGED.format(new=reading(self._parts, new), gone=reading(self._parts, gone), canonical=_CANONICAL)
        numbers = np.sort(self._connection.sql(sql).to_arrow_table()["n"].to_numpy())
        for n in (*gone, *new):
            first, last = np.searchsorted(numbers, (n << ROW_BITS, (n + 1) << ROW_BITS))
            yield n, numbers[first:last] - (n << ROW_BITS)

    def _open(self, earlier: Earlier, by_hand: Sequence[ByHand]) -> Iterator[tuple[int, Rows]]:
        """What was pending, and what people have matched or no longer do since."""
        pending, changed = earlier.outcome.pending, set(by_hand) ^ set(earlier.by_hand)
        for side in SIDES:
            waiting = pending.filter(pc.equal(pending["side"], side))["record_id"]
            by_people = pa.array([i for made in changed for i in made.of(side)], pa.string())
            yield from self._with_ids(side, self._hashes.of_texts(pa.chunked_array([*waiting.chunks, by_people])))

    def _with_ids(self, side: str, ids: Column) -> Iterator[tuple[int, Rows]]:
        wanted = Wanted(ids)
        for n in self._parts.numbers(side=side):
            column = self._columns[n][ID]
            if column is not None:
                yield n, wanted.among(column)

    def _tied(self, made: Sequence[ByHand]) -> list[list[tuple[int, int]]]:
        """The (part, row) of all records of each match made by hand."""
        tied: list[list[tuple[int, int]]] = [[] for _ in made]
        for side in SIDES:
            held = [(number, record_id) for number, each in enumerate(made) for record_id in each.of(side)]
            ids = self._hashes.of_texts(pa.array([record_id for _, record_id in held], pa.string()))
            of: dict[int, list[int]] = defaultdict(list)
            for (number, _), found in zip(held, ids.tolist(), strict=True):
                of[found].append(number)
            for n, rows in self._with_ids(side, ids):
                for row, found in zip(rows.tolist(), _joined([self._columns[n][ID]])[rows].tolist(), strict=True):
                    for number in of[found]:
                        tied[number].append((n, row))
        return tied

    def _along(self, tied: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[int, Rows]]:
        """All records of a match made by hand one of which is touched."""
        for records in tied:
            if any(self._is_touched[n][row] for n, row in records):
                yield from ((n, np.array([row])) for n, row in records)

    def _add(self, found: Iterable[tuple[int, Rows]]) -> dict[int, Rows]:
        """Touch these rows of parts; those that were not touched before."""
        added: dict[int, list[Rows]] = defaultdict(list)
        for n, rows in found:
            new = rows[~self._is_touched[n][rows]]
            if len(new):
                self._is_touched[n][new] = True
                added[n].append(new)
        return {n: np.concatenate(rows) for n, rows in added.items()}

    def _bonds(self, step: Mapping[int, Rows], named: Wanted) -> Column:
        """What these records hang together by."""
        found = []
        for n, rows in step.items():
            columns = self._columns[n]
            found += [column[rows] for column in (columns[NAMES], *columns[KEYS]) if column is not None]
            links = [column[rows] for column in columns[LINKS] if column is not None]
            found += [column[named.hold(column)] for column in links]
        return _joined(found)

    def _bound(self, hashes: Column, named: Wanted) -> Iterator[tuple[int, Rows]]:
        """The records that hang together by one of these."""
        wanted = Wanted(hashes)
        links = Wanted(wanted.hashes[named.hold(wanted.hashes)])
        for n, columns in enumerate(self._columns):
            for asked, of in ((wanted, (columns[NAMES], *columns[KEYS])), (links, columns[LINKS])):
                yield from ((n, asked.among(column)) for column in of if column is not None and len(asked))


def reading(parts: Parts, numbers: Sequence[int]) -> str:
    """SQL for the canonical records of some parts, with their number `n` among all parts and whether they are ours."""
    if not numbers:
        return f"SELECT NULL::BIGINT AS n, NULL::BOOLEAN AS is_ours, {_NONE} WHERE false"
    place = f"[{', '.join(map(str, numbers))}][file_index::BIGINT + 1]"
    number = f"({place}::BIGINT << {ROW_BITS}) | file_row_number AS n"
    return f"SELECT {number}, {place} < {len(parts.ours)} AS is_ours, {_CANONICAL} FROM {rows_of([parts.every[n] for n in numbers])}"


def _size(columns: Columns) -> int:
    ids = columns[ID]
    return 0 if ids is None else len(ids)


def _joined(columns: Iterable[Column | None]) -> Column:
    return np.concatenate([_NOTHING, *(column for column in columns if column is not None)])


_NONE = ", ".join(
    f'NULL::{"BIGINT" if name.endswith("_minor") else "DATE" if name in ("booked_on", "value_date") else "VARCHAR"} AS "{name}"'
    for name in CANONICAL_COLUMNS
)
_CHANGED = """
WITH new_rows AS ({new}), gone_rows AS ({gone}), changed AS (
    SELECT DISTINCT is_ours, record_id FROM (
        (SELECT is_ours, {canonical} FROM new_rows EXCEPT SELECT is_ours, {canonical} FROM gone_rows)
        UNION ALL (SELECT is_ours, {canonical} FROM gone_rows EXCEPT SELECT is_ours, {canonical} FROM new_rows)
    )
)
SELECT n FROM new_rows SEMI JOIN changed USING (is_ours, record_id)
UNION ALL SELECT n FROM gone_rows SEMI JOIN changed USING (is_ours, record_id)
"""

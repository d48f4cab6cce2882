"""What is still free and what has been claimed during one run: every record leaves `free` once, into one outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

import ibis
import pyarrow as pa
from ibis import Column, Table, Value

from breakwater.matching.agreement import KEY_COLUMNS, Agreement, ExactPass, Kinds, Pass
from breakwater.matching.break_columns import FLAGS, PAIR_COLUMNS, REFERENCES, pair_breaks, shares, single_breaks
from breakwater.matching.outcome import SIDES, Found, Share, references_of, share
from breakwater.matching.pairs import Told, comparison
from breakwater.model.breaks import BreakKind

T = TypeVar("T")
Row = Mapping[str, Any]
Group = Mapping[str, Sequence[Row]]  # by side
_TOLD_OF_PAIRS = [f"{x}_{name}" for x in "ot" for name in ("record_id", "amount_minor", "currency", "date", *KEY_COLUMNS)]
_GROUPS = pa.schema([("ours", pa.string()), ("members", pa.list_(pa.string())), ("are_ours", pa.list_(pa.bool_()))])


@dataclass(frozen=True)
class Kept:
    """An expression worked out: the table of its rows, and how many there are."""

    table: Table
    size: int


class Engine(Protocol):
    """What a run asks of an engine beside evaluating expressions."""

    def keep(self, table: Table) -> Kept:
        """The rows of an expression, worked out once."""

    def repeated(self, column: Column) -> Kept:
        """The values that a column of whole numbers, none below 0, has more than once, each of them once."""

    def put(self, rows: pa.Table) -> Table:
        """Rows at hand, as a table of the engine."""

    def of_both(self, task: Callable[[str], T]) -> dict[str, T]:
        """What a task for each side gives, by side. Neither may need what the other does: an engine with threads does both at once."""

    def records(self, side: str, numbers: Table) -> Table:
        """The records of a side with these numbers `n`. Cheaper than a join with the whole side, which cleans every reference first."""

    def records_without(self, side: str, numbers: Table) -> Table:
        """All other records of a side."""


class Books:
    """The state of a run. Records carry their number `n` and their business days `b`."""

    def __init__(
        self,
        *,
        sides: Mapping[str, Table],
        sizes: Mapping[str, int],
        told: Told,
        agreement: Agreement,
        as_of: date,
        engine: Engine,
    ) -> None:
        self.sides, self.agreement, self.engine = sides, agreement, engine
        self.told = told
        self.b_as_of = agreement.calendar.between(date(1970, 1, 1), as_of)
        self.free = dict(sides)
        self.free_rows = dict(sizes)
        self.twins: dict[tuple[str, str], Table] = {}
        """By side and pass, where they were read at once: all records that may repeat one the pass left free, whatever became of them."""
        self.pairs: list[Table] = []
        """Each an expression of matches of two: the ids `ours` and `theirs`, the number of the `pass`, whether they are `noticed`."""
        self.groups: list[Table] = []
        """Of larger ones the same: the first of `ours` and, instead of `theirs`, all `members`, ours first, and whether they `are_ours`."""
        self.passes: list[str] = []
        """The names of passes that matched, by number."""
        self.breaks: list[Found] = []
        self.break_parts: list[pa.Table] = []
        """More breaks, in columns (see `break_columns`)."""
        self.pending: list[pa.Table] = []
        """Records by `side` and `record_id`."""
        self.in_breaks: list[Share] = []
        """What is in breaks, record by record; the same for pending."""
        self.in_pending: list[Share] = []

    @property
    def matches(self) -> Table | None:
        """All matches. Lists cost a sort dear, so where no group matched there are none."""
        pairs = self.pairs
        if self.groups:
            no_group = {"members": ibis.literal(None, "array<string>"), "are_ours": ibis.literal(None, "array<boolean>")}
            pairs = [table.mutate(**no_group) for table in pairs]
        every = [*pairs, *self.groups]
        return ibis.union(*every) if len(every) > 1 else next(iter(every), None)

    @property
    def both_free(self) -> bool:
        """False once a side has nothing left to pair."""
        return all(self.free_rows.values())

    @property
    def all_free(self) -> bool:
        """True until anything is claimed."""
        return all(self.free[side] is self.sides[side] for side in SIDES)

    def put_numbers(self, numbers: Iterable[int]) -> Table:
        """A table with one column `n`."""
        return self.engine.put(pa.table({"n": pa.array(numbers, pa.int64())}))

    def seen(self, side: str, each: Pass, *columns: str) -> Table:
        """The free records of a side that a pass sees: of its kinds, with all `columns`."""
        return seen(self.free[side], side, each, *columns)

    def open_at(self, side: str, b: Value) -> Value:
        """Still inside the window at as-of."""
        return self.b_as_of - b <= (self.agreement.after if side == "ours" else self.agreement.before)

    def compare(self, p: Table) -> Kept:
        """Pairs of numbers with what is told of their free records, and what `comparison` says of them."""
        o, t = (self.free[side].rename(name) for side, name in zip(SIDES, ("o_{name}", "t_{name}"), strict=True))
        both = p.select("o_n", "t_n").join(o, "o_n").join(t, "t_n")
        found = comparison(both, self.agreement, told=self.told)
        del found["amount_agrees"]
        return self.engine.keep(both.select("o_n", "t_n", *_TOLD_OF_PAIRS, **found))

    # claiming

    def claim(self, side: str, claimed: Table, column: str = "n") -> None:
        """The records numbered in `column` are no longer free."""
        numbers = claimed.select(n=column)
        is_whole = self.free[side] is self.sides[side]
        left = self.engine.records_without(side, numbers) if is_whole else self.free[side].anti_join(numbers, "n")
        kept = self.engine.keep(left)
        self.free[side], self.free_rows[side] = kept.table, kept.size

    def leave_free(self, side: str, each: ExactPass, left: Table, column: str, twins: Table | None) -> None:
        """Of the records that a pass sees by its keys, only those numbered in `column` are still free.

        Those numbered in `twins`, which has all of these and more, are read with them, as `self.twins`: both take one look at the side.
        """
        free = self.free[side]
        unseen = free.filter(~ibis.and_(*_sees(free, side, each, *each.keys))).select("n")
        numbers = _numbers(left, column).union(unseen)
        if twins is not None:
            read = self.engine.keep(self.engine.records(side, _numbers(twins, column).union(unseen))).table
            self.twins[side, each.name] = read
            kept = self.engine.keep(read.semi_join(numbers, "n"))
        else:
            kept = self.engine.keep(self.engine.records(side, numbers) if free is self.sides[side] else free.semi_join(numbers, "n"))
        self.free[side], self.free_rows[side] = kept.table, kept.size

    def claim_rows(self, side: str, records: Iterable[Row]) -> None:
        """The same for records at hand."""
        if numbers := [row["n"] for row in records]:
            self.claim(side, self.put_numbers(numbers))

    def settle(self, p: Table, each: Pass) -> None:
        """Claim compared pairs, kept ones: a match (with a notice, if the pairs are `noticed`), or a break if there are findings."""
        fine = p.amount.isnull() & ~p.late & ~p.fee_differs & ~p.status_differs
        fine = fine & ~p.reference_differs if "reference_differs" in p.columns else fine
        self.match_pairs(p.filter(fine).mutate(ours="o_record_id", theirs="t_record_id"), each)
        wrong = p.filter(~fine).select(*PAIR_COLUMNS, *(name for name in FLAGS.values() if name in p.columns)).to_pyarrow()
        if len(wrong):
            self.break_parts.append(pair_breaks(wrong, pass_name=each.name))
            for side, x in (("ours", "o"), ("theirs", "t")):
                self.in_breaks += shares(side, wrong, amount=f"{x}_amount_minor", currency=f"{x}_currency")
        self.engine.of_both(lambda side: self.claim(side, p, number(side)))

    def match_pairs(self, p: Table, each: Pass) -> None:
        """Pairs of ids `ours` and `theirs` are matches."""
        if is_empty(p):
            return  # beside an empty table, DuckDB sorts the texts of the others at twice the cost
        noticed = p.noticed if "noticed" in p.columns else ibis.literal(False)
        self.pairs.append(p.select("ours", "theirs", **self._by(each), noticed=noticed))

    def match_groups(self, groups: Table, each: Pass) -> None:
        """Groups of ids `members`, the first of them `ours`, are matches."""
        no_pair = {"theirs": ibis.literal(None, "string"), **self._by(each), "noticed": ibis.literal(False)}
        columns = ("ours", "theirs", "pass", "noticed", "members", "are_ours")
        self.groups.append(groups.mutate(**no_pair).select(columns))

    def _by(self, each: Pass) -> dict[str, Value]:
        if each.name not in self.passes:
            self.passes.append(each.name)
        return {"pass": ibis.literal(self.passes.index(each.name), "int16")}

    def match_rows(self, groups: Sequence[Group], each: Pass) -> None:
        """Groups of records at hand are matches."""
        heads = []
        for group in groups:
            ours, theirs = (sorted(row["record_id"] for row in group[side]) for side in SIDES)
            heads.append({"ours": ours[0], "members": ours + theirs, "are_ours": [True] * len(ours) + [False] * len(theirs)})
        if heads:
            self.match_groups(self.engine.put(pa.Table.from_pylist(heads, schema=_GROUPS)), each)
        for side in SIDES:
            self.claim_rows(side, [row for group in groups for row in group[side]])

    def break_group(self, kind: BreakKind, each: Pass, group: Mapping[str, Sequence[Row]], value: int) -> None:
        """Records at hand are one break worth `value`. The caller claims them, many at once."""
        members = [row for side in SIDES for row in group.get(side, ())]
        ours, theirs = (tuple(sorted(row["record_id"] for row in group.get(side, ()))) for side in SIDES)
        self.breaks.append(
            Found(
                kind=kind,
                pass_name=each.name,
                ours=ours,
                theirs=theirs,
                amount_minor=abs(value),
                currency=members[0]["currency"],
                dated=min(row["date"] for row in members),
                references=references_of(row[name] for row in members for name in REFERENCES),
            )
        )
        for side in SIDES:
            self.in_breaks += [share(side, row["currency"], row["amount_minor"]) for row in group.get(side, ())]

    def break_singles(self, side: str, records: pa.Table, kinds: pa.Array, each: Pass | None = None) -> None:
        """Each of these records is a break of its kind. The caller claims them."""
        self.break_parts.append(single_breaks(records, side=side, kinds=kinds, pass_name=each.name if each else None))
        self.in_breaks += shares(side, records)

    def wait(self, side: str, records: pa.Table) -> None:
        """Records are pending. The caller claims them, many at once."""
        self.pending.append(pa.table({"side": pa.repeat(side, len(records)), "record_id": records["record_id"]}))
        self.in_pending += shares(side, records)


def number(side: str) -> str:
    """The column of a table of pairs with the numbers of this side's records."""
    return {"ours": "o_n", "theirs": "t_n"}[side]


def _numbers(pairs: Table, column: str) -> Table:
    """The numbers in a column of pairs, those that there are."""
    return pairs.filter(pairs[column].notnull()).select(n=column)


def seen(table: Table, side: str, each: Pass, *columns: str) -> Table:
    """The records of a table that a pass sees: of its kinds, with all `columns`."""
    conditions = _sees(table, side, each, *columns)
    return table.filter(*conditions) if conditions else table


def _sees(table: Table, side: str, each: Pass, *columns: str) -> list[Value]:
    kinds: Kinds = each.kinds_ours if side == "ours" else each.kinds_theirs
    right_kind = [] if kinds is None else [table.kind.isin(sorted(kinds))]
    return [*right_kind, *(table[column].notnull() for column in columns)]


def counts(table: Table, by: Sequence[str]) -> Table:
    """How many `rows` each group has."""
    return table.group_by(by).aggregate(rows=table.count())


def is_empty(table: Table) -> bool:
    """True if there is no row."""
    return not table.limit(1).count().to_pyarrow().as_py()


def rows(table: Table) -> list[dict[str, Any]]:
    """All rows, at hand."""
    return list(table.to_pyarrow().to_pylist())

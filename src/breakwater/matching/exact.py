"""Exact passes on an engine: pairs of equal kind and keys, and the duplicates their groups show.

Where a group has one record on each side, sets decide; the greedy rule is for `residue`, on the groups that need it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from math import prod
from operator import itemgetter
from typing import Any

import ibis
import pyarrow as pa
from ibis import Table, Value

from breakwater.matching import residue
from breakwater.matching.agreement import Agreement, ExactPass
from breakwater.matching.books import Books, Kept, Row, counts, is_empty, number, rows, seen
from breakwater.matching.break_columns import SINGLE_COLUMNS
from breakwater.matching.outcome import DUPLICATE, MOST_PAIRS, SIDES, coarse
from breakwater.matching.pairs import COMPARED, Beside, comparison, hash_of, no_conflict
from breakwater.model.breaks import BreakKind

BUCKETS = 65_536  # of keys, when groups are counted
MOST_LEFT = 8  # one in so many is few


class Step(Enum):
    """The three times an exact pass looks at its groups, and which pairs are candidates then."""

    TIMELY = "amounts agree, in window"
    LATE = "amounts agree, close enough to belong together"
    DIFFERENT = "close enough to belong together"

    def candidates(self, found: Mapping[str, Value], agreement: Agreement) -> Value:
        """True for candidates, by what their comparison found."""
        linked = found["lag"].between(-agreement.link, agreement.link)
        match self:
            case Step.TIMELY:
                return found["amount_agrees"] & ~found["late"]
            case Step.LATE:
                return found["amount_agrees"] & linked
            case Step.DIFFERENT:
                return linked


def pair_up(books: Books, each: ExactPass, step: Step) -> None:
    """Pair the candidates of each group: one to one where nothing else is possible, else the cheapest first."""
    if not books.both_free:
        return
    o, t = (books.seen(side, each, *each.keys) for side in SIDES)
    if step is Step.TIMELY and prod(books.free_rows.values()) > MOST_PAIRS:
        _refuse_coarse(o, t, each)
    every = _every_record(books, each, step, o, t)
    pairs = every.table.filter(every.table.o_n.notnull(), every.table.t_n.notnull())
    if is_empty(pairs):
        return
    found = books.engine.of_both(lambda side: books.engine.repeated(pairs[number(side)]))
    crowds = [(number(side), many) for side, many in found.items()]
    fine = every.table.filter(every.table.fine)
    books.match_pairs(_alone(fine, crowds), each)
    left = books.engine.keep(_without_alone(every.table, crowds))
    if left.size < every.size:
        twins = _twins(books, every, left)
        books.engine.of_both(lambda side: books.leave_free(side, each, left.table, number(side), twins))
    if books.both_free:
        closer = books.compare(left.table.filter(left.table.o_n.notnull(), left.table.t_n.notnull()))
        if closer.size:
            books.settle(_cheapest(books, closer.table, crowds), each)


def _every_record(books: Books, each: ExactPass, step: Step, o: Table, t: Table) -> Kept:
    """The candidates, and whether they are `fine`; a record without any stands alone. So one join tells what stays free, too.

    `h` is a hash of the first key: with all records there, it tells later which of them look like one that stays free.
    """
    same = ("kind", *each.keys)
    columns = dict.fromkeys((*COMPARED, *same, *books.agreement.identity))
    o, t = (side.select(*columns, h=hash_of(side[each.keys[0]])).rename(f"{x}_{{name}}") for x, side in (("o", o), ("t", t)))
    both = Beside(o, t)
    equal = [both[f"o_{name}"] == both[f"t_{name}"] for name in same]
    found = comparison(both, books.agreement, told=books.told)
    fits = step.candidates(found, books.agreement), no_conflict(both, books.agreement, each.keys)
    p = o.join(t, [*equal, *fits], how="outer")
    h = ibis.coalesce(p.o_h, p.t_h)
    return books.engine.keep(p.select("o_n", "t_n", ours="o_record_id", theirs="t_record_id", fine=_is_fine(p, step, books), h=h))


def _twins(books: Books, every: Kept, left: Kept) -> Table | None:
    """The numbers of all records that may repeat one of those left, and of these; None where they are not few, or some are not there."""
    if not books.all_free or left.size * MOST_LEFT > every.size:
        return None
    return books.engine.keep(every.table.semi_join(left.table, "h").select("o_n", "t_n")).table


def _is_fine(p: Table, step: Step, books: Books) -> Value:
    """A pair without findings. Only the first step has any: what agrees in time is claimed then."""
    if step is not Step.TIMELY:
        return ibis.literal(False)
    found = comparison(p, books.agreement, told=books.told)
    return p.o_n.notnull() & p.t_n.notnull() & ~found["fee_differs"] & ~found["status_differs"]


def _refuse_coarse(o: Table, t: Table, each: ExactPass) -> None:
    """CallError where a group has too many pairs. Buckets of groups are counted first, since these are few."""
    ours, theirs = (counts(side.select(bucket=_bucket(side, each.keys)), ["bucket"]) for side in (o, t))
    if is_empty(_coarse(ours, theirs, ["bucket"])):
        return
    same = ["kind", *each.keys]
    found = rows(_coarse(counts(o, same), counts(t, same), same))
    if found:
        raise coarse(each.name, min([row[key] for key in each.keys] for row in found))


def _bucket(table: Table, keys: Sequence[str]) -> Value:
    text = table[keys[0]]
    for name in keys[1:]:
        text = text + "\x1f" + table[name]
    return hash_of(text) % BUCKETS


def _coarse(o: Table, t: Table, same: Sequence[str]) -> Table:
    both = o.join(t, same)
    return both.filter(both.rows * both.rows_right > MOST_PAIRS)


def _alone(pairs: Table, crowds: Sequence[tuple[str, Kept]]) -> Table:
    """The pairs whose records have no other candidate."""
    for n, many in crowds:
        pairs = pairs.anti_join(many.table, n) if many.size else pairs
    return pairs


def _without_alone(every: Table, crowds: Sequence[tuple[str, Kept]]) -> Table:
    """All but the fine pairs whose records have no other candidate."""
    parts, fine = [every.filter(~every.fine)], every.filter(every.fine)
    for n, many in crowds:
        if many.size:
            parts.append(fine.semi_join(many.table, n))
            fine = fine.anti_join(many.table, n)
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _cheapest(books: Books, p: Table, crowds: Sequence[tuple[str, Kept]]) -> Table:
    """Compared pairs without those that lose to a cheaper one."""
    if not any(many.size for _, many in crowds):
        return p
    costs = p.select(
        "o_n", "t_n", "late", "delta", "status_differs", "o_record_id", "t_record_id",
        currency_differs=(p.amount == BreakKind.CURRENCY_MISMATCH.value).fill_null(False),
        lag_size=p.lag.abs(), days_size=p.days.abs(),
    )  # fmt: skip
    crowd = ibis.union(*(costs.semi_join(many.table, n) for n, many in crowds))
    chosen = books.engine.put(residue.greedy(crowd.to_pyarrow()))
    return books.engine.keep(_alone(p, crowds).union(p.semi_join(chosen, ["o_n", "t_n"]))).table


def duplicates(books: Books, side: str, passes: Sequence[ExactPass]) -> None:
    """Free records that repeat another one of their side, pass by pass."""
    marked: list[int] = []
    for each in passes:
        if not books.free_rows[side]:
            return
        found = _repeated(books, side, each, marked)
        if found:
            repeats = books.engine.put(
                pa.table({"n": pa.array(list(found), pa.int64()), "of": pa.array(list(found.values()), pa.string())})
            )
            records = books.free[side].join(repeats, "n").select(*SINGLE_COLUMNS, "of").to_pyarrow()
            books.break_singles(side, records, pa.repeat(DUPLICATE[side].value, len(records)), each)
            books.claim(side, repeats)
            marked += found


def _repeated(books: Books, side: str, each: ExactPass, marked: Sequence[int]) -> dict[int, str]:
    """The id of the record that a duplicate repeats, by the duplicate's number. Only equal amounts repeat each other: a group has one."""
    same = ("kind", *each.keys, "currency", "amount_minor")
    free = books.seen(side, each, *each.keys).select("n", *same)
    every = seen(books.twins.get((side, each.name), books.sides[side]), side, each, *each.keys)
    twins = _looking_like(every, free, each).select(*dict.fromkeys(("n", "record_id", "date", "b", *same, *books.agreement.identity)))
    if marked:
        twins = twins.anti_join(books.put_numbers(marked), "n")
    twins = books.engine.keep(twins).table
    crowd = twins.semi_join(counts(twins, same).filter(lambda g: g.rows > 1), same)
    groups = _groups(rows(crowd.left_join(free.select("n", free=ibis.literal(True)), "n")), same)
    return {row["n"]: original["record_id"] for group in groups for row, original in residue.duplicates(group, books.agreement)}


def _looking_like(every: Table, few: Table, each: ExactPass) -> Table:
    """The records with the amount of one of a few, and a hash of its first key: some too many, but cheaper to find than by all columns."""
    hashed = few.select("amount_minor", h=hash_of(few[each.keys[0]]))
    return every.mutate(h=hash_of(every[each.keys[0]])).semi_join(hashed, ["amount_minor", "h"])


def _groups(found: Iterable[Row], same: Sequence[str]) -> Iterable[list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    key = itemgetter(*same)
    for row in found:
        groups[key(row)].append(row)
    return groups.values()

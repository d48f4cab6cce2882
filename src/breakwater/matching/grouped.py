"""Grouped passes on an engine: sums under a key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import ibis
import pyarrow as pa
from ibis import Table, Value

from breakwater.matching.agreement import GroupedPass
from breakwater.matching.books import Books, Kept, Row, rows
from breakwater.matching.outcome import SIDES
from breakwater.matching.pairs import WHOLE, amount_tolerance, in_window
from breakwater.model.breaks import BreakKind

_MATCH, _PENDING = "match", "pending"
_WAITING = pa.schema([("record_id", pa.string()), ("currency", pa.string()), ("amount_minor", pa.int64())])
Group = dict[str, list[Row]]


def match_groups(books: Books, each: GroupedPass) -> None:
    """Groups whose sums agree in time are one match each."""
    if not books.both_free:
        return
    sums = _sums(books, each)
    if sums.size:
        _match(books, each, sums.table)


def broken_groups(books: Books, each: GroupedPass) -> None:
    """Match what agrees by now; the other groups with more than a pair are pending, late or incomplete."""
    if not books.both_free:
        return
    kept = _sums(books, each)
    if not kept.size:
        return
    sums = kept.table
    found = list(_members(books, each, sums.filter(sums.verdict.notnull() & (sums.verdict != _MATCH))))
    _match(books, each, sums)
    for verdict, group in found:
        if verdict == _PENDING:
            for side in SIDES:
                books.wait(side, pa.Table.from_pylist(group[side], schema=_WAITING))
        else:
            books.break_group(BreakKind(verdict), each, group, _value(each, verdict, group))
    for side in SIDES:
        books.claim_rows(side, [row for _, group in found for row in group[side]])


def _same(each: GroupedPass) -> list[str]:
    return ["currency", *each.keys, *(["kind"] if each.same_kind and "kind" not in each.keys else [])]


def _sums(books: Books, each: GroupedPass) -> Kept:
    """The groups with both sides, and the `verdict` on each: a match, pending, a kind of break, or null for a pair that differs."""
    o, t = (_side_sums(books, each, side) for side in SIDES)
    same = _same(each)
    both = o.join(t, same, rname="{name}_t")
    agrees = (both.total_t - both.total).abs() <= amount_tolerance(both.currency, books.agreement)
    verdict = ibis.cases(
        (agrees & in_window(both.b_t - both.b, books.agreement), _MATCH),
        (both.rows + both.rows_t == 2, None),
        (books.open_at("ours", ibis.greatest(both.b, both.b_t)), _PENDING),
        (agrees, BreakKind.LATE_SETTLEMENT.value),
        else_=BreakKind.BATCH_INCOMPLETE.value,
    )
    return books.engine.keep(both.select(*same, verdict=verdict))


def _side_sums(books: Books, each: GroupedPass, side: str) -> Table:
    table = books.seen(side, each, *each.keys)
    worth: Value = table.amount_minor.cast(WHOLE)
    if side in each.net_of_fees:
        worth = worth - ibis.coalesce(table.fee_minor, 0).cast(WHOLE)
    return table.group_by(_same(each)).aggregate(rows=table.count(), total=worth.sum().cast(WHOLE), b=table.b.max())


def _match(books: Books, each: GroupedPass, sums: Table) -> None:
    """Claim the groups that match, without looking at their records one by one."""
    same = _same(each)
    agreed = sums.filter(sums.verdict == _MATCH)
    members = (books.seen(side, each, *each.keys).semi_join(agreed, same).mutate(is_ours=ibis.literal(side == "ours")) for side in SIDES)
    ours, theirs = (books.engine.keep(table.select("n", "record_id", "is_ours", *same)) for table in members)
    if not ours.size:
        return
    o_ids, t_ids = (
        g.group_by(same).aggregate(ids=g.record_id.collect(order_by=g.record_id), are_ours=g.is_ours.collect(), first=g.record_id.min())
        for g in (ours.table, theirs.table)
    )
    both = o_ids.join(t_ids, same, rname="{name}_t")
    heads = both.select(ours="first", members=both.ids.concat(both.ids_t), are_ours=both.are_ours.concat(both.are_ours_t))
    books.match_groups(books.engine.keep(heads).table, each)
    books.claim("ours", ours.table)
    books.claim("theirs", theirs.table)


def _members(books: Books, each: GroupedPass, sums: Table) -> Iterable[tuple[str, Group]]:
    """The records of some groups, at hand, with the verdict on their group."""
    same = _same(each)
    found: dict[tuple[Any, ...], tuple[str, Group]] = defaultdict(lambda: ("", {side: [] for side in SIDES}))
    for side in SIDES:
        for row in rows(books.seen(side, each, *each.keys).join(sums, same)):
            key = tuple(row[name] for name in same)
            group = found[key][1]
            group[side].append(row)
            found[key] = row["verdict"], group
    return found.values()


def _value(each: GroupedPass, verdict: str, group: Group) -> int:
    """Ours gross if all is there but late, else what is missing."""
    if verdict == BreakKind.LATE_SETTLEMENT:
        return sum(row["amount_minor"] for row in group["ours"])
    ours, theirs = (sum(row["amount_minor"] - _fee(each, side, row) for row in group[side]) for side in SIDES)
    return int(theirs - ours)


def _fee(each: GroupedPass, side: str, row: Row) -> int:
    return int(row["fee_minor"] or 0) if side in each.net_of_fees else 0

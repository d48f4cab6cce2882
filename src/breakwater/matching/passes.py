"""The run as set expressions: keyed passes, late pairs, duplicates, differences under a key, the rest.

Records are free until they are claimed. Where a group has one record on each side, sets decide; the greedy rule and
everything else that looks at one record after the other is for `residue`, on the few groups that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import groupby
from typing import Any

import ibis
from ibis import Table, Value

from breakwater.errors import CallError
from breakwater.matching import residue
from breakwater.matching.agreement import Agreement, ExactPass, Pass
from breakwater.matching.outcome import DUPLICATE, MISSING, MOST_PAIRS, ORPHANS, PRECEDENCE, SIDES, Found, coarse, references_of
from breakwater.matching.pairs import compared, no_conflict, seen_by, side_by_side
from breakwater.model.breaks import BreakKind
from breakwater.model.records import CANONICAL_COLUMNS

REFERENCES = tuple(name for name in CANONICAL_COLUMNS if name.startswith("ref_"))
Keep = Callable[[Table], Table]


class Step(Enum):
    """The three times an exact pass looks at a group, and which pairs are candidates then."""

    TIMELY = "amounts agree, in window"
    LATE = "amounts agree, close enough to belong together"
    DIFFERENT = "close enough to belong together"

    def candidates(self, p: Table, agreement: Agreement) -> Value:
        """True for candidates among compared pairs."""
        linked = p.lag.between(-agreement.link, agreement.link)
        match self:
            case Step.TIMELY:
                return p.amount.isnull() & ~p.late
            case Step.LATE:
                return p.amount.isnull() & linked
            case Step.DIFFERENT:
                return linked


class Run:
    """One reconciliation on an engine. `keep` materialises an expression; `free` shrinks as records are claimed, once each."""

    def __init__(self, *, sides: Mapping[str, Table], agreement: Agreement, b_as_of: int, keep: Keep) -> None:
        self.sides, self.agreement, self.b_as_of, self.keep = sides, agreement, b_as_of, keep
        self.free = dict(sides)
        self.matches: list[Table] = []
        """Each an expression: `members` (ours, then theirs), `sides`, the `first` of ours, `pass`, `notice`."""
        self.breaks: list[Found] = []
        self.pending: list[tuple[str, str]] = []
        self.in_breaks: list[tuple[str, str, int, int]] = []
        """(side, currency, rows, sum of amounts) of what is in breaks; the same for pending."""
        self.in_pending: list[tuple[str, str, int, int]] = []

    def go(self) -> None:
        """All steps, in order."""
        exact = [each for each in self.agreement.passes if isinstance(each, ExactPass)]
        for each in self.agreement.passes:
            self.first_step(each)
        for each in exact:
            self.pair_up(each, Step.LATE)
        for side in SIDES:
            self.duplicates(side, exact)
        for each in exact:
            self.pair_up(each, Step.DIFFERENT)
        for side in SIDES:
            self.rest(side)

    def first_step(self, each: Pass) -> None:
        """Step 1 of one pass."""
        if not isinstance(each, ExactPass):
            raise CallError(
                f"The pass '{each.name}' is not exact, and this version reconciles by exact passes only.",
                remedy="Leave that pass out of the agreement.",
            )
        self.pair_up(each, Step.TIMELY)

    # pairs

    def pair_up(self, each: ExactPass, step: Step) -> None:
        """Pair the candidates of an exact pass: one to one where a group has one record on each side, else the cheapest first."""
        same = ("kind", *each.keys)
        o, t = (_grouped_by(self.seen(side, each), same) for side in SIDES)
        crowded = self.crowded(o, t, each, same)
        p = compared(side_by_side(o, t, same), self.agreement)
        p = p.filter(no_conflict(p, self.agreement, each.keys), step.candidates(p, self.agreement))
        p = p.left_join(crowded.select(crowd="h"), [p.o_h == crowded.h])
        clean = p.amount.isnull() & ~p.late & ~p.fee_differs & ~p.status_differs & p.crowd.isnull()
        p = self.keep(p.select("o_n", "t_n", ours="o_record_id", theirs="t_record_id", crowd=p.crowd.notnull(), clean=clean))
        sure = p.filter(p.clean)
        self.claim(sure, ours="o_n", theirs="t_n")
        self.matches.append(_match(sure, each))
        self.look_closer(p.filter(~p.clean), each)

    def crowded(self, o: Table, t: Table, each: ExactPass, same: Sequence[str]) -> Table:
        """The hashes of groups with more than one record on a side. CallError where a group has too many pairs."""
        counts = [_counts(side, ["h"]).filter(lambda g: g.rows > 1) for side in (o, t)]
        both = counts[0].outer_join(counts[1], "h")
        rows = [ibis.coalesce(both[name], 1) for name in ("rows", "rows_right")]
        crowded = self.keep(both.select(h=ibis.coalesce(both.h, both.h_right), pairs=rows[0] * rows[1]))
        suspects = crowded.filter(crowded.pairs > MOST_PAIRS)
        if _is_empty(suspects):
            return crowded
        counts = [_counts(side.semi_join(suspects, "h"), same) for side in (o, t)]
        exactly = counts[0].join(counts[1], same)
        worst = exactly.filter(exactly.rows * exactly.rows_right > MOST_PAIRS).to_pyarrow().to_pylist()
        if worst:
            raise coarse(each.name, min([row[key] for key in each.keys] for row in worst))
        return crowded

    def look_closer(self, p: Table, each: ExactPass) -> None:
        """Settle the pairs that compete with others, or have findings."""
        if _is_empty(p):
            return
        p = self.again(p)
        crowd = p.filter(p.crowd).select(
            "o_n", "t_n", "late", "delta", "status_differs", "o_record_id", "t_record_id",
            currency_differs=(p.amount == BreakKind.CURRENCY_MISMATCH.value).fill_null(False),
            lag_size=p.lag.abs(), days_size=p.days.abs(),
        )  # fmt: skip
        chosen = ibis.memtable(residue.greedy(crowd.to_pyarrow()))
        claimed = self.keep(p.filter(~p.crowd).union(p.semi_join(chosen, ["o_n", "t_n"])))
        fine = claimed.amount.isnull() & ~claimed.late & ~claimed.fee_differs & ~claimed.status_differs
        matched = claimed.filter(fine)
        self.matches.append(_match(matched.select(ours="o_record_id", theirs="t_record_id"), each))
        self.break_pairs(claimed.filter(~fine), each)
        self.claim(claimed, ours="o_n", theirs="t_n")

    def break_pairs(self, p: Table, each: Pass) -> None:
        """Pairs with findings."""
        for row in _rows(p):
            self.breaks.append(_pair_break(row, each))
            self.in_breaks += [(side, row[f"{x}_currency"], 1, row[f"{x}_amount_minor"]) for side, x in (("ours", "o"), ("theirs", "t"))]

    def break_single(self, row: Mapping[str, Any], side: str, kind: BreakKind, pass_name: str | None, *, of: str | None = None) -> None:
        """One record alone."""
        self.breaks.append(_single_break(row, side, kind, pass_name, of=of))
        self.in_breaks.append((side, row["currency"], 1, row["amount_minor"]))

    def again(self, p: Table) -> Table:
        """Pairs of numbers, joined with their records and compared."""
        o, t = (self.free[side].rename(name) for side, name in zip(SIDES, ("o_{name}", "t_{name}"), strict=True))
        return self.keep(compared(p.select("o_n", "t_n", "crowd").join(o, "o_n").join(t, "t_n"), self.agreement))

    # claiming

    def claim(self, claimed: Table, **columns: str) -> None:
        """Records are no longer free; `columns` names the number of each side in `claimed`."""
        for side, column in columns.items():
            free = self.free[side]
            self.free[side] = self.keep(free.anti_join(claimed.select(n=column), "n"))

    def seen(self, side: str, each: ExactPass) -> Table:
        """The free records a pass sees."""
        return _seen(self.free[side], side, each)

    # duplicates

    def duplicates(self, side: str, exact: Sequence[ExactPass]) -> None:
        """Mark free records that repeat another one of their side, pass by pass."""
        marked: list[int] = []
        for each in exact:
            same = ("kind", *each.keys, "currency", "amount_minor")
            free = _seen(self.free[side], side, each)
            twins = _seen(self.sides[side], side, each).semi_join(free, same)
            if marked:
                twins = twins.anti_join(ibis.memtable({"n": marked}), "n")
            crowd = _counts(twins, same).filter(lambda g: g.rows > 1)
            numbers = free.select("n").mutate(free=True)
            twins = twins.semi_join(crowd, same).left_join(numbers, "n").drop("n_right")
            found = []
            for group in _groups(_rows(twins.mutate(free=twins.free.notnull())), same):
                found += residue.duplicates(group, self.agreement)
            for row, of in found:
                self.break_single(row, side, DUPLICATE[side], each.name, of=of["record_id"])
            if found:
                numbers_found = [row["n"] for row, _ in found]
                self.claim(ibis.memtable({"n": numbers_found}), **{side: "n"})
                marked += numbers_found

    # the rest

    def rest(self, side: str) -> None:
        """What is still free is pending, an orphan or missing."""
        free = self.free[side]
        days = self.agreement.after if side == "ours" else self.agreement.before
        still_open = self.b_as_of - free.b <= days
        for row in _rows(free.filter(still_open).select("record_id", "currency", "amount_minor")):
            self.pending.append((side, row["record_id"]))
            self.in_pending.append((side, row["currency"], 1, row["amount_minor"]))
        due = self.keep(free.filter(~still_open))
        orphans = due.filter(due.kind.isin(sorted(ORPHANS)))
        known = set() if _is_empty(orphans) else self.known_payments(orphans)
        for row in _rows(due):
            orphan = row["kind"] in ORPHANS and row["ref_original"] not in known
            self.break_single(row, side, ORPHANS[row["kind"]] if orphan else MISSING[side], None)

    def known_payments(self, orphans: Table) -> set[str]:
        """Those of their originals that are a payment on either side, by either id."""
        wanted = orphans.filter(orphans.ref_original.notnull()).select(original="ref_original").distinct()
        found: set[str] = set()
        for table in self.sides.values():
            payments = table.filter(table.kind == "payment")
            for column in ("ref_payment_id", "ref_partner_id"):
                hits = wanted.semi_join(payments, [wanted.original == payments[column]])
                found.update(hits.original.to_pyarrow().to_pylist())
        return found


def _seen(table: Table, side: str, each: ExactPass) -> Table:
    kinds = each.kinds_ours if side == "ours" else each.kinds_theirs
    return table.filter(seen_by(kinds, table.kind), *(table[key].notnull() for key in each.keys))


def _grouped_by(table: Table, same: Sequence[str]) -> Table:
    """With `h`, the hash of the group: equal groups have equal hashes, so a hash seen once is a group of one."""
    text = table[same[0]]
    for name in same[1:]:
        text = text + "\x1f" + table[name]
    return table.mutate(h=text.hash())


def _counts(table: Table, by: Sequence[str]) -> Table:
    return table.group_by(by).aggregate(rows=table.count())


def _match(pairs: Table, each: Pass) -> Table:
    return pairs.select(
        first="ours",
        members=ibis.array([pairs.ours, pairs.theirs]),
        sides=ibis.array(list(SIDES)),
        notice=ibis.literal(None, "string"),
        **{"pass": ibis.literal(each.name)},
    )


def _is_empty(table: Table) -> bool:
    return not table.limit(1).count().to_pyarrow().as_py()


def _rows(table: Table) -> list[dict[str, Any]]:
    return list(table.to_pyarrow().to_pylist())


def _groups(rows: Iterable[dict[str, Any]], same: Sequence[str]) -> Iterable[list[dict[str, Any]]]:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in same)

    return [list(group) for _, group in groupby(sorted(rows, key=key), key=key)]


def _pair_break(row: Mapping[str, Any], each: Pass) -> Found:
    """The break of a pair with findings: the first names it, the others are listed."""
    found = {row["amount"]}
    found |= {kind for column, kind in _FLAGS.items() if row.get(column)}
    first, *also = (kind for kind in PRECEDENCE if kind in found)
    match first:
        case BreakKind.AMOUNT_MISMATCH | BreakKind.FX_VARIANCE:
            value, currency = row["delta"], row["t_currency"]
        case BreakKind.FEE_VARIANCE:
            value, currency = row["fee_off"], row["t_currency"]
        case _:
            value, currency = abs(row["o_amount_minor"]), row["o_currency"]
    return Found(
        kind=first,
        pass_name=each.name,
        ours=(row["o_record_id"],),
        theirs=(row["t_record_id"],),
        amount_minor=int(value),
        currency=currency,
        dated=min(row["o_date"], row["t_date"]),
        references=references_of(row[f"{side}_{name}"] for side in "ot" for name in REFERENCES),
        also=tuple(also),
        lag=row["lag"],
    )


_FLAGS = {
    "late": BreakKind.LATE_SETTLEMENT,
    "fee_differs": BreakKind.FEE_VARIANCE,
    "status_differs": BreakKind.STATUS_MISMATCH,
    "reference_differs": BreakKind.REFERENCE_MISMATCH,
}


def _single_break(row: Mapping[str, Any], side: str, kind: BreakKind, pass_name: str | None, *, of: str | None = None) -> Found:
    return Found(
        kind=kind,
        pass_name=pass_name,
        ours=(row["record_id"],) if side == "ours" else (),
        theirs=(row["record_id"],) if side == "theirs" else (),
        amount_minor=abs(row["amount_minor"]),
        currency=row["currency"],
        dated=row["date"],
        references=references_of(row[name] for name in REFERENCES),
        of=of,
    )

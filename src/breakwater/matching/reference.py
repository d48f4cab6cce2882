"""What a reconciliation means, in plain Python: short, slow, and the judge of the fast engine.

Steps in the order of the agreement's meaning: keyed passes, late pairs, duplicates, differences under a key, netting, the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

from breakwater.matching.agreement import Agreement, ExactPass, GroupedPass, NettingPass, SimilarPass
from breakwater.matching.comparing import (
    AMOUNT_FINDINGS,
    Comparison,
    Item,
    alike,
    compare,
    conflict,
    form,
    in_window,
    item,
    open_at,
    seen_by,
)
from breakwater.matching.outcome import (
    DUPLICATE,
    MISSING,
    MOST_PAIRS,
    ORPHANS,
    REFERENCE_NOTICE,
    SIDES,
    coarse,
)
from breakwater.matching.reference_claims import Claims, Group, Result
from breakwater.model.breaks import BreakKind
from breakwater.model.runs import BY_HAND, ByHand


def reconcile(
    *,
    ours: Iterable[Mapping[str, Any]],
    theirs: Iterable[Mapping[str, Any]],
    agreement: Agreement,
    as_of: date,
    by_hand: Iterable[ByHand] = (),
) -> Result:
    """Two sides of canonical rows, compared by the agreement as of a date, after what people matched."""
    sides = {"ours": [item(row, agreement) for row in ours], "theirs": [item(row, agreement) for row in theirs]}
    run = _Run(sides, agreement, as_of)
    for made in by_hand:
        run.match(BY_HAND, {side: [run.free[side][i] for i in made.of(side)] for side in SIDES})
    return run.result()


class _Run(Claims):
    """The steps of one reconciliation."""

    def result(self) -> Result:
        exact = [p for p in self.agreement.passes if isinstance(p, ExactPass)]
        grouped = [p for p in self.agreement.passes if isinstance(p, GroupedPass)]
        for each in self.agreement.passes:  # step 1
            if isinstance(each, ExactPass):
                self.refuse_coarse(each)
                self.pair_up(each, lambda c: c.amount_agrees and c.in_window)
            elif isinstance(each, GroupedPass):
                self.match_groups(each)
            elif isinstance(each, SimilarPass):
                self.similar(each)
        for each in exact:  # step 1b
            self.pair_up(each, lambda c: c.amount_agrees and abs(c.lag) <= self.agreement.link)
        for side in SIDES:  # step 2
            for each in exact:
                self.mark_duplicates(side, each)
        for each in grouped:  # step 3a
            self.match_groups(each)
            self.broken_groups(each)
        for each in exact:  # step 3b
            self.pair_up(each, lambda c: abs(c.lag) <= self.agreement.link)
        for each in self.agreement.passes:  # step 4
            if isinstance(each, NettingPass):
                self.netting(each)
        self.rest()  # step 5
        return self.found

    def exact_groups(self, each: ExactPass) -> Iterable[Group]:
        return self.groups(each, lambda r: _with((r.kind,), r.values(each.keys)))

    def refuse_coarse(self, each: ExactPass) -> None:
        for group in self.exact_groups(each):
            if len(group["ours"]) * len(group["theirs"]) > MOST_PAIRS:
                key = group["ours"][0].values(each.keys) or ()
                raise coarse(each.name, key)

    def pair_up(self, each: ExactPass, candidate: Callable[[Comparison], bool]) -> None:
        """Greedy pairing inside each group of an exact pass."""
        for group in self.exact_groups(each):
            pairs = [
                compare(o, t, self.agreement)
                for o in group["ours"]
                for t in group["theirs"]
                if not conflict(o, t, self.agreement)
            ]  # fmt: skip
            for c in sorted(filter(candidate, pairs), key=lambda c: c.cost):
                if c.o.record_id in self.free["ours"] and c.t.record_id in self.free["theirs"]:
                    self.pair(each.name, c)

    # sums

    def sum_groups(self, each: GroupedPass) -> Iterable[Group]:
        return self.groups(each, lambda r: _with((r.currency, r.kind if each.same_kind else ""), r.values(each.keys)))

    def match_groups(self, each: GroupedPass) -> None:
        for group in self.sum_groups(each):
            if self.sums_agree(each, group) and in_window(_latest(group["theirs"]) - _latest(group["ours"]), self.agreement):
                self.match(each.name, group)

    def broken_groups(self, each: GroupedPass) -> None:
        for group in self.sum_groups(each):
            both = group["ours"] + group["theirs"]
            currency = both[0].currency
            if len(both) == 2:
                continue
            if open_at("ours", _latest(both), self.b_as_of, self.agreement):
                self.claim(group["ours"], group["theirs"])
                self.found.pending += [(side, r.record_id) for side in SIDES for r in group[side]]
            elif self.sums_agree(each, group):
                self.break_group(BreakKind.LATE_SETTLEMENT, each.name, group, sum(r.amount_minor for r in group["ours"]), currency)
            else:
                self.break_group(BreakKind.BATCH_INCOMPLETE, each.name, group, _difference(each, group), currency)

    def sums_agree(self, each: GroupedPass, group: Group) -> bool:
        return abs(_difference(each, group)) <= self.agreement.amount_tolerance.of(group["ours"][0].currency)

    # similar references

    def similar(self, each: SimilarPass) -> None:
        pairs = []
        for group in self.groups(each, lambda r: (r.kind, r.currency) if r.values((each.key,)) else None):
            for o in group["ours"]:
                pairs += [(o, t) for t in group["theirs"] if self.similar_pair(each, o, t)]
        for edges in _components(pairs):
            ours, theirs = ({r.record_id: r for r in side} for side in zip(*edges, strict=True))
            if len(edges) == 1:
                self.similar_match(each, *edges[0])
            else:
                gross = sum(o.amount_minor for o in ours.values())
                group = {"ours": list(ours.values()), "theirs": list(theirs.values())}
                self.break_group(BreakKind.AMBIGUOUS_MATCH, each.name, group, gross, edges[0][0].currency)

    def similar_pair(self, each: SimilarPass, o: Item, t: Item) -> bool:
        x, y = getattr(o, each.key), getattr(t, each.key)
        off = abs(t.amount_minor - o.amount_minor)
        return (
            off <= self.agreement.amount_tolerance.of(o.currency)
            and in_window(t.b - o.b, self.agreement)
            and alike(x, y)
            and min(len(form(x)), len(form(y))) >= each.min_length
            and not conflict(o, t, self.agreement)
        )

    def similar_match(self, each: SimilarPass, o: Item, t: Item) -> None:
        """Amounts of a similar pair agree by the plain rule alone, so an fx finding is none here."""
        c = compare(o, t, self.agreement)
        findings = [k for k in c.findings if k not in AMOUNT_FINDINGS]
        differs = getattr(o, each.key) != getattr(t, each.key)
        if differs and each.difference_breaks:
            findings.append(BreakKind.REFERENCE_MISMATCH)
        notice = REFERENCE_NOTICE if differs and not each.difference_breaks else None
        self.pair(each.name, replace(c, findings=tuple(findings)), notice)

    # duplicates

    def mark_duplicates(self, side: str, each: ExactPass) -> None:
        kinds = each.kinds_ours if side == "ours" else each.kinds_theirs
        groups: dict[Any, list[Item]] = defaultdict(list)
        for record in self.sides[side]:
            key = record.values(each.keys)
            if key is not None and seen_by(kinds, record.kind) and record.record_id not in self.duplicates[side]:
                groups[record.kind, *key].append(record)
        for group in groups.values():
            anchors = [r for r in group if r.record_id not in self.free[side]]
            for record in sorted((r for r in group if r.record_id in self.free[side]), key=_by_date):
                original = next((a for a in sorted(anchors, key=_by_date) if self.repeats(record, a)), None)
                if original is None:
                    anchors.append(record)
                else:
                    self.duplicate(side, each, record, original)

    def repeats(self, record: Item, anchor: Item) -> bool:
        same = (record.currency, record.amount_minor) == (anchor.currency, anchor.amount_minor)
        near = abs(record.b - anchor.b) <= self.agreement.duplicates_within
        return same and near and not conflict(record, anchor, self.agreement)

    def duplicate(self, side: str, each: ExactPass, record: Item, original: Item) -> None:
        self.duplicates[side].add(record.record_id)
        self.single(side, DUPLICATE[side], record, pass_name=each.name, of=original.record_id)

    # netting

    def netting(self, each: NettingPass) -> None:
        items_side = "ours" if each.target == "theirs" else "theirs"
        for group in list(self.groups(each, lambda r: _with((r.currency,), r.values(each.bucket)))):
            targets, items = group[each.target], group[items_side]
            if len(items) <= each.max_items:
                solutions = {t.record_id: list(self.solutions(each, t, items)) for t in targets}
                self.settle(each, items_side, [t for t in targets if solutions[t.record_id]], solutions)

    def solutions(self, each: NettingPass, target: Item, items: Sequence[Item]) -> Iterable[tuple[Item, ...]]:
        """Every set of items, all in window with the target, whose sum equals it."""
        sign = 1 if each.target == "theirs" else -1
        near = [i for i in items if in_window(sign * (target.b - i.b), self.agreement)]
        items_side = "ours" if each.target == "theirs" else "theirs"
        wanted = _worth(each.net_of_fees, each.target, target)
        for size in range(1, len(near) + 1):
            for chosen in combinations(near, size):
                if sum(_worth(each.net_of_fees, items_side, i) for i in chosen) == wanted:
                    yield chosen

    def settle(self, each: NettingPass, items_side: str, targets: list[Item], solutions: Mapping[str, list[tuple[Item, ...]]]) -> None:
        for edges in _components([(t, i) for t in targets for chosen in solutions[t.record_id] for i in chosen]):
            joined, used = (list({r.record_id: r for r in column}.values()) for column in zip(*edges, strict=True))
            group = {each.target: joined, items_side: used}
            if len(joined) == 1 and len(solutions[joined[0].record_id]) == 1:
                if len(used) > 1:
                    self.match(each.name, group)
            else:
                gross = sum(r.amount_minor for r in group["ours"])
                self.break_group(BreakKind.AMBIGUOUS_MATCH, each.name, group, gross, joined[0].currency)

    # the rest

    def rest(self) -> None:
        payments = [r for side in SIDES for r in self.sides[side] if r.kind == "payment"]
        known = {r.ref_payment_id for r in payments} | {r.ref_partner_id for r in payments}
        for side in SIDES:
            for record in list(self.free[side].values()):
                if open_at(side, record.b, self.b_as_of, self.agreement):
                    del self.free[side][record.record_id]
                    self.found.pending.append((side, record.record_id))
                elif record.kind in ORPHANS and (record.ref_original is None or record.ref_original not in known):
                    self.single(side, ORPHANS[record.kind], record)
                else:
                    self.single(side, MISSING[side], record)


def _with(head: tuple[Any, ...], key: tuple[str, ...] | None) -> tuple[Any, ...] | None:
    return None if key is None else (*head, *key)


def _by_date(record: Item) -> tuple[date, str]:
    return record.date, record.record_id


def _latest(records: Iterable[Item]) -> int:
    return max(r.b for r in records)


def _worth(net_of_fees: frozenset[str], side: str, record: Item) -> int:
    return record.amount_minor - ((record.fee_minor or 0) if side in net_of_fees else 0)


def _difference(each: GroupedPass, group: Group) -> int:
    ours, theirs = (sum(_worth(each.net_of_fees, side, r) for r in group[side]) for side in SIDES)
    return theirs - ours


def _components(edges: Iterable[tuple[Item, Item]]) -> list[list[tuple[Item, Item]]]:
    """The edges of a graph between two sides, by connected component."""
    found: list[list[tuple[Item, Item]]] = []
    for edge in edges:
        touched = [c for c in found if any(edge[0] is a or edge[1] is b for a, b in c)]
        found = [c for c in found if c not in touched] + [[e for c in touched for e in c] + [edge]]
    return found

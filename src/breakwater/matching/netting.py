"""Netting passes: one target explained by a set of items of the other side, decided in Python for each small bucket.

A bucket has at most 20 items, so all sums of its two halves are listed (1,024 each) and met in the middle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakwater.matching import residue
from breakwater.matching.agreement import Agreement, NettingPass
from breakwater.matching.books import Books, Row, counts, rows
from breakwater.matching.outcome import SIDES
from breakwater.model.breaks import BreakKind

Sums = Mapping[int, tuple[int, int]]  # sum -> (in how many ways, every item used in any of them as bits)


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Targets that share items in their solutions: one match if there is only one explanation, else ambiguous."""

    targets: tuple[Row, ...]
    items: tuple[Row, ...]
    is_match: bool


def net(books: Books, each: NettingPass) -> None:
    """Claim what each bucket settles."""
    if not books.both_free:
        return
    matches = []
    claimed: dict[str, list[Row]] = {side: [] for side in SIDES}
    for targets, items in _buckets(books, each):
        for settled in settle(targets, items, each=each, agreement=books.agreement):
            group = {each.target: settled.targets, _other(each.target): settled.items}
            if settled.is_match:
                matches.append(group)
                continue
            books.break_group(BreakKind.AMBIGUOUS_MATCH, each, group, sum(row["amount_minor"] for row in group["ours"]))
            for side in SIDES:
                claimed[side] += group[side]
    books.match_rows(matches, each)
    for side in SIDES:
        books.claim_rows(side, claimed[side])


def _other(side: str) -> str:
    return "ours" if side == "theirs" else "theirs"


def _buckets(books: Books, each: NettingPass) -> Iterable[tuple[list[Row], list[Row]]]:
    """(targets, items) of every bucket with both, and few enough items."""
    same = ["currency", *each.bucket]
    targets, items = (books.seen(side, each, *each.bucket) for side in (each.target, _other(each.target)))
    few = counts(items, same).filter(lambda g: g.rows <= each.max_items)
    found: dict[tuple[Any, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for place, table in enumerate((targets.semi_join(few, same), items.semi_join(few, same).semi_join(targets, same))):
        for row in rows(table):
            found[tuple(row[name] for name in same)][place].append(row)
    return found.values()


def settle(targets: Sequence[Row], items: Sequence[Row], *, each: NettingPass, agreement: Agreement) -> Iterable[Settled]:
    """What the targets of one bucket settle, all at once. Targets without a solution, or with a single equal item, stay free."""
    sums: dict[int, tuple[Sums, Sums]] = {}  # by the items in window, as bits
    used: dict[int, tuple[int, int]] = {}  # target -> (solutions, items in any of them)
    for number, target in enumerate(targets):
        near = _near(target, items, each=each, agreement=agreement)
        if near not in sums:
            sums[near] = _halves([(bit, _worth(each, _other(each.target), item)) for bit, item in _bits(items) if near & bit])
        solutions, bits = _solutions(*sums[near], wanted=_worth(each, each.target, target))
        if solutions:
            used[number] = solutions, bits
    edges = [
        (("target", number), ("item", place)) for number, (_, bits) in used.items() for place in range(len(items)) if bits >> place & 1
    ]
    for nodes in residue.components(edges):
        joined, taken = ([place for what, place in nodes if what == word] for word in ("target", "item"))
        is_match = len(joined) == 1 and used[joined[0]][0] == 1
        if not is_match or len(taken) > 1:
            yield Settled(targets=tuple(targets[n] for n in joined), items=tuple(items[n] for n in taken), is_match=is_match)


def _near(target: Row, items: Sequence[Row], *, each: NettingPass, agreement: Agreement) -> int:
    """The items in window with a target, as bits."""
    sign = 1 if each.target == "theirs" else -1
    return sum(bit for bit, item in _bits(items) if -agreement.before <= sign * (target["b"] - item["b"]) <= agreement.after)


def _bits(items: Sequence[Row]) -> Iterable[tuple[int, Row]]:
    return [(1 << place, item) for place, item in enumerate(items)]


def _worth(each: NettingPass, side: str, row: Row) -> int:
    return int(row["amount_minor"] - ((row["fee_minor"] or 0) if side in each.net_of_fees else 0))


def _halves(items: Sequence[tuple[int, int]]) -> tuple[Sums, Sums]:
    middle = len(items) // 2
    return _sums(items[:middle]), _sums(items[middle:])


def _sums(items: Iterable[tuple[int, int]]) -> Sums:
    """The sum of every set of items, the empty one included."""
    found = {0: (1, 0)}
    for bit, worth in items:
        for total, (ways, bits) in list(found.items()):
            before = found.get(total + worth, (0, 0))
            found[total + worth] = before[0] + ways, before[1] | bits | bit
    return found


def _solutions(first: Sums, second: Sums, *, wanted: int) -> tuple[int, int]:
    """(how many sets of items, at least one, add up to what is wanted; every item in any of them, as bits)."""
    solutions, used = 0, 0
    for total, (ways, bits) in first.items():
        if wanted - total in second:
            others, other_bits = second[wanted - total]
            solutions += ways * others
            used |= bits | other_bits
    return solutions - (wanted == 0), used

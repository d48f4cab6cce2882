"""What sets can't decide, in plain Python on the few records concerned: greedy pairing, components, duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from breakwater.matching.agreement import Agreement
from breakwater.matching.comparing import alike

Node = TypeVar("Node", bound=Hashable)
Row = Mapping[str, Any]
COST = ("currency_differs", "late", "delta", "lag_size", "days_size", "status_differs", "o_record_id", "t_record_id")


def greedy(pairs: pa.Table) -> pa.Table:
    """The pairs that greedy pairing claims, as (o_n, t_n): the cheapest first, every record once."""
    ordered = pairs.sort_by([(column, "ascending") for column in COST])
    ours: set[int] = set()
    theirs: set[int] = set()
    chosen = []
    for o, t in zip(ordered["o_n"].to_pylist(), ordered["t_n"].to_pylist(), strict=True):
        if o not in ours and t not in theirs:
            ours.add(o)
            theirs.add(t)
            chosen.append((o, t))
    return pa.table(
        {"o_n": [o for o, _ in chosen], "t_n": [t for _, t in chosen]}, schema=pa.schema([("o_n", pa.int64()), ("t_n", pa.int64())])
    )


def components(edges: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """The nodes of a graph, by connected component; each edge joins two nodes."""
    parent: dict[Node, Node] = {}

    def root(node: Node) -> Node:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in edges:
        parent[root(a)] = root(b)
    found: dict[Node, list[Node]] = defaultdict(list)
    for node in parent:
        found[root(node)].append(node)
    return list(found.values())


def duplicates(rows: Sequence[Row], agreement: Agreement) -> list[tuple[Row, Row]]:
    """(duplicate, the record it repeats) among records of one group with equal currency and amount; `free` tells who is unclaimed."""
    ordered = sorted(rows, key=_by_date)
    anchors = [row for row in ordered if not row["free"]]
    found = []
    for row in ordered:
        if row["free"]:
            original = next((a for a in sorted(anchors, key=_by_date) if _repeats(row, a, agreement)), None)
            if original is None:
                anchors.append(row)
            else:
                found.append((row, original))
    return found


def _by_date(row: Row) -> tuple[Any, str]:
    return row["date"], row["record_id"]


def _repeats(row: Row, anchor: Row, agreement: Agreement) -> bool:
    both = ((row[column], anchor[column]) for column in agreement.identity)
    conflict = any(x is not None and y is not None and not alike(x, y) for x, y in both)
    return abs(row["b"] - anchor["b"]) <= agreement.duplicates_within and not conflict

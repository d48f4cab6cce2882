"""Opening items: what is unmatched of the time before a partner went live, apart from the breaks that people work on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.lake.parts import Lake
from breakwater.model.records import Side
from breakwater.model.runs import OpeningItems, Outcome, Totals, added, break_figures

Parts = Mapping[Side, Sequence[str]]


def set_apart(lake: Lake, outcome: Outcome, *, parts: Parts, live_from: date) -> tuple[Outcome, pa.Table, OpeningItems]:
    """The outcome without its opening items, their table (BREAK_SCHEMA), and their figures.

    A break is one if all of its records are dated before `live_from`. What is pending has time left, whenever it is dated.
    """
    old = outcome.breaks.filter(pc.less(outcome.breaks["dated"], live_from))
    if not len(old):
        return outcome, old, OpeningItems()
    records = _records(lake, old, parts=parts, live_from=live_from)
    live = {row["break"] for row in records if row["is_live"]}
    opening = old.filter(pa.array([n not in live for n in range(len(old))], pa.bool_()))
    is_kept = pc.invert(pc.is_in(outcome.breaks["fingerprint"], value_set=opening["fingerprint"].combine_chunks()))
    totals = _totals(row for row in records if row["break"] not in live)
    left = replace(outcome, breaks=outcome.breaks.filter(is_kept), in_breaks=added(outcome.in_breaks, totals, times=-1))
    return left, opening, OpeningItems(breaks=break_figures(opening), totals=totals)


def _records(lake: Lake, breaks: pa.Table, *, parts: Parts, live_from: date) -> list[dict[str, Any]]:
    """The records of breaks: the number of their break, side, currency, amount, and whether they are dated from `live_from` on."""
    held = [(str(side), i, n) for side in Side for n, ids in enumerate(breaks[str(side)].to_pylist()) for i in ids]
    sides, ids, numbers = zip(*held, strict=True)
    there = {str(side): lake.scanned(parts[side]) for side in Side if parts[side]}
    rows = " UNION ALL ".join(_ROWS.format(side=side) for side in there)
    given = {"sides": sides, "ids": ids, "breaks": numbers, "live_from": live_from, **there}
    found = lake.query(_OF_BREAKS.format(rows=rows), {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()})
    return list(found.to_pylist())


def _totals(records: Iterable[Mapping[str, Any]]) -> dict[str, Totals]:
    sums: Counter[tuple[str, str]] = Counter()
    for row in records:
        for name, minor in (("rows", 1), ("minor", row["amount_minor"]), ("moved_minor", abs(row["amount_minor"]))):
            sums[row["currency"], f"{row['side']}_{name}"] += minor
    currencies = sorted({currency for currency, _ in sums})
    return {currency: Totals(**{f.name: sums[currency, f.name] for f in fields(Totals)}) for currency in currencies}


_ROWS = """
SELECT '{side}' AS side, record_id, currency, amount_minor, coalesce(value_date, booked_on) >= $live_from AS is_live
FROM read_parquet(${side}, hive_partitioning = false)
"""
_OF_BREAKS = """
WITH wanted AS (SELECT unnest($sides) AS side, unnest($ids) AS record_id, unnest($breaks) AS break)
SELECT break, side, currency, amount_minor, is_live FROM ({rows}) JOIN wanted USING (side, record_id)
"""

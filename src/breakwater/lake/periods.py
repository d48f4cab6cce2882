"""What a run matched, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from breakwater.lake.match_files import HELD
from breakwater.lake.parts import Lake
from breakwater.model.records import Side
from breakwater.model.signoff import Amount

Matched = dict[tuple[str, str], Amount]  # (month such as '2026-10', currency)


def matched(lake: Lake, run_id: str, *, side: Side, parts: Sequence[str], first: date, last: date) -> Matched:
    """Records of a side that a run matched, by the month they were booked in and their currency: how many, and their gross amounts.

    `parts` are the side's; only records booked from `first` through `last` are looked at.
    """
    if not parts:
        return {}
    given = {"records": lake.scanned(parts), **lake.matches_to_query(run_id), "side": str(side)}
    rows = lake.query(_MATCHED, {**given, "first": first, "last": last}).to_pylist()
    return {(row["month"], row["currency"]): Amount(count=row["count"], value_minor=int(row["value_minor"])) for row in rows}


_MATCHED = f"""
WITH {HELD}
SELECT strftime(booked_on, '%Y-%m') AS month, currency, count(*) AS count, sum(abs(amount_minor))::DECIMAL(38, 0) AS value_minor
FROM read_parquet($records, hive_partitioning = false)
WHERE booked_on BETWEEN $first AND $last
    AND record_id IN (SELECT record_id FROM matches WHERE side = $side)
GROUP BY ALL ORDER BY ALL
"""

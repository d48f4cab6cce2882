"""The figures behind a partner's state, by a query that anybody can run again over the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from breakwater.lake.parts import Lake
from breakwater.model.partner_state import AFTER_DAYS
from breakwater.model.records import Side


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the store knows beside the lake: breaks that people closed, breaks under a cause that somebody stands behind, by fingerprint;
    and the records that are matched now but were in a break before."""

    settled: Sequence[str] = ()
    confirmed: Sequence[str] = ()
    late: Sequence[tuple[Side, str]] = ()


def figures(
    lake: Lake,
    run_id: str,
    *,
    ours: Sequence[str],
    theirs: Sequence[str],
    first: date,
    last: date,
    days: Sequence[Sequence[date]],
    known: Known,
) -> pa.Table:
    """One row per currency of a run's records dated from `first` to `last`; opening items are as little due as what is pending.

    `days` are, for each n of AFTER_DAYS, the dates that are n business days before.
    """
    given: dict[str, object] = {side: lake.scanned(parts) for side, parts in (("ours", ours), ("theirs", theirs)) if parts}
    if not given:
        return pa.table({"currency": pa.array([], pa.string())})
    outcome = {name: lake.outcome_path(run_id, name) for name in ("breaks", "pending", "opening")}
    known_lists = {
        "settled": list(known.settled),
        "explained": sorted({*known.settled, *known.confirmed}),
        "late_sides": [str(side) for side, _ in known.late],
        "late_ids": [record_id for _, record_id in known.late],
    }
    dates = {f"days_{n}": list(of) for n, of in zip(AFTER_DAYS, days, strict=True)}
    return lake.query(_query(list(given)), {**given, **outcome, **known_lists, **dates, "first": first, "last": last})


def sql_to_take_along(lake: Lake, run_id: str, *, first: date, last: date) -> str:
    """The figures of a run as DuckDB SQL over the files themselves, one row per currency: what anybody can check without us.

    Breaks count as unresolved whether people closed them or not: that is known to the store alone.
    """
    table = {name: f"'{lake.outcome_path(run_id, name)}'" for name in ("given", "breaks", "pending", "opening")}
    distinct = "SELECT DISTINCT side FROM read_parquet($given, hive_partitioning = false) ORDER BY side"
    sides = lake.query(distinct, {"given": lake.outcome_path(run_id, "given")})
    names = sides["side"].to_pylist()
    files = "\n".join(
        f"SET VARIABLE {side} = (SELECT list('{lake.root}/' || part) "
        f"FROM read_parquet({table['given']}, hive_partitioning = false) WHERE side = '{side}');"
        for side in names
    )
    records = "\n  UNION ALL ".join(
        f"SELECT '{side}' AS side, record_id, currency, abs(amount_minor) AS minor, coalesce(value_date, booked_on) AS date\n"
        f"    FROM read_parquet(getvariable('{side}'), hive_partitioning = false)"
        for side in names
    )
    return _TO_TAKE_ALONG.format(files=files, records=records, first=first, last=last, **table)


def _query(sides: Sequence[str]) -> str:
    records = " UNION ALL ".join(
        f"SELECT '{side}' AS side, record_id, currency, coalesce(value_date, booked_on) AS date, "
        f"abs(amount_minor::HUGEINT)::DECIMAL(38, 0) AS minor FROM read_parquet(${side}, hive_partitioning = false)"
        for side in sides
    )
    cohorts = "".join(
        f",\n    coalesce(sum(minor) FILTER (date IN (SELECT unnest($days_{n}::DATE[]))), 0)::DECIMAL(38, 0) AS dated_{n}_minor,\n"
        f"    coalesce(sum(minor) FILTER (date IN (SELECT unnest($days_{n}::DATE[])) AND is_explained), 0)::DECIMAL(38, 0) "
        f"AS explained_{n}_minor"
        for n in AFTER_DAYS
    )
    return _WITH.format(records=records) + _FIGURES.format(cohorts=cohorts)


_WITH = """
WITH records AS ({records}),
held AS (
    SELECT 'ours' AS side, unnest(ours) AS record_id, kind, fingerprint FROM read_parquet($breaks, hive_partitioning = false)
    UNION ALL SELECT 'theirs', unnest(theirs), kind, fingerprint FROM read_parquet($breaks, hive_partitioning = false)
),
aside AS (
    SELECT side, record_id FROM read_parquet($pending, hive_partitioning = false)
    UNION SELECT 'ours', unnest(ours) FROM read_parquet($opening, hive_partitioning = false)
    UNION SELECT 'theirs', unnest(theirs) FROM read_parquet($opening, hive_partitioning = false)
),
late AS (SELECT DISTINCT side, record_id FROM (SELECT unnest($late_sides::VARCHAR[]) AS side, unnest($late_ids::VARCHAR[]) AS record_id)),
told AS (
    SELECT r.currency, r.date, r.minor, h.kind, p.record_id IS NOT NULL AS is_pending,
        h.kind IS NULL AND p.record_id IS NULL AS is_matched, l.record_id IS NOT NULL AS was_broken,
        h.kind IS NOT NULL AND h.fingerprint NOT IN (SELECT unnest($settled::VARCHAR[])) AS is_unresolved,
        (h.kind IS NULL AND p.record_id IS NULL)
            OR coalesce(h.fingerprint IN (SELECT unnest($explained::VARCHAR[])), false) AS is_explained
    FROM records r LEFT JOIN held h USING (side, record_id) LEFT JOIN aside p USING (side, record_id)
    LEFT JOIN late l USING (side, record_id)
    WHERE r.date BETWEEN $first AND $last
)
"""
_FIGURES = """
SELECT currency,
    count(*) FILTER (NOT is_pending) AS due_rows,
    coalesce(sum(minor) FILTER (NOT is_pending), 0)::DECIMAL(38, 0) AS due_minor,
    count(*) FILTER (is_matched) AS matched_rows,
    coalesce(sum(minor) FILTER (is_matched), 0)::DECIMAL(38, 0) AS matched_minor,
    coalesce(sum(minor) FILTER (is_matched AND was_broken), 0)::DECIMAL(38, 0) AS matched_late_minor,
    coalesce(sum(minor) FILTER (is_unresolved), 0)::DECIMAL(38, 0) AS unresolved_minor,
    coalesce(sum(minor) FILTER (kind IN ('missing_at_partner', 'missing_in_ledger')), 0)::DECIMAL(38, 0) AS missing_minor{cohorts}
FROM told GROUP BY currency ORDER BY currency
"""

_TO_TAKE_ALONG = """{files}
WITH records AS (
  {records}
), held AS (
  SELECT 'ours' AS side, unnest(ours) AS record_id, kind FROM read_parquet({breaks}, hive_partitioning = false)
  UNION ALL SELECT 'theirs', unnest(theirs), kind FROM read_parquet({breaks}, hive_partitioning = false)
), not_due AS (
  SELECT side, record_id FROM read_parquet({pending}, hive_partitioning = false)
  UNION SELECT 'ours', unnest(ours) FROM read_parquet({opening}, hive_partitioning = false)
  UNION SELECT 'theirs', unnest(theirs) FROM read_parquet({opening}, hive_partitioning = false)
)
SELECT currency, count(*) AS due_rows, sum(minor) AS due_minor,
  count(*) FILTER (kind IS NULL) AS matched_rows, coalesce(sum(minor) FILTER (kind IS NULL), 0) AS matched_minor,
  coalesce(sum(minor) FILTER (kind IS NOT NULL), 0) AS in_breaks_minor,
  coalesce(sum(minor) FILTER (kind IN ('missing_at_partner', 'missing_in_ledger')), 0) AS missing_minor
FROM records LEFT JOIN held USING (side, record_id) ANTI JOIN not_due USING (side, record_id)
WHERE date BETWEEN '{first}' AND '{last}' GROUP BY currency ORDER BY currency;
"""

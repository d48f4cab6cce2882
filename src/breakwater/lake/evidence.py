"""Evidence: what the records of a run's breaks say, and of how many each could have been one."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from breakwater.lake.parts import Lake
from breakwater.model.causes import SLICES


def broken(lake: Lake, run_id: str, *, ours: Sequence[str], theirs: Sequence[str], time_zone: str) -> pa.Table:
    """One row per break of a run that holds at most one record of each side, with what those records say (`o_…` and `t_…`).

    `ours` and `theirs` are the run's parts. `hour` is the hour of the booking in `time_zone`; `bin` the six digits behind the first of an
    acquirer reference number: the bank identification number of the acquirer (Visa and Mastercard clearing manuals).
    """
    return _asked(lake, _BROKEN, run_id, ours=ours, theirs=theirs, time_zone=time_zone)


def population(lake: Lake, run_id: str, *, ours: Sequence[str], theirs: Sequence[str], time_zone: str) -> pa.Table:
    """How many due records each slice of a side has: `side`, the columns of SLICES (null where a slice has them not), `slice` (its place in
    SLICES) and `rows`. Batches, files and bins only where a break is in one.
    """
    return _asked(lake, _POPULATION, run_id, ours=ours, theirs=theirs, time_zone=time_zone)


def _asked(lake: Lake, sql: str, run_id: str, *, ours: Sequence[str], theirs: Sequence[str], time_zone: str) -> pa.Table:
    """The rows of `sql` over the sides. A side without a part has no records."""
    given = {side: lake.scanned(parts) for side, parts in (("ours", ours), ("theirs", theirs)) if parts}
    other = next(iter(given))
    sides = (_SIDE.format(side=side, source=side if side in given else other, any="true" if side in given else "false") for side in _SIDES)
    records = f"WITH records AS NOT MATERIALIZED ({' UNION ALL '.join(sides)}),"
    paths = {name: lake.outcome_path(run_id, name) for name in ("breaks", "pending", "opening") if f"${name}" in sql}
    return lake.query(records + sql, {**given, **paths, "zone": time_zone})


_SIDES = ("ours", "theirs")
_SIDE = """
SELECT '{side}' AS side, record_id, kind, amount_minor, fee_minor, currency, coalesce(value_date, booked_on) AS date, account,
    extract(hour FROM booked_at AT TIME ZONE $zone) AS hour, nullif(substr(ref_arn, 2, 6), '') AS bin, ref_batch_id AS batch, source_file,
    ref_payment_id, ref_partner_id, ref_end_to_end_id, ref_arn, original_amount_minor, original_currency
FROM read_parquet(${source}, hive_partitioning = false) WHERE {any}"""
_HELD = "held AS (SELECT * FROM read_parquet($breaks, hive_partitioning = false) WHERE len(ours) <= 1 AND len(theirs) <= 1),"
_FACTS = (
    "kind", "amount_minor", "fee_minor", "currency", "date", "account", "hour", "bin", "batch", "source_file",
    "ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_arn", "original_amount_minor", "original_currency",
)  # fmt: skip
_BROKEN = f"""
{_HELD}
o AS (SELECT record_id, {", ".join(f"{name} AS o_{name}" for name in _FACTS)} FROM records WHERE side = 'ours'),
t AS (SELECT record_id, {", ".join(f"{name} AS t_{name}" for name in _FACTS)} FROM records WHERE side = 'theirs')
SELECT held.fingerprint, held.kind, held.amount_minor, held.currency, held.lag, o.* EXCLUDE (record_id), t.* EXCLUDE (record_id)
FROM held LEFT JOIN o ON o.record_id = held.ours[1] LEFT JOIN t ON t.record_id = held.theirs[1] ORDER BY held.fingerprint
"""
_POPULATION = f"""
{_HELD}
broken AS (
    SELECT * FROM records SEMI JOIN (
        SELECT 'ours' AS side, ours[1] AS record_id FROM held UNION SELECT 'theirs', theirs[1] FROM held
    ) USING (side, record_id)
),
due AS (SELECT * FROM records ANTI JOIN (
    SELECT side, record_id FROM read_parquet($pending, hive_partitioning = false)
    UNION SELECT 'ours', unnest(ours) FROM read_parquet($opening, hive_partitioning = false)
    UNION SELECT 'theirs', unnest(theirs) FROM read_parquet($opening, hive_partitioning = false)
) USING (side, record_id)),
marked AS (
    SELECT due.side, kind, currency, date, account, hour, b.batch, s.source_file, n.bin FROM due
    LEFT JOIN (SELECT DISTINCT side, batch FROM broken) b ON b.side = due.side AND b.batch = due.batch
    LEFT JOIN (SELECT DISTINCT side, source_file FROM broken) s ON s.side = due.side AND s.source_file = due.source_file
    LEFT JOIN (SELECT DISTINCT side, bin FROM broken) n ON n.side = due.side AND n.bin = due.bin
)
{
    " UNION ALL BY NAME ".join(
        f"SELECT {place} AS slice, side, {', '.join(names)}, count(*) AS rows FROM marked GROUP BY ALL"
        for place, names in enumerate(SLICES)
    )
}
"""

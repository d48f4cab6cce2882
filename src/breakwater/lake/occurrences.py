"""Occurrences: hourly counts of what goes wrong with payments: declines by family of reason, refunds, chargebacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from breakwater.lake.parts import Lake
from breakwater.lake.series import MOST_MINOR
from breakwater.model.decline_families import Families, family_of
from breakwater.model.occurrences import Occurrence
from breakwater.model.parts import part_of

OCCURRENCE_SCHEMA = pa.schema(
    [
        ("partner", pa.string()),
        ("network", pa.string()),
        ("currency", pa.string()),
        ("hour", pa.timestamp("us", tz="UTC")),
        ("what", pa.string()),
        ("count", pa.int64()),
        ("minor", pa.int64()),
    ]
)
_WHY = "concat_ws(chr(31), partner, coalesce(network, ''), coalesce(raw_code, ''), coalesce(left(reason, 200), ''))"
_REASONS = f"""
SELECT DISTINCT {_WHY} AS why, partner, network, raw_code AS code, left(reason, 200) AS reason
FROM read_parquet($paths, hive_partitioning = false)
WHERE state IN ('failed', 'rejected') AND occurred_at >= $since ORDER BY why
"""
_HOURLY = f"""
WITH families AS (SELECT unnest($whys::VARCHAR[]) AS why, unnest($families::VARCHAR[]) AS family)
SELECT partner, network, currency, date_trunc('hour', occurred_at) AS hour,
    CASE state WHEN 'refunded' THEN '{Occurrence.REFUND}' WHEN 'disputed' THEN '{Occurrence.CHARGEBACK}' ELSE family END AS what,
    count(*) AS count, least(sum(amount_minor), {MOST_MINOR})::BIGINT AS minor
FROM read_parquet($paths, hive_partitioning = false) LEFT JOIN families ON why = {_WHY}
WHERE state IN ('failed', 'rejected', 'refunded', 'disputed') AND occurred_at >= $since
GROUP BY ALL ORDER BY partner, network, currency, hour, what
"""


def hourly_occurrences(lake: Lake, parts: Sequence[str], *, since: datetime, taught: Mapping[str, Families] | None = None) -> pa.Table:
    """Per partner, network (null where events name none), currency, hour (UTC) from `since` on, and `what`: how often it happened, and
    what these payments are worth in minor units, at most MOST_MINOR. `what` is a family of declines or an `Occurrence`; `taught`
    is what codes of single partners mean. Columns of OCCURRENCE_SCHEMA.
    """
    recent = [part for part in parts if part_of(part).day >= since.astimezone(UTC).date()]
    if not recent:
        return OCCURRENCE_SCHEMA.empty_table()
    given = {"paths": lake.scanned(recent), "since": since.astimezone(UTC)}
    # Each reason is looked up once, however often it was given.
    own = taught or {}
    families = {
        row["why"]: str(family_of(network=row["network"], code=row["code"], reason=row["reason"], taught=own.get(row["partner"], {})))
        for row in lake.query(_REASONS, given).to_pylist()
    }
    return lake.query(_HOURLY, {**given, "whys": list(families), "families": list(families.values())}).cast(OCCURRENCE_SCHEMA)

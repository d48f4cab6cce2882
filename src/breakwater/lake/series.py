"""Series: hourly counts of what was tried and what was approved, for detection and digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of

HOURLY_SCHEMA = pa.schema(
    [
        ("partner", pa.string()),
        ("network", pa.string()),
        ("currency", pa.string()),
        ("hour", pa.timestamp("us", tz="UTC")),
        ("attempts", pa.int64()),
        ("approved", pa.int64()),
        ("declined", pa.int64()),
        ("approved_minor", pa.int64()),
        ("attempted_minor", pa.int64()),
    ]
)
MOST_MINOR = 10**17  # of a place in an hour: what is worth more is wrong, and counts so much; eighty such still add up within 64 bits
_HOURLY = f"""
SELECT partner, network, currency, date_trunc('hour', occurred_at) AS hour,
    count(*) FILTER (state = 'created') AS attempts,
    count(*) FILTER (state IN ('authorized', 'accepted')) AS approved,
    count(*) FILTER (state IN ('failed', 'rejected')) AS declined,
    least(coalesce(sum(amount_minor) FILTER (state IN ('authorized', 'accepted')), 0), {MOST_MINOR})::BIGINT AS approved_minor,
    least(coalesce(sum(amount_minor) FILTER (state = 'created'), 0), {MOST_MINOR})::BIGINT AS attempted_minor
FROM read_parquet($paths, hive_partitioning = false) WHERE occurred_at >= $since
GROUP BY ALL ORDER BY partner, network, currency, hour
"""
_REASONS = """
SELECT coalesce(reason, raw_code, 'no reason given') AS reason,
    count(*) FILTER (occurred_at < $since) AS before,
    count(*) FILTER (occurred_at >= $since) AS after
FROM read_parquet($paths, hive_partitioning = false)
WHERE state IN ('failed', 'rejected') AND occurred_at >= $earliest
    AND ($partner IS NULL OR partner = $partner) AND ($network IS NULL OR coalesce(network, $network) = $network)
    AND ($currency IS NULL OR currency = $currency)
GROUP BY ALL ORDER BY after DESC, reason
"""


def decline_reasons(lake: Lake, parts: Sequence[str], *, since: datetime, earliest: datetime, place: Mapping[str, str]) -> pa.Table:
    """How often each reason for a decline was given from `earliest` up to `since`, and from then on, in a place that fixes partner,
    network or currency. Columns reason, before, after; the most frequent of late first."""
    recent = [part for part in parts if part_of(part).day >= earliest.astimezone(UTC).date()]
    fixed = {name: place.get(name) for name in ("partner", "network", "currency")}
    times = {"since": since.astimezone(UTC), "earliest": earliest.astimezone(UTC)}
    return lake.query(_REASONS, {"paths": lake.scanned(recent), **times, **fixed})


def hourly_counts(lake: Lake, parts: Sequence[str], *, since: datetime) -> pa.Table:
    """Per partner, network (null where events name none), currency and hour (UTC) from `since` on: attempts are payments created,
    approved those authorized or accepted, declined those failed or rejected, each in the hour it happened; amounts in minor units, at most
    MOST_MINOR each.
    Columns as in HOURLY_SCHEMA.
    """
    recent = [part for part in parts if part_of(part).day >= since.astimezone(UTC).date()]
    if not recent:
        return HOURLY_SCHEMA.empty_table()
    return lake.query(_HOURLY, {"paths": lake.scanned(recent), "since": since.astimezone(UTC)}).cast(HOURLY_SCHEMA)

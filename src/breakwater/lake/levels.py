"""Levels: daily sums of what partners charge, how they convert, and how long they take, from the records of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of

# Sums are of 128 bits, and leave as text: amounts at the edge of 64 bits stop no look at the others.
_FEES = """
WITH theirs AS (
    SELECT partner, network, currency, booked_on AS day, kind, fee_minor, amount_minor, coalesce(raw_code, 'fee') AS fee
    FROM read_parquet($theirs, hive_partitioning = false) WHERE kind IN ('payment', 'fee') AND booked_on >= $since
),
paid AS (
    SELECT partner, currency, day, count(*) AS records, sum(abs(amount_minor::HUGEINT))::VARCHAR AS volume_minor
    FROM theirs WHERE kind = 'payment' GROUP BY ALL
),
apart AS (SELECT partner, currency, day, fee, (-sum(amount_minor))::VARCHAR AS fee_minor FROM theirs WHERE kind = 'fee' GROUP BY ALL)
SELECT partner, network, currency, day, NULL AS fee, count(*) AS records, sum(fee_minor)::VARCHAR AS fee_minor,
    sum(abs(amount_minor::HUGEINT))::VARCHAR AS volume_minor
FROM theirs WHERE kind = 'payment' AND fee_minor IS NOT NULL GROUP BY ALL
UNION ALL SELECT partner, NULL, currency, day, fee, records, fee_minor, volume_minor FROM apart JOIN paid USING (partner, currency, day)
ORDER BY ALL
"""
_RATES = """
WITH records AS (
    SELECT 'theirs' AS side, partner, currency, original_currency, booked_on AS day, amount_minor, original_amount_minor, kind
    FROM read_parquet($theirs, hive_partitioning = false)
    UNION ALL SELECT 'ours', partner, currency, original_currency, booked_on, amount_minor, original_amount_minor, kind
    FROM read_parquet($ours, hive_partitioning = false)
)
SELECT partner, currency, original_currency, day, count(*) FILTER (side = 'theirs') AS records,
    coalesce(sum(abs(amount_minor::HUGEINT)) FILTER (side = 'theirs'), 0)::VARCHAR AS theirs_minor,
    coalesce(sum(abs(original_amount_minor::HUGEINT)) FILTER (side = 'theirs'), 0)::VARCHAR AS theirs_original_minor,
    coalesce(sum(abs(amount_minor::HUGEINT)) FILTER (side = 'ours'), 0)::VARCHAR AS ours_minor,
    coalesce(sum(abs(original_amount_minor::HUGEINT)) FILTER (side = 'ours'), 0)::VARCHAR AS ours_original_minor
FROM records WHERE kind = 'payment' AND original_currency <> currency AND original_amount_minor <> 0 AND day >= $since
GROUP BY ALL ORDER BY ALL
"""
_LAGS = """
WITH theirs AS (
    SELECT partner, currency, coalesce(value_date, booked_on) AS settled_on, abs(amount_minor::HUGEINT) AS minor,
        coalesce(ref_payment_id, ref_partner_id, ref_end_to_end_id) AS reference,
        CASE WHEN ref_payment_id IS NOT NULL THEN 1 WHEN ref_partner_id IS NOT NULL THEN 2 ELSE 3 END AS place
    FROM read_parquet($theirs, hive_partitioning = false) WHERE kind = 'payment' AND coalesce(value_date, booked_on) >= $since
),
ours AS (
    SELECT partner, min(booked_on) AS captured_on, reference, place FROM (
        SELECT partner, booked_on, unnest([ref_payment_id, ref_partner_id, ref_end_to_end_id]) AS reference, unnest([1, 2, 3]) AS place
        FROM read_parquet($ours, hive_partitioning = false) WHERE kind = 'payment'
    ) WHERE reference IS NOT NULL GROUP BY ALL
)
SELECT partner, currency, settled_on, captured_on, count(*) AS records, sum(minor)::VARCHAR AS volume_minor
FROM theirs JOIN ours USING (partner, reference, place) WHERE settled_on >= captured_on GROUP BY ALL ORDER BY ALL
"""


REACHES_BACK = timedelta(days=45)  # how long before it settled we may have booked a payment


def daily_fees(lake: Lake, *, theirs: Sequence[str], since: date) -> list[dict[str, Any]]:
    """Per partner, network (None where records name none), currency and booking date (`day`): how many `records` state a fee, these fees
    (`fee_minor`), and what the payments are worth (`volume_minor`). Fees booked apart have rows of their own, one for each of the partner's
    codes (`fee`), against all payments of that day."""
    return _rows(lake, _FEES, theirs=_recent(theirs, since), since=since)


def daily_rates(lake: Lake, *, ours: Sequence[str], theirs: Sequence[str], since: date) -> list[dict[str, Any]]:
    """Per partner, `currency`, `original_currency` and booking date (`day`): how many `records` the partner converted, and what either side
    says of both amounts (`theirs_minor`, `theirs_original_minor`, `ours_minor`, `ours_original_minor`)."""
    return _rows(lake, _RATES, theirs=_recent(theirs, since), ours=_recent(ours, since), since=since)


def daily_lags(lake: Lake, *, ours: Sequence[str], theirs: Sequence[str], since: date) -> list[dict[str, Any]]:
    """Per partner, currency, day of settlement (`settled_on`) and of our booking (`captured_on`): how many `records` both sides know by the
    same reference, and their worth (`volume_minor`)."""
    return _rows(lake, _LAGS, theirs=_recent(theirs, since), ours=_recent(ours, since - REACHES_BACK), since=since)


def _rows(lake: Lake, sql: str, *, since: date, **parts: Sequence[str]) -> list[dict[str, Any]]:
    """Nothing where a side has nothing."""
    if not all(parts.values()):
        return []
    rows = lake.query(sql, {"since": since, **{side: lake.scanned(of) for side, of in parts.items()}}).to_pylist()
    return [{name: int(value) if name.endswith("_minor") else value for name, value in row.items()} for row in rows]


def _recent(parts: Sequence[str], since: date) -> list[str]:
    return [part for part in parts if part_of(part).day >= since]

"""A batch of very many lines, added up where they lie: what nobody reads line by line still adds up or does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breakwater.lake.keys import BLANKS
from breakwater.lake.parts import Lake
from breakwater.lake.references import parts_with
from breakwater.model.payment_batches import BatchSum
from breakwater.model.records import Kind, Side, clean_reference

_NAMES_KEPT = 3  # of the payouts of one account


def batch_sums(lake: Lake, parts: Mapping[Side, Sequence[str]], names: Sequence[str]) -> list[BatchSum]:
    """Count, sum and fees of the records in a batch called one of `names`, by side, partner, account, currency and kind."""
    wanted = [cleaned.lower() for name in names if (cleaned := clean_reference(name))]
    found = []
    for side in Side:
        files = [str(path) for path in parts_with(lake, parts[side], names)]
        rows = lake.query(_SUMS, {"paths": files, "wanted": wanted, "blanks": BLANKS}).to_pylist() if files else []
        found += [
            BatchSum(
                side=side,
                partner=row["partner"],
                account=row["account"],
                currency=row["currency"],
                kind=Kind(row["kind"]),
                count=row["count"],
                amount_minor=int(row["amount"]),
                fees_minor=int(row["fees"]),
                references=tuple(dict.fromkeys(name for name in row["names"] or () if name))[:_NAMES_KEPT],
            )
            for row in rows
        ]
    return found


# Sums are of 128 bits, and leave as text: no count of lines makes them overflow.
_SUMS = """
SELECT partner, account, currency, kind, count(*) AS count, sum(amount_minor)::VARCHAR AS amount,
    coalesce(sum(fee_minor), 0)::VARCHAR AS fees,
    flatten((list([ref_payment_id, ref_payout_trace_id, ref_partner_id] ORDER BY record_id) FILTER (kind = 'payout'))[:3]) AS names
FROM read_parquet($paths, hive_partitioning = false)
WHERE lower(trim(ref_batch_id, $blanks)) IN (SELECT unnest($wanted))
    OR lower(trim(ref_payout_trace_id, $blanks)) IN (SELECT unnest($wanted))
GROUP BY partner, account, currency, kind ORDER BY partner, account, currency, kind
"""

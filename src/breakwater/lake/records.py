"""Single records of the lake by their ids, by any reference, or by their amount."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from breakwater.lake.parts import Lake
from breakwater.model.records import REFERENCE_COLUMNS


def money_of(lake: Lake, parts: Sequence[str], ids: Collection[str]) -> dict[str, tuple[int, str]]:
    """(amount in minor units, currency) of the records with these ids in these parts, by id; those not there are left out."""
    if not parts or not ids:
        return {}
    found = lake.query(_MONEY, {"parts": lake.scanned(parts), "ids": sorted(ids)}).to_pylist()
    return {row["record_id"]: (row["amount_minor"], row["currency"]) for row in found}


def named(lake: Lake, parts: Sequence[str], words: Collection[str], *, most: int) -> list[dict[str, Any]]:
    """Records with one of these words as their id or as a reference: `word`, `record_id`, `amount_minor`, `currency`; at most `most`."""
    if not parts or not words:
        return []
    given = {"parts": lake.scanned(parts), "words": sorted(words), "most": most}
    return list(lake.query(_NAMED, given).to_pylist())


def worth(lake: Lake, parts: Sequence[str], amount_minor: int, currency: str, *, most: int) -> list[dict[str, Any]]:
    """Records of this amount, whatever its sign: `record_id`, `amount_minor`, `currency`; at most `most`."""
    if not parts:
        return []
    given = {"parts": lake.scanned(parts), "amount": amount_minor, "currency": currency, "most": most}
    return list(lake.query(_WORTH, given).to_pylist())


_MONEY = """
SELECT record_id, amount_minor, currency FROM read_parquet($parts, hive_partitioning = false)
SEMI JOIN (SELECT unnest($ids) AS record_id) USING (record_id)
"""
_NAMED = f"""
SELECT DISTINCT word, record_id, amount_minor, currency
FROM (
    SELECT record_id, amount_minor, currency, unnest([record_id, {", ".join(REFERENCE_COLUMNS)}]) AS word
    FROM read_parquet($parts, hive_partitioning = false)
)
SEMI JOIN (SELECT unnest($words) AS word) USING (word)
ORDER BY record_id, word LIMIT $most
"""
_WORTH = """
SELECT record_id, amount_minor, currency FROM read_parquet($parts, hive_partitioning = false)
WHERE currency = $currency AND abs(amount_minor::HUGEINT) = $amount ORDER BY record_id LIMIT $most
"""

"""Single records of the lake by their ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from breakwater.lake.parts import Lake


def money_of(lake: Lake, parts: Sequence[str], ids: Collection[str]) -> dict[str, tuple[int, str]]:
    """(amount in minor units, currency) of the records with these ids in these parts, by id; those not there are left out."""
    if not parts or not ids:
        return {}
    found = lake.query(_MONEY, {"parts": lake.scanned(parts), "ids": sorted(ids)}).to_pylist()
    return {row["record_id"]: (row["amount_minor"], row["currency"]) for row in found}


_MONEY = """
SELECT record_id, amount_minor, currency FROM read_parquet($parts) SEMI JOIN (SELECT unnest($ids) AS record_id) USING (record_id)
"""

"""From what a run claimed to the tables of an Outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis import Table

from breakwater.model.runs import MATCH_SCHEMA, PENDING_SCHEMA


def match_table(matches: Sequence[Table]) -> pa.Table:
    """One row per matched record, numbered by match in the order of (ours, theirs).

    Matches share no record, so the first of ours alone decides the order.
    """
    if not matches:
        return MATCH_SCHEMA.empty_table()
    every = ibis.union(*matches) if len(matches) > 1 else matches[0]
    heads = every.order_by("first").select("members", "is_ours", "pass", "notice").to_pyarrow()
    number = pc.list_parent_indices(heads["members"]).combine_chunks()
    columns = {
        "match_id": number,
        "side": pc.if_else(pc.list_flatten(heads["is_ours"]), "ours", "theirs"),
        "record_id": pc.list_flatten(heads["members"]),
        "pass": pc.take(heads["pass"].combine_chunks(), number),
        "notice": pc.take(heads["notice"].combine_chunks(), number),
    }
    return pa.table(columns).cast(MATCH_SCHEMA)


def pending_table(pending: Iterable[tuple[str, str]]) -> pa.Table:
    """The pending records by (side, record_id)."""
    ordered = sorted(pending)
    return pa.table({"side": [side for side, _ in ordered], "record_id": [i for _, i in ordered]}, schema=PENDING_SCHEMA)

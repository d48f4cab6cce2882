"""Matches that people made come before every pass: their records are claimed, and still stand as payments and as what is repeated."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from breakwater.errors import CallError
from breakwater.matching.agreement import ExactPass
from breakwater.matching.books import Books, rows
from breakwater.matching.outcome import SIDES
from breakwater.model.runs import BY_HAND, ByHand

_PASS = ExactPass(name=BY_HAND, keys=())


def claim_by_hand(books: Books, made: Sequence[ByHand]) -> None:
    """Claim what people matched. CallError if one names a record that is not there."""
    if not made:
        return
    found = {side: _records(books, side, {i for match in made for i in match.of(side)}) for side in SIDES}
    books.match_rows([{side: [found[side][i] for i in match.of(side)] for side in SIDES} for match in made], _PASS)


def _records(books: Books, side: str, ids: set[str]) -> dict[str, dict[str, object]]:
    wanted = books.engine.put(pa.table({"record_id": pa.array(sorted(ids), pa.string())}))
    found = {row["record_id"]: row for row in rows(books.sides[side].semi_join(wanted, "record_id").select("n", "record_id"))}
    if missing := sorted(ids - set(found)):
        raise CallError(f"A match made by hand names '{missing[0]}', which {side} does not have.", remedy="Take that match back.")
    return found

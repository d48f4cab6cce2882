"""Builders for matching tests: canonical rows, agreements, and both ways to reconcile them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.matching import engines, reference
from breakwater.matching.agreement import Agreement, parse
from breakwater.matching.break_columns import break_table
from breakwater.matching.outcome import Found, Match, share, totals
from breakwater.matching.reference_claims import Result
from breakwater.matching.sides import SCHEMA
from breakwater.matching.tables import pending_table
from breakwater.model.breaks import BreakKind
from breakwater.model.runs import MATCH_SCHEMA, ByHand, Outcome

Row = dict[str, Any]
AS_OF = date(2026, 4, 30)
TUESDAY = date(2026, 3, 10)
match_on_duckdb = engines.open(None)

HEAD = """
name = "test"
[calendar]
weekend = ["sat", "sun"]
holidays = [2026-04-03, 2026-04-06]
[window]
before = 1
after = 3
"""
BY_PAYMENT = '[[passes]]\nname = "by-payment-id"\ntype = "exact"\nkeys = ["ref_payment_id"]\n'


def an_agreement(passes: str = BY_PAYMENT, *, top: str = "", tables: str = "") -> Agreement:
    """A small agreement: `top` holds entries before the first table, `tables` further tables."""
    return parse(top + HEAD + tables + passes, name="test.toml")


def a_row(record_id: str, amount_minor: int = 100, **changes: Any) -> Row:
    """A settled payment P1 of EUR 1.00 on a Tuesday."""
    row: Row = dict.fromkeys(SCHEMA.names)
    row |= {"record_id": record_id, "kind": "payment", "amount_minor": amount_minor, "currency": "EUR"}
    return row | {"booked_on": TUESDAY, "ref_payment_id": "P1"} | changes


def as_table(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def run_engine(
    ours: Sequence[Row], theirs: Sequence[Row], agreement: Agreement, as_of: date = AS_OF, *, by_hand: Sequence[ByHand] = ()
) -> Outcome:
    """The engine's outcome, from one Parquet file on each side."""
    with tempfile.TemporaryDirectory() as place:
        paths = {side: Path(place) / f"{side}.parquet" for side in ("ours", "theirs")}
        for side, rows in (("ours", ours), ("theirs", theirs)):
            pq.write_table(as_table(rows), paths[side])
        return match_on_duckdb(ours=[paths["ours"]], theirs=[paths["theirs"]], agreement=agreement, as_of=as_of, by_hand=by_hand)


def run_reference(
    ours: Sequence[Row], theirs: Sequence[Row], agreement: Agreement, as_of: date = AS_OF, *, by_hand: Sequence[ByHand] = ()
) -> Result:
    """What the plain-Python meaning says, in the order of an outcome."""
    found = reference.reconcile(ours=ours, theirs=theirs, agreement=agreement, as_of=as_of, by_hand=by_hand)
    return Result(
        matches=sorted(found.matches, key=lambda m: (m.ours, m.theirs)),
        pending=sorted(found.pending),
        breaks=sorted(found.breaks, key=lambda b: b.place),
    )


def match_by_meaning(
    *,
    ours: Sequence[Path],
    theirs: Sequence[Path],
    agreement: Agreement,
    as_of: date,
    by_hand: Sequence[ByHand] = (),
    matches_to: Path | None = None,
) -> Outcome:
    """A `match` as an engine has it, done by the plain-Python meaning: the same outcome, at once for a few records."""
    sides = {
        side: [row for path in paths for row in pq.read_table(path).to_pylist()] for side, paths in (("ours", ours), ("theirs", theirs))
    }
    found = run_reference(sides["ours"], sides["theirs"], agreement, as_of, by_hand=by_hand)
    held = {(side, row["record_id"]): row for side, rows in sides.items() for row in rows}
    assert len(held) == sum(map(len, sides.values())), "a record id is there twice"
    members = {
        "matched": [(side, i) for match in found.matches for side in ("ours", "theirs") for i in getattr(match, side)],
        "pending": found.pending,
        "in_breaks": [(side, i) for brk in found.breaks for side in ("ours", "theirs") for i in getattr(brk, side)],
    }
    figures = {
        state: totals(share(side, held[side, i]["currency"], held[side, i]["amount_minor"]) for side, i in ids)
        for state, ids in members.items()
    }
    matches = [
        {"match_id": number, "side": side, "record_id": i, "pass": match.pass_name, "notice": match.notice}
        for number, match in enumerate(found.matches)
        for side in ("ours", "theirs")
        for i in getattr(match, side)
    ]
    table = pa.Table.from_pylist(matches, schema=MATCH_SCHEMA)
    if matches_to:
        pq.write_table(table, matches_to)
    return Outcome(
        ours_rows=len(sides["ours"]),
        theirs_rows=len(sides["theirs"]),
        matched=figures["matched"],
        pending_totals=figures["pending"],
        in_breaks=figures["in_breaks"],
        matches=table.slice(0, 0) if matches_to else table,
        pending=pending_table(found.pending),
        breaks=break_table(found.breaks, agreement),
    )


def plain(outcome: Outcome) -> Result:
    """An outcome as the reference writes it."""
    matches: dict[int, dict[str, Any]] = {}
    for row in outcome.matches.to_pylist():
        match = matches.setdefault(row["match_id"], {"pass_name": row["pass"], "notice": row["notice"], "ours": (), "theirs": ()})
        match[row["side"]] += (row["record_id"],)
    return Result(
        matches=[Match(**match) for match in matches.values()],
        pending=[(row["side"], row["record_id"]) for row in outcome.pending.to_pylist()],
        breaks=[_found(row) for row in outcome.breaks.to_pylist()],
    )


def _found(row: Mapping[str, Any]) -> Found:
    plain_fields = {name: row[name] for name in ("amount_minor", "currency", "lag", "of", "dated")}
    lists = {name: tuple(row[name]) for name in ("ours", "theirs", "also", "references")}
    return Found(kind=BreakKind(row["kind"]), pass_name=row["pass"], **plain_fields, **lists)

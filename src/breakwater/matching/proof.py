"""Whether an engine finds, byte for byte, what the plain-Python meaning says of the golden sets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.matching import out, reference
from breakwater.matching.backend import EngineError
from breakwater.matching.break_columns import break_table
from breakwater.matching.engines import Match
from breakwater.matching.golden_sets import GoldenSet, golden_sets
from breakwater.matching.outcome import SIDES, Share, share, totals
from breakwater.matching.reference_claims import Result
from breakwater.matching.sides import SCHEMA
from breakwater.matching.tables import pending_table
from breakwater.model.runs import MATCH_SCHEMA, Outcome

_AROUND = 60  # characters told before and after the first difference


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an engine made of a golden set: `difference` is empty if it agrees."""

    name: str
    difference: str


def prove(match: Match, sets: Iterable[GoldenSet] | None = None) -> Iterator[Verdict]:
    """Each set, run twice by an engine. An engine that can't be reached raises what `match` raises."""
    for each in golden_sets() if sets is None else sets:
        yield Verdict(name=each.name, difference=_difference(match, each))


def _difference(match: Match, each: GoldenSet) -> str:
    expected = expected_out(each)
    for run in ("the first run", "a second run"):
        try:
            found = found_out(match, each)
        except EngineError as failed:
            return f"{run}: {failed.message}"
        if found != expected:
            return f"{run} says {_first_difference(found, expected)}"
    return ""


def _first_difference(found: str, expected: str) -> str:
    place = next((n for n, (x, y) in enumerate(zip(found, expected, strict=False)) if x != y), min(len(found), len(expected)))
    around = slice(max(place - _AROUND, 0), place + _AROUND)
    return f"…{found[around]}… and not …{expected[around]}…"


def found_out(match: Match, each: GoldenSet) -> str:
    """OUT of an engine, from one Parquet file on each side."""
    with tempfile.TemporaryDirectory(prefix="breakwater-") as place:
        paths = {side: Path(place) / f"{side}.parquet" for side in SIDES}
        for side, rows in (("ours", each.ours), ("theirs", each.theirs)):
            pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA), paths[side])
        found = match(ours=[paths["ours"]], theirs=[paths["theirs"]], agreement=each.agreement, as_of=each.as_of)
    return _out(found, each)


def expected_out(each: GoldenSet) -> str:
    """OUT as the plain-Python meaning says it."""
    found = reference.reconcile(ours=each.ours, theirs=each.theirs, agreement=each.agreement, as_of=each.as_of)
    worth = {
        (side, row["record_id"]): share(side, row["currency"], row["amount_minor"])
        for side, rows in (("ours", each.ours), ("theirs", each.theirs))
        for row in rows
    }
    matched = [(side, i) for match in found.matches for side in SIDES for i in getattr(match, side)]
    in_breaks = [(side, i) for brk in found.breaks for side in SIDES for i in getattr(brk, side)]

    def sums(members: Sequence[tuple[str, str]]) -> list[Share]:
        return [worth[member] for member in members]

    outcome = Outcome(
        ours_rows=len(each.ours),
        theirs_rows=len(each.theirs),
        matched=totals(sums(matched)),
        pending_totals=totals(sums(found.pending)),
        in_breaks=totals(sums(in_breaks)),
        matches=_matches(found),
        pending=pending_table(found.pending),
        breaks=break_table(found.breaks, each.agreement),
    )
    return _out(outcome, each)


def _matches(found: Result) -> pa.Table:
    ordered = sorted(found.matches, key=lambda match: (match.ours, match.theirs))
    rows = [
        {"match_id": number, "side": side, "record_id": i, "pass": match.pass_name, "notice": match.notice}
        for number, match in enumerate(ordered)
        for side in SIDES
        for i in getattr(match, side)
    ]
    return pa.Table.from_pylist(rows, schema=MATCH_SCHEMA)


def _out(outcome: Outcome, each: GoldenSet) -> str:
    with tempfile.TemporaryDirectory(prefix="breakwater-") as place:
        out.write(Path(place) / "out.json", outcome, agreement=each.agreement.name, as_of=each.as_of)
        return (Path(place) / "out.json").read_text(encoding="utf-8")

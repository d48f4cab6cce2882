"""What the next run needs of the one before: its outcome, the parts it was given, and what people had matched by hand."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.errors import WorldError
from breakwater.lake.match_files import FILES, LIST, listed
from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of
from breakwater.model.records import Side
from breakwater.model.runs import BREAK_SCHEMA, MATCH_SCHEMA, ByHand, Earlier, Outcome, Run, added

VERSION = version("breakwater")
_MADE_BY = b"breakwater"  # among the metadata of what a run was given
_GIVEN = pa.schema([("side", pa.string()), ("part", pa.string())])
_BY_HAND = pa.schema([("ours", pa.list_(pa.string())), ("theirs", pa.list_(pa.string()))])
_TABLES = ("pending", "breaks", "opening", "given", "by_hand", LIST)


def beside(*, parts: Mapping[Side, Sequence[str]], by_hand: Sequence[ByHand], opening: pa.Table) -> dict[str, pa.Table]:
    """The tables to keep beside an outcome. `opening` is what was taken out of its breaks (BREAK_SCHEMA)."""
    given = [{"side": str(side), "part": part} for side in Side for part in parts[side]]
    made = [{"ours": list(m.ours), "theirs": list(m.theirs)} for m in by_hand]
    return {
        "opening": opening,
        "given": pa.Table.from_pylist(given, schema=_GIVEN.with_metadata({_MADE_BY: VERSION})),
        "by_hand": pa.Table.from_pylist(made, schema=_BY_HAND),
    }


def earlier(lake: Lake, run: Run) -> Earlier | None:
    """A run as matching again needs it; None where it was not kept whole, as those of older versions were not."""
    files = {name: Path(lake.outcome_path(run.id, name)) for name in _TABLES}
    if not all(path.is_file() for path in files.values()):
        return None
    try:
        tables = {name: pq.read_table(path) for name, path in files.items()}
        carried = lake.matches_of(run.id)
        if not all(piece.path.is_file() for piece in carried):
            return None
        for piece in carried:
            pq.read_metadata(piece.path)
    except (OSError, pa.ArrowInvalid) as wrong:
        remedy = "Remove its folder in the lake; then everything is matched again."
        raise WorldError(f"The outcome of the run {run.id} can't be read: {wrong}.", remedy=remedy) from None
    parts, by_hand = _given(tables["given"], tables["by_hand"])
    paths = {side: [lake.root / part_of(part).path for part in parts[side]] for side in Side}
    made_by = (tables["given"].schema.metadata or {}).get(_MADE_BY, b"").decode()
    return Earlier(
        version=made_by,
        ours=paths[Side.OURS],
        theirs=paths[Side.THEIRS],
        by_hand=by_hand,
        as_of=run.as_of,
        outcome=Outcome(
            ours_rows=run.ours_rows,
            theirs_rows=run.theirs_rows,
            matched=run.matched,
            pending_totals=run.pending,
            in_breaks=added(run.in_breaks, run.opening.totals),
            matches=MATCH_SCHEMA.empty_table(),
            carried=carried,
            pending=tables["pending"],
            breaks=pa.concat_tables([tables["breaks"], tables["opening"]]),
        ),
    )


def given(lake: Lake, run_id: str) -> tuple[dict[Side, list[str]], list[ByHand]] | None:
    """The parts a run was given, and what people had matched by hand; None where that was not kept."""
    paths = [Path(lake.outcome_path(run_id, name)) for name in ("given", "by_hand")]
    return _given(*map(pq.read_table, paths)) if all(path.is_file() for path in paths) else None


def breaks_of(lake: Lake, run_id: str | None) -> pa.Table:
    """The breaks of a run (BREAK_SCHEMA), without opening items; none for no run."""
    return _table(lake, run_id, "breaks")


def opening_items(lake: Lake, run_id: str) -> pa.Table:
    """The opening items of a run (BREAK_SCHEMA); none where a run of an older version kept no list."""
    return _table(lake, run_id, "opening")


def forget_matches(lake: Lake, *, keep: set[str], older_than_s: float) -> list[str]:
    """Remove the matches of runs that are not to be kept, by far the largest of what a run leaves; its breaks and what it was given stay.

    What a run that is kept carries on stays, too. A run that was written less than `older_than_s` seconds ago keeps them: it may not be
    committed yet.
    """

    def is_old(path: Path) -> bool:
        return time.time() - path.stat().st_mtime > older_than_s

    folders = {Path(lake.outcome_path(run_id, LIST)).parent for run_id in keep}
    folders |= {path.parent for path in lake.root.glob(f"runs/*/{LIST}.parquet") if not is_old(path)}
    kept = {piece.path for folder in folders for piece in listed(lake.root, folder)}
    old = [path for path in sorted(lake.root.glob(f"runs/*/{FILES}")) if path not in kept and is_old(path)]
    for path in old:
        path.unlink(missing_ok=True)
    return [path.relative_to(lake.root).as_posix() for path in old]


def _table(lake: Lake, run_id: str | None, name: str) -> pa.Table:
    path = Path(lake.outcome_path(run_id, name)) if run_id else None
    return pq.read_table(path) if path and path.is_file() else BREAK_SCHEMA.empty_table()


def _given(given: pa.Table, by_hand: pa.Table) -> tuple[dict[Side, list[str]], list[ByHand]]:
    rows = given.to_pylist()
    parts = {side: [row["part"] for row in rows if row["side"] == side] for side in Side}
    return parts, [ByHand(ours=tuple(row["ours"]), theirs=tuple(row["theirs"])) for row in by_hand.to_pylist()]

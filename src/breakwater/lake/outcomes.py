"""What the next run needs of the one before: its outcome, the parts it was given, and what people had matched by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.errors import WorldError
from breakwater.lake.parts import Lake
from breakwater.model.parts import part_of
from breakwater.model.records import Side
from breakwater.model.runs import BREAK_SCHEMA, ByHand, Earlier, Outcome, Run, added

_GIVEN = pa.schema([("side", pa.string()), ("part", pa.string())])
_BY_HAND = pa.schema([("ours", pa.list_(pa.string())), ("theirs", pa.list_(pa.string()))])
_TABLES = ("matches", "pending", "breaks", "opening", "given", "by_hand")


def beside(*, parts: Mapping[Side, Sequence[str]], by_hand: Sequence[ByHand], opening: pa.Table) -> dict[str, pa.Table]:
    """The tables to keep beside an outcome. `opening` is what was taken out of its breaks (BREAK_SCHEMA)."""
    given = [{"side": str(side), "part": part} for side in Side for part in parts[side]]
    made = [{"ours": list(m.ours), "theirs": list(m.theirs)} for m in by_hand]
    return {
        "opening": opening,
        "given": pa.Table.from_pylist(given, schema=_GIVEN),
        "by_hand": pa.Table.from_pylist(made, schema=_BY_HAND),
    }


def earlier(lake: Lake, run: Run) -> Earlier | None:
    """A run as matching again needs it; None where it was not kept whole, as those of older versions were not."""
    files = {name: Path(lake.outcome_path(run.id, name)) for name in _TABLES}
    if not all(path.is_file() for path in files.values()):
        return None
    try:
        tables = {name: pq.read_table(path) for name, path in files.items()}
    except (OSError, pa.ArrowInvalid) as wrong:
        remedy = "Remove its folder in the lake; then everything is matched again."
        raise WorldError(f"The outcome of the run {run.id} can't be read: {wrong}.", remedy=remedy) from None
    given = tables["given"].to_pylist()
    paths = {side: [lake.root / part_of(row["part"]).path for row in given if row["side"] == side] for side in Side}
    return Earlier(
        ours=paths[Side.OURS],
        theirs=paths[Side.THEIRS],
        by_hand=[ByHand(ours=tuple(row["ours"]), theirs=tuple(row["theirs"])) for row in tables["by_hand"].to_pylist()],
        as_of=run.as_of,
        outcome=Outcome(
            ours_rows=run.ours_rows,
            theirs_rows=run.theirs_rows,
            matched=run.matched,
            pending_totals=run.pending,
            in_breaks=added(run.in_breaks, run.opening.totals),
            matches=tables["matches"],
            pending=tables["pending"],
            breaks=pa.concat_tables([tables["breaks"], tables["opening"]]),
        ),
    )


def opening_items(lake: Lake, run_id: str) -> pa.Table:
    """The opening items of a run (BREAK_SCHEMA); none where a run of an older version kept no list."""
    path = Path(lake.outcome_path(run_id, "opening"))
    return pq.read_table(path) if path.is_file() else BREAK_SCHEMA.empty_table()

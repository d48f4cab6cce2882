"""Matching again only what a change can reach; the rest is carried over, and the outcome is that of a whole run, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from breakwater.errors import CallError, WorldError
from breakwater.matching.agreement import Agreement
from breakwater.matching.carrying import Records, merged, split_matches
from breakwater.matching.changes import changed_matches
from breakwater.matching.outcome import SIDES
from breakwater.matching.touched import Touched, parts_of, reading
from breakwater.model.runs import ByHand, Earlier, MatchChanges, Outcome, Rematched

MEMORY_LIMIT = "1GB"
MOST_TOUCHED = 0.5  # of all records: beyond it, matching everything is the cheaper way to the same outcome

Match = Callable[..., Outcome]
Rematch = Callable[..., Rematched]


def open(match: Match, *, most_touched: float = MOST_TOUCHED) -> Rematch:
    """The `rematch` of an engine's `match`: rematch(ours=[paths], theirs=[paths], agreement=…, as_of=…, by_hand=…, earlier=…).

    `most_touched` is the share of records beyond which all are matched. `earlier` is the run before, if there is one. With `whole`,
    everything is matched: where the agreement is another one since, or a person wants to be sure. CallError and WorldError as `match`.
    """

    def rematch(
        *,
        ours: Sequence[Path],
        theirs: Sequence[Path],
        agreement: Agreement,
        as_of: date,
        by_hand: Sequence[ByHand] = (),
        earlier: Earlier | None = None,
        whole: bool = False,
    ) -> Rematched:
        if earlier and not _all_there(earlier):
            earlier = None
        task = _Task(ours=ours, theirs=theirs, agreement=agreement, as_of=as_of, by_hand=by_hand)
        if earlier and not whole and as_of >= earlier.as_of:
            found = _incrementally(match, task, earlier, most_touched=most_touched)
            if found:
                return found
        outcome = task.done_by(match, ours=ours, theirs=theirs, by_hand=by_hand)
        changes = _changes(earlier, outcome) if earlier and len(earlier.outcome.matches) else MatchChanges()
        return Rematched(outcome=outcome, looked_at=outcome.ours_rows + outcome.theirs_rows, changes=changes)

    return rematch


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What a run is given."""

    ours: Sequence[Path]
    theirs: Sequence[Path]
    agreement: Agreement
    as_of: date
    by_hand: Sequence[ByHand]

    def done_by(self, match: Match, *, ours: Sequence[Path], theirs: Sequence[Path], by_hand: Sequence[ByHand]) -> Outcome:
        return match(ours=ours, theirs=theirs, agreement=self.agreement, as_of=self.as_of, by_hand=by_hand)


def _all_there(earlier: Earlier) -> bool:
    return all(path.is_file() for path in (*earlier.ours, *earlier.theirs))


def _incrementally(match: Match, task: _Task, earlier: Earlier, *, most_touched: float) -> Rematched | None:
    """None where everything has to be matched: most of it is touched, or something is wrong that a whole run says better."""
    parts = parts_of(earlier, ours=task.ours, theirs=task.theirs)
    with tempfile.TemporaryDirectory(prefix="breakwater-") as place, _connected(Path(place)) as connection:
        touched = Touched(connection, parts)
        if not touched.find(earlier, agreement=task.agreement, by_hand=task.by_hand):
            return None
        size, rows = touched.size()
        if size > rows * most_touched:
            return None
        then, now = (touched.rows(n for n, path in enumerate(parts.every) if path in given) for given in (parts.then, parts.now))
        ids = _ids(pa.concat_tables([then, now]))
        again = set(ids["ours"].to_pylist())
        files = touched.write(Path(place))
        by_hand = [made for made in task.by_hand if not again.isdisjoint(made.ours)]
        try:
            fresh = task.done_by(match, ours=files["ours"], theirs=files["theirs"], by_hand=by_hand)
        except CallError:
            return None  # it names a file of ours that nobody knows; the whole run names the partner's
        split = split_matches(earlier.outcome.matches, ids)
        outcome = merged(earlier.outcome, fresh, split=split, ids=ids, then=_records(then), now=_records(now))
        changes = changed_matches(connection, before=split.dropped, after=fresh.matches, amounts=then)
        return Rematched(outcome=outcome, looked_at=now.num_rows, changes=changes)


def _changes(earlier: Earlier, outcome: Outcome) -> MatchChanges:
    """What a whole run changes of the matches before it."""
    with tempfile.TemporaryDirectory(prefix="breakwater-") as place, _connected(Path(place)) as connection:
        parts = parts_of(earlier, ours=(), theirs=())
        amounts = connection.con.sql(reading(parts, range(len(parts.ours)))).to_arrow_table()
        return changed_matches(connection, before=earlier.outcome.matches, after=outcome.matches, amounts=amounts)


def _ids(records: pa.Table) -> dict[str, pa.Array]:
    """The distinct ids of each side."""
    return {side: records.filter(pa.compute.equal(records["is_ours"], side == "ours"))["record_id"].unique() for side in SIDES}


def _records(table: pa.Table) -> Records:
    columns = (table[name].to_pylist() for name in ("is_ours", "record_id", "currency", "amount_minor"))
    return [("ours" if is_ours else "theirs", i, currency, amount) for is_ours, i, currency, amount in zip(*columns, strict=True)]


@contextmanager
def _connected(scratch: Path) -> Iterator[ibis.BaseBackend]:
    try:
        connection = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=str(scratch / "spill"), preserve_insertion_order=False)
        try:
            connection.raw_sql("SET enable_progress_bar = false")
            yield connection
        finally:
            connection.disconnect()
    except duckdb.Error as lost:
        raise WorldError(f"The matching engine failed: {str(lost).splitlines()[0]}", remedy="Run it again; nothing was written.") from lost

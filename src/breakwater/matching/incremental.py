"""Matching again only what a change can reach; the rest is carried over, and the outcome is that of a whole run, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.compute as pc

from breakwater.errors import CallError, WorldError
from breakwater.matching import pieces
from breakwater.matching.agreement import Agreement
from breakwater.matching.carrying import merged
from breakwater.matching.changes import changed_matches
from breakwater.matching.hashes import Hashes, rows_of
from breakwater.matching.touched import Touched, parts_of, reading
from breakwater.model.runs import ByHand, Earlier, MatchChanges, Outcome, Rematched

MEMORY_LIMIT = "1GB"
MOST_TOUCHED = 0.5  # of all records: beyond it, matching everything is the cheaper way to the same outcome

Match = Callable[..., Outcome]
Rematch = Callable[..., Rematched]


def open(match: Match, *, hashes: Path | None = None, most_touched: float = MOST_TOUCHED, most_pieces: int = pieces.MOST_PIECES) -> Rematch:
    """The `rematch` of an engine's `match`:
    rematch(ours=[paths], theirs=[paths], agreement=…, as_of=…, by_hand=…, earlier=…, matches_to=path).

    `hashes` is a folder for what is known of files that don't change; without one it is worked out each time. `most_touched` is the share
    of records beyond which all are matched, `most_pieces` how many files the matches of a run may lie in.

    `earlier` is the run before, if there is one; the matches that this run finds go into the file `matches_to`. With `whole`, everything is
    matched: where the agreement is another one since, or a person wants to be sure. CallError and WorldError as `match`.
    """

    def rematch(
        *,
        ours: Sequence[Path],
        theirs: Sequence[Path],
        agreement: Agreement,
        as_of: date,
        matches_to: Path,
        by_hand: Sequence[ByHand] = (),
        earlier: Earlier | None = None,
        whole: bool = False,
    ) -> Rematched:
        if earlier and not _all_there(earlier):
            earlier = None
        given = _Given(ours=ours, theirs=theirs, agreement=agreement, as_of=as_of, by_hand=by_hand, matches_to=matches_to)
        with tempfile.TemporaryDirectory(prefix="breakwater-") as place, _connected(Path(place)) as connection:
            work = _Work(connection, Path(place), Hashes(connection, hashes or Path(place) / "hashes"), match, given)
            if earlier and not whole and as_of >= earlier.as_of:
                found = work.again(earlier, most_touched=most_touched, most_pieces=most_pieces)
                if found:
                    return found
            outcome = given.matched_by(match, ours=ours, theirs=theirs, by_hand=by_hand, matches_to=matches_to)
            changes = work.changes_since(earlier) if earlier and earlier.outcome.carried else MatchChanges()
        return Rematched(outcome=outcome, looked_at=outcome.ours_rows + outcome.theirs_rows, changes=changes)

    return rematch


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What a run is given."""

    ours: Sequence[Path]
    theirs: Sequence[Path]
    agreement: Agreement
    as_of: date
    by_hand: Sequence[ByHand]
    matches_to: Path

    def matched_by(self, match: Match, **sides: object) -> Outcome:
        return match(agreement=self.agreement, as_of=self.as_of, **sides)


@dataclass(frozen=True)
class _Work:
    """One run, with an engine of its own for what is not matching."""

    connection: duckdb.DuckDBPyConnection
    place: Path
    hashes: Hashes
    match: Match
    given: _Given

    def again(self, earlier: Earlier, *, most_touched: float, most_pieces: int) -> Rematched | None:
        """None where everything has to be matched: most of it is touched, or something is wrong that a whole run says better."""
        given = self.given
        parts = parts_of(earlier, ours=given.ours, theirs=given.theirs)
        touched = Touched(self.connection, parts, hashes=self.hashes, agreement=given.agreement)
        if not touched.find(earlier, by_hand=given.by_hand):
            return None
        size, rows = touched.size()
        if size > rows * most_touched:
            return None
        records, files = touched.records(), touched.write(self.place)
        ours = records.filter(records["is_ours"])["record_id"].unique()
        known = set(ours.to_pylist()) if given.by_hand else set()
        by_hand = [made for made in given.by_hand if not known.isdisjoint(made.ours)]
        try:
            fresh = given.matched_by(self.match, ours=files["ours"], theirs=files["theirs"], by_hand=by_hand)
        except CallError:
            return None  # it names a file of ours that nobody knows; the whole run names the partner's
        left, dropped = pieces.split(self.connection, earlier.outcome.carried, ours=ours, hashes=self.hashes)
        for name, rows in (("dropped", dropped), ("found", fresh.matches), ("records_then", records.filter(records["then"]))):
            self.connection.register(name, rows)
        changes = changed_matches(self.connection, before="dropped", after="found", amounts="records_then")
        carried = pieces.gathered(self.connection, left, fresh=fresh.matches, target=given.matches_to, most_pieces=most_pieces)
        outcome = merged(earlier.outcome, fresh, records=records, carried=carried)
        return Rematched(outcome=outcome, looked_at=pc.sum(records["now"]).as_py() or 0, changes=changes)

    def changes_since(self, earlier: Earlier) -> MatchChanges:
        """What a whole run changes of the matches before it."""
        parts = parts_of(earlier, ours=(), theirs=())
        pieces.put(self.connection, "earlier_matches", earlier.outcome.carried)
        amounts, after = f"({reading(parts, range(len(parts.ours)))})", rows_of([self.given.matches_to])
        return changed_matches(self.connection, before="earlier_matches", after=after, amounts=amounts)


def _all_there(earlier: Earlier) -> bool:
    files = (*earlier.ours, *earlier.theirs, *(piece.path for piece in earlier.outcome.carried))
    return all(path.is_file() for path in files)


@contextmanager
def _connected(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(scratch / "spill")}) as connection:
            yield connection
    except duckdb.Error as lost:
        raise WorldError(f"The matching engine failed: {str(lost).splitlines()[0]}", remedy="Run it again; nothing was written.") from lost

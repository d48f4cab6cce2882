"""Where the matching runs: an embedded DuckDB, or the engine behind an Ibis connection URL."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import Column, Table

from breakwater.errors import CallError
from breakwater.matching import sides as side_files
from breakwater.matching.agreement import KEY_COLUMNS, Agreement
from breakwater.matching.backend import Backend, EngineError, Means
from breakwater.matching.books import Books, Kept, T
from breakwater.matching.break_columns import break_table
from breakwater.matching.engine_urls import connector
from breakwater.matching.outcome import SIDES, totals
from breakwater.matching.pairs import Told, clean, may_differ
from breakwater.matching.passes import run
from breakwater.matching.tables import match_table, pending_table
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import MATCH_SCHEMA, ByHand, Outcome

EPOCH = date(1970, 1, 1)
MOST_NAMED = 4
Paths = Sequence[str | Path]
Match = Callable[..., Outcome]
_MEANS = Means()


def open(url: str | None = None, *, means: Means = _MEANS, proven: bool = False) -> Match:
    """The `match` of an engine: match(ours=[paths], theirs=[paths], agreement=…, as_of=…) gives an Outcome.

    `by_hand` is what people matched; it comes before every pass. Each call has a connection and a scratch directory of its own, so
    calls may run side by side. With `matches_to`, the matches go into that Parquet file (MATCH_SCHEMA) and not into the Outcome: there
    may be tens of millions. `url` and `proven` are those of `engine_urls.connector`. CallError for sides that can't be used, WorldError
    when the engine is lost.
    """
    connect = connector(url, proven=proven)
    if means.spill_dir and not means.spill_dir.is_dir():
        raise CallError(
            f"There is no folder {means.spill_dir} for what does not fit into memory.", remedy="Create it, or name another one."
        )

    def match(
        *,
        ours: Paths,
        theirs: Paths,
        agreement: Agreement,
        as_of: date,
        by_hand: Sequence[ByHand] = (),
        matches_to: Path | None = None,
    ) -> Outcome:
        try:
            with (
                tempfile.TemporaryDirectory(prefix="breakwater-", dir=means.spill_dir) as scratch,
                connect(Path(scratch), means) as backend,
            ):
                engine = _Engine(backend, paths={"ours": ours, "theirs": theirs}, agreement=agreement, scratch=Path(scratch))
                books = engine.books(as_of)
                path = matches_to or Path(scratch) / "matches.parquet"
                with engine.checking_ids():
                    run(books, by_hand=by_hand, matched=lambda: engine.begin_matches(books, path))
                outcome = _outcome(books, engine.profiles)
                engine.finish_matches()
                _check_matched(outcome, path, sides=(*ours, *theirs))
                return outcome if matches_to else replace(outcome, matches=match_table(path))
        except EngineError:
            # Engines read a file piece by piece, and say little of one that is damaged somewhere.
            side_files.refuse_damaged([*ours, *theirs])
            raise

    return match


def _check_matched(outcome: Outcome, matches: Path, *, sides: Paths) -> None:
    """CallError unless the matches hold what is neither in a break nor pending: each step reads the sides again, as they are by then."""
    rows = sum(totals.ours_rows + totals.theirs_rows for totals in outcome.matched.values())
    if pq.read_metadata(matches).num_rows != rows:
        names = ", ".join(str(side) for side in sides[:MOST_NAMED])
        raise CallError(f"A file of both sides changed while it was compared: {names}.", remedy="Run it again on files that nobody writes.")


def _outcome(books: Books, profiles: Mapping[str, side_files.Profile]) -> Outcome:
    """What a run found, without the matches. Matched is what is neither in a break nor pending, which tests compare with the matches."""
    everything = [(side, *figures) for side in SIDES for figures in profiles[side].totals]
    not_matched = [
        (side, currency, -rows, -amount, -moved) for side, currency, rows, amount, moved in (*books.in_breaks, *books.in_pending)
    ]
    return Outcome(
        ours_rows=profiles["ours"].rows,
        theirs_rows=profiles["theirs"].rows,
        matched=totals((*everything, *not_matched)),
        pending_totals=totals(books.in_pending),
        in_breaks=totals(books.in_breaks),
        matches=MATCH_SCHEMA.empty_table(),
        pending=pending_table((), books.pending),
        breaks=break_table(books.breaks, books.agreement, books.break_parts),
    )


class _Engine:
    """One connection with both sides staged and checked, for one reconciliation."""

    def __init__(self, backend: Backend, *, paths: Mapping[str, Paths], agreement: Agreement, scratch: Path) -> None:
        self.backend, self.agreement, self._paths = backend, agreement, paths
        self._numbers = count()
        self._ids_checked: Callable[[], None] | None = None
        self._one_begins = threading.Lock()
        self.finish_matches: Callable[[], None] = lambda: None
        parts = {side: side_files.parquet_parts(paths[side], side=side, scratch=scratch) for side in SIDES}
        self._staged = {side: backend.stage(self._name(), parts[side]) for side in SIDES}
        self.profiles = self.of_both(self._checked)
        self._calendar = self.put(_calendar(agreement, {day for profile in self.profiles.values() for day in profile.dates}))

    def books(self, as_of: date) -> Books:
        """Both sides, all of it free."""
        sizes = {side: profile.rows for side, profile in self.profiles.items()}
        return Books(
            sides={side: self._whole(side) for side in SIDES},
            sizes=sizes,
            told=self._told(),
            agreement=self.agreement,
            as_of=as_of,
            engine=self,
        )

    def _told(self) -> Told:
        ours, theirs = (self.profiles[side] for side in SIDES)
        return Told(
            originals=theirs.has_originals,
            fees=theirs.has_fees and (ours.has_fees or bool(self.agreement.fees)),
            statuses=may_differ(ours.statuses, theirs.statuses, self.agreement),
        )

    def begin_matches(self, books: Books, target: Path) -> None:
        """Begin to write all matches of a run, sorted and numbered; `finish_matches` waits for the end of it."""
        heads = books.matches
        if heads is None:
            pq.write_table(MATCH_SCHEMA.empty_table(), target)
        else:
            self.finish_matches = self.backend.begin(lambda: self.backend.write_matches(heads, books.passes, target))

    def _whole(self, side: str) -> Table:
        return self.backend.whole(self._name(), self._seen(side, self._staged[side]))

    def records(self, side: str, numbers: Table) -> Table:
        """The records of a side with these numbers."""
        return self._seen(side, self._staged[side].semi_join(numbers, "n"))

    def records_without(self, side: str, numbers: Table) -> Table:
        """All other records of a side."""
        return self._seen(side, self._staged[side].anti_join(numbers, "n"))

    def _seen(self, side: str, table: Table) -> Table:
        return _records(table, self._calendar, self.agreement, self.profiles[side])

    def keep(self, table: Table) -> Kept:
        """The rows of an expression, worked out once."""
        self._ids_begun()  # beside the first of them, which takes long and leaves a thread idle
        return self.backend.keep(self._name(), table)

    def repeated(self, column: Column) -> Kept:
        """See `books.Engine`."""
        return self.backend.repeated(self._name(), column)

    def put(self, rows: pa.Table) -> Table:
        """Rows at hand, as a table of the engine."""
        return self.backend.put(self._name(), rows)

    def of_both(self, task: Callable[[str], T]) -> dict[str, T]:
        """See `books.Engine`."""
        begun = {side: self.backend.begin(partial(task, side)) for side in SIDES}
        return {side: result() for side, result in begun.items()}

    def _name(self) -> str:
        return f"breakwater_{next(self._numbers)}"

    def _checked(self, side: str) -> side_files.Profile:
        return side_files.check(self._staged[side], agreement=self.agreement, side=side, paths=self._paths[side])

    @contextmanager
    def checking_ids(self) -> Iterator[None]:
        """Whatever is refused meanwhile, a record_id that is there twice is the reason to tell."""
        try:
            yield
        except CallError:
            self._ids_begun()()
            raise
        self._ids_begun()()

    def _ids_begun(self) -> Callable[[], None]:
        with self._one_begins:
            if self._ids_checked is None:
                self._ids_checked = self.backend.begin(self._check_ids)
            return self._ids_checked

    def _check_ids(self) -> None:
        for side in SIDES:
            side_files.check_ids(self._staged[side], side=side, paths=self._paths[side], repeated=self.repeated)


def _calendar(agreement: Agreement, days: Iterable[date]) -> pa.Table:
    """Each date there is, with `b`, the business days up to it, and `day`, the calendar days."""
    ordered = sorted(days)
    columns = {
        "date": pa.array(ordered, pa.date32()),
        "b": pa.array([agreement.calendar.between(EPOCH, day) for day in ordered], pa.int64()),
        "day": pa.array([(day - EPOCH).days for day in ordered], pa.int64()),
    }
    return pa.table(columns)


def _records(table: Table, calendar: Table, agreement: Agreement, profile: side_files.Profile) -> Table:
    """Canonical records as the passes see them: one date with its count of business days, references cleaned, no empty texts."""
    filled = {name: table[name].nullif("") for name in ("status", "original_currency")}
    dated = table.mutate(date=ibis.coalesce(table.value_date, table.booked_on), **filled)
    plain = dated.mutate(**{name: clean(dated[name], agreement.not_keys) for name in KEY_COLUMNS if name not in profile.clean})
    kept = ["n", "date", *(name for name in CANONICAL_COLUMNS if name not in ("booked_on", "value_date"))]
    return plain.select(kept).join(calendar, "date")

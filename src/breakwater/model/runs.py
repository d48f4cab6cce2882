"""Runs: one reconciliation of a partner, and the figures people ask for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.late_files import LateFile
from breakwater.model.signoff import SignOff


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Rows and gross amounts of one outcome in one currency.

    `…_minor` is the signed sum, in which a payout takes away what the payments brought; `…_moved_minor` is the sum of absolute
    amounts: how much money that was.
    """

    ours_rows: int = 0
    ours_minor: int = 0
    theirs_rows: int = 0
    theirs_minor: int = 0
    ours_moved_minor: int = 0
    theirs_moved_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class BreakFigure:
    """How many breaks of one kind and what they are worth, per currency, in minor units."""

    count: int
    value_minor: Mapping[str, int]


NO_BREAKS = BreakFigure(count=0, value_minor={})


def total_of(figures: Iterable[BreakFigure]) -> BreakFigure:
    """Several figures together, currencies in the order of their codes."""
    value: Counter[str] = Counter()
    count = 0
    for figure in figures:
        count += figure.count
        value.update(figure.value_minor)
    return BreakFigure(count=count, value_minor=dict(sorted(value.items())))


BY_HAND = "manual"
"""The pass of what people matched."""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Records that two people said explain each other: their ids on each side."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]

    def of(self, side: str) -> tuple[str, ...]:
        """The ids of one side."""
        return self.ours if side == "ours" else self.theirs


MATCH_SCHEMA = pa.schema(
    [("match_id", pa.int64()), ("side", pa.string()), ("record_id", pa.string()), ("pass", pa.string()), ("notice", pa.string())]
)
PENDING_SCHEMA = pa.schema([("side", pa.string()), ("record_id", pa.string())])
BREAK_SCHEMA = pa.schema(
    [
        ("fingerprint", pa.string()),
        ("kind", pa.string()),
        ("pass", pa.string()),
        ("ours", pa.list_(pa.string())),
        ("theirs", pa.list_(pa.string())),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
        ("material", pa.bool_()),
        ("also", pa.list_(pa.string())),
        ("lag", pa.int64()),  # business days, pairs only
        ("of", pa.string()),  # the record a duplicate repeats
        ("dated", pa.date32()),  # earliest date of its records: age counts from there
        ("references", pa.list_(pa.string())),  # distinct cleaned references of its records, at most ten, sorted
    ]
)


@dataclass(frozen=True, kw_only=True)
class MatchPiece:
    """Matches that one run found: their file (MATCH_SCHEMA), which never changes, and the numbers of those that no longer hold."""

    path: Path
    without: pa.Array = field(default_factory=lambda: pa.array([], pa.int64()))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a reconciliation found: every record is in exactly one of the three tables, once.

    `matches` (MATCH_SCHEMA) is sorted by (match_id, side, record_id), `pending` (PENDING_SCHEMA) by (side, record_id), `breaks`
    (BREAK_SCHEMA) by (kind, ours, theirs); the totals are by currency of the record. Matches that lie in files are `carried`, not in
    `matches`.
    """

    ours_rows: int
    theirs_rows: int
    matched: Mapping[str, Totals]
    pending_totals: Mapping[str, Totals]
    in_breaks: Mapping[str, Totals]
    matches: pa.Table
    pending: pa.Table
    breaks: pa.Table
    carried: Sequence[MatchPiece] = ()


@dataclass(frozen=True, kw_only=True)
class ChangedMatch:
    """A match of an earlier run that no longer holds: its records (the first of each side), the pass then, and the passes now.

    Where `passes_now` is empty, none of its records is matched any more.
    """

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    pass_name: str
    passes_now: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MatchChanges:
    """How many matches of the run before no longer hold as they were, our side's gross value in them by currency, and the first ones."""

    count: int = 0
    value_minor: Mapping[str, int] = field(default_factory=dict)
    first: tuple[ChangedMatch, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A run before, as matching again needs it: the files it was given, what people had matched, its day, and its outcome.

    All matches of the outcome lie in files. `version` is the Breakwater that made it: another one may read an agreement differently.
    """

    ours: Sequence[Path]
    theirs: Sequence[Path]
    by_hand: Sequence[ByHand]
    as_of: date
    outcome: Outcome
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Rematched:
    """An outcome, how many records were matched to find it (the others were carried over), and the earlier matches it changes.

    The matches that this run found lie in the file that it was given for them, those of earlier runs are `carried`.
    """

    outcome: Outcome
    looked_at: int
    changes: MatchChanges


@dataclass(frozen=True, kw_only=True)
class OpeningItems:
    """What is unmatched of the time before a partner went live: breaks all of whose records are dated before that day.

    They have a list of their own and are nobody's to work on; later records may still match them.
    """

    breaks: Mapping[BreakKind, BreakFigure] = field(default_factory=dict)
    totals: Mapping[str, Totals] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(figure.count for figure in self.breaks.values())


@dataclass(frozen=True, kw_only=True)
class RunChanges:
    """What a run changed since the one before: files that came and went, breaks opened, closed and opened again, matches that fell."""

    files_in: int = 0
    files_out: int = 0
    opened: int = 0
    closed: int = 0
    reopened: int = 0
    matches: int = 0
    matches_value_minor: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One reconciliation of a partner's records as of a date. `matched`, `pending`, `in_breaks`: currency -> totals.

    `looked_at` is how many records were matched; the others were carried over. A restatement is a past day looked at again with what
    is known now: it changes no break. `asked_by` is who asked for it, None for the clock.
    """

    id: str
    partner: str
    agreement: str
    as_of: date
    started_at: datetime
    finished_at: datetime
    ours_rows: int
    theirs_rows: int
    matched: Mapping[str, Totals]
    pending: Mapping[str, Totals]
    in_breaks: Mapping[str, Totals]
    breaks: Mapping[BreakKind, BreakFigure]
    input_key: str
    """Hash of the parts and the agreement that went in: the same input needs no second run."""
    agreement_sha256: str = ""
    opening: OpeningItems = field(default_factory=OpeningItems)
    changes: RunChanges = field(default_factory=RunChanges)
    is_restatement: bool = False
    asked_by: str | None = None
    looked_at: int | None = None


def break_figures(breaks: pa.Table) -> dict[BreakKind, BreakFigure]:
    """Count and value of each kind of break in a table of them (BREAK_SCHEMA)."""
    counts: Counter[BreakKind] = Counter()
    value: dict[BreakKind, Counter[str]] = defaultdict(Counter)
    for row in breaks.select(["kind", "currency", "amount_minor"]).to_pylist():
        kind = BreakKind(row["kind"])
        counts[kind] += 1
        value[kind][row["currency"]] += row["amount_minor"]
    return {kind: BreakFigure(count=counts[kind], value_minor=dict(value[kind])) for kind in BreakKind if counts[kind]}


def added(one: Mapping[str, Totals], other: Mapping[str, Totals], *, times: int = 1) -> dict[str, Totals]:
    """Totals of two outcomes together, by currency; with `times=-1` what is left of one without the other."""
    nothing = Totals()
    pairs = {currency: (one.get(currency, nothing), other.get(currency, nothing)) for currency in sorted({*one, *other})}
    names = [f.name for f in fields(Totals)]
    sums = {c: Totals(**{n: getattr(x, n) + times * getattr(y, n) for n in names}) for c, (x, y) in pairs.items()}
    return {currency: total for currency, total in sums.items() if total != nothing}


@dataclass(frozen=True, kw_only=True)
class ActiveFigure:
    """Active breaks of one kind, currency, date and state: how many, and what they are worth in minor units."""

    kind: BreakKind
    currency: str
    dated: date
    state: BreakState
    count: int
    value_minor: int


@dataclass(frozen=True, kw_only=True)
class AgeFigure:
    """Active breaks of one ageing band: count, and value per currency in minor units."""

    band: str
    count: int
    value_minor: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class PartnerReconciliation:
    """What `/recon` shows of one partner: the last run, and its active breaks by kind and by age."""

    partner_id: str
    partner_name: str
    run: Run | None
    active: Mapping[BreakKind, BreakFigure]
    ageing: tuple[AgeFigure, ...]
    acknowledged: int
    late_files: tuple[LateFile, ...] = ()
    changed_periods: tuple[SignOff, ...] = ()
    """Signed periods whose figures are no longer those that were signed."""
    ends: tuple[str, str] | None = None
    """Of a leg, the names of its two ends."""
    suppressed: BreakFigure = NO_BREAKS
    """What rules call known noise; `active` and `ageing` leave it out."""
    overtaken: BreakFigure = NO_BREAKS
    """What two people had booked and a later run explains, while nobody has answered that."""
    is_former: bool = False
    """True for one that is configured no longer: nothing reconciles it, so only people close what it left open."""
    is_ahead: bool = False
    """True for a day that has not come yet where the partner is."""

    @property
    def is_settled(self) -> bool:
        """True for one that is configured no longer and left nothing open."""
        return self.is_former and not (self.active or self.suppressed.count or self.overtaken.count)

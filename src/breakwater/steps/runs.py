"""A run worked out: what a partner's sides and its agreement give as of a day, and how that differs from the run before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from breakwater.lake import outcomes
from breakwater.lake.parts import Lake
from breakwater.matching.agreement import Agreement
from breakwater.model.breaks import ENDS, Break, BreakKind, break_id
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.model.runs import ByHand, MatchChanges, Outcome, Rematched, Run, RunChanges, break_figures
from breakwater.steps.opening import set_apart
from breakwater.steps.sides import parts_of
from breakwater.store import reads

Rematch = Callable[..., Rematched]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """An agreement, and the hash of the file it was read from."""

    agreement: Agreement
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a run starts from: the parts that count, what people matched by hand, and the run before."""

    parts: Mapping[Side, Sequence[str]]
    by_hand: Sequence[ByHand]
    last: Run | None


@dataclass(frozen=True, kw_only=True)
class WorkedOut:
    """A run before it is kept: its figures, its outcome without opening items, those, the unfinished file of the matches that it found,
    and the earlier matches that changed.
    """

    run: Run
    outcome: Outcome
    opening: pa.Table
    matches_file: Path
    matches: MatchChanges

    def keep(self, lake: Lake, given: Given) -> None:
        """Put the outcome into the lake."""
        beside = outcomes.beside(parts=given.parts, by_hand=given.by_hand, opening=self.opening)
        lake.write_outcome(self.run.id, self.outcome, matches=self.matches_file, beside=beside)

    def breaks(self, *, partner: Partner, now: datetime) -> list[Break]:
        """The breaks as the run found them."""
        return [_seen(row, run=self.run, partner=partner, now=now) for row in self.outcome.breaks.to_pylist()]


def given_now(tx: Connection, lake: Lake, *, partner: Partner, by_hand: Sequence[ByHand] = ()) -> Given:
    """What a run of a partner would start from now."""
    return Given(parts=parts_of(tx, lake, partner=partner), by_hand=by_hand, last=reads.last_run(tx, partner=partner.id))


def input_key(given: Given, *, terms: Terms, partner: Partner, as_of: date) -> str:
    """A hash of all that decides an outcome."""
    made = sorted([list(m.ours), list(m.theirs)] for m in given.by_hand)
    parts = [sorted(given.parts[side]) for side in (Side.OURS, Side.THEIRS)]
    words = [*parts, terms.sha256, as_of.isoformat(), made, partner.live_from.isoformat()]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def work_out(
    lake: Lake, given: Given, *, partner: Partner, terms: Terms, rematch: Rematch, as_of: date, now: datetime, whole: bool = False
) -> WorkedOut:
    """Match what has to be matched; nothing is kept yet. With `whole`, nothing is carried over from the run before.

    Nor is anything if the agreement is another one since, or this Breakwater, which may read it differently.
    """
    before = outcomes.earlier(lake, given.last) if given.last else None
    matches_to = lake.unfinished("matches")
    is_new_reading = given.last is None or given.last.agreement_sha256 != terms.sha256 or (before and before.version != outcomes.VERSION)
    found = rematch(
        ours=lake.paths(given.parts[Side.OURS]),
        theirs=lake.paths(given.parts[Side.THEIRS]),
        agreement=terms.agreement,
        as_of=as_of,
        by_hand=given.by_hand,
        earlier=before,
        matches_to=matches_to,
        whole=whole or bool(is_new_reading),
    )
    outcome, opening, items = set_apart(lake, found.outcome, parts=given.parts, live_from=partner.live_from)
    key = input_key(given, terms=terms, partner=partner, as_of=as_of)
    then = {path.stem for path in (*before.ours, *before.theirs)} if before else set()
    is_now = {path.stem for side in Side for path in lake.paths(given.parts[side])}
    run = Run(
        id=f"{partner.id}-{as_of.isoformat()}-{key[:12]}",
        partner=partner.id,
        agreement=terms.agreement.name,
        as_of=as_of,
        started_at=now,
        finished_at=now,
        ours_rows=outcome.ours_rows,
        theirs_rows=outcome.theirs_rows,
        matched=outcome.matched,
        pending=outcome.pending_totals,
        in_breaks=outcome.in_breaks,
        breaks=break_figures(outcome.breaks),
        input_key=key,
        agreement_sha256=terms.sha256,
        opening=items,
        changes=RunChanges(
            files_in=len(is_now - then),
            files_out=len(then - is_now),
            matches=found.changes.count,
            matches_value_minor=found.changes.value_minor,
        ),
        looked_at=found.looked_at,
    )
    return WorkedOut(run=run, outcome=outcome, opening=opening, matches_file=matches_to, matches=found.changes)


def asked_for(worked_out: WorkedOut, *, by: str, now: datetime, is_restatement: bool) -> WorkedOut:
    """The same as a run of its own that somebody asked for, even if one with this input is there."""
    run = worked_out.run
    name = f"{run.id}-{now:%Y%m%dT%H%M%S}"
    return replace(worked_out, run=replace(run, id=name, asked_by=by, is_restatement=is_restatement))


def _seen(row: Mapping[str, Any], *, run: Run, partner: Partner, now: datetime) -> Break:
    return Break(
        id=break_id(run.agreement, row["fingerprint"]),
        agreement=run.agreement,
        fingerprint=row["fingerprint"],
        partner=partner.id,
        kind=BreakKind(row["kind"]),
        ours=tuple(row["ours"]),
        theirs=tuple(row["theirs"]),
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        material=row["material"],
        dated=row["dated"],
        opened_at=now,
        pass_name=row["pass"],
        also=tuple(row["also"] or ()),
        lag=row["lag"],
        references=tuple(row["references"] or ()),
        run_id=run.id,
        extra=dict(zip(ENDS, partner.ends, strict=True)) if partner.ends else {},
    )

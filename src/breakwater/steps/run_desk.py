"""What people ask of runs: their history, a day once more, what another agreement would change, and the opening items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa

from breakwater.errors import NotFoundError, RefusedError
from breakwater.lake import outcomes
from breakwater.lake.parts import Lake
from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import Break
from breakwater.model.partners import Partner
from breakwater.model.proposals import Tied
from breakwater.model.run_differences import RunDifference, difference
from breakwater.model.runs import Run
from breakwater.steps.manual_matches import Books, records_meant
from breakwater.steps.reconcile import reconcile, restate
from breakwater.steps.runs import Given, Rematch, Terms, work_out
from breakwater.steps.sides import parts_of
from breakwater.store import reads
from breakwater.store import runs as store
from breakwater.store.database import Database


class RunDesk:
    """Runs on request. `terms` are the partners' agreements, `rematch` the matching, `now` the clock."""

    def __init__(
        self, database: Database, lake: Lake, *, terms: Mapping[str, Terms], rematch: Rematch, now: Callable[[], datetime]
    ) -> None:
        self._database, self._lake = database, lake
        self._terms, self._rematch, self._now = terms, rematch, now

    def history(self, partner: Partner, *, limit: int) -> list[Run]:
        """The runs of a partner, the last one first."""
        with self._database.reading() as tx:
            return store.history(tx, partner=partner.id, limit=limit)

    def rerun(self, partner: Partner, *, as_of: date | None, actor: Actor) -> RunDifference:
        """Reconcile a day again, everything of it, and say what differs from its last run. A past day's run moves no break."""
        require(actor, Permission.RERUN)
        day, now = self.day_meant(partner, as_of), self._now()
        today = partner.business_date(now)
        before = self._run_of(partner, None if day == today else day)
        terms, make = self._terms[partner.id], reconcile if day == today else restate
        after = make(self._database, self._lake, partner=partner, terms=terms, rematch=self._rematch, as_of=day, now=now, asked_by=actor)
        if after is None:
            raise RefusedError("Another run finished at the same moment, so this one was left.", remedy="Look at it, or ask again.")
        return difference(before, after, breaks_before=self._breaks(before), breaks_after=self._breaks(after))

    def day_meant(self, partner: Partner, as_of: date | None) -> date:
        """The day that would be reconciled again: the partner's business date where none is named. Refused where none can be."""
        if partner.is_former:
            raise RefusedError(f"{partner.name} can't be reconciled.", remedy="Give it its entry in breakwater.toml back, and start again.")
        today = partner.business_date(self._now())
        if as_of and as_of > today:
            raise RefusedError(
                f"{as_of} has not come: the business date of {partner.name} is {today}.", remedy=f"Name a day up to {today}."
            )
        return as_of or today

    def tried(self, partner: Partner, terms: Terms) -> RunDifference:
        """What the last run would have said by another agreement. Nothing is kept."""
        last = self._run_of(partner, None)
        kept = outcomes.given(self._lake, last.id) if last else None
        if last is None or kept is None:
            raise NotFoundError(f"{partner.name} has no run to compare with.", remedy="Let it be reconciled once, then try again.")
        parts, by_hand = kept
        found = work_out(
            self._lake,
            Given(parts=parts, by_hand=by_hand, last=last),
            partner=partner,
            terms=terms,
            rematch=self._rematch,
            as_of=last.as_of,
            now=self._now(),
            whole=True,
        )
        found.matches_file.unlink()
        return difference(last, found.run, breaks_before=self._breaks(last), breaks_after=found.outcome.breaks)

    def opening(self, partner: Partner) -> tuple[Run, pa.Table]:
        """The last run of a partner and its opening items (BREAK_SCHEMA), the largest first."""
        run = self._run_of(partner, None)
        if run is None:
            raise NotFoundError(f"{partner.name} is not reconciled yet.", remedy="Opening items are known after the first run.")
        items = outcomes.opening_items(self._lake, run.id)
        return run, items.sort_by([("amount_minor", "descending"), ("fingerprint", "ascending")])

    def records_meant(self, brk: Break, lines: Sequence[str], *, partner: Partner) -> tuple[tuple[Tied, ...], tuple[Tied, ...]]:
        """The records of a partner's break and those that lines name, by id, reference or amount: (ours, theirs)."""
        with self._database.reading() as tx:
            parts = parts_of(tx, self._lake, partner=partner)
            run = reads.last_run(tx, partner=partner.id)
        return records_meant(Books(lake=self._lake, parts=parts, run=run), brk, lines)

    def _run_of(self, partner: Partner, as_of: date | None) -> Run | None:
        with self._database.reading() as tx:
            return reads.last_run(tx, partner=partner.id, as_of=as_of)

    def _breaks(self, run: Run | None) -> pa.Table:
        return outcomes.breaks_of(self._lake, run.id if run else None)

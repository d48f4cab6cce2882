"""How two runs differ: figure by figure, and the breaks that only one of them has."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.model.breaks import BreakKind
from breakwater.model.runs import BreakFigure, Run, break_figures, total_of


@dataclass(frozen=True, kw_only=True)
class RunDifference:
    """A run beside the one before it (None where there was none). `new` and `gone` are breaks by their identity, not by their amounts."""

    before: Run | None
    after: Run
    new: BreakFigure
    gone: BreakFigure

    @property
    def kinds(self) -> list[BreakKind]:
        """The kinds of breaks that either has, in their order."""
        found = {*(self.before.breaks if self.before else ()), *self.after.breaks}
        return [kind for kind in BreakKind if kind in found]

    @property
    def is_none(self) -> bool:
        """True if the two say the same of every record."""
        return self.before is not None and not (self.new.count or self.gone.count or self.after.changes.matches) and self._same_figures()

    def _same_figures(self) -> bool:
        assert self.before
        names = ("matched", "pending", "in_breaks", "breaks", "opening")
        return all(getattr(self.before, name) == getattr(self.after, name) for name in names)


def difference(before: Run | None, after: Run, *, breaks_before: pa.Table, breaks_after: pa.Table) -> RunDifference:
    """Two runs with their breaks (BREAK_SCHEMA)."""
    return RunDifference(
        before=before,
        after=after,
        new=_only_in(breaks_after, breaks_before),
        gone=_only_in(breaks_before, breaks_after),
    )


def _only_in(breaks: pa.Table, others: pa.Table) -> BreakFigure:
    known = pc.is_in(breaks["fingerprint"], value_set=others["fingerprint"].combine_chunks())
    return total_of(break_figures(breaks.filter(pc.invert(known))).values())

"""Which runs are behind an answer of `/recon`: of which business day, when they ran, and by whom if a person asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from breakwater.model.runs import PartnerReconciliation, Run
from breakwater.views.blocks import word
from breakwater.views.words import day, joined, moment, person

RERUNS_SHOWN = 3


def run_words(run: Run) -> str:
    """When it ran: 'run 24 Nov 07:10', or 'rerun … by @ada, with what was known by then', which is not how that day looked on it."""
    if run.asked_by is None:
        return f"run {moment(run.finished_at)}"
    known = ", with what was known by then" if run.is_restatement else ""
    return f"rerun {moment(run.finished_at)} by {person(run.asked_by)}{known}"


def behind(states: Sequence[PartnerReconciliation], *, as_of: date | None) -> str:
    """The runs behind the figures of partners. `as_of` is the day that was asked for; None is now."""
    runs = sorted((state.run for state in states if state.run), key=lambda run: run.finished_at)
    asked = f"As of business day {day(as_of)}" if as_of else ""
    if not runs:
        return asked or "No run yet"
    if len(runs) == 1:
        return f"{asked or f'Reconciled as of {day(runs[0].as_of)}'}, {run_words(runs[0])}"
    first, last = runs[0].finished_at, runs[-1].finished_at
    between = f"newest run {moment(last)}" + (f", oldest {moment(first)}" if first < last else "")
    reruns = [f"{word(s.partner_name)} {run_words(s.run)}" for s in states if s.run and s.run.asked_by] if as_of else []
    more = f" and {len(reruns) - RERUNS_SHOWN:,} more reruns" if len(reruns) > RERUNS_SHOWN else ""
    return joined((asked, between if asked else f"N{between[1:]}", "; ".join(reruns[:RERUNS_SHOWN]) + more))

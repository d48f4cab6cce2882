"""What a monitor asks: how much waits and for how long, what was refused, and when each partner was last reconciled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from breakwater.model.breaks import ACTIVE
from breakwater.store.outbox import UNSENT, State
from breakwater.store.tables.breaks import breaks
from breakwater.store.tables.delivery import outbox
from breakwater.store.tables.files import source_file
from breakwater.store.tables.runs import run


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Counts of this moment. `unsent` is by state; `files` by partner and state; the rest by partner."""

    unsent: Mapping[str, int]
    oldest_unsent_at: datetime | None
    failed: int
    files: Mapping[tuple[str, str], int]
    last_run_at: Mapping[str, datetime]
    open_breaks: Mapping[str, int]


def figures(tx: Connection) -> Figures:
    """How things stand."""
    states = [*UNSENT, State.FAILED.value]
    counted = select(outbox.c.state, func.count()).where(outbox.c.state.in_(states)).group_by(outbox.c.state)
    messages = dict.fromkeys(states, 0) | dict(tx.execute(counted).all())
    files = select(source_file.c.partner, source_file.c.state, func.count()).group_by(source_file.c.partner, source_file.c.state)
    runs = select(run.c.partner, func.max(run.c.finished_at)).group_by(run.c.partner)
    active = [str(state) for state in ACTIVE]
    open_breaks = select(breaks.c.partner, func.count()).where(breaks.c.state.in_(active)).group_by(breaks.c.partner)
    last_run_at = dict(tx.execute(runs).all())
    return Figures(
        unsent={state: messages[state] for state in UNSENT},
        oldest_unsent_at=tx.execute(select(func.min(outbox.c.created_at)).where(outbox.c.state.in_(UNSENT))).scalar(),
        failed=messages[State.FAILED.value],
        files={(partner, state): count for partner, state, count in tx.execute(files)},
        last_run_at=last_run_at,
        open_breaks=dict.fromkeys(last_run_at, 0) | dict(tx.execute(open_breaks).all()),
    )

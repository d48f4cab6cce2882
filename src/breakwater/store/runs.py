"""The history of runs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, select

from breakwater.model.runs import Run
from breakwater.store.rows import run_of
from breakwater.store.tables.runs import run


def history(tx: Connection, *, partner: str, limit: int) -> list[Run]:
    """The runs of a partner, the last one first; those that looked at a past day again among them."""
    query = select(run).where(run.c.partner == partner).order_by(run.c.finished_at.desc(), run.c.number.desc()).limit(limit)
    return [run_of(row) for row in tx.execute(query).mappings()]


def looked_into(tx: Connection, *, since: date) -> set[str]:
    """The runs whose matches are still asked for: the last ones of each partner as of each day since then, and each partner's last one."""
    last_of_days = select(func.max(run.c.number)).where(run.c.as_of >= since).group_by(run.c.partner, run.c.as_of)
    present = select(func.max(run.c.number)).where(~run.c.is_restatement).group_by(run.c.partner)
    return set(tx.scalars(select(run.c.id).where(run.c.number.in_(last_of_days) | run.c.number.in_(present))))

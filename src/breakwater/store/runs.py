"""The history of runs."""

from __future__ import annotations

from sqlalchemy import Connection, select

from breakwater.model.runs import Run
from breakwater.store.rows import run_of
from breakwater.store.schema import run


def history(tx: Connection, *, partner: str, limit: int) -> list[Run]:
    """The runs of a partner, the last one first; those that looked at a past day again among them."""
    query = select(run).where(run.c.partner == partner).order_by(run.c.finished_at.desc(), run.c.number.desc()).limit(limit)
    return [run_of(row) for row in tx.execute(query).mappings()]

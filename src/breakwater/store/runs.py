"""The history of runs."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, func, select

from breakwater.model.runs import Run
from breakwater.store.rows import run_of
from breakwater.store.tables.runs import run


def history(tx: Connection, *, partner: str, limit: int) -> list[Run]:
    """The runs of a partner, the last one first; those that looked at a past day again among them."""
    query = select(run).where(run.c.partner == partner).order_by(run.c.finished_at.desc(), run.c.number.desc()).limit(limit)
    return [run_of(row) for row in tx.execute(query).mappings()]


def looked_into(tx: Connection, *, since: date) -> set[str]:
    """The runs whose matches are still asked for: the last ones of each partner as of each day since then, and each partner's last one."""
    of_each_day = select(run.c.id, run.c.as_of, _place(run.c.partner, run.c.as_of)).subquery()
    of_each = select(run.c.id, _place(run.c.partner)).where(~run.c.is_restatement).subquery()
    last_of_days = select(of_each_day.c.id).where(of_each_day.c.place == 1, of_each_day.c.as_of >= since)
    return {*tx.scalars(last_of_days), *tx.scalars(select(of_each.c.id).where(of_each.c.place == 1))}


def _place(*of: ColumnElement[Any]) -> Label[int]:
    """The place of a run among those of the same columns: 1 for the one that finished last, as `reads.last_run` has it."""
    return func.row_number().over(partition_by=of, order_by=(run.c.finished_at.desc(), run.c.number.desc())).label("place")

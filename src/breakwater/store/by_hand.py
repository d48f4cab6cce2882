"""What people matched by hand, as the store keeps it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from breakwater.model.by_hand import ManualMatch, ManualState
from breakwater.model.proposals import Tied
from breakwater.store.tables.runs import manual_match


def holding(tx: Connection, *, partner: str) -> list[ManualMatch]:
    """The matches of a partner that count, by id."""
    held = (manual_match.c.partner == partner, manual_match.c.state == str(ManualState.HOLDS))
    return [_of(row) for row in tx.execute(select(manual_match).where(*held).order_by(manual_match.c.id)).mappings()]


def of_break(tx: Connection, *, break_id: str) -> ManualMatch | None:
    """The match about a break that counts."""
    held = (manual_match.c.break_id == break_id, manual_match.c.state == str(ManualState.HOLDS))
    row = tx.execute(select(manual_match).where(*held).order_by(manual_match.c.id)).mappings().first()
    return _of(row) if row else None


def row_of(made: ManualMatch) -> dict[str, Any]:
    """A match by hand as a row of `manual_match`."""
    return {**asdict(made), "state": str(made.state), "ours": [asdict(t) for t in made.ours], "theirs": [asdict(t) for t in made.theirs]}


def _of(row: Mapping[Any, Any]) -> ManualMatch:
    tied = {side: tuple(Tied(**t) for t in row[side]) for side in ("ours", "theirs")}
    return ManualMatch(**{**row, **tied, "state": ManualState(row["state"])})

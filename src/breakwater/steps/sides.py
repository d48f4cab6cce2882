"""What stands on the two sides of a reconciliation: our ledger and a partner's files, or what a leg takes of two partners' files."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from breakwater.lake import legs
from breakwater.lake.parts import Lake
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.store import reads
from breakwater.store.database import Database

Parts = dict[Side, list[str]]
KEPT_S = 7 * 24 * 3600  # what a run was given can be matched again and compared with that long


def parts_of(tx: Connection, lake: Lake, *, partner: Partner) -> Parts:
    """The parts that a reconciliation of a partner, or of a leg, compares now. What a leg takes lies in the lake after that."""
    if leg := partner.leg:
        return {side: legs.taken(lake, leg, side, _reported(tx, leg.end(side).partner)) for side in Side}
    theirs = _reported(tx, partner.id)
    ours = reads.active_parts(tx, side=Side.OURS, content="records", partner=partner.id)
    return {Side.OURS: ours, Side.THEIRS: legs.left(lake, partner.taken, theirs) if partner.taken else theirs}


def tidy(database: Database, lake: Lake, *, partners: Mapping[str, Partner]) -> list[str]:
    """Remove from the lake what legs took of files that no longer count. The names of what was removed."""
    concerned = [p for p in partners.values() if p.leg or p.taken]
    with database.reading() as tx:
        keep = {part for p in concerned for parts in parts_of(tx, lake, partner=p).values() for part in parts}
    return legs.sweep(lake, keep=keep, older_than_s=KEPT_S)


def _reported(tx: Connection, partner: str) -> list[str]:
    return reads.active_parts(tx, side=Side.THEIRS, content="records", partner=partner)

"""What stands on the two sides of a reconciliation: our ledger and a partner's files, or what a leg takes of two partners' files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from breakwater.errors import CallError
from breakwater.lake import legs, outcomes
from breakwater.lake.parts import Lake
from breakwater.lake.writing import CONTENTS
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.steps.housekeeping import MATCHES_KEPT_DAYS
from breakwater.store import reads, runs
from breakwater.store.database import Database

Parts = dict[Side, list[str]]
KEPT_S = 7 * 24 * 3600  # far longer than a run is under way


def parts_of(tx: Connection, lake: Lake, *, partner: Partner) -> Parts:
    """The parts that a reconciliation of a partner, or of a leg, compares now. What a leg takes lies in the lake after that."""
    if leg := partner.leg:
        return {side: legs.taken(lake, leg, side, reads.reported_parts(tx, partner=leg.end(side).partner)) for side in Side}
    theirs = reads.reported_parts(tx, partner=partner.id)
    ours = reads.active_parts(tx, side=Side.OURS, content="records", partner=partner.id)
    return {Side.OURS: ours, Side.THEIRS: legs.left(lake, partner.taken, theirs) if partner.taken else list(theirs)}


def check_names(tx: Connection, partners: Mapping[str, Partner]) -> None:
    """CallError where a leg is called like a partner in what was taken in: nothing would compare that partner's records."""
    for leg in (p for p in partners.values() if p.leg):
        where = ((side, content) for side in Side for content in CONTENTS)
        held = next((side for side, content in where if reads.active_parts(tx, side=side, content=content, partner=leg.id)), None)
        if held:
            whose = "Our ledger has records" if held is Side.OURS else "There are files"
            raise CallError(
                f"{whose} of a partner '{leg.id}', and a leg has the same id: nothing would compare them.",
                remedy="Give the leg another id in [[legs]], and configure the partner if it is one.",
            )


def tidy(database: Database, lake: Lake, *, partners: Mapping[str, Partner], now: datetime) -> list[str]:
    """Remove from the lake what legs took of files that no longer count. The names of what was removed.

    What a run was given stays as long as its matches: it is what the next run is compared with.
    """
    concerned = [p for p in partners.values() if p.leg or p.taken]
    with database.reading() as tx:
        compared = [parts_of(tx, lake, partner=p) for p in concerned]
        looked_into = runs.looked_into(tx, since=now.date() - timedelta(days=MATCHES_KEPT_DAYS))
    compared += [kept[0] for run_id in looked_into if (kept := outcomes.given(lake, run_id))]
    keep = {part for parts in compared for some in parts.values() for part in some}
    return legs.sweep(lake, keep=keep, older_than_s=KEPT_S)

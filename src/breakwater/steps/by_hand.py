"""Matches by hand in a run: those whose records have changed fall, and say so where their break is talked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from breakwater.lake.parts import Lake
from breakwater.lake.records import money_of
from breakwater.model.access import SYSTEM
from breakwater.model.by_hand import ManualMatch, ManualState, ended, why_fallen
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.steps.cards import tell_below
from breakwater.store import by_hand
from breakwater.store.database import Database
from breakwater.store.writes_by_hand import end_manual_match
from breakwater.views.by_hand import fallen


def holding_now(
    database: Database, lake: Lake, *, partner: Partner, parts: Mapping[Side, Sequence[str]], now: datetime
) -> list[ManualMatch]:
    """The matches by hand that still hold. One of whose records is gone, or worth something else since, falls and says so."""
    with database.reading() as tx:
        held = by_hand.holding(tx, partner=partner.id)
    ids = {Side.OURS: {i for m in held for i in m.pair.ours}, Side.THEIRS: {i for m in held for i in m.pair.theirs}}
    money = {side: money_of(lake, parts[side], ids[side]) for side in Side}
    reasons = [why_fallen(made, ours=money[Side.OURS], theirs=money[Side.THEIRS]) for made in held]
    falling = [(made, why) for made, why in zip(held, reasons, strict=True) if why]
    if falling:
        with database.transaction() as tx:
            for made, why in falling:
                _fall(tx, made, why, partner=partner, now=now)
    return [made for made, why in zip(held, reasons, strict=True) if not why]


def _fall(tx: Connection, made: ManualMatch, why: str, *, partner: Partner, now: datetime) -> None:
    end_manual_match(tx, ended(made, state=ManualState.FALLEN, by=SYSTEM.id, because=why, now=now), actor=SYSTEM, now=now)
    tell_below(tx, fallen(made, why=why), about=made.break_id, key=f"manual:{made.id}:fallen", partner=partner, now=now)

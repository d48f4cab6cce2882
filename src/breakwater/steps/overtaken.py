"""Bookings that a run overtakes: where their records are now, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL
from breakwater.model.breaks import OPENING_ITEM, WAITS_AGAIN, Break
from breakwater.model.partners import Partner
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import Side
from breakwater.model.reversals import MATCHED, WITHDRAWN
from breakwater.steps.cards import tell_below
from breakwater.store import outbox
from breakwater.store.outbox import Kind
from breakwater.views import overtaken as views
from breakwater.views.blocks import Message

TOLD_ONE_BY_ONE = 5  # of one run; more are told of in one message


def whereabouts(lake: Lake, run_id: str, seen: Sequence[Break], gone: Sequence[Break]) -> Mapping[str, str]:
    """Where a run has the records of each break that is `gone`, by its id: the id of the break they are in; that one of them waits for
    its window, or is an opening item; else that those are matched that there still are, or withdrawn, as there are none.
    """
    if not gone:
        return {}
    states = lake.outcome_of(run_id, [record for brk in gone for record in _records_of(brk)])
    holds = {record: brk.id for brk in sorted(seen, key=lambda b: b.id, reverse=True) for record in _records_of(brk)}
    found: dict[str, str] = {}
    for brk in gone:
        its = {states[record][0] for record in _records_of(brk) if record in states}
        inside = sorted({holds[record] for record in _records_of(brk) if record in holds})
        found[brk.id] = inside[0] if inside else _outside_of_breaks(its)
    return found


def _outside_of_breaks(states: set[ReconciliationState]) -> str:
    if ReconciliationState.PENDING in states:
        return WAITS_AGAIN
    if ReconciliationState.OPENING_ITEM in states:
        return OPENING_ITEM
    return MATCHED if states else WITHDRAWN


def tell_of_overtaken(tx: Connection, overtaken: Sequence[Break], *, run_id: str, partner: Partner, now: datetime) -> None:
    """In each thread, with the buttons that answer it; of very many in one message to the partner's channel."""
    if len(overtaken) <= TOLD_ONE_BY_ONE:
        for brk in overtaken:
            _reply(tx, brk, views.overtaken(brk), partner=partner, now=now)
        return
    for channel in partner.internal_channels[:1]:
        message = views.many_overtaken(overtaken, partner_name=partner.name, partner_id=partner.id)
        key = f"overtaken:{run_id}:{channel}"
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=channel, payload=message.payload(), now=now)


def tell_of_standing(tx: Connection, standing: Sequence[Break], *, partner: Partner, now: datetime) -> None:
    """Where a booking was in doubt: its records break again as they were booked."""
    for brk in standing:
        _reply(tx, brk, views.stands_again(brk), partner=partner, now=now)


def _reply(tx: Connection, brk: Break, message: Message, *, partner: Partner, now: datetime) -> None:
    tell_below(tx, message, about=brk.id, key=f"break:{brk.id}:{brk.revision}:overtaken", partner=partner, now=now)


def _records_of(brk: Break) -> list[tuple[Side, str]]:
    return [(Side.OURS, r) for r in brk.ours] + [(Side.THEIRS, r) for r in brk.theirs]

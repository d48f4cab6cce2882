"""Partners and legs that were taken out of the settings: what they left open stays in sight, and can be worked, until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from breakwater.model.access import INTERNAL
from breakwater.model.partners import Partner, former
from breakwater.model.runs import BreakFigure, total_of
from breakwater.steps.reconcile import state_of
from breakwater.store import outbox, reads
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.former import left_open


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """What one that is configured no longer left open: its active breaks, known noise and undecided bookings among them, and incidents."""

    partner: Partner
    breaks: BreakFigure
    incidents: int


def with_former(database: Database, partners: Mapping[str, Partner], *, channel: str) -> dict[str, Partner]:
    """The configured partners and legs, and behind them those that were configured once.

    What is theirs is talked about in `channel`; their cards that are out are kept up to date where they are.
    """
    with database.reading() as tx:
        gone = [name for name in reads.partners_known(tx) if name not in partners]
        channels = {name: tuple(dict.fromkeys((channel, *reads.card_channels(tx, partner=name)))) for name in gone}
        ends = {name: reads.ends_known(tx, partner=name) for name in gone}
    return {**partners, **{name: former(name, channels=channels[name], ends=ends[name]) for name in gone}}


def tell_of_former(database: Database, *, partners: Mapping[str, Partner], channel: str, now: datetime) -> list[LeftOpen]:
    """Say in `channel` what those left open who are configured no longer; once, until they are configured and reconciled again."""
    found = []
    with database.transaction() as tx:
        for partner in (p for p in partners.values() if p.is_former):
            left = _left_open(tx, partner, now=now)
            if left.breaks.count or left.incidents:
                found.append(left)
                _tell(tx, left, channel=channel, now=now)
    return found


def _left_open(tx: Connection, partner: Partner, *, now: datetime) -> LeftOpen:
    state = state_of(tx, partner=partner, today=partner.business_date(now))
    figures = [*state.active.values(), state.suppressed, state.overtaken]
    return LeftOpen(partner=partner, breaks=total_of(figures), incidents=len(reads.incidents(tx, partner=partner.id)))


def _tell(tx: Connection, left: LeftOpen, *, channel: str, now: datetime) -> None:
    last = reads.last_run(tx, partner=left.partner.id)
    message = left_open(partner_id=left.partner.id, breaks=left.breaks, incidents=left.incidents)
    outbox.enqueue(
        tx,
        key=f"former:{left.partner.id}:{last.id if last else ''}",
        kind=Kind.POST,
        audience=INTERNAL,
        channel=channel,
        payload=message.payload(),
        priority=Priority.ALERT,
        now=now,
    )

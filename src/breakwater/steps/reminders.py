"""Acknowledged and left alone: the owner is reminded in the thread, and after a second span the break is open again and escalated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection

from breakwater.model import breaks as moves
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.ageing import aged
from breakwater.model.breaks import Break, Move
from breakwater.model.partners import Partner
from breakwater.model.reminders import Due, ReminderRules, due
from breakwater.steps.breaks import refresh_cards
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import break_lists, outbox, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.views import reminders as views
from breakwater.views.blocks import Message

BATCH = 500


def look_after(database: Database, *, partners: Mapping[str, Partner], rules: ReminderRules, now: datetime) -> int:
    """Remind, or reopen, whatever is due now; how many breaks that were. Each is a transaction of its own: one fails alone.

    The reminder and the note that it was given are one transaction, so that neither a second process nor a restart gives it again.
    """
    done = 0
    for brk in _left_alone(database, partners=partners, rules=rules, now=now):
        partner = partners[brk.partner]
        what = due(brk, rules=rules, partner=partner, now=now)
        if what is not Due.NOTHING:
            with database.transaction() as tx:
                done += (_remind if what is Due.REMIND else _reopen)(tx, brk, partner=partner, rules=rules, now=now)
    return done


def _left_alone(database: Database, *, partners: Mapping[str, Partner], rules: ReminderRules, now: datetime) -> Iterator[Break]:
    """Those that may be due: office hours never pass faster than the clock."""
    since = now - min(rules.remind_after, rules.reopen_after)
    after_id = ""
    while True:
        with database.reading() as tx:
            batch = break_lists.left_alone(tx, partners=partners, since=since, after_id=after_id, limit=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        after_id = batch[-1].id


def _remind(tx: Connection, brk: Break, *, partner: Partner, rules: ReminderRules, now: datetime) -> bool:
    if not writes.note_reminder(tx, brk, actor=SYSTEM, now=now):
        return False
    reopens_at = rules.hours_of(brk.owner_id, partner=partner).after(now, rules.reopen_after)
    _tell(tx, brk, views.reminder(brk, reopens_at=reopens_at), what="reminder", partner=partner, now=now)
    return True


def _reopen(tx: Connection, was: Break, *, partner: Partner, rules: ReminderRules, now: datetime) -> bool:
    brk = moves.expire(was)
    try:
        writes.save_break(tx, brk, was=was, action=str(Move.EXPIRE), actor=SYSTEM, now=now)
    except writes.StaleError:  # somebody was faster: another process, or at last a person
        return False
    refresh_cards(tx, brk, partner=partner, now=now)
    old = aged(brk, calendar=partner.calendar, today=partner.business_date(now))
    named = rules.named_at(old.age_days)
    _tell(tx, brk, views.reopened(old, owner_id=was.owner_id, named=named), what="reopened", partner=partner, now=now)
    return True


def _tell(tx: Connection, brk: Break, message: Message, *, what: str, partner: Partner, now: datetime) -> None:
    """Say it below every card of the break; one that has none gets one, since somebody has to hear of it."""
    channels = outbox.channels_of(tx, abouts=[brk.id]).get(brk.id, [])
    ours = [c for c in channels if c in partner.internal_channels] or list(partner.internal_channels[:1])
    for channel in ours:
        if channel not in channels:
            enqueue_card(tx, brk, partner=partner, channel=channel, now=now)
        outbox.enqueue(
            tx,
            key=f"break:{brk.id}:{channel}:{brk.revision}:{what}",
            kind=Kind.REPLY,
            audience=INTERNAL,
            channel=channel,
            payload=message.payload(),
            thread_about=brk.id,
            now=now,
        )

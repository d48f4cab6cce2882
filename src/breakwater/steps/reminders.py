"""Acknowledged and left alone: the owner is reminded in the thread, and after a second span the break is open again and escalated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from breakwater.model import breaks as moves
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.ageing import aged
from breakwater.model.breaks import Break, Move
from breakwater.model.partners import Partner
from breakwater.model.reminders import Due, ReminderRules, due
from breakwater.steps.breaks import refresh_cards
from breakwater.steps.cards import tell_below
from breakwater.store import break_lists, outbox, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.views import reminders as views
from breakwater.views.blocks import Message

BATCH = 500


def look_after(database: Database, *, partners: Mapping[str, Partner], rules: ReminderRules, now: datetime) -> int:
    """Remind of, or reopen, whatever is due now; how many breaks that were.

    A break whose card is out hears of it in its thread, each in a transaction of its own. Those without a card, such as the thousands
    under one cause, are told of together: one message for each owner. Message and change are one transaction, so that neither a second
    process nor a restart tells it again.
    """
    found = [
        (brk, what)
        for brk in _left_alone(database, partners=partners, rules=rules, now=now)
        if (what := due(brk, rules=rules, partner=partners[brk.partner], now=now)) is not Due.NOTHING
    ]
    with database.reading() as tx:
        shown = outbox.channels_of(tx, abouts=[brk.id for brk, _ in found])
    done = 0
    together: dict[tuple[Due, str, str], list[Break]] = defaultdict(list)
    for brk, what in found:
        if any(c in partners[brk.partner].internal_channels for c in shown.get(brk.id, ())):
            with database.transaction() as tx:
                done += (_remind if what is Due.REMIND else _reopen)(tx, brk, partner=partners[brk.partner], rules=rules, now=now)
        else:
            together[what, brk.partner, brk.owner_id or ""].append(brk)
    for (what, partner_id, owner_id), breaks in together.items():
        step = _remind_of_many if what is Due.REMIND else _reopen_many
        with database.transaction() as tx:
            done += step(tx, breaks, owner_id=owner_id, partner=partners[partner_id], rules=rules, now=now)
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


def _remind(tx: Connection, brk: Break, *, partner: Partner, rules: ReminderRules, now: datetime) -> int:
    if not writes.note_reminder(tx, brk, actor=SYSTEM, now=now):
        return 0
    reopens_at = rules.hours_of(brk.owner_id, partner=partner).after(now, rules.reopen_after)
    message = views.reminder(brk, reopens_at=reopens_at)
    tell_below(tx, message, about=brk.id, key=f"break:{brk.id}:{brk.revision}:reminder", partner=partner, now=now)
    return 1


def _reopen(tx: Connection, was: Break, *, partner: Partner, rules: ReminderRules, now: datetime) -> int:
    brk = moves.expire(was)
    try:
        writes.save_break(tx, brk, was=was, action=str(Move.EXPIRE), actor=SYSTEM, now=now)
    except writes.StaleError:  # somebody was faster: another process, or at last a person
        return 0
    refresh_cards(tx, brk, partner=partner, now=now)
    old = aged(brk, calendar=partner.calendar, today=partner.business_date(now))
    named = rules.named_at(old.age_days)
    message = views.reopened(old, owner_id=was.owner_id, named=named)
    tell_below(tx, message, about=brk.id, key=f"break:{brk.id}:{brk.revision}:reopened", partner=partner, now=now)
    return 1


def _remind_of_many(
    tx: Connection, breaks: Sequence[Break], *, owner_id: str, partner: Partner, rules: ReminderRules, now: datetime
) -> int:
    done = [brk for brk in breaks if writes.note_reminder(tx, brk, actor=SYSTEM, now=now)]
    if done:
        reopens_at = rules.hours_of(owner_id, partner=partner).after(now, rules.reopen_after)
        _post(tx, views.reminder_of_many(done, owner_id=owner_id, reopens_at=reopens_at), f"reminder:{owner_id}", partner=partner, now=now)
    return len(done)


def _reopen_many(tx: Connection, breaks: Sequence[Break], *, owner_id: str, partner: Partner, rules: ReminderRules, now: datetime) -> int:
    changes = [(was, moves.expire(was), str(Move.EXPIRE)) for was in breaks]
    stale = {brk.id for brk in writes.save_breaks(tx, changes, actor=SYSTEM, now=now)}
    today = partner.business_date(now)
    done = [aged(brk, calendar=partner.calendar, today=today) for _, brk, _ in changes if brk.id not in stale]
    if done:
        named = rules.named_at(max(one.age_days for one in done))
        message = views.reopened_many(done, owner_id=owner_id, named=named, partner_id=partner.id)
        _post(tx, message, f"reopened:{owner_id}", partner=partner, now=now)
    return len(done)


def _post(tx: Connection, message: Message, what: str, *, partner: Partner, now: datetime) -> None:
    for channel in partner.internal_channels[:1]:
        key = f"breaks:{partner.id}:{what}:{now.isoformat()}"
        outbox.enqueue(tx, key=key, kind=Kind.POST, audience=INTERNAL, channel=channel, payload=message.payload(), now=now)

"""Watching a payment: somebody is told in a direct message when it moves, once for each move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, person_audience, require
from breakwater.model.expectations import expected_next
from breakwater.model.partners import Partner
from breakwater.model.payment_watches import FORGOTTEN_AFTER_DAYS, MOST_PER_PERSON, Watch, position_of
from breakwater.model.payments import PaymentTrace
from breakwater.store import audit, outbox
from breakwater.store import watches as store
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.payment_news import moved


def watch(tx: Connection, *, actor: Actor, trace: PaymentTrace, channel: str, now: datetime) -> Watch:
    """Tell `actor` in `channel`, their direct message, from now on when the payment moves. Twice is once."""
    require(actor, Permission.READ)
    if store.count_of(tx, user_id=actor.id) >= MOST_PER_PERSON:
        raise RefusedError(
            f"You watch {MOST_PER_PERSON} payments already; more would be noise.", remedy="End some: `/payment watching` lists them."
        )
    begun = Watch(
        user_id=actor.id,
        payment_id=trace.payment_id,
        channel=channel,
        position=position_of(trace),
        processing=trace.processing,
        since=now,
        moved_at=now,
    )
    if store.begin(tx, begun):
        _note(tx, actor, "watch", begun.payment_id, now)
    return begun


def unwatch(tx: Connection, *, actor: Actor, payment_id: str, now: datetime) -> None:
    """Tell `actor` no more. Twice is once."""
    if store.end(tx, user_id=actor.id, payment_id=payment_id):
        _note(tx, actor, "unwatch", payment_id, now)


class Watchers:
    """Tells everybody whose payment has moved since they were last told. `trace` looks a payment up by its id."""

    def __init__(self, database: Database, trace: Callable[[str], PaymentTrace], *, partners: Mapping[str, Partner]) -> None:
        self._database, self._trace, self._partners = database, trace, partners
        self._seen = -1  # how many changes there had been when this process looked last

    def tell(self, *, now: datetime) -> int:
        """How many were told. Nothing is looked up while nothing has changed, and each payment once however many watch it."""
        with self._database.reading() as tx:
            changes, watched = store.changes(tx), store.watches(tx)
        if changes == self._seen:
            return 0
        told = 0
        for payment_id, watches in groupby(sorted(watched, key=attrgetter("payment_id")), key=attrgetter("payment_id")):
            found = self._trace(payment_id)
            moved_on = [one for one in watches if found.known and position_of(found) != one.position]
            told += sum(_tell(self._database, one, found, partners=self._partners, now=now) for one in moved_on)
        with self._database.transaction() as tx:
            store.forget(tx, moved_before=now - timedelta(days=FORGOTTEN_AFTER_DAYS))
        self._seen = changes
        return told


def _tell(database: Database, one: Watch, found: PaymentTrace, *, partners: Mapping[str, Partner], now: datetime) -> bool:
    expected = expected_next(found, partners.get(found.partner), now=now)
    message = moved(found, was=one.processing, partner_names={p.id: p.name for p in partners.values()}, expected=expected)
    with database.transaction() as tx:
        if not store.moved(tx, one, position=position_of(found), processing=found.processing, now=now):
            return False
        return outbox.enqueue(
            tx,
            key=f"watch:{one.user_id}:{one.payment_id}:{one.since.isoformat()}:{one.told + 1}",
            kind=Kind.POST,
            audience=person_audience(one.user_id),
            channel=one.channel,
            payload=message.payload(),
            priority=Priority.ALERT,
            now=now,
        )


def _note(tx: Connection, actor: Actor, action: str, payment_id: str, now: datetime) -> None:
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="payment", about_id=payment_id, detail={})

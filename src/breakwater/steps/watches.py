"""Watching a payment: somebody is told in a direct message when it moves, once for each move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, person_audience, require
from breakwater.model.expectations import expected_next
from breakwater.model.live import Live, Nobody
from breakwater.model.partners import Partner
from breakwater.model.payment_watches import FORGOTTEN_AFTER_DAYS, MOST_PER_PERSON, Watch, position_of
from breakwater.model.payments import PaymentTrace, live_question, with_answers
from breakwater.store import audit, claims, outbox
from breakwater.store import watches as store
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views.payment_news import moved

LIVE_EVERY_S = 900
LIVE_AT_ONCE = 30  # payments: their systems are not ours to keep busy
_LIVE_JOB = "watched-live"


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
    """Tells everybody whose payment has moved since they were last told. `trace` looks a payment up by its id.

    What we have ourselves is looked at whenever it changes; `live` sources are asked about a few watched payments every quarter of an
    hour, by one process, and about those that have moved here.
    """

    def __init__(
        self, database: Database, trace: Callable[[str], PaymentTrace], *, partners: Mapping[str, Partner], live: Live | None = None
    ) -> None:
        self._database, self._trace, self._partners = database, trace, partners
        self._live = live or Nobody()
        self._seen = -1  # how many changes there had been when this process looked last

    def tell(self, *, now: datetime) -> int:
        """How many were told. Nothing is looked up while nothing has changed, and each payment once however many watch it."""
        return self._tell_what_changed_here(now) + self._tell_what_live_sources_say(now)

    def _tell_what_changed_here(self, now: datetime) -> int:
        with self._database.reading() as tx:
            changes, watched = store.changes(tx), store.watches(tx)
        if changes == self._seen:
            return 0
        told = 0
        for payment_id, watches in _by_payment(watched).items():
            found = self._trace(payment_id)
            position = position_of(found)
            if moved_on := [one for one in watches if found.known and position != one.position]:
                shown = self._asked(found) or found
                told += sum(self._tell(one, shown, position=position, now=now) for one in moved_on)
        with self._database.transaction() as tx:
            store.forget(tx, moved_before=now - timedelta(days=FORGOTTEN_AFTER_DAYS))
        self._seen = changes
        return told

    def _tell_what_live_sources_say(self, now: datetime) -> int:
        """A state that a live source knows before we do; not so for one who was told of it."""
        slot = datetime.fromtimestamp(now.timestamp() // LIVE_EVERY_S * LIVE_EVERY_S, now.tzinfo)
        with self._database.reading() as tx:
            watched = _by_payment(store.watches(tx))
            if not watched or isinstance(self._live, Nobody) or claims.is_taken(tx, job=_LIVE_JOB, scheduled_at=slot):
                return 0
        with self._database.transaction() as tx:
            if not claims.claim(tx, job=_LIVE_JOB, scheduled_at=slot, now=now):
                return 0
        told = 0
        for payment_id in _chosen(watched, slot=slot):
            found = self._trace(payment_id)
            shown = self._asked(found) if found.known else None
            if shown:
                ahead = [one for one in watched[payment_id] if one.processing is not shown.processing]
                told += sum(self._tell(one, shown, position=one.position, now=now) for one in ahead)
        return told

    def _asked(self, found: PaymentTrace) -> PaymentTrace | None:
        """What is known with what live sources say; None if nobody is asked, knows anything, or one of them fails."""
        question = live_question(found)
        answers = list(self._live.ask(question)) if self._live.names(question) else []
        is_sure = any(answer.events for answer in answers) and not any(answer.problem for answer in answers)
        return with_answers(found, answers) if is_sure else None

    def _tell(self, one: Watch, found: PaymentTrace, *, position: str, now: datetime) -> bool:
        expected = expected_next(found, self._partners.get(found.partner), now=now)
        names = {p.id: p.name for p in self._partners.values()}
        message = moved(found, was=one.processing, partner_names=names, expected=expected)
        with self._database.transaction() as tx:
            if not store.moved(tx, one, position=position, processing=found.processing, now=now):
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


def _by_payment(watched: Sequence[Watch]) -> dict[str, list[Watch]]:
    by_payment = attrgetter("payment_id")
    return {payment_id: list(watches) for payment_id, watches in groupby(sorted(watched, key=by_payment), key=by_payment)}


def _chosen(payment_ids: Iterable[str], *, slot: datetime) -> list[str]:
    """The few that are asked about now: others each time, so that everybody's turn comes."""
    return sorted(payment_ids, key=lambda name: sha256(f"{slot.isoformat()} {name}".encode()).digest())[:LIVE_AT_ONCE]


def _note(tx: Connection, actor: Actor, action: str, payment_id: str, now: datetime) -> None:
    audit.append(tx, at=now, actor_id=actor.id, action=action, about_kind="payment", about_id=payment_id, detail={})

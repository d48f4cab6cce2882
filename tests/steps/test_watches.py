"""A person who watches a payment is told once for each move, in a direct message, by whichever process sees it first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.events import Event
from breakwater.model.live import LiveAnswer, LiveQuestion
from breakwater.model.payment_watches import FORGOTTEN_AFTER_DAYS, MOST_PER_PERSON
from breakwater.model.payments import PaymentTrace
from breakwater.steps.watches import LIVE_AT_ONCE, Watchers, unwatch, watch
from breakwater.store import audit, watches
from breakwater.store.database import Database
from breakwater.store.tables import audit_trail, delivery

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ADA, BRUNO, NOBODY = Actor("U0ADA", Role.VIEWER), Actor("U0BRUNO", Role.VIEWER), Actor("U0NILS", Role.NOBODY)


def a_trace(*states: str, payment_id: str = "pay_1") -> PaymentTrace:
    events = tuple(
        Event(
            event_id=f"E{n}",
            payment_id=payment_id,
            partner="nordbank",
            occurred_at=NOW + timedelta(hours=n),
            state=state,
            amount_minor=1_250,
            currency="EUR",
            network="sepa",
        )
        for n, state in enumerate(states)
    )
    return PaymentTrace(reference=payment_id, evidence=(), events=events, breaks=(), searched="everything")


def begin(database: Database, trace: PaymentTrace, *, actor: Actor = ADA, now: datetime = NOW) -> None:
    with database.transaction() as tx:
        watch(tx, actor=actor, trace=trace, channel=f"D{actor.id}", now=now)


def tell(database: Database, trace: PaymentTrace, *, now: datetime = NOW) -> int:
    return Watchers(database, lambda _: trace, partners={}).tell(now=now)


def messages(database: Database) -> list[tuple[str, str, str, str]]:
    table = delivery.outbox
    with database.reading() as tx:
        rows = tx.execute(select(table.c.channel, table.c.audience_kind, table.c.audience_id, table.c.payload).order_by(table.c.id))
        return [(row.channel, row.audience_kind, row.audience_id, row.payload["text"]) for row in rows]


def test_a_move_is_told_once_in_a_direct_message(database: Database) -> None:
    begin(database, a_trace("accepted"))

    told = [tell(database, a_trace(*states)) for states in (["accepted"], ["accepted", "settled"], ["accepted", "settled"])]

    assert told == [0, 1, 0]
    assert messages(database) == [("DU0ADA", "person", "U0ADA", "pay_1 moved: accepted → settled; not reconciled yet.")]


def test_each_move_is_told_also_back_to_where_it_was(database: Database) -> None:
    begin(database, a_trace("accepted"))

    told = [tell(database, a_trace(*states)) for states in (["accepted", "settled"], ["accepted"], ["accepted", "settled"])]

    assert told == [1, 1, 1]
    assert len(messages(database)) == 3


def test_a_second_process_that_saw_the_same_move_tells_nothing(database: Database) -> None:
    begin(database, a_trace("accepted"))
    with database.reading() as tx:
        [seen_by_both] = watches.watches(tx)
    tell(database, a_trace("accepted", "settled"))

    with database.transaction() as tx:
        late = watches.moved(tx, seen_by_both, position="another", processing=seen_by_both.processing, now=NOW)

    assert not late


def test_everybody_who_watches_is_told_and_a_payment_is_looked_up_once(database: Database) -> None:
    begin(database, a_trace("accepted"))
    begin(database, a_trace("accepted"), actor=BRUNO)
    asked: list[str] = []

    def trace(payment_id: str) -> PaymentTrace:
        asked.append(payment_id)
        return a_trace("accepted", "settled")

    told = Watchers(database, trace, partners={}).tell(now=NOW)

    assert (told, asked) == (2, ["pay_1"])
    assert {m[0] for m in messages(database)} == {"DU0ADA", "DU0BRUNO"}


def test_a_payment_that_vanished_is_no_move(database: Database) -> None:
    begin(database, a_trace("accepted"))

    assert tell(database, a_trace()) == 0


def test_watching_twice_is_once_and_ends_once(database: Database) -> None:
    begin(database, a_trace("accepted"))
    begin(database, a_trace("accepted", "settled"), now=NOW + timedelta(days=1))

    with database.reading() as tx:
        [kept] = watches.watches(tx, user_id=ADA.id)
        others = watches.watches(tx, user_id=BRUNO.id)
    for _ in range(2):
        with database.transaction() as tx:
            unwatch(tx, actor=ADA, payment_id="pay_1", now=NOW)

    assert (kept.since, others) == (NOW, [])
    assert tell(database, a_trace("accepted", "settled")) == 0
    with database.reading() as tx:
        assert not watches.is_watched(tx, user_id=ADA.id, payment_id="pay_1")
        trail = tx.execute(select(audit_trail.audit.c.action, audit_trail.audit.c.about_id, audit_trail.audit.c.actor_id)).all()
        assert [tuple(row) for row in trail] == [("watch", "pay_1", "U0ADA"), ("unwatch", "pay_1", "U0ADA")]
        assert audit.verify(tx) == []


def test_a_watch_begun_again_is_told_again(database: Database) -> None:
    for now in (NOW, NOW + timedelta(hours=1)):
        begin(database, a_trace("accepted"), now=now)
        tell(database, a_trace("accepted", "settled"), now=now)
        with database.transaction() as tx:
            unwatch(tx, actor=ADA, payment_id="pay_1", now=now)

    assert len(messages(database)) == 2


def test_too_many_watches_are_refused_and_strangers_have_none(database: Database) -> None:
    for n in range(MOST_PER_PERSON):
        begin(database, a_trace("accepted", payment_id=f"pay_{n}"))

    with pytest.raises(RefusedError, match="would be noise"):
        begin(database, a_trace("accepted", payment_id="pay_one_more"))
    with pytest.raises(RefusedError, match="You need the role"):
        begin(database, a_trace("accepted"), actor=NOBODY)


def test_what_never_moves_is_forgotten(database: Database) -> None:
    begin(database, a_trace("accepted"))

    tell(database, a_trace("accepted"), now=NOW + timedelta(days=FORGOTTEN_AFTER_DAYS, seconds=-1))
    with database.reading() as tx:
        still = watches.watches(tx)
    tell(database, a_trace("accepted"), now=NOW + timedelta(days=FORGOTTEN_AFTER_DAYS, seconds=1))
    with database.reading() as tx:
        gone = watches.watches(tx)

    assert (len(still), gone) == (1, [])


def test_nothing_is_looked_up_while_nothing_has_changed(database: Database) -> None:
    begin(database, a_trace("accepted"))
    asked: list[str] = []

    def trace(payment_id: str) -> PaymentTrace:
        asked.append(payment_id)
        return a_trace("accepted")

    watchers = Watchers(database, trace, partners={})
    for _ in range(3):
        watchers.tell(now=NOW)
    begin(database, a_trace("accepted"), actor=BRUNO)
    watchers.tell(now=NOW)

    assert asked == ["pay_1", "pay_1"]


class Sources:
    """Live sources that say what they are told to say, and count how often they are asked."""

    def __init__(self, *answers: LiveAnswer) -> None:
        self.answers = list(answers)
        self.asked = 0

    def names(self, question: LiveQuestion) -> Sequence[str]:
        return ["Nordbank's API"]

    def ask(self, question: LiveQuestion) -> Iterator[LiveAnswer]:
        self.asked += 1
        return iter(self.answers)


def an_answer(*states: str, problem: str = "") -> LiveAnswer:
    events = tuple(replace(event, event_id=f"LIVE-{event.event_id}") for event in a_trace(*states).events)
    return LiveAnswer(source="Nordbank's API", partner="nordbank", asked_at=NOW, events=events, problem=problem)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_what_a_live_source_knows_before_us_is_told_once(database: Database) -> None:
    begin(database, a_trace("accepted"))
    watchers = Watchers(database, lambda _: a_trace("accepted"), partners={}, live=Sources(an_answer("accepted", "settled")))

    told = [watchers.tell(now=at(minutes)) for minutes in (0, 15, 30)]

    assert told == [1, 0, 0]
    assert messages(database)[0][3] == "pay_1 moved: accepted → settled; not reconciled yet."


def test_what_comes_here_later_than_the_live_source_said_it_is_no_step_back(database: Database) -> None:
    """Their system said settled; then our file of the acceptance comes."""
    begin(database, a_trace("created"))
    live = Sources(an_answer("created", "accepted", "settled"))
    here = [a_trace("created")]
    watchers = Watchers(database, lambda _: here[0], partners={}, live=live)
    watchers.tell(now=at(0))
    here[0] = a_trace("created", "accepted")
    with database.transaction() as tx:
        audit.append(tx, at=NOW, actor_id="system", action="file_ingested", about_kind="source_file", about_id="x", detail={})

    watchers.tell(now=at(1))

    assert [m[3].split(";")[0] for m in messages(database)] == ["pay_1 moved: created → settled", "pay_1 moved: settled → settled"]


def test_live_sources_are_asked_at_a_modest_pace_by_one_process(database: Database) -> None:
    for n in range(LIVE_AT_ONCE + 5):
        begin(database, a_trace("accepted", payment_id=f"pay_{n}"), actor=Actor(f"U{n}", Role.VIEWER))
    live = Sources(an_answer("accepted"))
    one, other = (Watchers(database, lambda name: a_trace("accepted", payment_id=name), partners={}, live=live) for _ in range(2))

    for minutes in (0, 5, 14):
        one.tell(now=at(minutes))
        other.tell(now=at(minutes))
    in_one_slot = live.asked
    other.tell(now=at(15))

    assert (in_one_slot, live.asked) == (LIVE_AT_ONCE, 2 * LIVE_AT_ONCE)


@pytest.mark.parametrize("answer", [an_answer(), an_answer("accepted", "settled", problem="It answered half.")], ids=["nothing", "half"])
def test_a_live_source_that_knows_nothing_or_fails_moves_nothing(database: Database, answer: LiveAnswer) -> None:
    begin(database, a_trace("accepted"))

    assert Watchers(database, lambda _: a_trace("accepted"), partners={}, live=Sources(answer)).tell(now=NOW) == 0


def test_without_watches_nobody_is_asked(database: Database) -> None:
    live = Sources(an_answer("accepted"))

    Watchers(database, lambda _: a_trace("accepted"), partners={}, live=live).tell(now=NOW)

    assert live.asked == 0

"""Several breaks at once: each by its own rules, in one transaction, told once; what can't be moved is counted with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from break_work import ADA, BEN, CARDS, MONDAY, NOW, PARTNERS, PEOPLE, a_break, a_break_in
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.breaks import Break, BreakState
from breakwater.steps import bulk
from breakwater.steps.bulk import Done, Several
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import audit, reads, writes
from breakwater.store.database import Connection, Database
from breakwater.store.tables import delivery

DEEDS: dict[str, Callable[[Connection, Several], Done]] = {
    "acknowledge": bulk.acknowledge,
    "assign": lambda tx, several: bulk.assign(tx, several, to=BEN),
    "snooze": lambda tx, several: bulk.snooze(tx, several, until=MONDAY),
    "resolve": lambda tx, several: bulk.resolve(tx, several, reason="Came <!channel> on Monday."),
}


def lay_out(database: Database, *breaks: Break) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, breaks, actor=SYSTEM, now=NOW)
        for brk in breaks:
            enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)


def several(*breaks: Break, actor: Actor = ADA, **changes: Any) -> Several:
    return Several(**{"actor": actor, "seen": [(b.id, b.revision) for b in breaks], "partners": PARTNERS, "now": NOW, **changes})


def kinds(database: Database) -> list[str]:
    """The kinds of messages after the cards of the beginning."""
    with database.reading() as tx:
        return [
            row.kind
            for row in tx.execute(select(delivery.outbox.c.kind).where(delivery.outbox.c.revision != 1).order_by(delivery.outbox.c.id))
        ]


def as_they_are(database: Database, breaks: Sequence[Break]) -> list[Break]:
    with database.reading() as tx:
        return [brk for b in breaks if (brk := reads.break_by_id(tx, b.id))]


@pytest.mark.parametrize("deed", DEEDS)
def test_all_are_moved_their_cards_follow_and_one_message_tells(database: Database, deed: str) -> None:
    breaks = [a_break(f"f{n}") for n in range(3)]
    lay_out(database, *breaks)

    with database.transaction() as tx:
        done = DEEDS[deed](tx, several(*breaks))

    assert (len(done.moved), done.refused) == (3, ())
    assert kinds(database) == ["card", "card", "card", "post"]
    assert [b.touched_by for b in as_they_are(database, breaks)] == [ADA.id] * 3
    with database.transaction() as tx:
        assert [[e.action for e in audit.entries(tx, b.id)] for b in breaks] == [["open", deed]] * 3
        assert audit.verify(tx) == []
        post = tx.execute(select(delivery.outbox.c.payload).where(delivery.outbox.c.kind == "post")).scalar_one()
    assert "3 breaks worth *EUR 37.50*" in post["blocks"][0]["text"]["text"]
    assert "<!channel>" not in str([b for b in post["blocks"] if b["type"] != "rich_text"])


def test_what_can_not_be_moved_is_named_with_its_reason_and_the_others_go_on(database: Database) -> None:
    fresh, taken = a_break("fresh"), a_break_in(BreakState.ACKNOWLEDGED, "taken", owner_id=BEN.id, acknowledged_at=NOW)
    closed, unknown = a_break_in(BreakState.RESOLVED, "closed"), a_break("unknown")
    lay_out(database, fresh, taken, closed)

    with database.transaction() as tx:
        done = bulk.acknowledge(tx, several(fresh, taken, closed, unknown))

    assert [b.id for b in done.moved] == [fresh.id]
    said = dict(done.refused)
    assert f"<@{BEN.id}> acknowledged {taken.id} first" in said[taken.id]
    assert f"{closed.id} is resolved" in said[closed.id]
    assert f"There is no break {unknown.id}" in said[unknown.id]


def test_a_break_that_moved_on_since_the_list_was_shown_stays_as_it_is(database: Database) -> None:
    shown = a_break()
    lay_out(database, shown)
    with database.transaction() as tx:
        bulk.assign(tx, several(shown), to=BEN)

    with database.transaction() as tx:
        done = bulk.resolve(tx, several(shown), reason="Explained.")

    ((_, reason),) = done.refused
    assert "showed an older state" in reason
    assert kinds(database) == ["card", "post"]


def test_a_day_that_is_none_for_the_partner_moves_nothing_and_tells_nobody(database: Database) -> None:
    brk = a_break()
    lay_out(database, brk)

    with database.transaction() as tx:
        done = bulk.snooze(tx, several(brk), until=date(2026, 11, 22))

    assert "no business day" in done.refused[0][1]
    assert kinds(database) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [({"actor": PEOPLE[Role.VIEWER]}, "You need the role 'operator'"), ({"seen": [(f"B-{n}", 1) for n in range(101)]}, "too many at once")],
)
def test_who_may_not_and_far_too_many_are_refused_as_one(database: Database, change: dict[str, Any], said: str) -> None:
    lay_out(database, a_break())

    with pytest.raises(RefusedError, match=said), database.transaction() as tx:
        bulk.acknowledge(tx, several(a_break(), **change))


def test_people_who_choose_the_same_ones_at_once_share_them_without_a_deadlock(database: Database) -> None:
    breaks = [a_break(f"f{n}") for n in range(20)]
    lay_out(database, *breaks)

    def take(number: int) -> Done:
        chosen = breaks if number % 2 else breaks[::-1]
        with database.transaction() as tx:
            return bulk.acknowledge(tx, several(*chosen, actor=Actor(id=f"U0{number}", role=Role.OPERATOR)))

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(take, range(8)))

    assert sum(len(d.moved) for d in done) == 20
    assert all(len(d.moved) + len(d.refused) == 20 for d in done)
    with database.transaction() as tx:
        assert audit.verify(tx) == []

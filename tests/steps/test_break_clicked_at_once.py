"""Many people click one button at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from break_work import CARDS, NOW, PARTNERS, a_break, a_click
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.steps import breaks as steps
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import audit, reads, schema, writes
from breakwater.store.database import Database

CLICKS, AT_ONCE = 200, 16


def test_of_200_clicks_on_acknowledge_one_wins_and_the_others_are_told_who(database: Database) -> None:
    with database.transaction() as tx:
        brk = a_break()
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
        enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)

    def click(number: int) -> str:
        try:
            with database.transaction() as tx:
                steps.acknowledge(tx, a_click(brk, Actor(id=f"U0{number}", role=Role.OPERATOR)))
        except RefusedError as refused:
            return refused.message
        return "mine"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(click, range(CLICKS)))

    with database.transaction() as tx:
        owned = reads.break_by_id(tx, brk.id)
        cards = tx.execute(select(schema.outbox.c.revision).where(schema.outbox.c.about == brk.id).order_by(schema.outbox.c.id)).all()
        assert [e.action for e in audit.entries(tx, brk.id)] == ["open", "acknowledge"]
        assert audit.verify(tx) == []
    assert owned is not None
    winner = f"U0{answers.index('mine')}"
    assert owned.owner_id == winner
    assert answers.count("mine") == 1
    assert sum(f"<@{winner}> acknowledged {brk.id} first" in answer for answer in answers) == CLICKS - 1
    assert [row.revision for row in cards] == [1, 2]

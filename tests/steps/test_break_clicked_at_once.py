"""Many people click one button at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from break_work import CARDS, NOW, PARTNERS, a_break, a_click
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.steps import breaks as steps
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import audit, reads, writes
from breakwater.store.database import Database
from breakwater.store.tables import delivery

CLICKS, AT_ONCE = 200, 16
PROCESS = Path(__file__).with_name("clicking_process.py")


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

    one_won(database, brk.id, [(f"U0{n}", answer) for n, answer in enumerate(answers)])


def test_two_processes_of_the_bot_take_100_clicks_each_and_still_one_wins(database: Database, database_url: str) -> None:
    with database.transaction() as tx:
        brk = a_break()
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
        enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)
    call = [sys.executable, str(PROCESS), database_url, brk.id]
    both = [
        subprocess.Popen([*call, str(first), str(CLICKS // 2)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for first in (0, CLICKS // 2)
    ]
    for process in both:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [tuple(answer) for process in both for answer in json.loads(process.communicate(timeout=120)[0])]

    assert len(answers) == CLICKS
    one_won(database, brk.id, answers)


def one_won(database: Database, break_id: str, answers: list[tuple[str, str]]) -> None:
    """One owner, one row in the trail, everybody else told who, one card in its second revision."""
    with database.transaction() as tx:
        owned = reads.break_by_id(tx, break_id)
        cards = tx.execute(
            select(delivery.outbox.c.revision).where(delivery.outbox.c.about == break_id).order_by(delivery.outbox.c.id)
        ).all()
        assert [e.action for e in audit.entries(tx, break_id)] == ["open", "acknowledge"]
        assert audit.verify(tx) == []
    assert owned is not None
    winners = [who for who, answer in answers if answer == "mine"]
    assert winners == [owned.owner_id]
    assert sum(f"<@{winners[0]}> acknowledged {break_id} first" in answer for _, answer in answers) == CLICKS - 1
    assert [row.revision for row in cards] == [1, 2]

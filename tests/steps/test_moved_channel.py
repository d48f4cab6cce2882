"""A partner's breaks move to another channel: work goes on, and the cards left behind hold nobody up."""

from __future__ import annotations

from dataclasses import replace

from break_work import ADA, CARDS, NOW, PARTNERS, a_break, a_click
from sqlalchemy import select

from breakwater.model.access import SYSTEM
from breakwater.steps import breaks as steps
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import reads, writes
from breakwater.store.database import Database
from breakwater.store.tables import delivery


def test_a_break_whose_card_lies_in_a_channel_of_before_can_still_be_acknowledged(database: Database) -> None:
    moved = {"meridian": replace(PARTNERS["meridian"], internal_channels=("C0NEW",))}
    with database.transaction() as tx:
        brk = a_break()
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
        enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)

    with database.transaction() as tx:
        steps.acknowledge(tx, replace(a_click(brk, ADA), partners=moved))

    with database.reading() as tx:
        now_is = reads.break_by_id(tx, brk.id)
        sent_to = tx.execute(select(delivery.outbox.c.channel, delivery.outbox.c.revision)).all()
    assert now_is is not None
    assert now_is.owner_id == ADA.id
    assert [tuple(row) for row in sent_to] == [(CARDS, 1)]

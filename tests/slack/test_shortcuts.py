"""The shortcuts of a message: the payments it names, and its words kept beside a break or in an incident."""

from __future__ import annotations

from desk import ADA, BEN, CARDS, NILS, OPS, SHARED, VIC, Desk, a_break

from breakwater.model.access import Actor, Role
from breakwater.model.incidents import Severity
from breakwater.sandbox import Message
from breakwater.steps.incidents import Draft, open_incident
from breakwater.store import reads


def found_in(desk: Desk, text: str) -> str:
    message = desk.person(BEN).say(CARDS, text)
    return desk.told(ADA, CARDS, lambda: desk.person(ADA).shortcut("find_payment", message=message))


def an_incident(desk: Desk, title: str) -> str:
    draft = Draft(partner="meridian", title=title, severity=Severity.SEV2, summary="ours", partner_text="theirs")
    with desk.bot.database.transaction() as tx:
        opened = open_incident(
            tx,
            actor=Actor(ADA, Role.OPERATOR),
            draft=draft,
            previewed=draft.preview_id(partner=desk.bot.config.partners["meridian"], company="Harbour"),
            partner=desk.bot.config.partners["meridian"],
            company="Harbour",
            channel=OPS,
            now=desk.clock(),
        )
    return opened.id


def test_a_message_without_references_or_with_unknown_ones_is_answered_so(desk: Desk) -> None:
    assert "Nothing in this message looks like a reference" in found_in(desk, "lunch at 12:30 on 2026-11-20, EUR 12.50 each")
    told = found_in(desk, "where are PSP-77812-A and pay_9Zk11q? (card 4111 1111 1111 1111)")
    assert "No payment is known under what this message names" in told
    assert "PSP-77812-A" in told
    assert "pay_9Zk11q" in told
    assert "4111 1111" not in told


def test_the_references_that_a_card_shows_in_its_blocks_are_looked_up(desk: Desk) -> None:
    brk = a_break("card", references=("PSP-4471902", "ORDERREF"))
    desk.lay_out(brk)
    card = desk.card(brk)

    told = desk.told(ADA, CARDS, lambda: desk.person(ADA).shortcut("find_payment", message=card))

    assert "No payment is known under what this message names" in told
    assert "PSP-4471902" in told
    assert "ORDERREF" in told
    assert brk.id not in told


def test_a_message_of_the_partner_is_added_to_a_break_and_an_incident_and_the_answer_goes_to_ones_own_messages(desk: Desk) -> None:
    brk, incident_id = a_break("added"), an_incident(desk, "Batch missing")
    desk.lay_out(brk)
    card = desk.card(brk)
    message = desk.person(NILS).say(SHARED, f"We look into {brk.id}: the batch was held back.")

    desk.person(ADA).shortcut("add_to", message=message)
    form = desk.form(ADA, "Add to break or incident")
    told = desk.told_directly(ADA, lambda: desk.person(ADA).submit(form, {"Incident": incident_id}))

    assert told == f"📎 Added to {incident_id} and {brk.id}."
    assert "the batch was held back" in desk.thread(card, "the batch was held back")
    with desk.bot.database.reading() as tx:
        linked = reads.break_by_id(tx, brk.id)
        timeline = reads.timeline(tx, incident_id=incident_id)
    assert linked
    assert SHARED in linked.links[0]
    assert any("the batch was held back" in entry.text and entry.author_id == ADA for entry in timeline)
    ours: Message = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(OPS) if "Batch missing" in m.words), None))
    desk.sandbox.wait_for(lambda: any("added from another message" in m.words for m in desk.sandbox.thread(OPS, ours.ts)))
    assert not any("Added" in m.words for m in desk.person(ADA).private(SHARED))


def test_nothing_chosen_is_said_in_the_form_and_a_viewer_may_not(desk: Desk) -> None:
    an_incident(desk, "Something else")
    message = desk.person(BEN).say(CARDS, "no break here")

    desk.person(ADA).shortcut("add_to", message=message)
    form = desk.form(ADA, "Add to break or incident")
    answer = desk.person(ADA).submit(form, {})

    assert "Choose a break or an incident" in str(answer)
    assert "role 'operator'" in desk.told_directly(VIC, lambda: desk.person(VIC).shortcut("add_to", message=message))

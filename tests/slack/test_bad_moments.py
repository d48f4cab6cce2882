"""Bad moments at the desk: old cards, forms left open, channels and groups that changed meanwhile. One clear outcome each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desk import ADA, BEN, BOT, CARDS, EVE, NOW, OPS, SETTINGS, Desk, a_break, at_the_desk
from sqlalchemy import select

from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.breaks import Break, BreakState
from breakwater.sandbox.faults import FaultKind
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import reads, writes
from breakwater.store.tables import delivery

BEN_HIMSELF = Actor(id=BEN, role=Role.APPROVER, name="Ben")
PROPOSAL = {
    "Reason": "Bank charge",
    "Suspense account": "1799",
    "What it does to us": "We lose it: the account is debited",
    "Evidence": "ticket 12",
    "What a second person should know": "They keep it.",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of its own for each test: they change the workspace."""
    with at_the_desk(tmp_path / "company") as opened:
        yield opened


def as_it_is(desk: Desk, brk: Break) -> Break:
    with desk.bot.database.reading() as tx:
        found = reads.break_by_id(tx, brk.id)
    assert found
    return found


def by_ben(desk: Desk, brk: Break) -> Click:
    current = as_it_is(desk, brk)
    partners = desk.bot.config.partners
    return Click(actor=BEN_HIMSELF, break_id=brk.id, revision=current.revision, partners=partners, now=desk.clock())


def resolve(desk: Desk, brk: Break) -> None:
    with desk.bot.database.transaction() as tx:
        steps.resolve(tx, by_ben(desk, brk), reason="Explained.")


def reopen(desk: Desk, brk: Break) -> None:
    with desk.bot.database.transaction() as tx:
        steps.reopen(tx, by_ben(desk, brk), reason="It was not.")


def test_a_button_on_a_card_from_last_month_says_how_it_stands_now(desk: Desk) -> None:
    over, again = a_break("over"), a_break("again")
    desk.lay_out(over, again)
    ada = desk.person(ADA)
    old_over, old_again = desk.card(over), desk.card(again)
    for brk in (over, again):
        resolve(desk, brk)
    reopen(desk, again)
    desk.clock.forward = timedelta(days=31)

    assert f"{over.id} is resolved" in desk.told(ADA, CARDS, lambda: ada.click(old_over, "Acknowledge"))
    said = desk.told(ADA, CARDS, lambda: ada.click(old_again, "break_more", choose="Resolve…"))

    assert "showed an older state" in said
    assert f"<@{BEN}> moved it last" in said
    assert [as_it_is(desk, b).state for b in (over, again)] == [BreakState.RESOLVED, BreakState.OPEN]


def test_a_form_left_open_for_an_hour_is_as_good_as_the_state_it_was_opened_for(desk: Desk) -> None:
    still, moved = a_break("still"), a_break("moved")
    desk.lay_out(still, moved)
    ada, ben = desk.person(ADA), desk.person(BEN)
    ada.click(desk.card(still), "break_more", choose="Resolve…")
    mine = desk.form(ADA, "Resolve")
    ben.click(desk.card(moved), "break_more", choose="Resolve…")
    bens = desk.form(BEN, "Resolve")
    ada.click(desk.card(moved), "Acknowledge")
    desk.card(moved, "Acknowledged")
    desk.clock.forward = timedelta(hours=1)

    ada.submit(mine, {"Why it is explained": "Came on Monday."})
    said = desk.told(BEN, CARDS, lambda: ben.submit(bens, {"Why it is explained": "Too late."}))

    desk.card(still, "Resolved")
    assert f"<@{ADA}> moved it last" in said
    assert as_it_is(desk, moved).state is BreakState.ACKNOWLEDGED


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
def test_a_form_that_slack_no_longer_opens_asks_for_another_click(desk: Desk, error: str) -> None:
    brk = a_break()
    desk.lay_out(brk)
    ada = desk.person(ADA)
    card = desk.card(brk)
    desk.sandbox.faults.add("views.open", FaultKind.REFUSED, error=error)

    said = desk.told(ADA, CARDS, lambda: ada.click(card, "break_more", choose="Propose…"))

    assert "took too long" in said
    assert "Click again." in said
    ada.click(card, "break_more", choose="Propose…")
    assert desk.form(ADA, "Propose")


def test_people_of_a_removed_user_group_have_no_role_and_all_others_go_on(desk: Desk) -> None:
    brk = a_break()
    desk.lay_out(brk)
    ada, ben = desk.person(ADA), desk.person(BEN)
    card = desk.card(brk)
    desk.sandbox.faults.add("usergroups.users.list", FaultKind.REFUSED, error="no_such_subteam", times=20)

    assert "You have no role in Breakwater yet." in desk.told(ADA, CARDS, lambda: ada.click(card, "Acknowledge"))
    ben.click(card, "Acknowledge")

    assert f"<@{BEN}>" in desk.card(brk, "Acknowledged").words


def test_a_channel_that_is_shared_afterwards_is_named_and_nothing_of_ours_is_shown_there(desk: Desk) -> None:
    brk = a_break()
    desk.lay_out(brk)
    ada, channel = desk.person(ADA), desk.sandbox.state.channel(OPS)
    desk.sandbox.state.change_channel(replace(channel, connected_team_ids=("T0MERI",)))

    said = desk.told(ADA, OPS, lambda: ada.command("/recon", "breaks", channel=OPS))

    assert "This channel is shared with another organisation" in said
    assert brk.id not in said
    assert desk.sandbox.messages(OPS) == ()


def failed(desk: Desk, brk: Break) -> bool:
    """True once every message about the break after its first card was given up."""
    table = delivery.outbox
    with desk.bot.database.reading() as tx:
        about = (table.c.key.like(f"break:{brk.id}:%"), table.c.state != "sent")
        states = list(tx.scalars(select(table.c.state).where(*about)))
    return bool(states) and set(states) <= {"failed", "superseded"}


def test_a_bot_that_was_removed_from_the_channel_works_on_and_is_back_with_its_next_word(desk: Desk) -> None:
    brk = a_break()
    desk.lay_out(brk)
    card, ada = desk.card(brk), desk.person(ADA)
    channel = desk.sandbox.state.channel(CARDS)
    desk.sandbox.state.change_channel(replace(channel, members=tuple(m for m in channel.members if m != BOT)))

    ada.click(card, "Acknowledge")
    desk.until(lambda: failed(desk, brk))

    assert brk.id in desk.told(ADA, OPS, lambda: ada.command("/recon", "breaks mine", channel=OPS))
    desk.sandbox.state.change_channel(channel)
    resolve(desk, brk)
    assert "Explained." in desk.card(brk, "Resolved").words


def test_a_partner_that_was_renamed_is_named_in_the_answer(tmp_path: Path) -> None:
    with at_the_desk(tmp_path / "company", settings=SETTINGS.replace('id = "meridian"', 'id = "meridian-eu"')) as desk:
        brk = a_break(owner_id=EVE)
        old = replace(desk.bot.config.partners["meridian-eu"], id="meridian")
        with desk.bot.database.transaction() as tx:
            writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
            enqueue_card(tx, brk, partner=old, channel=CARDS, now=NOW)
        ben, eve = desk.person(BEN), desk.person(EVE)
        card = desk.card(brk)

        clicked = desk.told(BEN, CARDS, lambda: ben.click(card, "Acknowledge"))
        chosen = desk.told(BEN, CARDS, lambda: ben.click(card, "break_more", choose="Snooze…"))
        eve.open_home()

        assert "the partner 'meridian', which is not configured any more" in clicked
        assert clicked == chosen
        assert "My breaks: 0" in desk.home(EVE, "Partners").words


@pytest.mark.parametrize("amount", ["1.000,50", "1,000.50", "EUR 1000.50", "1 000,50"])
def test_an_amount_is_read_as_it_is_meant_and_refused_where_nobody_can_know(desk: Desk, amount: str) -> None:
    brk = a_break(amount_minor=100_050)
    desk.lay_out(brk)
    ada = desk.person(ADA)
    ada.click(desk.card(brk), "break_more", choose="Propose…")
    ada.submit(desk.form(ADA, "Propose"), {**PROPOSAL, "Amount in EUR": "1e9"})
    wrong = desk.sandbox.wait_for(lambda: view if (view := ada.view()) and view.errors else None)
    assert "'1e9' is not an amount in EUR. Write it like 1000.50." in wrong.words

    ada.submit(wrong, {**PROPOSAL, "Amount in EUR": amount})

    assert "a write-off of EUR 1,000.50" in desk.card(brk, "waiting for a second person").words

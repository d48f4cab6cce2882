"""Who left has no access from the next click on, and whoever is refused stands in the audit trail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk import ADA, CARDS, NOB, SHARED, VIC, Desk, a_break

from breakwater.sandbox import UserGroup
from breakwater.store import audit


def refusals(desk: Desk, attempted: str) -> list[tuple[str, str, str]]:
    """Who was refused this, in which channel, and what they were told."""
    with desk.bot.database.transaction() as tx:
        return [(e.actor_id, e.detail["channel"], e.detail["why"]) for e in audit.entries(tx, attempted) if e.action == "refused"]


def test_somebody_who_left_the_operators_can_not_acknowledge_any_more(desk: Desk) -> None:
    brk = a_break("left")
    desk.lay_out(brk)
    card = desk.card(brk)
    assert "EUR" in desk.told(ADA, CARDS, lambda: desk.person(ADA).command("/recon", "breaks", channel=CARDS))

    desk.sandbox.change_group(UserGroup(id="S0OPS", handle="ops", name="Operators", users=()))
    told = desk.told(ADA, CARDS, lambda: desk.person(ADA).click(card, "Acknowledge"))

    assert "You have no role in Breakwater yet." in told
    assert (ADA, CARDS, "You have no role in Breakwater yet.") in refusals(desk, "button break_acknowledge")
    desk.sandbox.change_group(UserGroup(id="S0OPS", handle="ops", name="Operators", users=(ADA,)))
    desk.person(ADA).click(card, "Acknowledge")
    assert desk.card(brk, f"<@{ADA}>")


def test_somebody_who_was_deactivated_is_told_so_at_the_next_word(desk: Desk) -> None:
    vic = next(user for user in desk.sandbox.workspace.users if user.id == VIC)
    assert "recon" in desk.told(VIC, CARDS, lambda: desk.person(VIC).command("/recon", "help", channel=CARDS))

    desk.sandbox.change_user(replace(vic, is_deleted=True))

    assert "You have no role" in desk.told(VIC, CARDS, lambda: desk.person(VIC).command("/recon", "help", channel=CARDS))
    desk.sandbox.change_user(vic)
    assert "recon" in desk.told(VIC, CARDS, lambda: desk.person(VIC).command("/recon", "help", channel=CARDS))


@pytest.mark.parametrize(
    ("who", "channel", "why"),
    [
        (NOB, CARDS, "You have no role in Breakwater yet."),
        (ADA, SHARED, "This channel is shared with another organisation, so nothing internal is shown here."),
    ],
)
def test_a_refusal_stands_in_the_audit_trail_and_the_trail_holds(desk: Desk, who: str, channel: str, why: str) -> None:
    told = desk.told(who, channel, lambda: desk.person(who).command("/recon", "breaks meridian", channel=channel))

    assert why in told
    assert (who, channel, why) in refusals(desk, "command /recon")
    with desk.bot.database.transaction() as tx:
        assert audit.verify(tx) == []


def test_a_role_that_does_not_reach_is_a_refusal_and_a_click_too_late_is_none(desk: Desk) -> None:
    brk = a_break("reach")
    desk.lay_out(brk)
    card = desk.card(brk)

    told = desk.told(VIC, CARDS, lambda: desk.person(VIC).click(card, "Acknowledge"))
    before = refusals(desk, "button break_acknowledge")
    desk.person(ADA).click(card, "Acknowledge")
    desk.card(brk, f"<@{ADA}>")
    late = desk.told("U0BEN", CARDS, lambda: desk.person("U0BEN").click(card, "Acknowledge"))

    assert "You need the role 'operator' to acknowledge a break." in told
    assert any(who == VIC for who, _, _ in before)
    assert "first" in late
    assert refusals(desk, "button break_acknowledge") == before

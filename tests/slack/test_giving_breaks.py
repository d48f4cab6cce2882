"""A break is given to colleagues who may work on it: anybody else is refused in the form, with the reason."""

from __future__ import annotations

import pytest
from desk import ADA, BEN, CARDS, NILS, NOB, NOW, OPS, VIC, Desk, a_break

from breakwater.model.breaks import BreakState
from breakwater.sandbox.modals import View

WHO = "Who has it from now on"
TAKEN = {"state": BreakState.ACKNOWLEDGED, "owner_id": ADA, "acknowledged_at": NOW}


def refused(desk: Desk, words: str) -> View:
    """The form that Ada has open still, once it says these words."""
    ada = desk.person(ADA)
    found: View = desk.sandbox.wait_for(lambda: view if (view := ada.view()) and words in view.words else None)
    return found


def the_form(desk: Desk, name: str) -> View:
    brk = a_break(name, **TAKEN)
    desk.lay_out(brk)
    ada = desk.person(ADA)
    ada.click(desk.card(brk), "break_more", choose="Assign to somebody…")
    return desk.form(ADA, "Assign to somebody")


def test_who_takes_their_own_break_is_told_that_it_is_theirs(desk: Desk) -> None:
    brk = a_break("mine", **TAKEN)
    desk.lay_out(brk)
    ada = desk.person(ADA)

    told = desk.told(ADA, CARDS, lambda: ada.click(desk.card(brk), "Assign to me"))

    assert f"{brk.id} is yours already. Nothing was changed." in told


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (NILS, "Nils is an app, a guest or from another organisation. Choose a colleague with the role operator."),
        (VIC, "Vic does not have that role. Choose a colleague with the role operator."),
        (NOB, "Nob does not have that role. Choose a colleague with the role operator."),
        (ADA, "It is yours already."),
    ],
)
def test_who_can_not_have_it_is_refused_in_the_form(desk: Desk, chosen: str, said: str) -> None:
    form = the_form(desk, f"given to {chosen}")

    desk.person(ADA).submit(form, {WHO: chosen})

    assert said in refused(desk, said).words
    desk.person(ADA).submit(refused(desk, said), {WHO: BEN})
    desk.card(a_break(f"given to {chosen}"), f"by <@{BEN}>")


def test_several_are_refused_in_the_form_too(desk: Desk) -> None:
    brk = a_break("several", amount_minor=95_000)
    desk.lay_out(brk)
    ada = desk.person(ADA)
    desk.told(ADA, OPS, lambda: ada.command("/recon", "breaks", channel=OPS))
    (*_, listed) = ada.private(OPS)
    chosen = {"bulk_chosen": [f"{brk.id}:1"]}

    ada.click(listed, "Assign…", values=chosen)
    ada.submit(desk.form(ADA, "Assign"), {"Who has them from now on": NILS})
    assert "from another organisation" in refused(desk, "another organisation").words
    ada.close(desk.form(ADA, "Assign"))
    ada.click(listed, "Snooze…", values=chosen)
    ada.submit(desk.form(ADA, "Snooze"), {"Until": "2026-12-31"})

    assert "2026-12-31 is more than 31 days away." in refused(desk, "31 days").words

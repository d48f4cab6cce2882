"""A break is asked for by its number, wherever numbers are typed."""

from __future__ import annotations

import pytest
from desk import ADA, CARDS, OPS, SHARED, VIC, Desk, a_break

from breakwater.model.breaks import Break
from breakwater.store import reads

ASKED = pytest.mark.parametrize(("command", "words"), [("/recon", ""), ("/recon", "breaks "), ("/payment", "")])


def is_known_to_be_out(desk: Desk, brk: Break) -> bool:
    """The card is seen in the channel a moment before the bot has noted where it is."""
    with desk.bot.database.reading() as tx:
        return reads.card(tx, about=brk.id, channel=CARDS) is not None


@ASKED
def test_a_break_is_shown_privately_with_the_way_to_its_card(desk: Desk, command: str, words: str) -> None:
    brk = a_break(f"asked {command} {words}", amount_minor=4_217)
    desk.lay_out(brk)
    card = desk.card(brk)
    desk.until(lambda: is_known_to_be_out(desk, brk))
    vic = desk.person(VIC)

    told = desk.told(VIC, OPS, lambda: vic.command(command, f"{words}{brk.id.lower()}", channel=OPS))

    assert "EUR 42.17" in told
    assert f"/archives/{CARDS}/p{card.ts.replace('.', '')}|its card> in <#{CARDS}>" in told
    assert "Acknowledge" not in told


def test_a_break_without_a_card_is_offered_one(desk: Desk) -> None:
    brk = a_break("no card")
    desk.lay_out(brk, cards=False)
    ada = desk.person(ADA)

    desk.told(ADA, OPS, lambda: ada.command("/recon", brk.id, channel=OPS))
    (*_, copy) = ada.private(OPS)
    ada.click(copy, "Show card")

    assert "It has no card yet" in copy.words
    desk.card(brk, "Open, nobody on it yet")


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("/recon", "B-AAAAAAAAAAAA", "There is no break B-AAAAAAAAAAAA."),
        ("/recon", "breaks B-AAAAAAAAAAAA", "There is no break B-AAAAAAAAAAAA."),
        ("/recon", "breaks mine B-AAAAAAAAAAAA", "B-AAAAAAAAAAAA is one break: ask for it by its number alone."),
        ("/payment", "B-AAAAAAAAAAAA", "No payment found"),
    ],
)
def test_a_number_that_nothing_has_is_refused(desk: Desk, command: str, words: str, said: str) -> None:
    vic = desk.person(VIC)

    assert said in desk.told(VIC, OPS, lambda: vic.command(command, words, channel=OPS))


@ASKED
def test_nothing_of_a_break_is_shown_where_a_partner_reads(desk: Desk, command: str, words: str) -> None:
    brk = a_break(f"shared {command} {words}", amount_minor=9_999)
    desk.lay_out(brk, cards=False)
    ada = desk.person(ADA)

    told = desk.told(ADA, SHARED, lambda: ada.command(command, f"{words}{brk.id}", channel=SHARED))

    assert "shared with another organisation" in told
    assert "99.99" not in told

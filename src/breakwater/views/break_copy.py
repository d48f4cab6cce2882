"""One break for the one who asked for it by its number: what its card says, and where the card itself is."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.breaks import Break
from breakwater.views.blocks import Message, actions, fit, section
from breakwater.views.breaks import break_card, show_card_button
from breakwater.views.words import channel, link


def break_copy(brk: Break, *, partner_name: str, cards: Sequence[tuple[str, str]]) -> Message:
    """The card without its buttons: a copy does not change with the break. `cards` are channels, each with the link to the card in it.

    A link is empty where the card is on its way. Where there is no card, a button asks for it.
    """
    card = break_card(brk, partner_name=partner_name)
    *told, source = (block for block in card.blocks if block["type"] != "actions")
    where = (
        [section(_where(cards))]
        if cards
        else [section("It has no card yet; on a card it can be worked on."), actions(show_card_button(brk))]
    )
    return fit(Message(text=card.text, blocks=(*told, *where, source)))


def _where(cards: Sequence[tuple[str, str]]) -> str:
    places = " and ".join(
        f"{link(url, 'its card')} in {channel(where)}" if url else f"its card in {channel(where)}" for where, url in cards
    )
    return f"As it is now. It is worked on at {places}."

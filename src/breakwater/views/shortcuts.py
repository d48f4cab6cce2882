"""What a message's shortcuts answer: the payments it names, and the form that adds it to a break or an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from breakwater.model.breaks import Break
from breakwater.model.incidents import Incident
from breakwater.model.masking import mask_cards
from breakwater.views.blocks import Block, Message, button, code, context, fit, section, word
from breakwater.views.breaks import break_words
from breakwater.views.modals import choice, chosen_if_any, metadata, modal, text_input, typed
from breakwater.views.payments import SHOW
from breakwater.views.words import joined, plain_money

FIND, ADD, ADD_FORM = "find_payment", "add_to", "add_to_form"
BREAK, INCIDENT, NOTE = "break", "incident", "note"
NOTE_MOST = 2_000
SHOWN = 10


class Added(TypedDict):
    """What somebody adds, and to what; empty for neither."""

    break_id: str
    incident_id: str
    note: str
    link: str


def none_named() -> Message:
    """The message holds nothing that looks like a reference."""
    text = "Nothing in this message looks like a reference of a payment. Copy the one you mean and ask with /payment."
    return Message(text=text, blocks=(section(f"🔎 {text}"),))


def none_found(tried: Sequence[str]) -> Message:
    """Nothing is known under any of the words that look like references."""
    names = ", ".join(code(t, 60) for t in tried[:SHOWN])
    text = "No payment is known under what this message names"
    return Message(text=f"{text}: {word(', '.join(tried[:SHOWN]), 600)}.", blocks=(section(f"🔎 {text}: {names}."),))


def found(references: Sequence[tuple[str, str]], *, unknown: int) -> Message:
    """Several payments are named: (reference, what it is), each with a button."""
    blocks: list[Block] = [section("🔎 This message names several payments. Which one?")]
    blocks += [
        section(f"{code(reference)} {word(what, 150)}", accessory=button(f"{SHOW}_{n}", "Show", {"reference": reference}))
        for n, (reference, what) in enumerate(references[:SHOWN])
    ]
    more = f"{len(references) - SHOWN} more are known" if len(references) > SHOWN else ""
    rest = f"nothing is known under {unknown} other words" if unknown else ""
    blocks += [context(joined((more, rest)))] if more or rest else []
    names = ", ".join(word(reference) for reference, _ in references[:SHOWN])
    return fit(Message(text=f"This message names several payments: {names}.", blocks=tuple(blocks)))


def add_form(*, breaks: Sequence[Break], incidents: Sequence[Incident], text: str, link: str) -> Block:
    """Where to, and what to say of it; the words of the message stand there already."""
    blocks: list[Block] = []
    if breaks:
        options = [(b.id, f"{b.id} {break_words(b)} {plain_money(b.amount_minor, b.currency)}") for b in breaks]
        blocks.append(choice(BREAK, "Break", options, chosen=options[0][0] if len(options) == 1 else None, optional=True))
    if incidents:
        options = [(i.id, f"{i.id} {i.title}") for i in incidents]
        blocks.append(choice(INCIDENT, "Incident", options, optional=True))
    if not blocks:
        blocks.append(section("There is no open incident, and the message names no break. Open one first with `/incident open PARTNER`."))
    blocks.append(text_input(NOTE, "What it says", most=NOTE_MOST, multiline=True, initial=mask_cards(text)[:NOTE_MOST]))
    return modal(ADD_FORM, title="Add to break or incident", blocks=blocks, submit="Add", metadata={"link": link})


def complaints(view: Mapping[str, Any]) -> dict[str, str]:
    """What is missing, by the field where it is said; nothing if it can be added."""
    values = view["state"]["values"]
    if any(chosen_if_any(view, place) for place in (BREAK, INCIDENT) if place in values):
        return {}
    return {next((p for p in (BREAK, INCIDENT) if p in values), NOTE): "Choose a break or an incident to add it to."}


def read_added(view: Mapping[str, Any]) -> Added:
    """What was filled in."""
    values = view["state"]["values"]
    return Added(
        break_id=chosen_if_any(view, BREAK) if BREAK in values else "",
        incident_id=chosen_if_any(view, INCIDENT) if INCIDENT in values else "",
        note=typed(view, NOTE),
        link=str(metadata(view)["link"]),
    )


def added(where: Sequence[str]) -> Message:
    """It stands there now."""
    names = " and ".join(word(place) for place in where)
    return Message(text=f"Added to {names}.", blocks=(section(f"📎 Added to {names}."),))

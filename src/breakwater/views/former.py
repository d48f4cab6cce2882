"""What is told of a partner, or of a leg, that is configured no longer while something of it is open."""

from __future__ import annotations

from breakwater.model.runs import BreakFigure
from breakwater.views.blocks import Message, actions, bold, button, section, word
from breakwater.views.home import SHOW_LIST
from breakwater.views.words import amounts, joined, plural


def left_open(*, partner_id: str, breaks: BreakFigure, incidents: int) -> Message:
    """For the team's channel: what it left open, and that it stays until people close it. `breaks` may be none."""
    left = joined(
        (
            f"{plural(breaks.count, 'break')} worth {amounts(breaks.value_minor)}" if breaks.count else "",
            plural(incidents, "open incident") if incidents else "",
        ),
        " and ",
    )
    text = (
        f"⚠️ {bold(partner_id)} is no longer configured, but left {left}. Nothing reconciles it any more: what is open stays in `/recon`, "
        "App Home and digests until people close it, and its cards come into this channel. If it was taken out by mistake, give it its "
        "entry in `breakwater.toml` back."
    )
    twin = f"{word(partner_id)} is no longer configured, but left {left.replace('*', '')}."
    blocks = (section(text), *((actions(button(SHOW_LIST, "Show them", {"words": partner_id})),) if breaks.count else ()))
    return Message(text=twin, blocks=blocks)

"""What a break's thread is told when somebody took it and left it alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from breakwater.model.ageing import AgedBreak
from breakwater.model.breaks import Break
from breakwater.views.blocks import Message, actions, section
from breakwater.views.breaks import Do, move_button
from breakwater.views.words import joined, mentions, moment, moment_utc, person, plain_money

OFFERED = (Do.INVESTIGATE, Do.SNOOZE, Do.RESOLVE)


def reminder(brk: Break, *, reopens_at: datetime) -> Message:
    """For the owner of a break nobody has touched: what happens if it stays so, and what to do instead."""
    since = brk.touched_at or brk.acknowledged_at
    said = (
        f"⏰ {person(brk.owner_id)}, you have this since {moment(since)}, and nothing has happened."
        if since
        else "⏰ Nothing has happened."
    )
    text = f"{said} It is open again {moment(reopens_at)} unless somebody does something."
    twin = f"Reminder: nothing has happened with {brk.id}; it is open again {moment_utc(reopens_at)}."
    return Message(text=twin, blocks=(section(text), actions(*(move_button(do, brk) for do in OFFERED))))


def reopened(old: AgedBreak, *, owner_id: str | None, named: Sequence[str]) -> Message:
    """A break is nobody's again: who had left it alone, how old and how large it is, and who has to look now."""
    brk = old.brk
    text = f"⚠️ Open again: {person(owner_id)} acknowledged this and left it alone."
    facts = joined((plain_money(brk.amount_minor, brk.currency), old.band, f"severity {old.severity}"))
    call = f"{mentions(named)} please look." if named else ""
    twin = f"{brk.id} is open again: it was acknowledged and left alone. {facts}."
    return Message(
        text=twin, blocks=(section("\n".join(line for line in (text, facts, call) if line)), actions(move_button(Do.ACKNOWLEDGE, brk)))
    )

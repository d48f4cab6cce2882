"""What a break's thread is told when somebody took it and left it alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from breakwater.model.ageing import AgedBreak
from breakwater.model.breaks import Break
from breakwater.model.runs import BreakFigure, total_of
from breakwater.views.blocks import Message, actions, button, code, listing, section
from breakwater.views.break_offers import Do, move_button
from breakwater.views.home import SHOW_LIST
from breakwater.views.severity import severity_words
from breakwater.views.words import amounts, joined, mentions, moment, moment_utc, person, plain_money, plural

MANY_SHOWN = 8
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


def reminder_of_many(breaks: Sequence[Break], *, owner_id: str, reopens_at: datetime) -> Message:
    """For the owner of breaks without cards: how many nobody has touched, and what happens if it stays so."""
    text = f"⏰ {person(owner_id)}, you have {_together(breaks)}, and nothing has happened."
    end = f"They are open again {moment(reopens_at)} unless somebody does something."
    twin = f"Reminder: nothing has happened with {plural(len(breaks), 'break')}; open again {moment_utc(reopens_at)}."
    shown = _largest(breaks, code("/recon breaks mine"))
    return Message(
        text=twin, blocks=(section(f"{text}\n{end}"), section(shown), actions(button(SHOW_LIST, "Show them", {"words": "mine"})))
    )


def reopened_many(olds: Sequence[AgedBreak], *, owner_id: str, named: Sequence[str], partner_id: str) -> Message:
    """Breaks without cards are nobody's again: how many, how old the oldest is, and who has to look now."""
    oldest = max(olds, key=lambda one: one.age_days)
    breaks = [one.brk for one in olds]
    text = f"⚠️ Open again: {_together(breaks)}, which {person(owner_id)} acknowledged and left alone. The oldest: {severity_words(oldest)}."
    call = f"{mentions(named)} please look." if named else ""
    shown = _largest(breaks, code(f"/recon breaks {partner_id}", 120))
    twin = f"{plural(len(olds), 'break')} open again: acknowledged and left alone."
    head = section("\n".join(line for line in (text, call) if line))
    return Message(text=twin, blocks=(head, section(shown), actions(button(SHOW_LIST, "Show them", {"words": partner_id}))))


def _together(breaks: Sequence[Break]) -> str:
    total = total_of(BreakFigure(count=1, value_minor={b.currency: b.amount_minor}) for b in breaks)
    return f"{plural(total.count, 'break')} worth {amounts(total.value_minor)}"


def _largest(breaks: Sequence[Break], rest: str) -> str:
    ordered = sorted(breaks, key=lambda b: (-b.amount_minor, b.id))
    lines = [f"• {code(b.id)} {plain_money(b.amount_minor, b.currency)}" for b in ordered]
    return listing(lines, most=MANY_SHOWN, rest=rest)

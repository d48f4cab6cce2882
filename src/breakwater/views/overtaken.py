"""What is told of a booking that a later run overtakes, and what can be answered."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.breaks import Break
from breakwater.model.runs import BreakFigure, total_of
from breakwater.views.blocks import Message, actions, bold, button, code, listing, section, word
from breakwater.views.break_news import overtaken_words, proposal_words
from breakwater.views.break_offers import Do, move_button
from breakwater.views.home import SHOW_LIST
from breakwater.views.words import amounts, mentions, plain_money, plural

MANY_SHOWN = 8
OFFERED = (Do.PROPOSE_REVERSAL, Do.KEEP_BOOKING)


def overtaken(brk: Break) -> Message:
    """For the thread: what two people had booked is explained now; is it to be taken back?"""
    booking = brk.proposal
    who = mentions([p for p in (booking.by, booking.decided_by) if p]) if booking else ""
    what = f"{proposal_words(booking)} stands in the journal" if booking else ""
    head = f"💶 {who} *{overtaken_words(booking)}*, and {what}."
    body = (
        f"{head}\nIf the money came after all, the booking has to be reversed. If what matches is the booking itself, it stands. "
        "Nothing changes by itself."
    )
    twin = f"{brk.id}: {overtaken_words(booking)}, and {what}. Is it to be reversed?"
    return Message(text=twin, blocks=(section(body), actions(*(move_button(do, brk) for do in OFFERED))))


def many_overtaken(breaks: Sequence[Break], *, partner_name: str, partner_id: str) -> Message:
    """For the channel: one run explains many breaks that people had booked."""
    total = total_of(BreakFigure(count=1, value_minor={b.currency: b.amount_minor}) for b in breaks)
    many = f"{plural(total.count, 'booked break')} worth {amounts(total.value_minor)}"
    text = f"💶 {bold(partner_name)}: a run explains {many}. Where the money came after all, the booking has to be reversed."
    ordered = sorted(breaks, key=lambda b: (-b.amount_minor, b.id))
    lines = [f"• {code(b.id)} {plain_money(b.amount_minor, b.currency)}: {overtaken_words(b.proposal)}" for b in ordered]
    words = f"{partner_id} overtaken"
    shown = listing(lines, most=MANY_SHOWN, rest=code(f"/recon breaks {words}", 120))
    twin = f"{word(partner_name)}: a run explains {many}."
    return Message(text=twin, blocks=(section(text), section(shown), actions(button(SHOW_LIST, "Show them", {"words": words}))))


def stands_again(brk: Break) -> Message:
    """For the thread: the records break again as they were booked, so nothing is to be reversed."""
    text = f"↩️ A later run finds this again as it was: {proposal_words(brk.proposal) if brk.proposal else 'the booking'} stands."
    return Message(text=f"{brk.id}: {text}", blocks=(section(text),))

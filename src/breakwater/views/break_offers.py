"""What a break's card offers from where it stands: its buttons, and what is in the menu beside them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from breakwater.model.breaks import OVERTAKEN, REVERSAL_PROPOSED, Break, BreakState
from breakwater.model.money import format_minor
from breakwater.views.blocks import Block, button
from breakwater.views.break_news import PROPOSAL_WORDS

MORE = "break_more"


class Do(StrEnum):
    """What a button or menu entry of a card asks for; its action id is `break_` and this."""

    ACKNOWLEDGE = "acknowledge"
    TAKE = "take"
    INVESTIGATE = "investigate"
    APPROVE = "approve"
    ASSIGN = "assign"
    COMMENT = "comment"
    SNOOZE = "snooze"
    ASK_PARTNER = "ask_partner"
    ASK_US = "ask_us"
    PROPOSE = "propose"
    DECLINE = "decline"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    PROPOSE_REVERSAL = "propose_reversal"
    KEEP_BOOKING = "keep_booking"
    APPROVE_REVERSAL = "approve_reversal"
    DECLINE_REVERSAL = "decline_reversal"


ACKNOWLEDGE = f"break_{Do.ACKNOWLEDGE}"
DO_WORDS: Mapping[Do, str] = {
    Do.ACKNOWLEDGE: "Acknowledge",
    Do.TAKE: "Assign to me",
    Do.INVESTIGATE: "I am looking into it",
    Do.APPROVE: "Approve",
    Do.ASSIGN: "Assign to somebody…",
    Do.COMMENT: "Comment or link…",
    Do.SNOOZE: "Snooze…",
    Do.ASK_PARTNER: "Partner was asked…",
    Do.ASK_US: "Ask our side…",
    Do.PROPOSE: "Propose…",
    Do.DECLINE: "Decline…",
    Do.RESOLVE: "Resolve…",
    Do.REOPEN: "Reopen…",
    Do.PROPOSE_REVERSAL: "Propose reversal…",
    Do.KEEP_BOOKING: "The booking stands…",
    Do.APPROVE_REVERSAL: "Approve reversal",
    Do.DECLINE_REVERSAL: "Decline reversal…",
}
_WORK = ((Do.TAKE, Do.ASK_PARTNER, Do.RESOLVE, Do.PROPOSE), (Do.INVESTIGATE, Do.ASK_US, Do.ASSIGN, Do.COMMENT, Do.SNOOZE))
# For each state: the buttons, and what is in the menu beside them.
OFFERS: Mapping[BreakState, tuple[tuple[Do, ...], tuple[Do, ...]]] = {
    BreakState.OPEN: ((Do.ACKNOWLEDGE,), (Do.ASSIGN, Do.COMMENT, Do.SNOOZE, Do.RESOLVE, Do.PROPOSE)),
    BreakState.ACKNOWLEDGED: _WORK,
    BreakState.INVESTIGATING: (_WORK[0], (Do.ASK_US, Do.ASSIGN, Do.COMMENT, Do.SNOOZE)),
    BreakState.AWAITING_PARTNER: ((Do.TAKE, Do.RESOLVE, Do.PROPOSE), _WORK[1]),
    BreakState.AWAITING_US: (_WORK[0], (Do.INVESTIGATE, Do.ASSIGN, Do.COMMENT, Do.SNOOZE)),
    BreakState.PROPOSED: ((Do.APPROVE, Do.DECLINE), (Do.ASSIGN, Do.COMMENT, Do.SNOOZE)),
    BreakState.RESOLVED: ((Do.REOPEN,), ()),
    BreakState.WRITTEN_OFF: ((Do.REOPEN,), ()),
}
# Where a booking is in doubt, its break offers what answers that instead.
IN_DOUBT: Mapping[str, tuple[tuple[Do, ...], tuple[Do, ...]]] = {
    OVERTAKEN: ((Do.PROPOSE_REVERSAL, Do.KEEP_BOOKING), ()),
    REVERSAL_PROPOSED: ((Do.APPROVE_REVERSAL, Do.DECLINE_REVERSAL), ()),
}
_KEPT: tuple[tuple[Do, ...], tuple[Do, ...]] = ((Do.PROPOSE_REVERSAL,), ())  # somebody said that the booking stands
_STYLES = {
    Do.ACKNOWLEDGE: "primary",
    Do.APPROVE: "primary",
    Do.DECLINE: "danger",
    Do.PROPOSE_REVERSAL: "primary",
    Do.APPROVE_REVERSAL: "primary",
    Do.DECLINE_REVERSAL: "danger",
}


def offers_of(brk: Break) -> tuple[tuple[Do, ...], tuple[Do, ...]]:
    """What a break's card offers: the buttons, and what is in the menu beside them."""
    if not brk.overtaken:
        return OFFERS[brk.state]
    return IN_DOUBT.get(brk.resolution or "", _KEPT)


def move_button(do: Do, brk: Break) -> Block:
    """Asks for a move of the break as it is shown."""
    return button(f"break_{do}", DO_WORDS[do], shown(brk), style=_STYLES.get(do), confirm=_question(do, brk))


def _question(do: Do, brk: Break) -> str:
    """What is asked before a click that can't be taken back lightly."""
    if do not in (Do.APPROVE, Do.APPROVE_REVERSAL) or brk.proposal is None:
        return ""
    amount = format_minor(brk.proposal.amount_minor, brk.proposal.currency)
    to = "to" if do is Do.APPROVE else "that the journal takes back"
    return f"You agree {to} {PROPOSAL_WORDS[brk.proposal.kind]} of {amount}. Your name stands beside it in the audit trail."


def shown(brk: Break) -> dict[str, str | int]:
    """What a button carries: the break as its card shows it."""
    return {"break_id": brk.id, "revision": brk.revision}

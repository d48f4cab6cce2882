"""A booking that a later run overtakes: the money came after all, so the write-off or correction may have to be reversed.

Until two people agree to that, the break stays written off or corrected, as the journal says. Somebody can also say that the booking
stands, for what matches may be the booking itself, once it is in our ledger.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from breakwater.errors import RefusedError
from breakwater.model.access import Actor
from breakwater.model.breaks import (
    OVERTAKEN,
    REVERSAL_PROPOSED,
    REVERSED,
    Break,
    BreakState,
    Move,
    require_state,
    touched,
)
from breakwater.model.proposals import Authority, Proposal, ProposalKind, Reversal

MATCHED, WITHDRAWN = "matched", "withdrawn"
"""How a run explains the records of what was booked: they match, or no file has them any more. Else the id of another break."""

_BOOKS = frozenset({ProposalKind.WRITE_OFF, ProposalKind.CORRECTION})


def booking_of(brk: Break) -> Proposal | None:
    """The agreed proposal by which a break is over, while it moves money in our books."""
    proposal = brk.proposal
    if brk.active or proposal is None or proposal.kind not in _BOOKS or not proposal.decided_by:
        return None
    return None if proposal.reversal and proposal.reversal.decided_by else proposal


def overtake(brk: Break, *, why: str) -> Break | None:
    """A run explains what was booked; None if it books nothing, or if that was told before."""
    booking = booking_of(brk)
    if booking is None or booking.overtaken:
        return None
    return replace(brk, revision=brk.revision + 1, resolution=OVERTAKEN, proposal=replace(booking, overtaken=why))


def stand_again(brk: Break) -> Break | None:
    """A run sees it again as it was booked: the booking is right. None if it never was in doubt."""
    booking = booking_of(brk)
    if booking is None or not booking.overtaken:
        return None
    undone = replace(booking, overtaken="", reversal=None)
    return replace(brk, revision=brk.revision + 1, resolution=str(booking.kind), proposal=undone)


def keep_booking(brk: Break, *, by: Actor, now: datetime) -> Break:
    """Somebody says that the booking is right although its records are explained."""
    booking = _required(brk, Move.KEEP_BOOKING, OVERTAKEN)
    return touched(brk, by.id, now, resolution=str(booking.kind))


def propose_reversal(brk: Break, *, note: str, by: Actor, now: datetime) -> Break:
    """The booking is to be taken back, also where somebody said that it stands; a second person has to agree."""
    booking = _required(brk, Move.PROPOSE_REVERSAL, OVERTAKEN, *_BOOKS)
    asked = replace(booking, reversal=Reversal(by=by.id, at=now, note=note))
    return touched(brk, by.id, now, resolution=REVERSAL_PROPOSED, proposal=asked)


def approve_reversal(brk: Break, *, by: Actor, authority: Authority, now: datetime) -> Break:
    """A second person, within the limit that the booking needed, agrees: it is taken back."""
    booking = _required(brk, Move.APPROVE_REVERSAL, REVERSAL_PROPOSED)
    authority.require_may_approve(by, booking)
    decided = replace(booking.reversal, decided_by=by.id, decided_at=now) if booking.reversal else None
    taken_back = replace(booking, reversal=decided)
    return touched(brk, by.id, now, state=BreakState.RESOLVED, resolution=REVERSED, resolved_at=now, proposal=taken_back)


def decline_reversal(brk: Break, *, by: Actor, now: datetime) -> Break:
    """A second person does not agree: somebody has to look again."""
    booking = _required(brk, Move.DECLINE_REVERSAL, REVERSAL_PROPOSED)
    return touched(brk, by.id, now, resolution=OVERTAKEN, proposal=replace(booking, reversal=None))


def _required(brk: Break, move: Move, *resolutions: str) -> Proposal:
    """The booking of an overtaken break that stands where the move begins."""
    require_state(brk, move)
    booking = booking_of(brk)
    if booking is None or not booking.overtaken or brk.resolution not in resolutions:
        needed = "its reversal is proposed" if REVERSAL_PROPOSED in resolutions else "a later run explains what two people had booked"
        raise RefusedError(
            f"{brk.id} can't be moved by '{move}': that begins where {needed}.", remedy="Look at its card for where it stands."
        )
    return booking

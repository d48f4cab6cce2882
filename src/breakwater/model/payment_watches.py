"""Watching a payment: who is told when it moves, and what counts as a move."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from breakwater.model.payments import PaymentTrace, ProcessingState

MOST_PER_PERSON = 50
FORGOTTEN_AFTER_DAYS = 90  # without a move


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Somebody watches a payment. `position` is where it was when they were last told, `told` how often that was.

    `channel` is the direct message they are told in; `moved_at` is when it moved last, or when they began.
    """

    user_id: str
    payment_id: str
    channel: str
    position: str
    processing: ProcessingState
    since: datetime
    moved_at: datetime
    told: int = 0


def position_of(trace: PaymentTrace) -> str:
    """Where a payment is, as one word: it changes when a state of its three axes does, when a new happening decides, or with its breaks."""
    standing = trace.history.standing
    breaks = sorted(f"{b.id} {b.active}" for b in trace.breaks)
    place = (trace.processing, trace.money, trace.reconciliation, standing.event.event_id if standing else "", *breaks)
    return hashlib.sha256("\n".join(map(str, place)).encode()).hexdigest()[:16]

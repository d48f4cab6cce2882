"""Matches that two people made by hand: evidence that every later run respects, until it is taken back or its records change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from breakwater.errors import RefusedError
from breakwater.model.money import format_minor
from breakwater.model.proposals import Tied
from breakwater.model.runs import ByHand

Money = tuple[int, str]
"""(amount in minor units, currency)"""


class ManualState(StrEnum):
    """Where a match by hand is in its life."""

    HOLDS = "holds"
    UNDONE = "undone"
    FALLEN = "fallen"


@dataclass(frozen=True, kw_only=True)
class ManualMatch:
    """Records that `made_by` proposed and `approved_by` agreed to explain each other, about a break."""

    id: str
    partner: str
    agreement: str
    break_id: str
    ours: tuple[Tied, ...]
    theirs: tuple[Tied, ...]
    made_by: str
    approved_by: str
    made_at: datetime
    state: ManualState = ManualState.HOLDS
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_because: str | None = None

    @property
    def pair(self) -> ByHand:
        """Its records as a run takes them."""
        return ByHand(ours=tuple(t.record_id for t in self.ours), theirs=tuple(t.record_id for t in self.theirs))


def manual_id(break_id: str, *, at: datetime) -> str:
    """The short name of a match by hand, like 'M-4K7QZC2MHX5A'."""
    return f"M-{base64.b32encode(hashlib.sha256(f'{break_id} {at.isoformat()}'.encode()).digest()).decode()[:12]}"


def why_fallen(made: ManualMatch, *, ours: Mapping[str, Money], theirs: Mapping[str, Money]) -> str:
    """Why a match no longer holds, given the money of its records now: one is gone, or worth something else. Empty if it holds."""
    for name, tied, now in (*(("ours", t, ours) for t in made.ours), *(("theirs", t, theirs) for t in made.theirs)):
        if tied.record_id not in now:
            return f"{tied.record_id} of {name} is not there any more"
        if now[tied.record_id] != (tied.amount_minor, tied.currency):
            was, is_now = format_minor(tied.amount_minor, tied.currency), format_minor(*now[tied.record_id])
            return f"{tied.record_id} of {name} was {was} and is {is_now} now"
    return ""


def ended(made: ManualMatch, *, state: ManualState, by: str, because: str, now: datetime) -> ManualMatch:
    """The match no longer counts. Refused if it is over already."""
    if made.state is not ManualState.HOLDS:
        raise RefusedError(f"{made.id} is {made.state} already.", remedy="Look at the card of its break for where it stands.")
    return replace(made, state=state, ended_at=now, ended_by=by, ended_because=because)


def already_matched(matches: Sequence[ManualMatch], pair: ByHand) -> ManualMatch | None:
    """The match by hand that holds a record of this pair already."""
    return next((made for made in matches if not all(set(made.pair.of(s)).isdisjoint(pair.of(s)) for s in ("ours", "theirs"))), None)

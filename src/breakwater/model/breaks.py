"""Breaks: records that do not explain each other, their life cycle, its first move, and those of later runs and of the clock.

Moves return the new break or refuse with a sentence; nobody sets `.state`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission
from breakwater.model.proposals import Proposal


class BreakKind(StrEnum):
    """The break kinds of the matching semantics, section 5, in its order."""

    MISSING_AT_PARTNER = "missing_at_partner"
    MISSING_IN_LEDGER = "missing_in_ledger"
    DUPLICATE_IN_LEDGER = "duplicate_in_ledger"
    DUPLICATE_AT_PARTNER = "duplicate_at_partner"
    ORPHAN_REFUND = "orphan_refund"
    ORPHAN_RETURN = "orphan_return"
    ORPHAN_CHARGEBACK = "orphan_chargeback"
    AMOUNT_MISMATCH = "amount_mismatch"
    FX_VARIANCE = "fx_variance"
    CURRENCY_MISMATCH = "currency_mismatch"
    FEE_VARIANCE = "fee_variance"
    STATUS_MISMATCH = "status_mismatch"
    REFERENCE_MISMATCH = "reference_mismatch"
    LATE_SETTLEMENT = "late_settlement"
    BATCH_INCOMPLETE = "batch_incomplete"
    AMBIGUOUS_MATCH = "ambiguous_match"


class BreakState(StrEnum):
    """Where a break is in its life. Acknowledged is not resolved."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    AWAITING_PARTNER = "awaiting_partner"
    AWAITING_US = "awaiting_us"
    PROPOSED = "proposed"
    RESOLVED = "resolved"
    WRITTEN_OFF = "written_off"


class Move(StrEnum):
    """What can be done with a break."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"
    SNOOZE = "snooze"
    LINK = "link"
    INVESTIGATE = "investigate"
    ASK_PARTNER = "ask_partner"
    ASK_US = "ask_us"
    PROPOSE = "propose"
    APPROVE = "approve"
    DECLINE = "decline"
    RESOLVE = "resolve"
    EXPIRE = "expire"
    AUTO_CLOSE = "auto_close"
    REOPEN = "reopen"
    OVERTAKE = "overtake"
    STAND_AGAIN = "stand_again"
    KEEP_BOOKING = "keep_booking"
    PROPOSE_REVERSAL = "propose_reversal"
    APPROVE_REVERSAL = "approve_reversal"
    DECLINE_REVERSAL = "decline_reversal"


ACTIVE = frozenset(BreakState) - {BreakState.RESOLVED, BreakState.WRITTEN_OFF}
_WORKED = frozenset(
    {BreakState.OPEN, BreakState.ACKNOWLEDGED, BreakState.INVESTIGATING, BreakState.AWAITING_PARTNER, BreakState.AWAITING_US}
)

_OVER = frozenset({BreakState.RESOLVED, BreakState.WRITTEN_OFF})

# Which states a move starts from. Where it leads is in the move's own function, which may ask for more.
MOVES = MappingProxyType(
    {
        Move.ACKNOWLEDGE: frozenset({BreakState.OPEN}),
        Move.ASSIGN: ACTIVE,
        Move.COMMENT: ACTIVE,
        Move.SNOOZE: ACTIVE,
        Move.LINK: ACTIVE,
        Move.INVESTIGATE: _WORKED,
        Move.ASK_PARTNER: _WORKED,
        Move.ASK_US: _WORKED,
        Move.PROPOSE: ACTIVE - {BreakState.PROPOSED},
        Move.APPROVE: frozenset({BreakState.PROPOSED}),
        Move.DECLINE: frozenset({BreakState.PROPOSED}),
        Move.RESOLVE: ACTIVE - {BreakState.PROPOSED},
        Move.EXPIRE: frozenset({BreakState.ACKNOWLEDGED}),
        Move.AUTO_CLOSE: ACTIVE,
        **dict.fromkeys(
            (
                Move.REOPEN,
                Move.OVERTAKE,
                Move.STAND_AGAIN,
                Move.KEEP_BOOKING,
                Move.PROPOSE_REVERSAL,
                Move.APPROVE_REVERSAL,
                Move.DECLINE_REVERSAL,
            ),
            _OVER,
        ),
    }
)

# What a person must be allowed to make a move. The other moves are the clock's and a run's.
NEEDS = MappingProxyType(
    {
        Move.ACKNOWLEDGE: Permission.ACKNOWLEDGE_BREAK,
        Move.APPROVE: Permission.APPROVE_PROPOSAL,
        Move.DECLINE: Permission.APPROVE_PROPOSAL,
        Move.APPROVE_REVERSAL: Permission.APPROVE_PROPOSAL,
        Move.DECLINE_REVERSAL: Permission.APPROVE_PROPOSAL,
        **dict.fromkeys(
            (
                Move.ASSIGN,
                Move.COMMENT,
                Move.SNOOZE,
                Move.LINK,
                Move.INVESTIGATE,
                Move.ASK_PARTNER,
                Move.ASK_US,
                Move.PROPOSE,
                Move.RESOLVE,
                Move.REOPEN,
                Move.KEEP_BOOKING,
                Move.PROPOSE_REVERSAL,
            ),
            Permission.WORK_BREAK,
        ),
    }
)


ENDS = ("from", "to")
"""What a break of a leg has among its `extra`: the names of the provider that pays out and of the bank where that arrives."""


@dataclass(frozen=True, kw_only=True)
class Break:
    """One break. Its identity is (agreement, fingerprint); `id` is a short name for people and cards.

    `amount_minor` is the value at stake, never negative. `dated` is the earliest date of its records: age counts from there.
    `revision` grows with every change; a card or button of an older revision changes nothing. `touched_by` moved it last, at
    `touched_at`: people only, not runs. `snoozed_until` is a business day. `escalated` counts how often an acknowledgement went stale,
    `reminded_at` is when its owner was told that it does, if nobody has done anything since.
    `suppressed_by` is the rule that calls it known noise: open breaks only, and only while nobody has them.
    """

    id: str
    agreement: str
    fingerprint: str
    partner: str
    kind: BreakKind
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    amount_minor: int
    currency: str
    material: bool
    dated: date
    opened_at: datetime
    pass_name: str | None = None
    also: tuple[str, ...] = ()
    lag: int | None = None
    references: tuple[str, ...] = ()
    state: BreakState = BreakState.OPEN
    revision: int = 1
    owner_id: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    run_id: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    touched_by: str | None = None
    touched_at: datetime | None = None
    snoozed_until: date | None = None
    links: tuple[str, ...] = ()
    proposal: Proposal | None = None
    escalated: int = 0
    reminded_at: datetime | None = None
    suppressed_by: str | None = None

    @property
    def ends(self) -> tuple[str, str] | None:
        """For a break of a leg, the names of its two ends."""
        source, target = (self.extra.get(name) for name in ENDS)
        return (source, target) if source and target else None

    @property
    def active(self) -> bool:
        """True while somebody still has to do something about it."""
        return self.state in ACTIVE

    def asleep_until(self, *, today: date) -> date | None:
        """The day on which it wakes, as its partner's calendar has it; None if it does not sleep on `today`."""
        return self.snoozed_until if self.active and self.snoozed_until and self.snoozed_until > today else None

    @property
    def overtaken(self) -> bool:
        """True while it is over by a booking that a later run explains, also where somebody said that the booking stands."""
        is_told = self.proposal is not None and bool(self.proposal.overtaken)
        return is_told and not self.active and self.resolution != REVERSED


def break_id(agreement: str, fingerprint: str) -> str:
    """The short name of a break, like 'B-4K7QZC2MHX5A': stable, since it comes from its identity, and unique at millions of breaks."""
    digest = hashlib.sha256(f"{agreement} {fingerprint}".encode()).digest()
    return f"B-{base64.b32encode(digest).decode()[:12]}"


def acknowledge(brk: Break, *, owner_id: str, now: datetime) -> Break:
    """An open break gets an owner. The second to try is told who was first."""
    if brk.state is BreakState.ACKNOWLEDGED and brk.owner_id and brk.acknowledged_at:
        raise RefusedError(f"<@{brk.owner_id}> acknowledged {brk.id} first, at {_slack_time(brk.acknowledged_at)}.")
    require_state(brk, Move.ACKNOWLEDGE)
    return touched(brk, owner_id, now, state=BreakState.ACKNOWLEDGED, owner_id=owner_id, acknowledged_at=now)


def expire(brk: Break) -> Break:
    """Acknowledged and left alone for too long: open again, nobody's, and somebody else's to hear of."""
    require_state(brk, Move.EXPIRE)
    return _changed(brk, state=BreakState.OPEN, owner_id=None, acknowledged_at=None, reminded_at=None, escalated=brk.escalated + 1)


MATCHED_LATE = "matched_late"
OPENING_ITEM = "opening_item"  # its records are all of the time before the partner went live
WAITS_AGAIN = "waits_again"  # a window that was made longer has not passed for its records
BECAME = "became "  # and the id of the break that its records are in now
OVERTAKEN = "overtaken"  # two people had it booked, and a later run explains its records: the booking may have to be reversed
REVERSAL_PROPOSED = "reversal_proposed"
REVERSED = "reversed"


def auto_close(brk: Break, *, now: datetime, resolution: str = MATCHED_LATE) -> Break:
    """A later run explains the records, or sees them in another break that takes this one's place."""
    require_state(brk, Move.AUTO_CLOSE)
    return _changed(brk, state=BreakState.RESOLVED, resolution=resolution, resolved_at=now, proposal=None, snoozed_until=None)


def succeed(brk: Break, *, predecessor: Break) -> Break:
    """A new break of records that were in another one before: owner, state, age and what was said of it carry over."""
    life = (
        "state",
        "owner_id",
        "acknowledged_at",
        "opened_at",
        "touched_by",
        "touched_at",
        "snoozed_until",
        "links",
        "proposal",
        "escalated",
        "reminded_at",
    )
    return replace(brk, **{name: getattr(predecessor, name) for name in life})


def reopen(brk: Break, *, by: Actor | None = None, now: datetime | None = None) -> Break:
    """A resolved break is open again: its records break again, or somebody (`by`) says it was not right."""
    require_state(brk, Move.REOPEN)
    if by and brk.overtaken:
        raise RefusedError(
            f"A later run explains {brk.id}: it would be closed again, and one person alone would have reversed its booking.",
            remedy="Propose the reversal on its card; a second person then agrees.",
        )
    fresh = _changed(brk, state=BreakState.OPEN, owner_id=None, acknowledged_at=None, resolution=None, resolved_at=None, proposal=None)
    return replace(fresh, touched_by=by.id, touched_at=now) if by else fresh


def restate(brk: Break, *, seen: Break) -> Break:
    """The break as a later run sees it: figures from `seen`, life from `brk`. Unchanged figures give `brk` itself.

    A partner that goes by another id takes the breaks along that it still sees.
    """
    figures = ("partner", "amount_minor", "currency", "material", "dated", "pass_name", "also", "lag", "references", "extra")
    now_seen = replace(brk, **{name: getattr(seen, name) for name in figures})
    return brk if now_seen == brk else replace(now_seen, revision=brk.revision + 1)


def suppress(brk: Break, *, by_rule: str | None) -> Break:
    """An open break that nobody has is known noise by a rule, or (None) is no longer."""
    return _changed(brk, suppressed_by=by_rule)


def require_state(brk: Break, move: Move) -> None:
    """Refuse, naming the states it can be made from, unless the break stands where the move begins."""
    if brk.state not in MOVES[move]:
        allowed = ", ".join(sorted(MOVES[move]))
        raise RefusedError(
            f"{brk.id} is {brk.state}, so it can't be moved by '{move}' (only from: {allowed}).",
            remedy="Look at its card for where it stands.",
        )


def touched(brk: Break, by: str, now: datetime, **changes: object) -> Break:
    """Moved by a person."""
    return _changed(brk, **{"touched_by": by, "touched_at": now, "reminded_at": None, **changes})


def _changed(brk: Break, **changes: object) -> Break:
    changed = replace(brk, revision=brk.revision + 1, **changes)  # type: ignore[arg-type]
    return changed if changed.state is BreakState.OPEN and changed.owner_id is None else replace(changed, suppressed_by=None)


def _slack_time(moment: datetime) -> str:
    return f"<!date^{int(moment.timestamp())}^{{time}}|{moment:%H:%M} UTC>"

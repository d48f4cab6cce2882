"""Causes: one explanation shared by many breaks, and its life. People take a cause once, and every break under it follows.

Moves return the changed cause or refuse with a sentence; nobody sets `.state`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require_of_other
from breakwater.model.breaks import ENDS
from breakwater.model.records import Side

CAUSE = "C-"  # what the name of a cause begins with


class CauseKind(StrEnum):
    """What can explain many breaks at once."""

    FILE_MISSING = "file_missing"
    BATCH_MISSING = "batch_missing"
    FILE_TWICE = "file_twice"
    BATCH_TWICE = "batch_twice"
    FEE_SCHEDULE = "fee_schedule"
    FX_RATE = "fx_rate"
    CUT_OFF = "cut_off"
    SIGN_FLIPPED = "sign_flipped"
    AMOUNT_SCALED = "amount_scaled"
    REFERENCE_CHANGED = "reference_changed"
    ACCOUNT_MAPPED = "account_mapped"
    KIND_MISSING = "kind_missing"
    ONE_MERCHANT = "one_merchant"
    ONE_BIN = "one_bin"


# How the records of a side are sliced to see whether the breaks of a slice are nearly all of it.
SLICES = (
    ("date",),
    ("date", "account"),
    ("date", "hour"),
    ("date", "kind"),
    ("kind", "currency", "date"),
    ("account",),
    ("bin",),
    ("batch",),
    ("source_file",),
)


class CauseState(StrEnum):
    """Where a cause is in its life. It is over when no break is under it any more, and open again when some are."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class AbsentFile:
    """A partner's file that we know did not count: of a stream, about a business day. `why` is 'late', 'missing' or 'refused'.

    It would have stood on `side`. Where it `lags`, as in a leg, what it would have held is matched with records dated up to the window
    of the agreement away from its day.
    """

    stream: str
    business_date: date
    why: str
    side: Side = Side.THEIRS
    lags: bool = False


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What the breaks of one run say: these, by `fingerprints`, have one explanation.

    `scope` names the place, and with `kind` is the explanation's identity: a later run that finds the same kind and scope finds the
    same cause. `evidence` is what shows it, in texts for the views to phrase; amounts in minor units, rates in basis points.
    `value_minor` is what its breaks have at stake, per currency; `confidence` is in whole per cent.
    """

    kind: CauseKind
    scope: Mapping[str, str]
    evidence: Mapping[str, str]
    fingerprints: tuple[str, ...]
    value_minor: Mapping[str, int]
    confidence: int


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause with its life. `count` and `value_minor` are those of the active breaks under it, known noise apart.

    `revision` grows with every change; a button of an older card changes nothing. `rank` is its place among the causes of its partner,
    1 for the one that explains most.
    """

    id: str
    partner: str
    agreement: str
    kind: CauseKind
    scope: Mapping[str, str]
    evidence: Mapping[str, str]
    count: int
    value_minor: Mapping[str, int]
    confidence: int
    rank: int
    found_at: datetime
    run_id: str
    state: CauseState = CauseState.OPEN
    revision: int = 1
    owner_id: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    over_at: datetime | None = None
    incident_id: str | None = None

    @property
    def ends(self) -> tuple[str, str] | None:
        """For a cause in a leg, the names of its two ends."""
        source, target = (self.evidence.get(name) for name in ENDS)
        return (source, target) if source and target else None

    @property
    def active(self) -> bool:
        """True while there are breaks under it."""
        return self.state is not CauseState.OVER

    @property
    def confirmed(self) -> bool:
        """True once somebody stands behind it: it was acknowledged, or is an incident."""
        return self.active and (self.acknowledged_by is not None or self.incident_id is not None)


def cause_id(*, agreement: str, kind: CauseKind, scope: Mapping[str, str]) -> str:
    """The short name of a cause, like 'C-4K7QZC2MHX5A': stable, since it comes from what it is and where."""
    place = " ".join(f"{name}={scope[name]!r}" for name in sorted(scope))
    digest = hashlib.sha256(f"{agreement} {kind} {place}".encode()).digest()
    return f"{CAUSE}{base64.b32encode(digest).decode()[:12]}"


def found(explanation: Explanation, *, partner: str, agreement: str, rank: int, run_id: str, now: datetime) -> Cause:
    """A cause that a run found for the first time."""
    return Cause(
        id=cause_id(agreement=agreement, kind=explanation.kind, scope=explanation.scope),
        partner=partner,
        agreement=agreement,
        kind=explanation.kind,
        scope=dict(explanation.scope),
        evidence=dict(explanation.evidence),
        count=len(explanation.fingerprints),
        value_minor=dict(explanation.value_minor),
        confidence=explanation.confidence,
        rank=rank,
        found_at=now,
        run_id=run_id,
    )


def seen_again(cause: Cause, *, seen: Cause) -> Cause:
    """The cause as a later run sees it: figures of `seen`, life of `cause`. One that was over is open again, and nobody's.

    Nothing new gives `cause` itself.
    """
    figures = replace(
        cause, evidence=seen.evidence, count=seen.count, value_minor=seen.value_minor, confidence=seen.confidence, rank=seen.rank
    )
    if not cause.active:
        fresh = replace(figures, state=CauseState.OPEN, owner_id=None, acknowledged_by=None, acknowledged_at=None, over_at=None)
        return replace(fresh, incident_id=None, run_id=seen.run_id, revision=cause.revision + 1)
    return cause if figures == cause else replace(figures, run_id=seen.run_id, revision=cause.revision + 1)


def over(cause: Cause, *, now: datetime) -> Cause:
    """No break is under it any more."""
    return replace(cause, state=CauseState.OVER, over_at=now, count=0, value_minor={}, revision=cause.revision + 1)


def acknowledge(cause: Cause, *, by: Actor, now: datetime) -> Cause:
    """Somebody takes it. The second to try is told who was first."""
    _require_active(cause)
    if cause.state is CauseState.ACKNOWLEDGED:
        raise RefusedError(f"<@{cause.acknowledged_by}> acknowledged {cause.id} first. Nothing was changed.")
    return replace(
        cause,
        state=CauseState.ACKNOWLEDGED,
        owner_id=by.id,
        acknowledged_by=by.id,
        acknowledged_at=now,
        revision=cause.revision + 1,
    )


def assign(cause: Cause, *, to: Actor) -> Cause:
    """Somebody becomes its owner."""
    _require_active(cause)
    require_of_other(to, Permission.WORK_BREAK)
    return replace(cause, owner_id=to.id, revision=cause.revision + 1)


def escalate(cause: Cause, *, incident_id: str) -> Cause:
    """It is a partner incident now."""
    _require_active(cause)
    if cause.incident_id:
        raise RefusedError(f"{cause.id} is {cause.incident_id} already.", remedy="Add what you know in its thread.")
    return replace(cause, incident_id=incident_id, revision=cause.revision + 1)


def _require_active(cause: Cause) -> None:
    if not cause.active:
        raise RefusedError(f"{cause.id} is over: no break is under it any more.", remedy="Look at `/recon` for what is left.")

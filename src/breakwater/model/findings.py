"""Findings: one anomaly each, with what it is worth and the figures that show it, and what people make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from breakwater.errors import RefusedError

SEVERAL = "*"  # the partner of a finding that is about more than one
Place = tuple[tuple[str, str], ...]
"""What the scope of a finding fixes, such as (("partner", "nordbank"), ("currency", "EUR")). What it leaves open, it covers entirely."""


class FindingKind(StrEnum):
    """What can look wrong."""

    FILE_LATE = "file_late"
    FILE_MISSING = "file_missing"
    FILE_DUPLICATE = "file_duplicate"
    FILE_TRUNCATED = "file_truncated"
    FILE_GAP = "file_gap"
    FILE_CHANGED = "file_changed"
    VOLUME_DROP = "volume_drop"
    VOLUME_SPIKE = "volume_spike"
    APPROVAL_DROP = "approval_drop"
    TICKET_UP = "ticket_up"
    TICKET_DOWN = "ticket_down"
    STATE_BELOW = "state_below"
    DECLINE_REASONS = "decline_reasons"
    REFUNDS_UP = "refunds_up"
    CHARGEBACKS_UP = "chargebacks_up"
    FEE_DRIFT = "fee_drift"
    RATE_DRIFT = "rate_drift"
    SETTLEMENT_SLOW = "settlement_slow"
    BREAK_RATE_UP = "break_rate_up"


class FindingState(StrEnum):
    """A finding opens, and recovers by itself when the figures do. The other states are what a person said of it."""

    OPEN = "open"
    RECOVERED = "recovered"
    FALSE_POSITIVE = "false_positive"
    EXPECTED = "expected"
    NEW_LEVEL = "new_level"


SAID = frozenset({FindingState.FALSE_POSITIVE, FindingState.EXPECTED, FindingState.NEW_LEVEL})
FILE_KINDS = frozenset(kind for kind in FindingKind if kind.startswith("file_"))
PAYMENT_KINDS = frozenset(
    {FindingKind.VOLUME_DROP, FindingKind.VOLUME_SPIKE, FindingKind.APPROVAL_DROP, FindingKind.TICKET_UP, FindingKind.TICKET_DOWN}
)
OCCURRENCE_KINDS = frozenset({FindingKind.DECLINE_REASONS, FindingKind.REFUNDS_UP, FindingKind.CHARGEBACKS_UP})
DAILY_KINDS = frozenset({FindingKind.FEE_DRIFT, FindingKind.RATE_DRIFT, FindingKind.SETTLEMENT_SLOW, FindingKind.BREAK_RATE_UP})
LEVEL_KINDS = PAYMENT_KINDS | OCCURRENCE_KINDS | DAILY_KINDS  # what has a level that can be accepted


@dataclass(frozen=True)
class SeriesPoint:
    """One hour or day of a series: what was seen, and what was expected then (None while history is too short)."""

    at: datetime
    seen: float
    expected: float | None


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one segment adds to a finding: where, how many payments strayed there, and what these are worth (None where not told)."""

    where: str
    payments: int
    worth_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One anomaly. `scope` names the narrowest place it shows, e.g. 'meridian · cards · GBP'; `place` says the same field by field.

    `at_risk_minor` is the money that would have moved and did not, in `currency`; None where it can't be told.
    `deeper_since` is since when it is far larger than at first, as far as that was told.
    `id` is stable: the same anomaly found again by a later pass is the same finding. `told_minor` is what was at risk when it was
    last told; `revision` grows with everything told or said. `silent_until`: nothing is told before, unless it is an outage.
    """

    id: str
    kind: FindingKind
    partner: str
    scope: str
    since: datetime
    summary: str
    expected: str
    seen: str
    next_step: str
    at_risk_minor: int | None = None
    currency: str | None = None
    state: FindingState = FindingState.OPEN
    found_at: datetime | None = None
    series: tuple[SeriesPoint, ...] = ()
    place: Place = ()
    contributions: tuple[Contribution, ...] = ()
    cause: str = ""
    is_outage: bool = False
    is_new_level: bool = False
    revision: int = 1
    told_minor: int | None = None
    deeper_since: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    said_by: str | None = None
    said_at: datetime | None = None
    said_note: str = ""
    silent_until: datetime | None = None
    ended_at: datetime | None = None

    @property
    def open(self) -> bool:
        """True while somebody should look at it."""
        return self.state is FindingState.OPEN

    @property
    def level(self) -> str:
        """How narrow its scope is, e.g. 'partner, currency', '' for everything; 'file' for a finding about a file."""
        return "file" if self.kind in FILE_KINDS else level_of(self.place)

    def is_silent(self, now: datetime) -> bool:
        """True while it is muted."""
        return self.silent_until is not None and now < self.silent_until


@dataclass(frozen=True, kw_only=True)
class Unmonitored:
    """What no alert can be promised for, in a sentence; `partner` is whose it is, None where it is about all."""

    partner: str | None
    text: str


def level_of(place: Place) -> str:
    """The names of what a scope fixes."""
    return ", ".join(name for name, _ in place)


def acknowledge(found: Finding, *, by: str, now: datetime) -> Finding:
    """Somebody looks after it. The second to try is told who was first."""
    if found.acknowledged_by and found.acknowledged_at:
        raise RefusedError(f"<@{found.acknowledged_by}> acknowledged {found.id} first, at {_slack_time(found.acknowledged_at)}.")
    _require_open(found)
    return replace(found, acknowledged_by=by, acknowledged_at=now, revision=found.revision + 1)


def judge(found: Finding, *, as_: FindingState, by: str, now: datetime, note: str = "", until: datetime | None = None) -> Finding:
    """Somebody says what it really is: no anomaly, expected (until when), or how things are from now on."""
    _require_open(found)
    if as_ is FindingState.NEW_LEVEL and found.kind not in LEVEL_KINDS:
        raise RefusedError("Only figures have a level to accept.", remedy="Acknowledge it, or say that it was expected.")
    return replace(found, state=as_, said_by=by, said_at=now, said_note=note, silent_until=until, ended_at=now, revision=found.revision + 1)


def mute(found: Finding, *, until: datetime, by: str, now: datetime) -> Finding:
    """Say nothing more of it until then. An outage is never muted."""
    _require_open(found)
    if found.is_outage:
        raise RefusedError(
            f"{found.id} is an outage, and an outage is never muted.", remedy="Acknowledge it, so that others see you are on it."
        )
    if found.is_silent(now) and found.silent_until and found.said_by:
        raise RefusedError(f"<@{found.said_by}> muted {found.id} first, until {_slack_time(found.silent_until)}.")
    return replace(found, silent_until=until, said_by=by, said_at=now, revision=found.revision + 1)


def recover(found: Finding, *, now: datetime) -> Finding:
    """The figures are as usual again, or the file has come."""
    return replace(found, state=FindingState.RECOVERED, ended_at=now, revision=found.revision + 1)


def accept_by_itself(found: Finding, *, now: datetime) -> Finding:
    """It has lasted so long that it is how things are."""
    return replace(found, state=FindingState.NEW_LEVEL, ended_at=now, revision=found.revision + 1)


def reopen(found: Finding) -> Finding:
    """What a person said of it is undone, or no longer fits what is seen."""
    return replace(found, state=FindingState.OPEN, said_by=None, said_at=None, said_note="", silent_until=None, ended_at=None,
                   revision=found.revision + 1)  # fmt: skip


def seen_again(was: Finding, *, fresh: Finding) -> Finding:
    """The figures of `fresh` with the life of `was`."""
    life = ("id", "state", "found_at", "revision", "told_minor", "acknowledged_by", "acknowledged_at", "said_by", "said_at", "said_note",
            "silent_until", "ended_at")  # fmt: skip
    since = min(was.since, fresh.since)
    return replace(fresh, since=since, **{name: getattr(was, name) for name in life})


WORSE_BY = 2  # at risk is so many times what it was when last told


def is_worse(was: Finding, fresh: Finding) -> bool:
    """True if people who know `was` would want to hear of `fresh`: an outage now, another kind, a wider scope, twice the money, or a
    far larger change."""
    if fresh.is_outage and not was.is_outage:
        return True
    if fresh.kind is not was.kind or (fresh.place != was.place and len(fresh.place) < len(was.place)):
        return True
    told = was.told_minor
    return is_deeper(was, fresh) or bool(told and fresh.at_risk_minor and fresh.at_risk_minor >= WORSE_BY * told)


def is_deeper(was: Finding, fresh: Finding) -> bool:
    """True if it has got far larger since it was last told."""
    return fresh.deeper_since is not None and (was.deeper_since is None or fresh.deeper_since > was.deeper_since)


def _require_open(found: Finding) -> None:
    if found.open:
        return
    if found.state is FindingState.RECOVERED or not found.said_by or not found.said_at:
        raise RefusedError(f"{found.id} is over already; nothing was changed.", remedy="Its card says how it ended.")
    said = found.state.replace("_", " ")
    raise RefusedError(f"<@{found.said_by}> was first: {found.id} was called {said} at {_slack_time(found.said_at)}.")


def _slack_time(moment: datetime) -> str:
    return f"<!date^{int(moment.timestamp())}^{{time}}|{moment:%H:%M} UTC>"

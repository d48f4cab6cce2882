"""Findings: one anomaly each, with what it is worth and the figures that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FindingKind(StrEnum):
    """What can look wrong."""

    FILE_LATE = "file_late"
    FILE_MISSING = "file_missing"
    FILE_DUPLICATE = "file_duplicate"
    FILE_GAP = "file_gap"
    VOLUME_DROP = "volume_drop"
    VOLUME_SPIKE = "volume_spike"
    APPROVAL_DROP = "approval_drop"


class FindingState(StrEnum):
    """A finding opens, and recovers by itself when the figures do."""

    OPEN = "open"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class SeriesPoint:
    """One hour or day of a series: what was seen, and what was expected then (None while history is too short)."""

    at: datetime
    seen: float
    expected: float | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One anomaly. `scope` names the narrowest place it shows, e.g. 'meridian · cards · GBP'.

    `at_risk_minor` is the money that would have moved and did not, in `currency`; None where it can't be told.
    `id` is stable: the same anomaly found again by a later pass is the same finding.
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

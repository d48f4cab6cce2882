"""Digests: what a channel subscribed to, and what one digest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from breakwater.model.breaks import Break
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.incidents import Incident
from breakwater.model.learning import Cell
from breakwater.model.partner_state import Standing
from breakwater.model.partners import FileDue
from breakwater.model.runs import PartnerReconciliation
from breakwater.model.unknown_codes import UnknownCode


class Metric(StrEnum):
    """What a digest can be about."""

    FILES = "files"
    VOLUME = "volume"
    APPROVALS = "approvals"
    AMOUNTS = "amounts"
    BREAKS = "breaks"
    INCIDENTS = "incidents"
    REFUNDS = "refunds"
    TERMS = "terms"


METRIC_OF: Mapping[FindingKind, Metric] = {
    FindingKind.FILE_LATE: Metric.FILES,
    FindingKind.FILE_MISSING: Metric.FILES,
    FindingKind.FILE_DUPLICATE: Metric.FILES,
    FindingKind.FILE_TRUNCATED: Metric.FILES,
    FindingKind.FILE_GAP: Metric.FILES,
    FindingKind.FILE_CHANGED: Metric.FILES,
    FindingKind.VOLUME_DROP: Metric.VOLUME,
    FindingKind.VOLUME_SPIKE: Metric.VOLUME,
    FindingKind.APPROVAL_DROP: Metric.APPROVALS,
    FindingKind.TICKET_UP: Metric.AMOUNTS,
    FindingKind.TICKET_DOWN: Metric.AMOUNTS,
    FindingKind.STATE_BELOW: Metric.BREAKS,
    FindingKind.DECLINE_REASONS: Metric.APPROVALS,
    FindingKind.REFUNDS_UP: Metric.REFUNDS,
    FindingKind.CHARGEBACKS_UP: Metric.REFUNDS,
    FindingKind.FEE_DRIFT: Metric.TERMS,
    FindingKind.RATE_DRIFT: Metric.TERMS,
    FindingKind.SETTLEMENT_SLOW: Metric.TERMS,
    FindingKind.BREAK_RATE_UP: Metric.BREAKS,
}
ALL = "*"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One digest: which channel gets it, when (cron in `time_zone`), about which partners and metrics ('*' is all).

    With a `calendar` it comes on business days alone. Findings worth less than `least_minor` of their currency are left out, and counted.
    `person` is whose direct messages `channel` is; `created_by` and `created_at` are None for one of the configuration.
    """

    id: str
    channel: str
    cron: str
    time_zone: ZoneInfo
    partners: tuple[str, ...] = (ALL,)
    metrics: tuple[str, ...] = (ALL,)
    calendar: str | None = None
    least_minor: Mapping[str, int] = field(default_factory=dict)
    person: str | None = None
    created_by: str | None = None
    created_at: datetime | None = None

    def falls_on(self, scheduled_at: datetime) -> bool:
        """Whether it comes at a time its cron names: not before somebody asked for it, nor on a day its calendar leaves out."""
        if self.created_at and scheduled_at < self.created_at:
            return False
        if self.calendar is None:
            return True
        return named_calendar(self.calendar).is_business_day(scheduled_at.astimezone(self.time_zone).date())

    def is_about(self, metric: Metric) -> bool:
        """Whether it tells of this metric."""
        return ALL in self.metrics or metric in self.metrics

    def wants(self, found: Finding) -> bool:
        """Whether a finding is worth telling here."""
        least = self.least_minor.get(found.currency or "", 0)
        return found.at_risk_minor is None or found.at_risk_minor >= least


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a digest told, so that the next one can tell the change: ids of findings and incidents, late files, breaks by partner."""

    scheduled_at: datetime
    findings: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    late_files: tuple[str, ...] = ()
    breaks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LearntLine:
    """What was learnt of one kind of findings, for the digest."""

    cell: Cell
    useful: int
    false: int
    precision: float
    caution: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """The digest's own record: of the findings of the last 30 days, how many people called useful and how many false."""

    told: int
    useful: int
    false: int


@dataclass(frozen=True, kw_only=True)
class VolumeDay:
    """One day of a partner's volume: attempts seen and expected, in the partner's local day."""

    label: str
    seen: int
    expected: float | None


@dataclass(frozen=True, kw_only=True)
class PartnerVolume:
    """The recent daily volume of one partner, oldest day first; drawn as the digest's chart."""

    partner_id: str
    partner_name: str
    days: tuple[VolumeDay, ...]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What one digest says. `scheduled_at` is the time it was due, aware UTC, not when it was sent.

    `before` is what it told last, `over` the findings that ended since; `due` are the files due next, `waiting` the breaks whose
    proposals wait for a second person, `left_out` the findings worth too little for this subscription, `unknown_codes` the codes of
    partners' events since the last digest that nobody here knows.
    """

    subscription_id: str
    scheduled_at: datetime
    time_zone: ZoneInfo
    partners: tuple[PartnerReconciliation, ...]
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    volumes: tuple[PartnerVolume, ...]
    standings: Mapping[str, tuple[Standing, ...]] = field(default_factory=dict)
    due: tuple[FileDue, ...] = ()
    waiting: tuple[Break, ...] = ()
    learnt: tuple[LearntLine, ...] = ()
    record: Record | None = None
    before: Told | None = None
    over: tuple[Finding, ...] = ()
    left_out: int = 0
    unknown_codes: tuple[UnknownCode, ...] = ()

    def told(self) -> Told:
        """What this digest tells, for the next one."""
        return Told(
            scheduled_at=self.scheduled_at,
            findings=tuple(f.id for f in self.findings if f.open),
            incidents=tuple(i.id for i in self.incidents if i.open),
            late_files=tuple(f"{p.partner_id}: {file.name}" for p in self.partners for file in p.late_files),
            breaks={p.partner_id: sum(figure.count for figure in p.active.values()) for p in self.partners},
        )

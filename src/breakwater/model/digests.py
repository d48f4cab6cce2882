"""Digests: what a channel subscribed to, and what one digest says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from breakwater.model.findings import Finding
from breakwater.model.incidents import Incident
from breakwater.model.runs import PartnerReconciliation


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One digest: which channel gets it, when (cron in `time_zone`), about which partners ('*' is all)."""

    id: str
    channel: str
    cron: str
    time_zone: ZoneInfo
    partners: tuple[str, ...] = ("*",)


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
    """What one digest says. `scheduled_at` is the time it was due, aware UTC, not when it was sent."""

    subscription_id: str
    scheduled_at: datetime
    time_zone: ZoneInfo
    partners: tuple[PartnerReconciliation, ...]
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    volumes: tuple[PartnerVolume, ...]

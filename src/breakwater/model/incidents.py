"""Partner incidents: one problem, two threads, one timeline."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from breakwater.errors import RefusedError

_NAMED = re.compile(r"(inc-?)?0*([1-9][0-9]{0,8})", re.IGNORECASE)


def incident_id(number: int) -> str:
    """What the incident with this number is called everywhere: 'INC-0001'."""
    return f"INC-{number:04d}"


def incident_named(word: str) -> str | None:
    """The id that somebody means by 'INC-1', 'inc-0001' or '1'; None for a word that names no incident."""
    named = _NAMED.fullmatch(word.strip())
    return incident_id(int(named[2])) if named else None


def link_to(word: str) -> str:
    """What is linked by a word: an incident by its id however it is written, anything else as it stands. A mere number may be a ticket."""
    return incident_named(word) or word if word.casefold().startswith("inc") else word


class Severity(StrEnum):
    """How bad it is, by what it does to customers' money."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"


class IncidentStatus(StrEnum):
    """Where the work stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    PARTNER_WORKING = "partner_working"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class EntrySide(StrEnum):
    """Whose words a timeline entry holds."""

    OURS = "ours"
    PARTNER = "partner"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's story. `author_id` is None for the system's own lines."""

    at: datetime
    side: EntrySide
    text: str
    author_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A partner incident. `summary` is ours alone; `partner_text` is what the partner was shown, word for word."""

    id: str
    partner: str
    title: str
    severity: Severity
    summary: str
    partner_text: str
    opened_by: str
    opened_at: datetime
    status: IncidentStatus = IncidentStatus.INVESTIGATING
    revision: int = 1
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: str | None = None
    partner_resolution: str | None = None

    @property
    def open(self) -> bool:
        """True until it is resolved."""
        return self.status is not IncidentStatus.RESOLVED


def resolve(incident: Incident, *, by: str, resolution: str, partner_resolution: str, now: datetime) -> Incident:
    """The incident is over. `resolution` is told to us, `partner_resolution` to the partner."""
    if not incident.open:
        raise RefusedError(f"{incident.id} was already resolved by <@{incident.resolved_by}>.")
    return replace(
        incident,
        status=IncidentStatus.RESOLVED,
        revision=incident.revision + 1,
        resolved_at=now,
        resolved_by=by,
        resolution=resolution,
        partner_resolution=partner_resolution,
    )

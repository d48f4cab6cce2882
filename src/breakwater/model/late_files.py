"""Files that have not come in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class LateFile:
    """A file that is late, or missing: not delivered on the next day it could be either. `time_zone` is that of its partner's clock."""

    stream: str
    business_date: date
    due_at: datetime
    time_zone: ZoneInfo
    is_missing: bool

    @property
    def name(self) -> str:
        """What it is called, like 'statement of 23 Nov'; the same as long as it has not come."""
        return f"{self.stream} of {self.business_date.day} {self.business_date:%b}"

    @property
    def due(self) -> str:
        """When it was due, on the partner's clock, like '24 Nov 07:00 (Europe/Berlin)'."""
        local = self.due_at.astimezone(self.time_zone)
        return f"{local.day} {local:%b %H:%M} ({self.time_zone.key})"

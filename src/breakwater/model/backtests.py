"""Backtests: what would have been told about a partner, had somebody been watching, and what another budget would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.model.findings import FindingKind


class Budget(StrEnum):
    """How sure one must be to speak."""

    STRICTER = "stricter"
    AS_NOW = "as_now"
    LOOSER = "looser"


@dataclass(frozen=True, kw_only=True)
class WouldTell:
    """One message there would have been: when, until when (None: still open), where, and of what."""

    kind: FindingKind
    scope: str
    fired_at: datetime
    ended_at: datetime | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The messages of each budget about a partner from `since` to `until`, oldest first."""

    partner_name: str
    since: datetime
    until: datetime
    told: dict[Budget, tuple[WouldTell, ...]]

    @property
    def days(self) -> float:
        """How long it covers."""
        return (self.until - self.since).total_seconds() / 86_400

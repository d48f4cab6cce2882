"""Backtests: what would have been told about a partner, had somebody been watching, and what another budget would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

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
    """The messages of each budget about a partner from `since` to `until`, oldest first, to be told on the clock of `time_zone`.

    `known_from` is when history begins where it is too short for all of what was asked: the time until `since` was needed to learn from.
    """

    partner_name: str
    since: datetime
    until: datetime
    told: dict[Budget, tuple[WouldTell, ...]]
    time_zone: ZoneInfo
    known_from: datetime | None = None

    @property
    def days(self) -> float:
        """How long it covers."""
        return (self.until - self.since).total_seconds() / 86_400

"""Source files: what a delivered file said, as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from breakwater.model.partners import FileDue
from breakwater.model.records import Side


@dataclass(frozen=True)
class Notice:
    """Something worth telling about a file that was accepted. `code` is for machines, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one statement of a file says as a whole; meanings and units as in `breakwater inspect` (CONTRACTS 1)."""

    id: str | None
    account: str | None
    currency: str | None
    entries: int = 0
    details: int = 0
    pending_entries: int = 0
    credits_minor: int = 0
    debits_minor: int = 0
    opening_minor: int | None = None
    closing_minor: int | None = None
    references: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool | None:
        """opening + credits − debits = closing; None where a balance is missing."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.opening_minor + self.credits_minor - self.debits_minor == self.closing_minor


@dataclass(kw_only=True)
class Reading:
    """A partner file while it is read: the batches come first, and once they are exhausted the totals are proven.

    `records` and `events` yield Arrow batches of RECORD_SCHEMA / EVENT_SCHEMA and raise FileError when the file can't be trusted;
    `statements`, `notices`, `logical_keys`, `columns` and `business_date` are complete only after both are exhausted.
    """

    format: str
    side: Side
    records: Iterator[pa.RecordBatch]
    events: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))
    statements: list[Statement] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    logical_keys: list[str] = field(default_factory=list)
    """What the file is, whatever its bytes: account and statement number, batch, payout. The same key again is the same delivery."""
    columns: list[str] = field(default_factory=list)
    """The names of its columns as its header lines have them, each once; empty for formats whose fields are not named in the file."""
    business_date: date | None = None
    """The partner's day the file is about: the statement's or report's own date, else the latest booking date in it."""
    events_among_records: list[pa.RecordBatch] = field(default_factory=list)
    """Events that stand in documents of records, gathered while `records` is read; `events` yields them too."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One delivered file as we keep it; `parts` are paths inside the lake.

    `state` is 'ingested', 'superseded' (a re-issue took its place), 'duplicate' (it says what another file said before), 'quarantined'
    (refused whole) or 'discarded' (refused, and a person said so). `superseded_by` is the hash of the file that a superseded or duplicate
    one yields to. `handled_by` and `handled_at` say who handled a refused file last. `columns` are the names in its header; None where it
    has none, or where nobody noted them.
    """

    sha256: str
    partner: str
    stream: str
    side: Side
    format: str
    name: str
    business_date: date
    received_at: datetime
    records: int
    events: int
    state: str
    parts: tuple[str, ...] = ()
    logical_keys: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    notices: tuple[Notice, ...] = ()
    reason: str | None = None
    superseded_by: str | None = None
    handled_by: str | None = None
    handled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PartnerFiles:
    """How a partner's files stand: what is due next in each stream, what is late, missing or refused, and what came last.

    `time_zone` is the partner's, in which its files are due. `lost_since` are the drops that can't be reached: stream, and since when.
    """

    partner_id: str
    partner_name: str
    time_zone: ZoneInfo
    next_due: tuple[FileDue, ...] = ()
    late: tuple[FileDue, ...] = ()
    missing: tuple[FileDue, ...] = ()
    quarantined: tuple[SourceFile, ...] = ()
    arrived: tuple[SourceFile, ...] = ()
    lost_since: tuple[tuple[str, datetime], ...] = ()

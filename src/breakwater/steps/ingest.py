"""A partner's file, or our ledger's, becomes records and events at rest, or is refused whole with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from breakwater.errors import FileError
from breakwater.lake import archive
from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.files import Reading, SourceFile
from breakwater.model.records import Side
from breakwater.store import outbox, reads, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views import files as file_views

Read = Callable[..., Reading]
_HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A file that lies in a drop. `partner` is 'ledger' for our own side; `format` None lets the reader find it by content."""

    path: Path
    partner: str
    partner_name: str
    stream: str
    side: Side
    network: str | None = None
    format: str | None = None


class Arrival(StrEnum):
    """What became of a delivery."""

    INGESTED = "ingested"
    ALREADY_KNOWN = "already_known"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """What became of a delivery, and the file as we keep it."""

    arrival: Arrival
    file: SourceFile


def ingest(database: Database, lake: Lake, *, delivery: Delivery, read: Read, channel: str, now: datetime) -> Ingestion:
    """Take in one file. The same bytes again change nothing; a file that can't be trusted is quarantined and `channel` is told.

    The parts are written first and count only once the source file's row is committed, so a crash leaves nothing half-read.
    """
    sha256 = _hash_of(delivery.path)
    with database.transaction() as tx:
        if known := reads.source_file_by_hash(tx, partner=delivery.partner, sha256=sha256):
            return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
    archive.keep(lake, delivery.path, sha256=sha256)
    try:
        file = _take_in(lake, delivery=delivery, read=read, sha256=sha256, now=now)
    except FileError as refused:
        return _quarantine(database, delivery=delivery, sha256=sha256, refused=refused, channel=channel, now=now)
    with database.transaction() as tx:
        # Another process may have been faster: its row is the commit point, and its parts are these parts.
        if known := reads.source_file_by_hash(tx, partner=delivery.partner, sha256=sha256):
            return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
        _supersede_earlier_issues(tx, file=file, now=now)
        writes.save_source_file(tx, file, actor=SYSTEM, now=now)
    return Ingestion(arrival=Arrival.INGESTED, file=file)


def _take_in(lake: Lake, *, delivery: Delivery, read: Read, sha256: str, now: datetime) -> SourceFile:
    reading = read(
        delivery.path, partner=delivery.partner, network=delivery.network, side=delivery.side, format=delivery.format, sha256=sha256
    )
    record_parts = lake.write(reading.records, content="records", side=delivery.side, sha256=sha256)
    event_parts = lake.write(reading.events, content="events", side=delivery.side, sha256=sha256)
    return SourceFile(
        sha256=sha256,
        partner=delivery.partner,
        stream=delivery.stream,
        side=delivery.side,
        format=reading.format,
        name=delivery.path.name,
        business_date=reading.business_date or now.date(),
        received_at=now,
        records=lake.rows(record_parts),
        events=lake.rows(event_parts),
        state="ingested",
        parts=(*record_parts, *event_parts),
        logical_keys=tuple(reading.logical_keys),
        notices=tuple(reading.notices),
    )


def _supersede_earlier_issues(tx: Connection, *, file: SourceFile, now: datetime) -> None:
    """A file with the logical key of an earlier one is a re-issue: the newer one counts, the older one stays as history."""
    earlier = {
        old.sha256
        for key in file.logical_keys
        if (old := reads.source_file_by_key(tx, partner=file.partner, logical_key=key)) and old.sha256 != file.sha256
    }
    for sha256 in sorted(earlier):
        writes.supersede_source_file(tx, old_sha256=sha256, partner=file.partner, by_sha256=file.sha256, actor=SYSTEM, now=now)


def _quarantine(database: Database, *, delivery: Delivery, sha256: str, refused: FileError, channel: str, now: datetime) -> Ingestion:
    file = SourceFile(
        sha256=sha256,
        partner=delivery.partner,
        stream=delivery.stream,
        side=delivery.side,
        format=delivery.format or "unknown",
        name=delivery.path.name,
        business_date=now.date(),
        received_at=now,
        records=0,
        events=0,
        state="quarantined",
        reason=f"{refused.code}: {refused.message}",
    )
    message = file_views.quarantined(file, partner_name=delivery.partner_name, remedy=refused.remedy)
    with database.transaction() as tx:
        if known := reads.source_file_by_hash(tx, partner=delivery.partner, sha256=sha256):
            return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
        writes.save_source_file(tx, file, actor=SYSTEM, now=now)
        outbox.enqueue(
            tx,
            key=f"quarantine:{delivery.partner}:{sha256}",
            kind=Kind.POST,
            audience=INTERNAL,
            channel=channel,
            payload=message.payload(),
            priority=Priority.ALERT,
            now=now,
        )
    return Ingestion(arrival=Arrival.QUARANTINED, file=file)


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

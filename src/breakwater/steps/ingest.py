"""A partner's file, or our ledger's, becomes records and events at rest, or is refused whole with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from breakwater.errors import FileError, WorldError
from breakwater.lake import archive
from breakwater.lake.parts import Lake
from breakwater.model.access import INTERNAL, SYSTEM, Actor
from breakwater.model.files import Reading, SourceFile
from breakwater.model.records import Side
from breakwater.steps.reissues import partial_reissue, replaced_by, says_the_same
from breakwater.store import outbox, reads, writes
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views import files as file_views
from breakwater.views.blocks import Message

Read = Callable[..., Reading]
_HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A file that was delivered. `partner` is 'ledger' for our own side; `format` None lets the reader find it by content.

    `sha256` is the hash of its bytes where it is known already. `mask` writes the copy that is archived of a format that bears card
    numbers; None keeps the bytes as they came. `keys` are logical keys it has beside those that are read in it. `news` is told once it
    counts.
    """

    path: Path
    partner: str
    partner_name: str
    stream: str
    side: Side
    network: str | None = None
    format: str | None = None
    sha256: str | None = None
    mask: archive.Mask | None = None
    keys: tuple[str, ...] = ()
    news: Message | None = None


class Arrival(StrEnum):
    """What became of a delivery."""

    INGESTED = "ingested"
    ALREADY_KNOWN = "already_known"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """What became of a delivery, and the file as we keep it. `refused` is why it is in quarantine."""

    arrival: Arrival
    file: SourceFile
    refused: FileError | None = None


def ingest(database: Database, lake: Lake, *, delivery: Delivery, read: Read, channel: str, now: datetime) -> Ingestion:
    """Take in one file. The same bytes again change nothing; a file that can't be trusted is quarantined and `channel` is told.

    The parts are written first and count only once the source file's row is committed, so a crash leaves nothing half-read.
    """
    sha256 = delivery.sha256 or _hash_of(delivery.path)
    with database.reading() as tx:
        known = reads.source_file_by_hash(tx, partner=delivery.partner, sha256=sha256)
    if known:
        return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
    try:
        archive.keep(lake, delivery.path, sha256=sha256, mask=delivery.mask)
        file = read_into_lake(lake, delivery=delivery, read=read, sha256=sha256, now=now)
        return settle(database, lake, file=file, delivery=delivery, channel=channel, now=now)
    except FileError as refused:
        return refuse(database, delivery=delivery, sha256=sha256, refused=refused, channel=channel, now=now)


def refuse(database: Database, *, delivery: Delivery, sha256: str, refused: FileError, channel: str, now: datetime) -> Ingestion:
    """Put a file that can't be trusted into quarantine, and tell `channel`."""
    file = _refused(delivery, sha256=sha256, refused=refused, now=now)
    with database.transaction() as tx:
        if known := reads.source_file_by_hash(tx, partner=delivery.partner, sha256=sha256):
            return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
        writes.save_source_file(tx, file, actor=SYSTEM, now=now)
        show_quarantined(tx, file, delivery=delivery, remedy=refused.remedy, channel=channel, now=now)
    return Ingestion(arrival=Arrival.QUARANTINED, file=file, refused=refused)


def read_into_lake(lake: Lake, *, delivery: Delivery, read: Read, sha256: str, now: datetime) -> SourceFile:
    """What a file says as parts of the lake that nobody reads yet. FileError if it can't be trusted."""
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
        logical_keys=tuple(dict.fromkeys((*reading.logical_keys, *delivery.keys))),
        columns=tuple(dict.fromkeys(reading.columns)) or None,
        notices=tuple(reading.notices),
    )


def settle(database: Database, lake: Lake, *, file: SourceFile, delivery: Delivery, channel: str, now: datetime) -> Ingestion:
    """Decide what a file that was read is, and keep it: new, a re-issue of earlier ones, or the same as they are.

    FileError if it re-issues only a part of an earlier file, whose rest would be lost.
    """
    with database.reading() as tx:
        replaced = replaced_by(tx, file)
    is_duplicate = says_the_same(lake, file, replaced=replaced)
    if not is_duplicate and (refused := partial_reissue(file, replaced=replaced)):
        raise refused
    with database.transaction() as tx:
        # Another process may have been faster: its row is the commit point, and its parts are these parts.
        if known := reads.source_file_by_hash(tx, partner=file.partner, sha256=file.sha256):
            return Ingestion(arrival=Arrival.ALREADY_KNOWN, file=known)
        return keep(tx, file, replaced=replaced, is_duplicate=is_duplicate, delivery=delivery, channel=channel, actor=SYSTEM, now=now)


def keep(
    tx: Connection,
    file: SourceFile,
    *,
    replaced: Sequence[SourceFile],
    is_duplicate: bool,
    delivery: Delivery,
    channel: str,
    actor: Actor,
    now: datetime,
) -> Ingestion:
    """Keep a file that was read, in the place of those it replaces, or as the duplicate of them."""
    if [old.sha256 for old in replaced_by(tx, file)] != [old.sha256 for old in replaced]:
        raise WorldError(f"{file.name} was overtaken by another file of {file.partner}.", remedy="It is taken in again in a moment.")
    if is_duplicate:
        reason = f"It says the same as {', '.join(old.name for old in replaced)}."
        file = replace(file, state="duplicate", parts=(), logical_keys=(), reason=reason, superseded_by=replaced[0].sha256)
        writes.save_source_file(tx, file, actor=actor, now=now)
        return Ingestion(arrival=Arrival.DUPLICATE, file=file)
    for old in replaced:
        writes.supersede_source_file(tx, old_sha256=old.sha256, partner=old.partner, by_sha256=file.sha256, actor=actor, now=now)
    writes.save_source_file(tx, file, actor=actor, now=now)
    if delivery.news:
        _say(tx, delivery.news, file, channel=channel, now=now)
    elif replaced and not delivery.keys:  # windows of our own side are replaced all the time: that is no news
        message = file_views.reissued(file, partner_name=delivery.partner_name, replaced=replaced)
        _say(tx, message, file, channel=channel, now=now)
    return Ingestion(arrival=Arrival.INGESTED, file=file)


def show_quarantined(tx: Connection, file: SourceFile, *, delivery: Delivery, remedy: str, channel: str, now: datetime) -> None:
    """The card of a refused file, posted or brought up to date."""
    show_file(tx, file, file_views.quarantined(file, partner_name=delivery.partner_name, remedy=remedy), channel=channel, now=now)


def show_file(tx: Connection, file: SourceFile, message: Message, *, channel: str, now: datetime) -> None:
    """The one card of a file that was refused, as it is now: in `channel`, and wherever else it is out."""
    about = f"file:{file.partner}:{file.sha256}"
    for place in sorted({channel, *outbox.channels_of(tx, abouts=[about]).get(about, ())}):
        outbox.enqueue(
            tx,
            key=f"quarantine:{file.partner}:{file.sha256}:{place}:{file.state}:{now.isoformat()}",
            kind=Kind.CARD,
            audience=INTERNAL,
            channel=place,
            payload=message.payload(),
            about=about,
            revision=int(now.timestamp()),
            priority=Priority.ALERT,
            now=now,
        )


def _say(tx: Connection, message: Message, file: SourceFile, *, channel: str, now: datetime) -> None:
    outbox.enqueue(
        tx,
        key=f"file-news:{file.partner}:{file.sha256}",
        kind=Kind.POST,
        audience=INTERNAL,
        channel=channel,
        payload=message.payload(),
        now=now,
    )


def _refused(delivery: Delivery, *, sha256: str, refused: FileError, now: datetime) -> SourceFile:
    return SourceFile(
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


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

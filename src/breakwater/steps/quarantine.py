"""What people do with a refused file: try it again after a layout or reader was put right, or put it aside for good."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from breakwater.errors import FileError, NotFoundError, RefusedError, WorldError
from breakwater.lake import archive
from breakwater.lake.parts import Lake
from breakwater.model.access import Actor, Permission, require
from breakwater.model.files import SourceFile
from breakwater.steps.ingest import Arrival, Delivery, Ingestion, Read, keep, read_into_lake, show_file, show_quarantined
from breakwater.steps.reissues import partial_reissue, replaced_by, says_the_same
from breakwater.store import reads, writes
from breakwater.store.database import Database
from breakwater.views import files as file_views

QUARANTINED = "quarantined"
LONG_BYTES = 20_000_000  # what is smaller is read before anybody looks
SHOWN_EVERY = timedelta(seconds=5)


def retry(
    database: Database,
    lake: Lake,
    *,
    actor: Actor,
    file: SourceFile,
    like: Delivery,
    read: Read,
    channel: str,
    clock: Callable[[], datetime],
) -> Ingestion:
    """Read a refused file again from the archive, as a delivery `like` those of its stream.

    Its card says how far a long one has been read, and then what became of it. Refused if somebody handled it before; the answer says who.
    """
    require(actor, Permission.HANDLE_FILE)
    with database.reading() as tx:
        was = _must_wait(tx, file)
    try:
        return _taken_in(database, lake, actor=actor, was=was, like=like, read=read, channel=channel, clock=clock)
    except FileError as refused:
        now = clock()
        still = replace(was, reason=f"{refused.code}: {refused.message}", handled_by=actor.id, handled_at=now)
        with database.transaction() as tx:
            _must_wait(tx, was)
            writes.save_source_file(tx, still, actor=actor, now=now)
            show_quarantined(tx, still, delivery=like, remedy=refused.remedy, channel=channel, now=now)
        return Ingestion(arrival=Arrival.QUARANTINED, file=still, refused=refused)
    except WorldError as wrong:
        with database.transaction() as tx:
            show_quarantined(
                tx, _must_wait(tx, was), delivery=like, remedy=f"{wrong.remedy} Then click Retry.", channel=channel, now=clock()
            )
        raise


def discard(tx: Connection, *, actor: Actor, file: SourceFile, partner_name: str, channel: str, now: datetime) -> SourceFile:
    """Put a refused file aside for good. The second to try is told who was first."""
    require(actor, Permission.HANDLE_FILE)
    gone = replace(_must_wait(tx, file), state="discarded", handled_by=actor.id, handled_at=now)
    if not writes.save_source_file(tx, gone, actor=actor, now=now):
        _must_wait(tx, file)
    show_file(tx, gone, file_views.discarded(gone, partner_name=partner_name), channel=channel, now=now)
    return gone


def file_known(tx: Connection, *, partner: str, sha256: str) -> SourceFile:
    """The file of a partner whose hash begins so, or a sentence that there is none, or more than one."""
    found = [f for f in reads.source_files(tx, partner=partner or None, state=None) if f.sha256.startswith(sha256)]
    if not found:
        raise NotFoundError(f"There is no file {sha256[:12]}.", remedy="List refused files with `breakwater quarantine list`.")
    if len(found) > 1:
        raise RefusedError(f"{len(found)} files begin with {sha256[:12]}.", remedy="Give more of the hash, or name the partner.")
    return found[0]


class _Shown:
    """Told how far a file has been read, it shows that on the file's card every few seconds."""

    def __init__(
        self,
        database: Database,
        *,
        actor: Actor,
        file: SourceFile,
        size_bytes: int,
        like: Delivery,
        channel: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._actor, self._file, self._size_bytes = database, actor, file, size_bytes
        self._like, self._channel, self._clock = like, channel, clock
        self._next_at: datetime | None = None

    def __call__(self, read_bytes: int) -> None:
        now = self._clock()
        if self._next_at and now < self._next_at:
            return
        self._next_at = now + SHOWN_EVERY
        message = file_views.being_read(
            self._file,
            partner_name=self._like.partner_name,
            by=self._actor.id,
            now=now,
            read_bytes=read_bytes,
            size_bytes=self._size_bytes,
        )
        with self._database.transaction() as tx:
            show_file(tx, _must_wait(tx, self._file), message, channel=self._channel, now=now)


def _taken_in(
    database: Database,
    lake: Lake,
    *,
    actor: Actor,
    was: SourceFile,
    like: Delivery,
    read: Read,
    channel: str,
    clock: Callable[[], datetime],
) -> Ingestion:
    with archive.under_its_name(lake, sha256=was.sha256, name=was.name) as path:
        if (size_bytes := path.stat().st_size) >= LONG_BYTES:
            shown = _Shown(database, actor=actor, file=was, size_bytes=size_bytes, like=like, channel=channel, clock=clock)
            read = functools.partial(read, watch=shown)
        fresh = read_into_lake(lake, delivery=replace(like, path=path), read=read, sha256=was.sha256, now=clock())
    now = clock()
    file = replace(fresh, received_at=was.received_at, handled_by=actor.id, handled_at=now)
    with database.reading() as tx:
        replaced = replaced_by(tx, file)
    is_duplicate = says_the_same(lake, file, replaced=replaced)
    if not is_duplicate and (refused := partial_reissue(file, replaced=replaced)):
        raise refused
    with database.transaction() as tx:
        _must_wait(tx, was)
        done = keep(tx, file, replaced=replaced, is_duplicate=is_duplicate, delivery=like, channel=channel, actor=actor, now=now)
        show_file(tx, done.file, file_views.taken_in_after_all(done.file, partner_name=like.partner_name), channel=channel, now=now)
        return done


def _must_wait(tx: Connection, file: SourceFile) -> SourceFile:
    """The file as it is now, if it still waits for somebody; else a sentence that says who was first."""
    current = reads.source_file_by_hash(tx, partner=file.partner, sha256=file.sha256)
    if current is None:
        raise NotFoundError(f"There is no file {file.sha256[:12]}.", remedy="List refused files with `breakwater quarantine list`.")
    if current.state != QUARANTINED:
        did = "discarded it" if current.state == "discarded" else "took it in"
        raise RefusedError(f"{current.name} waits no longer: {_who(current)} {did} first. Nothing was changed.")
    return current


def _who(file: SourceFile) -> str:
    if file.handled_by is None:
        return "the system"
    return f"<@{file.handled_by}>" if file.handled_by.isalnum() else file.handled_by

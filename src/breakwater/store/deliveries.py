"""What drops offered and what was taken of it, which drops can't be reached, and how far a source was pulled.

What was taken is remembered file by file and never by time, so a file that comes late, or with an old date, is as new as any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from breakwater.model.drops import Copy, Offered
from breakwater.store.statements import insert_new
from breakwater.store.tables.files import lost_drop, offered_file, source_file, watermark

FIRST_RETRY_S = 60
LONGEST_RETRY_S = 1800
FORGOTTEN_AFTER = timedelta(days=90)  # that a file is gone from its drop; the hash of its bytes is kept for ever


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A version of an offered file: since when it is unchanged, and the hash of its bytes once it was taken."""

    offered: Offered
    seen_at: datetime
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A drop that can't be reached: since when, how often it was tried, and when it is tried next."""

    since: datetime
    attempts: int
    retry_at: datetime


def look_at(tx: Connection, *, drop: str, offered: Iterable[Offered], now: datetime) -> list[Seen]:
    """Remember what a drop offers, and say since when each file is as it is. A file that changed is a new one.

    Files that have long been gone from the drop are forgotten.
    """
    files = list(offered)
    known = {row["name"]: row for row in tx.execute(select(offered_file).where(offered_file.c.drop == drop)).mappings()}
    _note_gone(tx, drop, {name: row["gone_at"] for name, row in known.items()}, offered={file.name for file in files}, now=now)
    seen = []
    for file in files:
        row = known.get(file.name)
        version = {"size": file.size, "modified_at": file.modified_at, "etag": file.etag}
        if row is None:
            insert_new(tx, offered_file, {"drop": drop, "name": file.name, **version, "seen_at": now})
        elif any(row[name] != value for name, value in version.items()):
            tx.execute(update(offered_file).where(*_of(drop, file)).values(**version, seen_at=now, sha256=None))
            row = None
        seen.append(Seen(offered=file, seen_at=row["seen_at"] if row else now, sha256=row["sha256"] if row else None))
    return seen


def taken(tx: Connection, *, drop: str, offered: Offered, sha256: str) -> None:
    """This version of a file has been taken, whatever became of it."""
    tx.execute(update(offered_file).where(*_of(drop, offered), offered_file.c.modified_at == offered.modified_at).values(sha256=sha256))


def settling(tx: Connection, *, drop: str, since: datetime) -> bool:
    """True while what a drop has offered since a moment is still arriving: files lie there, and none of them has been taken yet."""
    recent = (offered_file.c.drop == drop, offered_file.c.seen_at >= since, offered_file.c.gone_at.is_(None))
    lying, is_taken = tx.execute(select(func.count(), func.count(offered_file.c.sha256)).where(*recent)).one()
    return bool(lying and not is_taken)


def copies(tx: Connection, *, partner: str, since: datetime) -> list[Copy]:
    """Files since a moment that only repeat another one of the partner: the same bytes under another name, or the same in other bytes."""
    same_bytes = and_(source_file.c.sha256 == offered_file.c.sha256, source_file.c.partner == partner)
    offered = (
        select(offered_file.c.name, offered_file.c.seen_at, source_file.c.stream, source_file.c.name.label("of"), source_file.c.received_at)
        .join(source_file, same_bytes)
        .where(offered_file.c.drop.startswith(f"{partner}/", autoescape=True))
        .where(offered_file.c.seen_at >= since, offered_file.c.name != source_file.c.name)
    )
    again = source_file.alias()
    same_rows = and_(again.c.partner == partner, again.c.state == "duplicate", again.c.received_at >= since)
    repeated = (
        select(
            again.c.name, again.c.received_at.label("seen_at"), again.c.stream, source_file.c.name.label("of"), source_file.c.received_at
        )
        .join(source_file, and_(source_file.c.partner == again.c.partner, source_file.c.sha256 == again.c.superseded_by))
        .where(same_rows)
    )
    found = [row for query in (offered, repeated) for row in tx.execute(query)]
    return [
        Copy(stream=r.stream, name=r.name, of=r.of, of_came_at=r.received_at, seen_at=r.seen_at)
        for r in sorted(found, key=lambda r: (r.seen_at, r.name))
    ]


def lost(tx: Connection, *, drop: str) -> Lost | None:
    """Since when a drop can't be reached; None if it could be the last time."""
    row = tx.execute(select(lost_drop).where(lost_drop.c.drop == drop)).mappings().first()
    return Lost(since=row["since"], attempts=row["attempts"], retry_at=row["retry_at"]) if row else None


def note_lost(tx: Connection, *, drop: str, now: datetime) -> Lost:
    """A drop could not be reached: each time in a row it is left alone for twice as long, up to half an hour."""
    was = lost(tx, drop=drop)
    attempts = was.attempts + 1 if was else 1
    wait_s = min(FIRST_RETRY_S * 2 ** (attempts - 1), LONGEST_RETRY_S)
    is_lost = Lost(since=was.since if was else now, attempts=attempts, retry_at=now + timedelta(seconds=wait_s))
    row = {"since": is_lost.since, "attempts": attempts, "retry_at": is_lost.retry_at}
    if not insert_new(tx, lost_drop, {"drop": drop, **row}):
        tx.execute(update(lost_drop).where(lost_drop.c.drop == drop).values(row))
    return is_lost


def note_found(tx: Connection, *, drop: str) -> None:
    """A drop could be reached again."""
    tx.execute(delete(lost_drop).where(lost_drop.c.drop == drop))


def position(tx: Connection, *, source: str) -> dict[str, Any] | None:
    """How far a source was pulled; None before the first pull."""
    found: dict[str, Any] | None = tx.scalar(select(watermark.c.position).where(watermark.c.source == source))
    return found


def move_position(tx: Connection, *, source: str, to: dict[str, Any], now: datetime) -> None:
    """Everything up to `to` has been taken in."""
    if not insert_new(tx, watermark, {"source": source, "position": to, "moved_at": now}):
        tx.execute(update(watermark).where(watermark.c.source == source).values(position=to, moved_at=now))


def _note_gone(tx: Connection, drop: str, gone_at: Mapping[str, datetime | None], *, offered: Set[str], now: datetime) -> None:
    """Note which known files are gone from their drop and which are back, and forget those gone for long.

    Not at once: a folder that is not mounted for a minute looks empty, and everything in it would be new again.
    """
    changed = [(name, at) for name, at in gone_at.items() if (name in offered) is (at is not None)]
    statement = update(offered_file).where(offered_file.c.drop == drop, offered_file.c.name == bindparam("known"))
    if changed:
        tx.execute(statement.values(gone_at=bindparam("since")), [{"known": name, "since": None if at else now} for name, at in changed])
    if any(at and at < now - FORGOTTEN_AFTER for at in gone_at.values()):
        tx.execute(delete(offered_file).where(offered_file.c.drop == drop, offered_file.c.gone_at < now - FORGOTTEN_AFTER))


def _of(drop: str, offered: Offered) -> tuple[Any, ...]:
    return (offered_file.c.drop == drop, offered_file.c.name == offered.name)

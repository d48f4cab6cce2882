"""Drops that can't be reached: told once, left alone for a while, and told once more when they are back."""

from __future__ import annotations

from datetime import datetime

from breakwater.errors import BreakwaterError
from breakwater.model.access import INTERNAL
from breakwater.model.records import Side
from breakwater.steps.ingest import Delivery
from breakwater.store import deliveries, outbox
from breakwater.store.database import Connection, Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views import files as file_views
from breakwater.views.blocks import Message


def is_left_alone(database: Database, *, drop: str, now: datetime) -> bool:
    """True while a drop that could not be reached is not to be tried again yet."""
    with database.reading() as tx:
        lost = deliveries.lost(tx, drop=drop)
    return lost is not None and now < lost.retry_at


def drop_is_lost(database: Database, *, like: Delivery, wrong: BreakwaterError, channel: str, now: datetime) -> None:
    """Note that the drop of a stream could not be reached; the first time in a row `channel` is told."""
    drop = f"{like.partner}/{like.stream}"
    message = file_views.drop_lost(stream=_stream(like), partner_name=like.partner_name, reason=wrong.message, remedy=wrong.remedy)
    with database.transaction() as tx:
        lost = deliveries.note_lost(tx, drop=drop, now=now)
        if lost.attempts == 1:
            _say(tx, message, key=f"drop-lost:{drop}:{lost.since.isoformat()}", channel=channel, now=now)


def drop_is_back(database: Database, *, like: Delivery, channel: str, now: datetime) -> None:
    """Say that the drop of a stream can be reached again, if it could not be."""
    drop = f"{like.partner}/{like.stream}"
    with database.reading() as tx:
        lost = deliveries.lost(tx, drop=drop)
    if lost is None:
        return
    message = file_views.drop_back(stream=_stream(like), partner_name=like.partner_name, since=lost.since)
    with database.transaction() as tx:
        deliveries.note_found(tx, drop=drop)
        _say(tx, message, key=f"drop-back:{drop}:{lost.since.isoformat()}", channel=channel, now=now)


def _stream(like: Delivery) -> str | None:
    return like.stream if like.side is Side.THEIRS else None


def _say(tx: Connection, message: Message, *, key: str, channel: str, now: datetime) -> None:
    outbox.enqueue(
        tx,
        key=key,
        kind=Kind.POST,
        audience=INTERNAL,
        channel=channel,
        payload=message.payload(),
        priority=Priority.ALERT,
        now=now,
    )

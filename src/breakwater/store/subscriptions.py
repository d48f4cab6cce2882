"""Digests that people asked for, and what each digest told last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from breakwater.model.access import Actor
from breakwater.model.digests import Subscription, Told
from breakwater.store import audit
from breakwater.store.statements import insert_new
from breakwater.store.tables.findings import digest_told, subscription


def subscriptions(tx: Connection) -> list[Subscription]:
    """Every digest somebody asked for and nobody ended, the oldest first."""
    query = select(subscription).where(subscription.c.ended_at.is_(None)).order_by(subscription.c.created_at, subscription.c.id)
    return [_subscription_of(row) for row in tx.execute(query).mappings()]


def subscribe(tx: Connection, wanted: Subscription, *, actor: Actor, now: datetime) -> bool:
    """Keep a digest that somebody asked for; one that was ended begins again. False, and no change, if there is just that one. Audited."""
    row = {
        "id": wanted.id,
        "channel": wanted.channel,
        "is_person": wanted.person is not None,
        "cron": wanted.cron,
        "time_zone": wanted.time_zone.key,
        "partners": list(wanted.partners),
        "metrics": list(wanted.metrics),
        "calendar": wanted.calendar,
        "least_minor": dict(wanted.least_minor),
        "created_by": actor.id,
        "created_at": now,
    }
    if not insert_new(tx, subscription, row):
        ended = (subscription.c.id == wanted.id, subscription.c.ended_at.is_not(None))
        if tx.execute(update(subscription).where(*ended).values(**row, ended_at=None, ended_by=None)).rowcount == 0:
            return False
    detail = {"channel": wanted.channel, "cron": wanted.cron, "time_zone": wanted.time_zone.key}
    audit.append(tx, at=now, actor_id=actor.id, action="subscribed", about_kind="digest", about_id=wanted.id, detail=detail)
    return True


def unsubscribe(tx: Connection, subscription_id: str, *, actor: Actor, now: datetime) -> bool:
    """End a digest that somebody asked for. False, and no change, if it was ended before. Audited."""
    running = (subscription.c.id == subscription_id, subscription.c.ended_at.is_(None))
    if tx.execute(update(subscription).where(*running).values(ended_at=now, ended_by=actor.id)).rowcount == 0:
        return False
    audit.append(tx, at=now, actor_id=actor.id, action="unsubscribed", about_kind="digest", about_id=subscription_id, detail={})
    return True


def last_told(tx: Connection, subscription_id: str) -> Told | None:
    """What a digest told last; None before the first."""
    row = tx.execute(select(digest_told).where(digest_told.c.subscription_id == subscription_id)).mappings().first()
    if row is None:
        return None
    lists = {name: tuple(row["told"][name]) for name in ("findings", "incidents", "late_files")}
    return Told(scheduled_at=row["scheduled_at"], breaks=dict(row["told"]["breaks"]), **lists)


def note_told(tx: Connection, subscription_id: str, told: Told) -> None:
    """Remember what a digest tells."""
    lists = {name: list(getattr(told, name)) for name in ("findings", "incidents", "late_files")}
    values = {"scheduled_at": told.scheduled_at, "told": {**lists, "breaks": dict(told.breaks)}}
    if not insert_new(tx, digest_told, {"subscription_id": subscription_id, **values}):
        tx.execute(update(digest_told).where(digest_told.c.subscription_id == subscription_id).values(values))


def _subscription_of(row: Mapping[Any, Any]) -> Subscription:
    return Subscription(
        id=row["id"],
        channel=row["channel"],
        cron=row["cron"],
        time_zone=ZoneInfo(row["time_zone"]),
        partners=tuple(row["partners"]),
        metrics=tuple(row["metrics"]),
        calendar=row["calendar"],
        least_minor=dict(row["least_minor"]),
        person=row["created_by"] if row["is_person"] else None,
        created_by=row["created_by"],
        created_at=row["created_at"],
    )

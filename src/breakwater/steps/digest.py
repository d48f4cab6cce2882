"""The scheduled summary: composed once, put in the outbox once, whoever's clock ticks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from breakwater.model.access import INTERNAL
from breakwater.model.digests import Digest, PartnerVolume, Subscription
from breakwater.model.partners import Partner
from breakwater.steps.detect import daily_volumes, late_files
from breakwater.steps.reconcile import state_of
from breakwater.steps.traffic import Traffic
from breakwater.store import claims, outbox, reads
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.views import digests as digest_views

ALL_PARTNERS = "*"
FINDINGS_SHOWN = 200


def post(
    database: Database,
    traffic: Traffic,
    *,
    subscription: Subscription,
    scheduled_at: datetime,
    partners: Mapping[str, Partner],
    now: datetime,
) -> bool:
    """Put the digest due at `scheduled_at` into the outbox; False if somebody already did.

    Claim and message are one transaction: a crash before its end leaves both to the next tick.
    """
    job = f"digest:{subscription.id}"
    with database.reading() as tx:
        if claims.is_taken(tx, job=job, scheduled_at=scheduled_at):
            return False  # every tick asks again for hours, and the volumes are read from the whole lake
    chosen = subscribed(subscription, partners)
    volumes = daily_volumes(traffic, partners=chosen, now=now)
    key = f"{job}:{scheduled_at.isoformat()}"
    with database.transaction() as tx:
        if not claims.claim(tx, job=job, scheduled_at=scheduled_at, now=now):
            return False
        digest = compose(tx, subscription=subscription, scheduled_at=scheduled_at, partners=chosen, volumes=volumes, now=now)
        return outbox.enqueue(
            tx,
            key=key,
            kind=Kind.POST,
            audience=INTERNAL,
            channel=subscription.channel,
            payload=digest_views.digest(digest).payload(),
            priority=Priority.DIGEST,
            now=now,
        )


def compose(
    tx: Connection,
    *,
    subscription: Subscription,
    scheduled_at: datetime,
    partners: Sequence[Partner],
    volumes: Sequence[PartnerVolume],
    now: datetime,
) -> Digest:
    """What the digest says at this moment."""
    names = {p.id for p in partners}
    return Digest(
        subscription_id=subscription.id,
        scheduled_at=scheduled_at,
        time_zone=subscription.time_zone,
        partners=tuple(
            state_of(tx, partner=p, today=p.business_date(now), late_files=late_files(tx, partner=p, now=now)) for p in partners
        ),
        findings=tuple(f for f in reads.findings(tx, limit=FINDINGS_SHOWN) if f.partner in names),
        incidents=tuple(i for i in reads.incidents(tx, open_only=True) if i.partner in names),
        volumes=tuple(volumes),
    )


def subscribed(subscription: Subscription, partners: Mapping[str, Partner]) -> list[Partner]:
    """The partners a subscription is about, in the order of the configuration."""
    return [p for p in partners.values() if ALL_PARTNERS in subscription.partners or p.id in subscription.partners]

"""Digests that people ask for: subscribed in the place where it will be read, listed, and ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.digests import ALL, Metric, Subscription
from breakwater.model.partners import Partner
from breakwater.store import subscriptions as store

MOST_OF_ONE = 20  # digests one person may have running


def subscribe(tx: Connection, *, actor: Actor, wanted: Subscription, partners: Mapping[str, Partner], now: datetime) -> Subscription:
    """Begin a digest. For oneself anybody may who can read; for a channel an operator. Refused in words if there is just that one."""
    require(actor, Permission.READ if wanted.person else Permission.SUBSCRIBE_CHANNEL)
    if wanted.person and wanted.person != actor.id:
        raise RefusedError("A digest in direct messages is one's own.", remedy="Ask the other person to subscribe.")
    unknown = [p for p in wanted.partners if p != ALL and p not in partners] + [m for m in wanted.metrics if m not in (ALL, *Metric)]
    if unknown or not wanted.partners or not wanted.metrics:
        raise RefusedError("That digest is about nothing we know.", remedy="Choose partners and subjects again.")
    if sum(1 for s in store.subscriptions(tx) if s.created_by == actor.id) >= MOST_OF_ONE:
        raise RefusedError(f"You have {MOST_OF_ONE} digests already.", remedy="End one first: `/anomalies subscriptions`.")
    named = replace(wanted, id=_id(wanted), created_by=actor.id, created_at=now)
    if not store.subscribe(tx, named, actor=actor, now=now):
        raise RefusedError("There is just this digest here already.", remedy="See `/anomalies subscriptions`.")
    return named


def unsubscribe(tx: Connection, *, actor: Actor, subscription_id: str, now: datetime) -> Subscription:
    """End a digest. Anybody ends their own; one of a channel an operator may end, too."""
    found = next((s for s in store.subscriptions(tx) if s.id == subscription_id), None)
    if found is None:
        raise NotFoundError("That digest was ended already.", remedy="See `/anomalies subscriptions`.")
    if found.person and found.person != actor.id:
        raise RefusedError("A digest in direct messages is ended by the one who reads it.")
    if found.created_by != actor.id:
        require(actor, Permission.SUBSCRIBE_CHANNEL)
    store.unsubscribe(tx, subscription_id, actor=actor, now=now)
    return found


def visible(tx: Connection, *, actor: Actor, configured: Sequence[Subscription]) -> list[Subscription]:
    """The digests somebody may see: those of channels, and their own."""
    return [s for s in (*configured, *store.subscriptions(tx)) if s.person in (None, actor.id)]


def known(tx: Connection, *, actor: Actor, subscription_id: str, configured: Sequence[Subscription]) -> Subscription:
    """A digest by its id, if the actor may see it; refused in words else."""
    require(actor, Permission.READ)
    for found in visible(tx, actor=actor, configured=configured):
        if found.id == subscription_id:
            return found
    raise NotFoundError("That digest was ended.", remedy="The open findings are in `/anomalies`.")


def _id(wanted: Subscription) -> str:
    """What it says is what it is: the same digest twice would be told twice."""
    said = [wanted.channel, wanted.cron, wanted.time_zone.key, wanted.partners, wanted.metrics, wanted.calendar, dict(wanted.least_minor)]
    return f"{wanted.channel}-{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]}"

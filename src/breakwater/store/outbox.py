"""The outbox: messages wait here, in the transaction that made them true, until the sender has brought each to Slack once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from breakwater.model.access import Audience
from breakwater.store.statements import chunks, insert_new
from breakwater.store.tables.delivery import card, outbox


class Kind(StrEnum):
    """What the sender does with a message."""

    CARD = "card"  # post the card of `about`, or edit it where it is already there
    REPLY = "reply"  # into the thread of the card of `thread_about`
    POST = "post"  # a message of its own
    PRIVATE = "private"  # for payload["user"] only; at most once, since Slack keeps no trace to look for


class Priority(IntEnum):
    """What goes first in a channel."""

    ALERT = 0
    CARD = 1
    DIGEST = 2


class State(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    SUPERSEDED = "superseded"  # a newer state of the same card was shown instead
    FAILED = "failed"


UNSENT = (State.WAITING.value, State.CLAIMED.value)


@dataclass(frozen=True, kw_only=True)
class Card:
    """The message that shows `about` in a channel: its `ts` is its name in Slack and heads its thread."""

    about: str
    channel: str
    ts: str
    revision: int


def enqueue(
    tx: Connection,
    *,
    key: str,
    kind: Kind,
    audience: Audience,
    channel: str,
    payload: Mapping[str, Any],
    about: str | None = None,
    thread_about: str | None = None,
    revision: int = 0,
    priority: Priority = Priority.CARD,
    preview_id: str | None = None,
    now: datetime,
) -> bool:
    """Put a message into the outbox. False, and no change, if `key` is there already, sent or not.

    A card takes the place of older states of itself that nobody has begun to send; one that is older than what is shown or waiting
    is kept as superseded. A message to a partner needs the id of the preview that a person approved.
    """
    if audience.kind == "partner" and not preview_id:
        raise ValueError(f"{key}: a message to a partner needs an approved preview")
    if (kind is Kind.CARD and about is None) or (kind is Kind.REPLY and thread_about is None):
        raise ValueError(f"{key}: a card says what it is about, a reply which card it belongs to")
    row = {
        "key": key,
        "kind": kind.value,
        "audience_kind": audience.kind,
        "audience_id": audience.id,
        "channel": channel,
        "payload": dict(payload),
        "about": about,
        "thread_about": thread_about,
        "revision": revision,
        "priority": int(priority),
        "preview_id": preview_id,
        "state": State.WAITING.value,
        "attempts": 0,
        "ambiguous": False,
        "not_before": now,
        "created_at": now,
    }
    if not insert_new(tx, outbox, row):
        return False
    if kind is Kind.CARD:
        coalesce(tx, about=str(about), channel=channel)
    if kind is Kind.REPLY:
        fail_orphans(tx, about=str(thread_about), channel=channel)
    return True


def pending_count(tx: Connection) -> int:
    """How many messages are not yet sent, given up or superseded."""
    return tx.execute(select(func.count()).select_from(outbox).where(outbox.c.state.in_(UNSENT))).scalar_one()


def channels_of(tx: Connection, *, abouts: Iterable[str], audience: Audience | None = None) -> dict[str, list[str]]:
    """For each of `abouts` that has a card (for this `audience`, if given): where it is out or about to be, in order of their names."""
    wanted = list(abouts)
    found: dict[str, set[str]] = {}
    for chunk in chunks(wanted):
        is_coming = (outbox.c.kind == Kind.CARD.value, outbox.c.state.in_(UNSENT))
        for query in (
            select(card.c.about, card.c.channel).where(card.c.about.in_(chunk), *_is_for(card, audience)),
            select(outbox.c.about, outbox.c.channel).where(outbox.c.about.in_(chunk), *is_coming, *_is_for(outbox, audience)),
        ):
            for about, channel in tx.execute(query):
                found.setdefault(about, set()).add(channel)
    return {about: sorted(found[about]) for about in wanted if about in found}


def _is_for(table: Table, audience: Audience | None) -> list[ColumnElement[bool]]:
    return [table.c.audience_kind == audience.kind, table.c.audience_id == audience.id] if audience else []


def prune(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget messages that were delivered or superseded before a moment, at most `limit`, the oldest first. How many there were.

    Cards can still be edited and replied to: where they are stands in `card`. What could not be delivered stays, for somebody to see.
    """
    is_over = (
        outbox.c.state.in_([State.SENT.value, State.SUPERSEDED.value]),
        func.coalesce(outbox.c.sent_at, outbox.c.created_at) < before,
    )
    oldest = select(outbox.c.id).where(outbox.c.created_at < before, *is_over).order_by(outbox.c.created_at, outbox.c.id).limit(limit)
    return tx.execute(delete(outbox).where(outbox.c.id.in_(oldest))).rowcount


def coalesce(tx: Connection, *, about: str, channel: str) -> None:
    """Of the states of a card that wait, only the newest is shown; it is as urgent as the most urgent of them.

    A first post that may have reached Slack stays: it must be looked for, or the card would be there twice.
    """
    lane = (outbox.c.channel == channel, outbox.c.about == about, outbox.c.kind == Kind.CARD.value)
    query = select(outbox.c.id, outbox.c.revision, outbox.c.state, outbox.c.priority, outbox.c.ambiguous)
    rows = tx.execute(query.where(*lane, outbox.c.state.in_(UNSENT)).order_by(outbox.c.revision, outbox.c.id)).all()
    shown = tx.execute(select(card.c.revision).where(card.c.about == about, card.c.channel == channel)).scalar()
    newest = rows[-1]
    old = [r for r in rows if r.state == State.WAITING.value and r.id != newest.id and (shown is not None or not r.ambiguous)]
    if shown is not None and newest.state == State.WAITING.value and newest.revision < shown:
        old.append(newest)
    if old:
        tx.execute(update(outbox).where(outbox.c.id.in_([r.id for r in old])).values(state=State.SUPERSEDED.value))
    urgent = min(r.priority for r in [*old, newest])
    if urgent < newest.priority:
        tx.execute(update(outbox).where(outbox.c.id == newest.id).values(priority=urgent))


def fail_orphans(tx: Connection, *, about: str, channel: str) -> None:
    """Replies to a card that failed, is not out and is not coming any more would wait for ever: they fail too."""
    heads = tx.execute(select(outbox.c.state).where(outbox.c.channel == channel, outbox.c.about == about)).scalars().all()
    is_out = tx.execute(select(card.c.ts).where(card.c.channel == channel, card.c.about == about)).first()
    if is_out or State.FAILED.value not in heads or any(state in UNSENT for state in heads):
        return
    replies = (outbox.c.channel == channel, outbox.c.thread_about == about, outbox.c.state == State.WAITING.value)
    tx.execute(update(outbox).where(*replies).values(state=State.FAILED.value, error="the card it belongs to could not be posted"))

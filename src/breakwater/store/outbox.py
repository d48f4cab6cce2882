"""The outbox: messages wait here, in the transaction that made them true, until the sender has brought each to Slack once.

A lane is one card in one channel, or the thread below it; its messages leave in order, one at a time. A lease says which sender has
a message; when it runs out, nobody knows whether the message was sent, and it is handed out again as `ambiguous`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, delete, func, or_, select, update

from breakwater.model.access import Audience
from breakwater.store.statements import insert_new
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


@dataclass(frozen=True, kw_only=True)
class OutboxRow:
    """A message handed to a sender.

    `card_ts` is the message to edit (a card that is out) or to reply to; None for a new message. `attempts` counts this one, from 1.
    `ambiguous`: an earlier attempt may have reached Slack, so look for `key` there before sending.
    """

    id: int
    key: str
    kind: Kind
    audience: Audience
    channel: str
    payload: Mapping[str, Any]
    about: str | None
    thread_about: str | None
    revision: int
    priority: Priority
    preview_id: str | None
    attempts: int
    ambiguous: bool
    created_at: datetime
    card_ts: str | None


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
        _coalesce(tx, about=str(about), channel=channel)
    if kind is Kind.REPLY:
        _fail_orphans(tx, about=str(thread_about), channel=channel)
    return True


def claim(tx: Connection, *, now: datetime, lease_s: float, limit: int, busy_channels: Collection[str] = ()) -> list[OutboxRow]:
    """Messages to send now, the most urgent first; nobody else gets them for `lease_s` seconds.

    At most one new message per channel, and none into `busy_channels`; edits of cards that are out are not counted.
    """
    release_expired(tx, now=now)
    due = _due(now=now, busy_channels=busy_channels).subquery()
    chosen = select(due.c.id).where(or_(due.c.is_edit, due.c.place == 1)).order_by(due.c.priority, due.c.id).limit(limit)
    still = (outbox.c.id.in_(list(tx.scalars(chosen))), outbox.c.state == State.WAITING.value)
    ids = list(tx.scalars(select(outbox.c.id).where(*still).with_for_update(skip_locked=True)))
    if not ids:
        return []
    lease_until = now + timedelta(seconds=lease_s)
    tx.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state=State.CLAIMED.value, lease_until=lease_until, attempts=outbox.c.attempts + 1)
    )
    heads = and_(card.c.channel == outbox.c.channel, card.c.about == func.coalesce(outbox.c.thread_about, outbox.c.about))
    query = select(outbox, card.c.ts.label("card_ts")).outerjoin(card, heads).where(outbox.c.id.in_(ids))
    return [_row(r) for r in tx.execute(query.order_by(outbox.c.priority, outbox.c.id)).mappings()]


def release_expired(tx: Connection, *, now: datetime) -> int:
    """Messages whose lease ran out wait again, as ambiguous; a private one has failed. How many there were."""
    expired = select(outbox.c.id).where(outbox.c.state == State.CLAIMED.value, outbox.c.lease_until <= now)
    ids = list(tx.scalars(expired.with_for_update(skip_locked=True)))
    if ids:
        is_private = outbox.c.kind == Kind.PRIVATE.value
        tx.execute(
            update(outbox)
            .where(outbox.c.id.in_(ids))
            .values(
                state=case((is_private, State.FAILED.value), else_=State.WAITING.value),
                ambiguous=True,
                lease_until=None,
                error="its sender stopped, so whether it was sent is not known",
            )
        )
    return len(ids)


def sent(tx: Connection, *, row_id: int, ts: str | None, now: datetime) -> None:
    """A message reached Slack under `ts` (None for a private one). A card, or a post that is about something, can now be edited and
    replied to."""
    row = tx.execute(select(outbox).where(outbox.c.id == row_id)).mappings().one()
    values = {"state": State.SENT.value, "ts": ts, "sent_at": now, "lease_until": None, "error": None}
    tx.execute(update(outbox).where(outbox.c.id == row_id).values(values))
    if row["about"] is None or ts is None:
        return
    shown = {"ts": ts, "revision": row["revision"], "audience_kind": row["audience_kind"], "audience_id": row["audience_id"]}
    if not insert_new(tx, card, {"about": row["about"], "channel": row["channel"], **shown}):
        same = (card.c.about == row["about"], card.c.channel == row["channel"], card.c.revision <= row["revision"])
        tx.execute(update(card).where(*same).values(shown))


def retry(tx: Connection, *, row_id: int, not_before: datetime, error: str, ambiguous: bool, attempt: int | None = None) -> None:
    """A message was not sent, or perhaps was (`ambiguous`: a time-out): it waits until `not_before`, and its lane with it.

    With `attempt` (the row's `attempts`) this changes nothing once somebody else has it. An ambiguous private message has failed.
    """
    mine = _mine(row_id, attempt)
    was_private = case((outbox.c.kind == Kind.PRIVATE.value, State.FAILED.value), else_=State.WAITING.value)
    state = was_private if ambiguous else State.WAITING.value
    values = {"state": state, "not_before": not_before, "error": error, "ambiguous": ambiguous, "lease_until": None}
    if tx.execute(update(outbox).where(*mine).values(values)).rowcount == 0:
        return
    row = tx.execute(select(outbox.c.kind, outbox.c.about, outbox.c.channel).where(outbox.c.id == row_id)).one()
    if row.kind == Kind.CARD.value:
        _coalesce(tx, about=row.about, channel=row.channel)


def give_up(tx: Connection, *, row_id: int, error: str, attempt: int | None = None) -> None:
    """A message can't be sent, ever. Where it was to be a card that is not out and no newer state waits, its replies fail with it."""
    values = {"state": State.FAILED.value, "error": error, "lease_until": None}
    if tx.execute(update(outbox).where(*_mine(row_id, attempt)).values(values)).rowcount == 0:
        return
    row = tx.execute(select(outbox.c.about, outbox.c.channel).where(outbox.c.id == row_id)).one()
    if row.about is not None:
        _fail_orphans(tx, about=row.about, channel=row.channel)


def pending_count(tx: Connection) -> int:
    """How many messages are not yet sent, given up or superseded."""
    return tx.execute(select(func.count()).select_from(outbox).where(outbox.c.state.in_(UNSENT))).scalar_one()


def channels_of(tx: Connection, *, abouts: Iterable[str]) -> dict[str, list[str]]:
    """For each of `abouts` that has a card: the channels where it is out or about to be, in order of their names."""
    wanted = list(abouts)
    found: dict[str, set[str]] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        is_coming = (outbox.c.kind == Kind.CARD.value, outbox.c.state.in_(UNSENT))
        for query in (
            select(card.c.about, card.c.channel).where(card.c.about.in_(chunk)),
            select(outbox.c.about, outbox.c.channel).where(outbox.c.about.in_(chunk), *is_coming),
        ):
            for about, channel in tx.execute(query):
                found.setdefault(about, set()).add(channel)
    return {about: sorted(found[about]) for about in wanted if about in found}


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


_CHUNK = 500


def _due(*, now: datetime, busy_channels: Collection[str]) -> Select[Any]:
    """Every message that may leave now, with its place among the new messages of its channel.

    Window functions over what is unsent, not a look-up per message, so that a long queue costs one pass whatever the planner thinks.
    """
    in_lane = (
        func.row_number().over(partition_by=(outbox.c.channel, outbox.c.about), order_by=outbox.c.id).label("about_place"),
        func.row_number().over(partition_by=(outbox.c.channel, outbox.c.thread_about), order_by=outbox.c.id).label("thread_place"),
    )
    row = select(outbox, *in_lane).where(outbox.c.state.in_(UNSENT)).subquery()
    own, head = card.alias(), card.alias()
    is_edit = and_(row.c.kind == Kind.CARD.value, own.c.ts.is_not(None))
    lane = case((is_edit, 1), (row.c.kind == Kind.PRIVATE.value, 2), else_=0)
    place = func.row_number().over(partition_by=(row.c.channel, lane), order_by=(row.c.priority, row.c.id))
    query = (
        select(row.c.id, row.c.priority, is_edit.label("is_edit"), place.label("place"))
        .outerjoin(own, and_(own.c.channel == row.c.channel, own.c.about == row.c.about))
        .outerjoin(head, and_(head.c.channel == row.c.channel, head.c.about == row.c.thread_about))
        .where(row.c.state == State.WAITING.value, row.c.not_before <= now)
        .where(or_(row.c.about.is_(None), row.c.about_place == 1))
        .where(or_(row.c.thread_about.is_(None), and_(row.c.thread_place == 1, head.c.ts.is_not(None))))
    )
    return query.where(or_(is_edit, row.c.channel.not_in(busy_channels))) if busy_channels else query


def _coalesce(tx: Connection, *, about: str, channel: str) -> None:
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


def _fail_orphans(tx: Connection, *, about: str, channel: str) -> None:
    """Replies to a card that failed, is not out and is not coming any more would wait for ever: they fail too."""
    heads = tx.execute(select(outbox.c.state).where(outbox.c.channel == channel, outbox.c.about == about)).scalars().all()
    is_out = tx.execute(select(card.c.ts).where(card.c.channel == channel, card.c.about == about)).first()
    if is_out or State.FAILED.value not in heads or any(state in UNSENT for state in heads):
        return
    replies = (outbox.c.channel == channel, outbox.c.thread_about == about, outbox.c.state == State.WAITING.value)
    tx.execute(update(outbox).where(*replies).values(state=State.FAILED.value, error="the card it belongs to could not be posted"))


def _mine(row_id: int, attempt: int | None) -> tuple[ColumnElement[bool], ...]:
    claimed = (outbox.c.id == row_id, outbox.c.state == State.CLAIMED.value)
    return claimed if attempt is None else (*claimed, outbox.c.attempts == attempt)


def _row(row: Mapping[Any, Any]) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        key=row["key"],
        kind=Kind(row["kind"]),
        audience=Audience(row["audience_kind"], row["audience_id"]),
        channel=row["channel"],
        payload=row["payload"],
        about=row["about"],
        thread_about=row["thread_about"],
        revision=row["revision"],
        priority=Priority(row["priority"]),
        preview_id=row["preview_id"],
        attempts=row["attempts"],
        ambiguous=row["ambiguous"],
        created_at=row["created_at"],
        card_ts=row["card_ts"],
    )

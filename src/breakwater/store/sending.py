"""The sender's side of the outbox: who sends which message next, and what became of it.

A lane is one card in one channel, or the thread below it; its messages leave in order, one at a time. A lease says which sender has
a message; when it runs out, nobody knows whether the message was sent, and it is handed out again as `ambiguous`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, update

from breakwater.model.access import Audience
from breakwater.store.outbox import UNSENT, Kind, Priority, State, coalesce, fail_orphans
from breakwater.store.statements import insert_new
from breakwater.store.tables.delivery import card, outbox


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
        coalesce(tx, about=row.about, channel=row.channel)


def give_up(tx: Connection, *, row_id: int, error: str, attempt: int | None = None) -> None:
    """A message can't be sent, ever. Where it was to be a card that is not out and no newer state waits, its replies fail with it."""
    values = {"state": State.FAILED.value, "error": error, "lease_until": None}
    if tx.execute(update(outbox).where(*_mine(row_id, attempt)).values(values)).rowcount == 0:
        return
    row = tx.execute(select(outbox.c.about, outbox.c.channel).where(outbox.c.id == row_id)).one()
    if row.about is not None:
        fail_orphans(tx, about=row.about, channel=row.channel)


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

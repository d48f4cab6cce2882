"""What cards have in common: whether a click saw what is still so, in which channels a card is, and the news below it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.model.access import INTERNAL
from breakwater.model.partners import Partner
from breakwater.store import outbox
from breakwater.store.outbox import Kind
from breakwater.views.blocks import Message


class Shown(Protocol):
    """What a card shows: a break, a cause or a finding."""

    @property
    def id(self) -> str: ...
    @property
    def partner(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def revision(self) -> int: ...


def require_fresh(thing: Shown, *, revision: int | None, touched_by: str | None = None) -> None:
    """Refuse a click on a card that showed an older state; None where an older card does no harm. `touched_by` is whose move was last."""
    if revision is None or thing.revision == revision:
        return
    by = f" <@{touched_by}> moved it last." if touched_by else ""
    raise RefusedError(
        f"That card showed an older state of {thing.id}; nothing was changed. It is {thing.state.replace('_', ' ')} now.{by}",
        remedy="Its card is up to date now: look again and click there.",
    )


def partner_of(thing: Shown, partners: Mapping[str, Partner]) -> Partner:
    """The partner something belongs to; refused if it is configured no longer."""
    if thing.partner not in partners:
        raise RefusedError(
            f"{thing.id} belongs to the partner '{thing.partner}', which is not configured any more.",
            remedy="An administrator can give the partner its old id back in breakwater.toml.",
        )
    return partners[thing.partner]


def require_its_channel(partner: Partner, channel: str) -> None:
    """Refuse to show a card of this partner anywhere but in its internal channels."""
    if channel not in partner.internal_channels:
        where = " or ".join(f"<#{c}>" for c in partner.internal_channels) or "a channel configured for it"
        raise RefusedError(f"Cards of {partner.name} belong into {where}.", remedy="Ask for it there.")


def channels_of(tx: Connection, about: str, *, partner: Partner) -> list[str]:
    """The channels of its partner in which a card is out or about to be; one that is no longer the partner's is left alone."""
    return [channel for channel in outbox.channels_of(tx, abouts=[about]).get(about, []) if channel in partner.internal_channels]


def tell_below(tx: Connection, message: Message, *, about: str, key: str, partner: Partner, now: datetime) -> None:
    """Say it in the thread below every card of `about`. The same `key` is said once in each."""
    for channel in channels_of(tx, about, partner=partner):
        outbox.enqueue(
            tx,
            key=f"{key}:{channel}",
            kind=Kind.REPLY,
            audience=INTERNAL,
            channel=channel,
            payload=message.payload(),
            thread_about=about,
            now=now,
        )

"""What people do with a cause: each function is one move, and every break under it follows in the same transaction, with one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import breaks as break_moves
from breakwater.model import causes as moves
from breakwater.model import working
from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import NEEDS, Break, BreakState, Move
from breakwater.model.causes import Cause
from breakwater.model.partners import Partner
from breakwater.steps.cards import partner_of, require_fresh, require_its_channel, tell_below
from breakwater.steps.causes import refresh, show
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import causes, outbox, writes, writes_causes
from breakwater.views.causes import followed


@dataclass(frozen=True, kw_only=True)
class CauseClick:
    """Who asks for a move of which cause, as their card showed it: `revision`. None where an older card does no harm."""

    actor: Actor
    cause_id: str
    revision: int | None
    partners: Mapping[str, Partner]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A cause after a move: how many breaks followed, and how many could not, by the state they are in."""

    cause: Cause
    followed: int
    left: Mapping[BreakState, int]


def acknowledge(tx: Connection, click: CauseClick) -> Moved:
    """Take a cause: every open break under it gets the same owner. The second to try is told who was first."""
    require(click.actor, NEEDS[Move.ACKNOWLEDGE])
    moves.acknowledge(
        cause_known(tx, click.cause_id), by=click.actor, now=click.now
    )  # says who was first before the card's age is looked at

    def follow(brk: Break) -> Break:
        return break_moves.acknowledge(brk, owner_id=click.actor.id, now=click.now)

    return _moved(
        tx, click, Move.ACKNOWLEDGE, lambda cause: moves.acknowledge(cause, by=click.actor, now=click.now), follow, did="acknowledged this"
    )


def assign(tx: Connection, click: CauseClick, *, to: Actor) -> Moved:
    """Give a cause and every break under it to somebody, oneself or another."""
    did = "took this" if to.id == click.actor.id else f"gave this to <@{to.id}>"
    return _moved(
        tx,
        click,
        Move.ASSIGN,
        lambda cause: moves.assign(cause, to=to),
        lambda brk: working.assign(brk, to=to, by=click.actor, now=click.now),
        did=did,
    )


def escalate(tx: Connection, click: CauseClick, *, incident_id: str) -> Moved:
    """Make a cause a partner incident: the incident is linked beside every break under it."""
    require(click.actor, Permission.OPEN_INCIDENT)
    return _moved(
        tx,
        click,
        Move.LINK,
        lambda cause: moves.escalate(cause, incident_id=incident_id),
        lambda brk: working.link(brk, to=incident_id, by=click.actor, now=click.now),
        did=f"opened {incident_id} on this",
    )


def show_card(tx: Connection, *, actor: Actor, cause_id: str, channel: str, partners: Mapping[str, Partner], now: datetime) -> Cause:
    """Post the card of a cause in a channel of its partner, or bring the one that is there up to date."""
    require(actor, Permission.READ)
    cause = cause_known(tx, cause_id)
    partner = partner_of(cause, partners)
    require_its_channel(partner, channel)
    show(tx, cause, partner=partner, channel=channel, now=now)
    return cause


def cause_known(tx: Connection, cause_id: str) -> Cause:
    """The cause with this short name, or a sentence that there is none."""
    cause = causes.cause_by_id(tx, cause_id.strip().upper())
    if cause is None:
        raise NotFoundError(f"There is no cause {cause_id}.", remedy="`/recon` shows those there are.")
    return cause


def _moved(
    tx: Connection, click: CauseClick, move: Move, apply: Callable[[Cause], Cause], follow: Callable[[Break], Break], *, did: str
) -> Moved:
    """Make one move with a cause and with every break under it that can make it; the others are counted and said."""
    require(click.actor, NEEDS[move])
    was = cause_known(tx, click.cause_id)
    partner = partner_of(was, click.partners)
    require_fresh(was, revision=click.revision)
    cause = apply(was)
    writes_causes.put(tx, cause, was=was, action=str(move), actor=click.actor, now=click.now)
    changed, left = _follow(tx, cause, move, follow, click=click)
    _refresh_breaks(tx, changed, partner=partner, now=click.now)
    refresh(tx, cause, partner=partner, now=click.now)
    message = followed(by=click.actor.id, did=did, count=len(changed), left=left)
    tell_below(tx, message, about=cause.id, key=f"cause:{cause.id}:{cause.revision}:news", partner=partner, now=click.now)
    return Moved(cause=cause, followed=len(changed), left=left)


def _follow(
    tx: Connection, cause: Cause, move: Move, follow: Callable[[Break], Break], *, click: CauseClick
) -> tuple[list[Break], dict[BreakState, int]]:
    """Each break's own rules decide whether it follows."""
    changes: list[tuple[Break, Break, str]] = []
    left: Counter[BreakState] = Counter()
    for brk in causes.breaks_under(tx, cause.id):
        try:
            changes.append((brk, follow(brk), str(move)))
        except RefusedError:
            left[brk.state] += 1
    stale = {b.id: b for b in writes.save_breaks(tx, changes, actor=click.actor, now=click.now, because={"cause": cause.id})}
    left.update(b.state for b in stale.values())
    return [after for _, after, _ in changes if after.id not in stale], dict(sorted(left.items()))


def _refresh_breaks(tx: Connection, changed: list[Break], *, partner: Partner, now: datetime) -> None:
    by_id = {brk.id: brk for brk in changed}
    for about, channels in outbox.channels_of(tx, abouts=list(by_id)).items():
        for channel in (c for c in channels if c in partner.internal_channels):
            enqueue_card(tx, by_id[about], partner=partner, channel=channel, now=now)

"""Several breaks moved as one: each by the rules of one break, all in one transaction, told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import INTERNAL, Actor, require
from breakwater.model.breaks import NEEDS, Break, Move
from breakwater.model.partners import Partner
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.store import outbox
from breakwater.store.outbox import Kind
from breakwater.views.blocks import Message
from breakwater.views.bulk import Bulk, done_together

MOST = 100


@dataclass(frozen=True, kw_only=True)
class Several:
    """Who asks for the same move of which breaks, each as it was shown: (id, revision)."""

    actor: Actor
    seen: Sequence[tuple[str, int]]
    partners: Mapping[str, Partner]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Done:
    """The breaks that were moved, and for each that was not: its id, and why."""

    moved: tuple[Break, ...]
    refused: tuple[tuple[str, str], ...]


def acknowledge(tx: Connection, several: Several) -> Done:
    """Take them all."""
    done = _each(tx, several, Move.ACKNOWLEDGE, steps.acknowledge)
    _tell(tx, several, done, lambda breaks: done_together(Bulk.ACKNOWLEDGE, breaks, by=several.actor.id), what=Bulk.ACKNOWLEDGE)
    return done


def assign(tx: Connection, several: Several, *, to: Actor) -> Done:
    """Give them all to somebody."""
    done = _each(tx, several, Move.ASSIGN, lambda tx, click: steps.assign(tx, click, to=to))
    _tell(tx, several, done, lambda breaks: done_together(Bulk.ASSIGN, breaks, by=several.actor.id, to=to.id), what=Bulk.ASSIGN)
    return done


def snooze(tx: Connection, several: Several, *, until: date) -> Done:
    """Let them all sleep until a day; those of partners for whom it is no business day stay awake."""
    done = _each(tx, several, Move.SNOOZE, lambda tx, click: steps.snooze(tx, click, until=until))
    _tell(tx, several, done, lambda breaks: done_together(Bulk.SNOOZE, breaks, by=several.actor.id, until=until), what=Bulk.SNOOZE)
    return done


def resolve(tx: Connection, several: Several, *, reason: str) -> Done:
    """Close them all for the same reason."""
    done = _each(tx, several, Move.RESOLVE, lambda tx, click: steps.resolve(tx, click, reason=reason))
    _tell(tx, several, done, lambda breaks: done_together(Bulk.RESOLVE, breaks, by=several.actor.id, said=reason), what=Bulk.RESOLVE)
    return done


def _each(tx: Connection, several: Several, move: Move, make: Callable[[Connection, Click], Break]) -> Done:
    """Make the move of each, in the order of their ids, so that two people at once never wait for each other in a circle.

    What is refused was refused before anything of it was written.
    """
    require(several.actor, NEEDS[move])
    if len(several.seen) > MOST:
        raise RefusedError(f"{len(several.seen)} breaks are too many at once.", remedy=f"Choose {MOST} at most.")
    moved: list[Break] = []
    refused: list[tuple[str, str]] = []
    for break_id, revision in sorted(dict(several.seen).items()):
        click = Click(
            actor=several.actor, break_id=break_id, revision=revision, partners=several.partners, now=several.now, is_told_elsewhere=True
        )
        try:
            moved.append(make(tx, click))
        except (RefusedError, NotFoundError) as wrong:
            refused.append((break_id, wrong.message))
    return Done(moved=tuple(moved), refused=tuple(refused))


def _tell(tx: Connection, several: Several, done: Done, message: Callable[[Sequence[Break]], Message], *, what: Bulk) -> None:
    """One message in the channel of each partner concerned."""
    by_partner: dict[str, list[Break]] = defaultdict(list)
    for brk in done.moved:
        by_partner[brk.partner].append(brk)
    for partner_id, breaks in sorted(by_partner.items()):
        for channel in several.partners[partner_id].internal_channels[:1]:
            outbox.enqueue(
                tx,
                key=f"bulk:{what}:{partner_id}:{several.actor.id}:{several.now.isoformat()}",
                kind=Kind.POST,
                audience=INTERNAL,
                channel=channel,
                payload=message(breaks).payload(),
                now=several.now,
            )

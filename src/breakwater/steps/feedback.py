"""What people say of findings: each function is one answer, with its access check, audit row, card and news, and what it teaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from breakwater.detection.feedback import Learnt, learnt
from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import findings as moves
from breakwater.model.access import Actor, Permission, require
from breakwater.model.findings import Finding, FindingState
from breakwater.model.learning import Answer, Cell, cell_of
from breakwater.model.partners import Partner
from breakwater.steps.cards import require_fresh
from breakwater.steps.finding_cards import show, tell
from breakwater.store import learning, reads, writes
from breakwater.views.finding_answers import Do, finding_said

LONGEST_SILENCE = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Who answers which finding, as their card showed it: `revision`. `channel` is where cards of findings are."""

    actor: Actor
    finding_id: str
    revision: int
    partners: Mapping[str, Partner]
    channel: str
    now: datetime


def acknowledge(tx: Connection, click: Answered) -> Finding:
    """Look after a finding. The second to try is told who was first."""
    return _answer(tx, click, Do.ACKNOWLEDGE, lambda f: moves.acknowledge(f, by=click.actor.id, now=click.now), useful=True)


def false_positive(tx: Connection, click: Answered) -> Finding:
    """Say that a finding is a false alarm: it is closed, and its cell must be surer from now on."""
    return _judge(tx, click, Do.FALSE_POSITIVE, FindingState.FALSE_POSITIVE, useful=False)


def expected(tx: Connection, click: Answered, *, reason: str, until: datetime) -> Finding:
    """Say that a finding was to be expected, and until when; nobody hears of it before."""
    _require_soon(until, click.now)
    return _judge(tx, click, Do.EXPECTED, FindingState.EXPECTED, note=reason, until=until)


def new_level(tx: Connection, click: Answered) -> Finding:
    """Say that this is how things are from now on: what is expected follows."""
    return _judge(tx, click, Do.NEW_LEVEL, FindingState.NEW_LEVEL, useful=True)


def mute(tx: Connection, click: Answered, *, until: datetime) -> Finding:
    """Hear nothing more of a finding until then, unless it is an outage."""
    _require_soon(until, click.now)
    return _answer(tx, click, Do.MUTE, lambda f: moves.mute(f, until=until, by=click.actor.id, now=click.now))


def opens_incident(tx: Connection, click: Answered) -> Finding:
    """The finding an incident is about to be opened from; refused where the actor may not, or where it is over."""
    require(click.actor, Permission.OPEN_INCIDENT)
    return finding_known(tx, click.finding_id)


def as_shown(tx: Connection, click: Answered) -> Finding:
    """The finding, if the actor may answer it from what their card showed; else a sentence why not. Nothing is changed."""
    require(click.actor, Permission.ANSWER_FINDING)
    found = finding_known(tx, click.finding_id)
    if not found.open:
        moves.judge(found, as_=FindingState.EXPECTED, by=click.actor.id, now=click.now)  # says who was first
    require_fresh(found, revision=click.revision)
    return found


def show_card(tx: Connection, *, actor: Actor, finding_id: str, partners: Mapping[str, Partner], channel: str, now: datetime) -> Finding:
    """Post the card of a finding that was told without one."""
    require(actor, Permission.READ)
    found = finding_known(tx, finding_id)
    show(tx, found, partners=partners, channel=channel, now=now)
    return found


def what_was_learnt(tx: Connection) -> list[Learnt]:
    """The cells of which people said something, the least precise first."""
    return learnt(learning.answers(tx))


def undo(tx: Connection, *, actor: Actor, cell: Cell, now: datetime) -> int:
    """Take back what was said of a cell: its threshold is as it was. How many answers that were; refused if there are none."""
    require(actor, Permission.ANSWER_FINDING)
    undone = learning.undo(tx, cell, actor=actor, now=now)
    if not undone:
        raise RefusedError("There is nothing to take back any more: somebody was faster.", remedy="See `/anomalies feedback`.")
    return undone


def finding_known(tx: Connection, finding_id: str) -> Finding:
    """The finding with this short name, or a sentence that there is none."""
    found = reads.finding_by_id(tx, finding_id.strip().upper())
    if found is None:
        raise NotFoundError(f"There is no finding {finding_id}.", remedy="List them with `/anomalies`.")
    return found


def _judge(
    tx: Connection,
    click: Answered,
    do: Do,
    as_: FindingState,
    *,
    note: str = "",
    until: datetime | None = None,
    useful: bool | None = None,
) -> Finding:
    def apply(found: Finding) -> Finding:
        return moves.judge(found, as_=as_, by=click.actor.id, now=click.now, note=note, until=until)

    return _answer(tx, click, do, apply, useful=useful)


def _answer(tx: Connection, click: Answered, do: Do, apply: Callable[[Finding], Finding], *, useful: bool | None = None) -> Finding:
    """Make one move: who may, what changes, what it teaches, who hears of it."""
    require(click.actor, Permission.ANSWER_FINDING)
    was = finding_known(tx, click.finding_id)
    found = apply(was)  # says who was first, before the card's age is looked at
    if do is not Do.ACKNOWLEDGE:
        require_fresh(was, revision=click.revision)
    try:
        writes.save_finding(tx, found, was=was, actor=click.actor, now=click.now, action=str(do))
    except writes.StaleError:  # somebody was faster between our look and our change: say who
        apply(finding_known(tx, click.finding_id))
        raise
    if useful is not None:
        answer = Answer(finding_id=found.id, cell=cell_of(found), useful=useful, said_by=click.actor.id, said_at=click.now)
        learning.note_answer(tx, answer)
    show(tx, found, partners=click.partners, channel=click.channel, now=click.now)
    tell(tx, found, text=finding_said(found, do=do, by=click.actor.id), channel=click.channel, now=click.now)
    return found


def _require_soon(until: datetime, now: datetime) -> None:
    if not now < until <= now + LONGEST_SILENCE:
        raise RefusedError("That time is over, or more than a month away.", remedy="Choose a time within the next month.")

"""What people do with a break: each function is one move, with its access check, audit row, card and news in the card's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import breaks as moves
from breakwater.model import reversals, working
from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import NEEDS, Break, Move
from breakwater.model.partners import Partner
from breakwater.model.proposals import NO_LIMITS, Authority, Proposal
from breakwater.steps.cards import channels_of, partner_of, require_fresh, require_its_channel, tell_below
from breakwater.steps.manual_matches import match_agreed, take_back
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import reads, writes
from breakwater.views.break_news import news


@dataclass(frozen=True, kw_only=True)
class Click:
    """Who asks for a move of which break, as their card showed it: `revision`. None where an older card does no harm.

    `is_told_elsewhere`: one message tells of several breaks, so that their threads stay quiet.
    """

    actor: Actor
    break_id: str
    revision: int | None
    partners: Mapping[str, Partner]
    now: datetime
    is_told_elsewhere: bool = False


def acknowledge(tx: Connection, click: Click) -> Break:
    """Give an open break an owner and show it on its cards. The second to try is told who was first."""
    require(click.actor, NEEDS[Move.ACKNOWLEDGE])

    def apply(brk: Break) -> Break:
        return moves.acknowledge(brk, owner_id=click.actor.id, now=click.now)

    apply(break_known(tx, click.break_id))  # says who was first, before the card's age is looked at
    try:
        return _moved(tx, click, Move.ACKNOWLEDGE, apply)
    except RefusedError:  # somebody was faster between our look and our change: say who
        apply(break_known(tx, click.break_id))
        raise


def assign(tx: Connection, click: Click, *, to: Actor) -> Break:
    """Make somebody the owner, oneself or another; refused where they are."""

    def apply(brk: Break) -> Break:
        if brk.active and brk.owner_id == to.id:
            whose = f"{brk.id} is yours already." if to.id == click.actor.id else f"<@{to.id}> has {brk.id} already."
            raise RefusedError(f"{whose} Nothing was changed.")
        return working.assign(brk, to=to, by=click.actor, now=click.now)

    return _moved(tx, click, Move.ASSIGN, apply)


def comment(tx: Connection, click: Click, *, text: str) -> Break:
    """Say something in the thread of the break's cards."""
    return _moved(tx, click, Move.COMMENT, lambda brk: working.comment(brk, by=click.actor, now=click.now), said=text)


def link(tx: Connection, click: Click, *, to: str, text: str = "") -> Break:
    """Put an incident, a ticket or a document beside the break, with a word about it perhaps."""
    said = f"{to}\n{text}" if text else to
    return _moved(tx, click, Move.LINK, lambda brk: working.link(brk, to=to, by=click.actor, now=click.now), said=said)


def snooze(tx: Connection, click: Click, *, until: date) -> Break:
    """Let the break sleep until a business day of its partner."""

    def apply(brk: Break) -> Break:
        partner = click.partners[brk.partner]
        today = click.now.astimezone(partner.time_zone).date()
        return working.snooze(brk, until=until, calendar=partner.calendar, today=today, by=click.actor, now=click.now)

    return _moved(tx, click, Move.SNOOZE, apply)


def investigate(tx: Connection, click: Click) -> Break:
    """Say that one looks into it."""
    return _moved(tx, click, Move.INVESTIGATE, lambda brk: working.investigate(brk, by=click.actor, now=click.now))


def ask_partner(tx: Connection, click: Click, *, question: str) -> Break:
    """Note that the partner was asked. Nothing is sent to them."""
    return _moved(tx, click, Move.ASK_PARTNER, lambda brk: working.ask_partner(brk, by=click.actor, now=click.now), said=question)


def ask_us(tx: Connection, click: Click, *, question: str) -> Break:
    """Ask our own side in the thread."""
    return _moved(tx, click, Move.ASK_US, lambda brk: working.ask_us(brk, by=click.actor, now=click.now), said=question)


def propose(tx: Connection, click: Click, *, proposal: Proposal) -> Break:
    """Propose a correction, a write-off or a manual match to a second person."""
    return _moved(tx, click, Move.PROPOSE, lambda brk: working.propose(brk, proposal=proposal, now=click.now))


def approve(tx: Connection, click: Click, *, authority: Authority) -> Break:
    """Agree, as the second person, to what was proposed. A match by hand counts from then on."""
    brk = _moved(tx, click, Move.APPROVE, lambda brk: working.approve(brk, by=click.actor, authority=authority, now=click.now))
    match_agreed(tx, brk, approved_by=click.actor, now=click.now)
    return brk


def decline(tx: Connection, click: Click, *, reason: str) -> Break:
    """Refuse what was proposed."""
    return _moved(tx, click, Move.DECLINE, lambda brk: working.decline(brk, by=click.actor, now=click.now), said=reason)


def resolve(tx: Connection, click: Click, *, reason: str) -> Break:
    """Close a break that is explained without moving money."""
    return _moved(tx, click, Move.RESOLVE, lambda brk: working.resolve(brk, reason=reason, by=click.actor, now=click.now), said=reason)


def reopen(tx: Connection, click: Click, *, reason: str, authority: Authority = NO_LIMITS) -> Break:
    """Open a closed break again; the match by hand that closed it is taken back, above a limit by a second person only."""
    was = break_as_shown(tx, click, Move.REOPEN)
    take_back(tx, was, by=click.actor, authority=authority, reason=reason, now=click.now)
    return _moved(tx, click, Move.REOPEN, lambda brk: moves.reopen(brk, by=click.actor, now=click.now), said=reason)


def keep_booking(tx: Connection, click: Click, *, reason: str) -> Break:
    """Say that what was booked is right although a later run explains it."""
    return _moved(tx, click, Move.KEEP_BOOKING, lambda brk: reversals.keep_booking(brk, by=click.actor, now=click.now), said=reason)


def propose_reversal(tx: Connection, click: Click, *, reason: str) -> Break:
    """Propose to a second person that a booking is taken back."""

    def apply(brk: Break) -> Break:
        return reversals.propose_reversal(brk, note=reason, by=click.actor, now=click.now)

    return _moved(tx, click, Move.PROPOSE_REVERSAL, apply, said=reason)


def approve_reversal(tx: Connection, click: Click, *, authority: Authority) -> Break:
    """Agree, as the second person, that a booking is taken back. The journal has its lines from then on."""

    def apply(brk: Break) -> Break:
        return reversals.approve_reversal(brk, by=click.actor, authority=authority, now=click.now)

    return _moved(tx, click, Move.APPROVE_REVERSAL, apply)


def decline_reversal(tx: Connection, click: Click, *, reason: str) -> Break:
    """Refuse that a booking is taken back."""
    return _moved(tx, click, Move.DECLINE_REVERSAL, lambda brk: reversals.decline_reversal(brk, by=click.actor, now=click.now), said=reason)


def show(tx: Connection, *, actor: Actor, break_id: str, channel: str, partners: Mapping[str, Partner], now: datetime) -> Break:
    """Post the card of a break in a channel of its partner, or bring the one that is there up to date."""
    require(actor, Permission.READ)
    brk = break_known(tx, break_id)
    partner = partner_of(brk, partners)
    require_its_channel(partner, channel)
    enqueue_card(tx, brk, partner=partner, channel=channel, now=now)
    return brk


def break_known(tx: Connection, break_id: str) -> Break:
    """The break with this short name, or a sentence that there is none."""
    brk = reads.break_by_id(tx, break_id.strip().upper())
    if brk is None:
        raise NotFoundError(f"There is no break {break_id}.", remedy="List them with `/recon breaks`.")
    return brk


def break_as_shown(tx: Connection, click: Click, move: Move) -> Break:
    """The break, if the actor may make this move from what their card showed; else a sentence why not. Nothing is changed."""
    require(click.actor, NEEDS[move])
    brk = break_known(tx, click.break_id)
    partner_of(brk, click.partners)
    require_fresh(brk, revision=click.revision, touched_by=brk.touched_by)
    moves.require_state(brk, move)
    return brk


def refresh_cards(tx: Connection, brk: Break, *, partner: Partner, now: datetime) -> None:
    """Every card of the break that is out shows its new state; one in a channel that is no longer the partner's stays as it was."""
    for channel in channels_of(tx, brk.id, partner=partner):
        enqueue_card(tx, brk, partner=partner, channel=channel, now=now)


def _moved(tx: Connection, click: Click, move: Move, apply: Callable[[Break], Break], *, said: str = "") -> Break:
    """Make one move: who may, from where, what changes, who hears of it."""
    require(click.actor, NEEDS[move])
    was = break_known(tx, click.break_id)
    partner = partner_of(was, click.partners)
    require_fresh(was, revision=click.revision, touched_by=was.touched_by)
    brk = apply(was)
    writes.save_break(tx, brk, was=was, action=str(move), actor=click.actor, now=click.now, said=said)
    refresh_cards(tx, brk, partner=partner, now=click.now)
    message = news(move, brk, was=was, said=said)
    if message and not click.is_told_elsewhere:
        tell_below(tx, message, about=brk.id, key=f"break:{brk.id}:{brk.revision}:news", partner=partner, now=click.now)
    return brk

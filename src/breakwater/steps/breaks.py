"""What people do with a break: each function is one move, with its access check, audit row and card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import breaks as moves
from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import Break
from breakwater.model.partners import Partner
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import outbox, reads, writes
from breakwater.store.writes import StaleError


def acknowledge(tx: Connection, *, actor: Actor, break_id: str, revision: int, partners: Mapping[str, Partner], now: datetime) -> Break:
    """Give an open break an owner and show it on its cards. The second to try is told who was first."""
    require(actor, Permission.ACKNOWLEDGE_BREAK)
    was = break_known(tx, break_id)
    brk = moves.acknowledge(was, owner_id=actor.id, now=now)
    if was.revision != revision:
        raise RefusedError(
            f"That card showed an older state of {was.id}; nothing was changed. It is {was.state.replace('_', ' ')} now.",
            remedy="Its card is up to date now: look again and click there.",
        )
    try:
        writes.save_break(tx, brk, was=was, action=str(moves.Move.ACKNOWLEDGE), actor=actor, now=now)
    except StaleError:
        moves.acknowledge(break_known(tx, break_id), owner_id=actor.id, now=now)  # says who was first
        raise
    refresh_cards(tx, brk, partner=partners[brk.partner], now=now)
    return brk


def show(tx: Connection, *, actor: Actor, break_id: str, channel: str, partners: Mapping[str, Partner], now: datetime) -> Break:
    """Post the card of a break in a channel of its partner, or bring the one that is there up to date."""
    require(actor, Permission.READ)
    brk = break_known(tx, break_id)
    partner = partners[brk.partner]
    if channel not in partner.internal_channels:
        where = " or ".join(f"<#{c}>" for c in partner.internal_channels) or "a channel configured for it"
        raise RefusedError(f"Cards of {partner.name} belong into {where}.", remedy="Ask for the break there.")
    enqueue_card(tx, brk, partner=partner, channel=channel, now=now)
    return brk


def break_known(tx: Connection, break_id: str) -> Break:
    """The break with this short name, or a sentence that there is none."""
    brk = reads.break_by_id(tx, break_id.strip().upper())
    if brk is None:
        raise NotFoundError(f"There is no break {break_id}.", remedy="List them with `/recon breaks`.")
    return brk


def refresh_cards(tx: Connection, brk: Break, *, partner: Partner, now: datetime) -> None:
    """Every card of the break that is out shows its new state."""
    for channel in outbox.channels_of(tx, abouts=[brk.id]).get(brk.id, []):
        enqueue_card(tx, brk, partner=partner, channel=channel, now=now)

"""Breaks at a desk: a partner, people of every role, and every move as a person makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from breakwater.model.access import Actor, Role
from breakwater.model.breaks import Break, BreakKind, BreakState, Move, break_id
from breakwater.model.calendar import named_calendar
from breakwater.model.partners import Partner
from breakwater.model.proposals import Authority, Proposal, ProposalKind, ReasonCode, WriteOffLimit
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.store.database import Connection

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # a Friday
MONDAY = date(2026, 11, 23)
CARDS = "C0CARDS"
PEOPLE = {role: Actor(id=f"U0{role.name}", role=role, name=role.name.title()) for role in Role}
ADA, BEN = Actor(id="U0ADA", role=Role.OPERATOR, name="Ada"), Actor(id="U0BEN", role=Role.APPROVER, name="Ben")
AUTHORITY = Authority(
    limits=(
        WriteOffLimit(role=Role.APPROVER, currency="EUR", write_off_minor=10_000),
        WriteOffLimit(role=Role.ADMIN, currency="EUR", write_off_minor=1_000_000),
    ),
    same_person=(frozenset({"U0ADA", "U0ADA2"}),),
)
PARTNERS = {
    "meridian": Partner(
        id="meridian",
        name="Meridian",
        network="cards",
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=date(2026, 1, 1),
        agreement="",
        internal_channels=(CARDS,),
        shared_channel="C0MERIDIAN",
    )
}


def a_proposal(**changes: Any) -> Proposal:
    proposal = Proposal(
        kind=ProposalKind.WRITE_OFF,
        by=ADA.id,
        at=NOW,
        reason=ReasonCode.BANK_CHARGE,
        amount_minor=1_250,
        currency="EUR",
        account="1799",
        note="The bank took it.",
        evidence=("ticket 12",),
    )
    return replace(proposal, **changes)


def a_break(fingerprint: str = "f1", **changes: Any) -> Break:
    brk = Break(
        id=break_id("meridian", fingerprint),
        agreement="meridian",
        fingerprint=fingerprint,
        partner="meridian",
        kind=BreakKind.AMOUNT_MISMATCH,
        ours=(f"o-{fingerprint}",),
        theirs=(f"t-{fingerprint}",),
        amount_minor=1_250,
        currency="EUR",
        material=True,
        dated=date(2026, 11, 18),
        opened_at=NOW,
        references=(f"PSP-{fingerprint}",),
    )
    return replace(brk, **changes)


def a_break_in(state: BreakState, fingerprint: str = "f1", **changes: Any) -> Break:
    """A break as it would be in a state: proposed with a proposal of Ada's."""
    proposals = {BreakState.PROPOSED: a_proposal()}
    return a_break(fingerprint, **{"state": state, "proposal": proposals.get(state), **changes})


def a_click(brk: Break, actor: Actor = ADA, **changes: Any) -> Click:
    return Click(**{"actor": actor, "break_id": brk.id, "revision": brk.revision, "partners": PARTNERS, "now": NOW, **changes})


# Every move of people, made the way a door makes it.
MAKE: dict[Move, Callable[[Connection, Click], Break]] = {
    Move.ACKNOWLEDGE: steps.acknowledge,
    Move.ASSIGN: lambda tx, click: steps.assign(tx, click, to=BEN),
    Move.COMMENT: lambda tx, click: steps.comment(tx, click, text="Looks like <!channel> a fee."),
    Move.SNOOZE: lambda tx, click: steps.snooze(tx, click, until=MONDAY),
    Move.LINK: lambda tx, click: steps.link(tx, click, to="INC-0001"),
    Move.INVESTIGATE: steps.investigate,
    Move.ASK_PARTNER: lambda tx, click: steps.ask_partner(tx, click, question="Where is it?"),
    Move.ASK_US: lambda tx, click: steps.ask_us(tx, click, question="Did we pay?"),
    Move.PROPOSE: lambda tx, click: steps.propose(tx, click, proposal=a_proposal(by=click.actor.id)),
    Move.APPROVE: lambda tx, click: steps.approve(tx, click, authority=AUTHORITY),
    Move.DECLINE: lambda tx, click: steps.decline(tx, click, reason="Ask the bank first."),
    Move.RESOLVE: lambda tx, click: steps.resolve(tx, click, reason="Booked on Monday."),
    Move.REOPEN: lambda tx, click: steps.reopen(tx, click, reason="It was another one."),
}

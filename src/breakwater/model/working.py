"""How people work on a break once somebody has it: each move returns the changed break, or refuses with a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, require_of_other
from breakwater.model.breaks import NEEDS, Break, BreakState, Move, require_state, touched
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.incidents import link_to
from breakwater.model.money import format_minor
from breakwater.model.proposals import Authority, Proposal, ProposalKind

MOST_SNOOZED_DAYS = 31  # calendar days; whoever wants longer resolves or proposes
MOST_LINKS = 20


def assign(brk: Break, *, to: Actor, by: Actor, now: datetime) -> Break:
    """Somebody becomes the owner; the state stays."""
    require_state(brk, Move.ASSIGN)
    require_of_other(to, NEEDS[Move.ASSIGN])
    return touched(brk, by.id, now, owner_id=to.id)


def comment(brk: Break, *, by: Actor, now: datetime) -> Break:
    """Somebody says something: the break counts as worked on."""
    require_state(brk, Move.COMMENT)
    return touched(brk, by.id, now)


def link(brk: Break, *, to: str, by: Actor, now: datetime) -> Break:
    """An incident, a ticket, a document: evidence beside the break. The same twice stays once."""
    require_state(brk, Move.LINK)
    links = tuple(dict.fromkeys([*brk.links, link_to(to)]))
    if len(links) > MOST_LINKS:
        raise RefusedError(f"{brk.id} has {MOST_LINKS} links already.", remedy="Put further ones into its thread.")
    return touched(brk, by.id, now, links=links)


def snooze(brk: Break, *, until: date, calendar: BusinessCalendar, today: date, by: Actor, now: datetime) -> Break:
    """Nothing is asked about it until a business day of the partner's calendar."""
    require_state(brk, Move.SNOOZE)
    if complaint := snooze_complaint(until, calendar=calendar, today=today):
        raise RefusedError(complaint, remedy="Choose another day.")
    return touched(brk, by.id, now, snoozed_until=until)


def snooze_complaint(until: date, *, calendar: BusinessCalendar, today: date) -> str:
    """Why a break can't sleep until that day; empty if it can."""
    if complaint := span_complaint(until, today=today):
        return complaint
    if not calendar.is_business_day(until):
        return f"{until} is no business day of the partner; the next one is {calendar.shift(until, 0)}."
    return ""


def span_complaint(until: date, *, today: date) -> str:
    """Why no break can sleep until that day, whatever its partner's calendar; empty if one can."""
    if until <= today:
        return f"{until} is not in the future."
    return f"{until} is more than {MOST_SNOOZED_DAYS} days away." if (until - today).days > MOST_SNOOZED_DAYS else ""


def investigate(brk: Break, *, by: Actor, now: datetime) -> Break:
    """Somebody looks into it; if nobody has it, they do now."""
    require_state(brk, Move.INVESTIGATE)
    return touched(brk, by.id, now, state=BreakState.INVESTIGATING, owner_id=brk.owner_id or by.id)


def ask_partner(brk: Break, *, by: Actor, now: datetime) -> Break:
    """The partner has to answer."""
    require_state(brk, Move.ASK_PARTNER)
    return touched(brk, by.id, now, state=BreakState.AWAITING_PARTNER, owner_id=brk.owner_id or by.id)


def ask_us(brk: Break, *, by: Actor, now: datetime) -> Break:
    """Somebody of our own side has to answer."""
    require_state(brk, Move.ASK_US)
    return touched(brk, by.id, now, state=BreakState.AWAITING_US, owner_id=brk.owner_id or by.id)


def propose(brk: Break, *, proposal: Proposal, now: datetime) -> Break:
    """A correction, a write-off or a manual match waits for a second person. A write-off is of all that is at stake, or of nothing."""
    require_state(brk, Move.PROPOSE)
    if complaint := amount_complaint(
        proposal.kind, amount_minor=proposal.amount_minor, at_stake_minor=brk.amount_minor, currency=brk.currency
    ):
        raise RefusedError(complaint, remedy="Nothing was changed.")
    return touched(
        brk,
        proposal.by,
        now,
        state=BreakState.PROPOSED,
        proposal=replace(proposal, currency=brk.currency),
        owner_id=brk.owner_id or proposal.by,
    )


def amount_complaint(kind: ProposalKind, *, amount_minor: int, at_stake_minor: int, currency: str) -> str:
    """Why this amount can't be proposed; empty if it can."""
    at_stake = format_minor(at_stake_minor, currency)
    if amount_minor <= 0:
        return "The amount must be more than zero."
    if kind is ProposalKind.WRITE_OFF and amount_minor != at_stake_minor:
        return f"{at_stake} is at stake: write off all of it, or propose a correction first."
    if amount_minor > at_stake_minor:
        return f"Only {at_stake} is at stake."
    return ""


def approve(brk: Break, *, by: Actor, authority: Authority, now: datetime) -> Break:
    """A second person, within their limit, agrees: the break is written off or resolved."""
    require_state(brk, Move.APPROVE)
    proposal = _proposal_of(brk)
    authority.require_may_approve(by, proposal)
    authority.require_may_match(by, proposal)
    if proposal.currency != brk.currency or amount_complaint(
        proposal.kind, amount_minor=proposal.amount_minor, at_stake_minor=brk.amount_minor, currency=brk.currency
    ):
        raise RefusedError(
            f"A later run sees {format_minor(brk.amount_minor, brk.currency)} at stake in {brk.id}, not what was proposed.",
            remedy="Decline it, and propose again.",
        )
    ends = BreakState.WRITTEN_OFF if proposal.kind is ProposalKind.WRITE_OFF else BreakState.RESOLVED
    decided = replace(proposal, decided_by=by.id, decided_at=now)
    return touched(brk, by.id, now, state=ends, proposal=decided, resolved_at=now, resolution=str(proposal.kind), snoozed_until=None)


def decline(brk: Break, *, by: Actor, now: datetime) -> Break:
    """An approver does not agree: it is looked into again."""
    require_state(brk, Move.DECLINE)
    return touched(brk, by.id, now, state=BreakState.INVESTIGATING, proposal=None)


def resolve(brk: Break, *, reason: str, by: Actor, now: datetime) -> Break:
    """It is explained, and no money has to move."""
    require_state(brk, Move.RESOLVE)
    return touched(brk, by.id, now, state=BreakState.RESOLVED, resolution=reason, resolved_at=now, snoozed_until=None)


def _proposal_of(brk: Break) -> Proposal:
    if brk.proposal is None:
        raise RefusedError(f"Nobody knows what was proposed for {brk.id}.", remedy="Decline it, and propose again.")
    return brk.proposal

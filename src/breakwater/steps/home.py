"""App Home of one person: their breaks, what waits for their word, and how partners, incidents and files stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.model.access import NEEDED_ROLE, Actor, Permission, require
from breakwater.model.ageing import AgedBreak, aged
from breakwater.model.break_filters import BreakFilter
from breakwater.model.breaks import Break
from breakwater.model.home import HomePage
from breakwater.model.partners import Partner
from breakwater.model.proposals import Authority
from breakwater.steps.detect import files_of, late_files
from breakwater.steps.reconcile import state_of
from breakwater.store import break_lists, reads

MINE_READ = 10
WAITING_READ = 8
PROPOSALS_LOOKED_AT = 500  # a queue longer than that is not worked from App Home


def home_of(tx: Connection, *, actor: Actor, partners: Mapping[str, Partner], authority: Authority, now: datetime) -> HomePage:
    """What the person finds there now."""
    require(actor, Permission.READ)
    today = {p.id: p.business_date(now) for p in partners.values()}
    wanted = BreakFilter(partners=tuple(partners.values()), owner_id=actor.id)
    mine, mine_count = break_lists.filtered(tx, wanted, today=today, limit=MINE_READ)
    is_approver = actor.role >= NEEDED_ROLE[Permission.APPROVE_PROPOSAL]
    proposed = break_lists.proposed(tx, partners=partners, limit=PROPOSALS_LOOKED_AT) if is_approver else []
    of_others = [b for b in proposed if b.proposal and not authority.is_same_person(actor.id, b.proposal.by)]
    waiting = [b for b in of_others if _may_approve(b, actor=actor, authority=authority)]

    states = [state_of(tx, partner=p, today=today[p.id], late_files=late_files(tx, partner=p, now=now)) for p in partners.values()]

    def with_age(brk: Break) -> AgedBreak:
        return aged(brk, calendar=partners[brk.partner].calendar, today=today[brk.partner])

    return HomePage(
        at=now,
        mine=tuple(map(with_age, mine)),
        mine_count=mine_count,
        is_approver=is_approver,
        waiting=tuple(map(with_age, waiting[:WAITING_READ])),
        waiting_count=len(waiting),
        out_of_reach=len(of_others) - len(waiting),
        partners=tuple(s for s in states if not s.is_settled),
        incidents=tuple(i for i in reads.incidents(tx) if i.partner in partners),
        files=tuple(files_of(tx, partner=p, now=now) for p in partners.values() if not (p.leg or p.is_former)),
    )


def _may_approve(brk: Break, *, actor: Actor, authority: Authority) -> bool:
    try:
        if brk.proposal:
            authority.require_may_approve(actor, brk.proposal)
    except RefusedError:
        return False
    return brk.proposal is not None

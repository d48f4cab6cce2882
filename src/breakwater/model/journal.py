"""The journal for accounting: what two people agreed to book, and what takes it back when a break is opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from breakwater.model.breaks import Break
from breakwater.model.proposals import Effect, Proposal, ProposalKind, ReasonCode, Reversal
from breakwater.model.reversals import booking_of


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One booking of `amount_minor` (more than zero) between `account` and our account with the partner.

    `export` is the first export that told of it, `contra_account` the partner's account as it was called then; None before.
    """

    id: str
    break_id: str
    partner: str
    kind: ProposalKind
    is_reversal: bool
    effect: Effect
    account: str
    amount_minor: int
    currency: str
    reference: str
    reason: ReasonCode
    note: str
    proposed_by: str
    approved_by: str
    booked_at: datetime
    export: str | None = None
    contra_account: str | None = None


@dataclass(frozen=True, kw_only=True)
class JournalLine:
    """One line of a booking: either debit or credit is 0, in minor units."""

    account: str
    debit_minor: int
    credit_minor: int


def entry_of(was: Break, brk: Break, *, by: str, now: datetime) -> JournalEntry | None:
    """What a change of a break books: an approved write-off or correction, or its reversal; None if it books nothing."""
    before, after = booking_of(was), booking_of(brk)
    if after and not before:
        return _entry(brk, after, revision=brk.revision, is_reversal=False, by=after.decided_by or by, now=now)
    if before and not after:
        agreed = brk.proposal.reversal if brk.proposal else None
        return _entry(was, before, revision=brk.revision, is_reversal=True, agreed=agreed, by=by, now=now)
    return None


def lines(entry: JournalEntry, *, contra_account: str) -> tuple[JournalLine, JournalLine]:
    """Debit and credit, which are always the same. A loss is debited to the account; a gain, and a loss taken back, credited."""
    is_debit = (entry.effect is Effect.LOSS) is not entry.is_reversal
    debited, credited = (entry.account, contra_account) if is_debit else (contra_account, entry.account)
    return (
        JournalLine(account=debited, debit_minor=entry.amount_minor, credit_minor=0),
        JournalLine(account=credited, debit_minor=0, credit_minor=entry.amount_minor),
    )


def _entry(
    brk: Break, proposal: Proposal, *, revision: int, is_reversal: bool, by: str, now: datetime, agreed: Reversal | None = None
) -> JournalEntry:
    return JournalEntry(
        id=f"J-{brk.id.removeprefix('B-')}-{revision}",
        break_id=brk.id,
        partner=brk.partner,
        kind=proposal.kind,
        is_reversal=is_reversal,
        effect=proposal.effect,
        account=proposal.account,
        amount_minor=proposal.amount_minor,
        currency=proposal.currency,
        reference=brk.references[0] if brk.references else "",
        reason=proposal.reason,
        note=agreed.note if agreed else proposal.note,
        proposed_by=agreed.by if agreed else proposal.by,
        approved_by=by,
        booked_at=now,
    )

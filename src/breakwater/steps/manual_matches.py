"""Matching by hand: the records that somebody means, what two people agreed to, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import RefusedError
from breakwater.lake.parts import Lake
from breakwater.lake.records import money_of, named, worth
from breakwater.model.access import Actor
from breakwater.model.amounts import typed_amount
from breakwater.model.breaks import Break
from breakwater.model.by_hand import ManualMatch, ManualState, already_matched, ended, manual_id
from breakwater.model.payments import ReconciliationState
from breakwater.model.proposals import Authority, Proposal, ProposalKind, Tied
from breakwater.model.records import Side
from breakwater.model.runs import Run
from breakwater.store import by_hand
from breakwater.store.writes_by_hand import end_manual_match, save_manual_match

MOST_RECORDS = 50  # of one match by hand: more is a case for the agreement
_NAMED_AT_MOST = 5


@dataclass(frozen=True, kw_only=True)
class Books:
    """Where records are looked for: the parts of both sides that count, and the run that last said which are matched."""

    lake: Lake
    parts: Mapping[Side, Sequence[str]]
    run: Run | None

    def unmatched(self, side: Side, ids: Sequence[str]) -> set[str]:
        """Those of these records that the last run did not match."""
        if self.run is None:
            return set(ids)
        states = self.lake.outcome_of(self.run.id, [(side, i) for i in ids])
        return {i for i in ids if states.get((side, i), (None, None))[0] is not ReconciliationState.MATCHED}


def records_meant(books: Books, brk: Break, lines: Sequence[str]) -> tuple[tuple[Tied, ...], tuple[Tied, ...]]:
    """The records of a break and those that the lines name, by record id, by any reference or by amount: (ours, theirs).

    RefusedError where a line names nothing that is unmatched, an amount fits several records, or a side is left without any.
    """
    found = {side: _own(books, side, brk) for side in Side}
    for line in lines:
        for side, records in _of_line(books, line, brk).items():
            found[side] |= {t.record_id: t for t in records}
    if sum(map(len, found.values())) > MOST_RECORDS:
        raise RefusedError(f"More than {MOST_RECORDS} records are named.", remedy="A group that large belongs into the agreement.")
    for side, whose in ((Side.OURS, "our own"), (Side.THEIRS, "the partner's")):
        if not found[side]:
            raise RefusedError(f"None of these records is {whose}.", remedy="Name at least one of each side, by reference, id or amount.")
    ours, theirs = (tuple(found[side][i] for i in sorted(found[side])) for side in (Side.OURS, Side.THEIRS))
    return ours, theirs


def match_agreed(tx: Connection, brk: Break, *, approved_by: Actor, now: datetime) -> None:
    """What two people agreed to counts from now on: the next run respects it."""
    proposal = brk.proposal
    if proposal is None or proposal.kind is not ProposalKind.MANUAL_MATCH:
        return
    made = _match_of(brk, proposal, approved_by=approved_by, now=now)
    if other := already_matched(by_hand.holding(tx, partner=brk.partner), made.pair):
        raise RefusedError(
            f"A record of it is matched by hand already, about {other.break_id}.", remedy="Take that match back first, or decline this one."
        )
    save_manual_match(tx, made, actor=approved_by, now=now)


def take_back(tx: Connection, brk: Break, *, by: Actor, authority: Authority, reason: str, now: datetime) -> None:
    """The match by hand about a break, if there is one, no longer counts. Above the limit only a second person takes it back."""
    if made := by_hand.of_break(tx, break_id=brk.id):
        authority.require_may_take_back(by, made_by=made.made_by, worth_minor=brk.amount_minor, currency=brk.currency)
        end_manual_match(tx, ended(made, state=ManualState.UNDONE, by=by.id, because=reason, now=now), actor=by, now=now)


def _match_of(brk: Break, proposal: Proposal, *, approved_by: Actor, now: datetime) -> ManualMatch:
    if not proposal.ours or not proposal.theirs:
        raise RefusedError("This proposal does not say which records it means.", remedy="Decline it, and propose again.")
    return ManualMatch(
        id=manual_id(brk.id, at=now),
        partner=brk.partner,
        agreement=brk.agreement,
        break_id=brk.id,
        ours=proposal.ours,
        theirs=proposal.theirs,
        made_by=proposal.by,
        approved_by=approved_by.id,
        made_at=now,
    )


def _own(books: Books, side: Side, brk: Break) -> dict[str, Tied]:
    ids = brk.ours if side is Side.OURS else brk.theirs
    money = money_of(books.lake, books.parts[side], ids)
    if missing := [i for i in ids if i not in money]:
        raise RefusedError(f"{missing[0]} is not there any more.", remedy="The next run brings the break up to date; look again then.")
    return {i: Tied(record_id=i, amount_minor=money[i][0], currency=money[i][1]) for i in ids}


def _of_line(books: Books, line: str, brk: Break) -> dict[Side, list[Tied]]:
    """What one line names: records with that id or reference, else one record of that amount."""
    by_name = {side: named(books.lake, books.parts[side], [line], most=MOST_RECORDS + 1) for side in Side}
    if any(by_name.values()):
        return _free(books, line, by_name)
    try:
        amount_minor = typed_amount(line, brk.currency)
    except RefusedError:
        remedy = "Copy it from the answer of /payment, or name the amount."
        raise RefusedError(f"No record has '{line[:60]}' as a reference or id.", remedy=remedy) from None
    by_amount = {side: worth(books.lake, books.parts[side], amount_minor, brk.currency, most=MOST_RECORDS) for side in Side}
    meant = _free(books, line, by_amount)
    own = {*brk.ours, *brk.theirs}
    others = [t.record_id for side in Side for t in meant[side] if t.record_id not in own]
    if len(others) > 1:
        raise RefusedError(
            f"'{line[:60]}' fits {len(others)} unmatched records: {', '.join(others[:_NAMED_AT_MOST])}.",
            remedy="Name the one you mean by its reference or id.",
        )
    return meant


def _free(books: Books, line: str, found: Mapping[Side, Sequence[Mapping[str, object]]]) -> dict[Side, list[Tied]]:
    """Those that are unmatched. RefusedError if none is."""
    left: dict[Side, list[Tied]] = {}
    for side, rows in found.items():
        free = books.unmatched(side, [str(row["record_id"]) for row in rows])
        money = ((str(row["record_id"]), int(str(row["amount_minor"])), str(row["currency"])) for row in rows)
        left[side] = [Tied(record_id=i, amount_minor=minor, currency=currency) for i, minor, currency in money if i in free]
    if not any(left.values()):
        raise RefusedError(f"Nothing unmatched is '{line[:60]}'.", remedy="What is matched already has to be taken apart first.")
    return left

"""A write-off whose money comes after all: people are told, and two of them take the booking back, or say that it stands."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from break_work import ADA, AUTHORITY, BEN, PARTNERS, PEOPLE, a_break, a_break_in, a_proposal
from run_builders import Desk, a_desk, paid
from sqlalchemy import select
from tiny_company import DAY, NOW, PARTNER

from breakwater.errors import RefusedError
from breakwater.model import reversals
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.break_filters import BreakFilter
from breakwater.model.breaks import Break, BreakState, Move
from breakwater.model.proposals import Authority, ProposalKind, Reversal, WriteOffLimit
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.steps.home import home_of
from breakwater.steps.journal import export
from breakwater.store import audit, break_lists, reads, writes
from breakwater.store.database import Connection, Database
from breakwater.store.tables import delivery
from breakwater.views.break_offers import Do, offers_of

GENEROUS = Authority(limits=(WriteOffLimit(role=Role.APPROVER, currency="EUR", write_off_minor=1_000_000),))


class Team:
    """A desk where a payment is missing at the partner, and two people who write it off."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.company.ledger("records", *paid("FINE"), *paid("GONE", minor=9_900))
        desk.company.report("report-1", *paid("FINE"), batch=1)
        desk.run()

    def gone(self) -> Break:
        """The break of the missing payment, by the name it had at first."""
        with self.desk.bot.database.reading() as tx:
            found = reads.breaks_of_agreement(tx, agreement=PARTNER).values()
        (brk,) = [b for b in found if b.kind == "missing_at_partner"]
        return brk

    def click(self, actor: Actor, *, minutes: int = 0) -> Click:
        brk = self.gone()
        now = NOW + timedelta(hours=6, minutes=minutes)
        return Click(actor=actor, break_id=brk.id, revision=brk.revision, partners=self.desk.bot.config.partners, now=now)

    def do(self, step: Any, actor: Actor, **given: Any) -> Break:
        with self.desk.bot.database.transaction() as tx:
            return step(tx, self.click(actor), **given)  # type: ignore[no-any-return]

    def write_off(self, kind: ProposalKind = ProposalKind.WRITE_OFF) -> Break:
        self.do(steps.propose, ADA, proposal=a_proposal(kind=kind, amount_minor=9_900))
        return self.do(steps.approve, BEN, authority=GENEROUS)

    def arrives(self, minor: int = 9_900, *, batch: int = 2, name: str = "report-2") -> None:
        self.desk.company.report(name, *paid("GONE", minor=minor), batch=batch)
        self.desk.run()

    def taken_back(self) -> None:
        """The partner issues the report anew, without the payment."""
        self.desk.company.report("report-2-again", *paid("OTHER", minor=50), batch=2)
        self.desk.run()

    def replies(self) -> list[Any]:
        with self.desk.bot.database.reading() as tx:
            query = select(delivery.outbox).where(delivery.outbox.c.key.like("break:%:overtaken:%")).order_by(delivery.outbox.c.id)
            return list(tx.execute(query).mappings())

    def journal(self) -> list[dict[str, str]]:
        day = (NOW + timedelta(hours=6)).date()
        now = datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=2)
        with self.desk.bot.database.transaction() as tx:
            made = export(tx, actor=BEN, first=day, last=day, partners=self.desk.bot.config.partners, now=now)
        return list(csv.DictReader(io.StringIO(made.csv)))

    def actions(self) -> list[str]:
        return [action for action, _ in self.desk.trail(self.gone().id)]


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[Team]:
    with a_desk(tmp_path / "company", database_url) as desk:
        yield Team(desk)


def test_the_money_came_after_all_so_its_thread_is_told_with_buttons_and_nothing_is_booked(team: Team) -> None:
    team.write_off()

    team.arrives()

    brk = team.gone()
    assert (brk.state, brk.resolution) == (BreakState.WRITTEN_OFF, "overtaken")
    assert brk.proposal is not None
    assert brk.proposal.overtaken == reversals.MATCHED
    (told,) = team.replies()
    assert told["thread_about"] == brk.id
    text, buttons = told["payload"]["blocks"]
    assert "<@U0ADA> <@U0BEN> *a later run matches its records*" in text["text"]["text"]
    assert "a write-off of EUR 99.00 (bank charge) stands in the journal" in text["text"]["text"]
    assert [b["action_id"] for b in buttons["elements"]] == ["break_propose_reversal", "break_keep_booking"]
    assert [row["booking"] for row in team.journal()] == ["write_off", "write_off"]
    assert team.actions()[-1] == "overtake"


def test_a_second_person_agrees_and_the_journal_takes_it_back_to_the_cent(team: Team) -> None:
    team.write_off()
    team.arrives()

    team.do(steps.propose_reversal, BEN, reason="On the statement of today.")
    brk = team.do(steps.approve_reversal, PEOPLE[Role.APPROVER], authority=GENEROUS)

    assert (brk.state, brk.resolution) == (BreakState.RESOLVED, "reversed")
    rows = team.journal()
    assert [r["booking"] for r in rows] == ["write_off", "write_off", "reversal of write_off", "reversal of write_off"]
    assert {(r["proposed_by"], r["approved_by"], r["note"]) for r in rows[2:]} == {("U0BEN", "U0APPROVER", "On the statement of today.")}
    by_account: Counter[str] = Counter()
    for row in rows:
        by_account[row["account"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)  # type: ignore[assignment]
    assert set(by_account.values()) == {0}
    assert len(by_account) == 2
    assert team.actions()[-3:] == ["overtake", "propose_reversal", "approve_reversal"]
    with team.desk.bot.database.transaction() as tx:
        assert audit.verify(tx) == []
        assert reads.break_by_id(tx, brk.id) == brk


def test_it_is_told_once_and_a_run_more_changes_nothing(team: Team) -> None:
    team.write_off()
    team.arrives()
    before = team.gone()
    team.desk.company.report("report-3", *paid("LATER", minor=10), batch=3)

    team.desk.run()

    assert team.gone() == before
    assert len(team.replies()) == 1


def test_a_correction_is_asked_about_too(team: Team) -> None:
    team.write_off(ProposalKind.CORRECTION)

    team.arrives()

    assert (team.gone().state, team.gone().resolution) == (BreakState.RESOLVED, "overtaken")


def test_money_of_another_amount_names_the_break_that_holds_it_now(team: Team) -> None:
    team.write_off()

    team.arrives(minor=9_000)

    with team.desk.bot.database.reading() as tx:
        (other,) = [b for b in reads.breaks_of_agreement(tx, agreement=PARTNER).values() if b.kind == "amount_mismatch"]
    (told,) = team.replies()
    assert f"a later run sees its records in `{other.id}`" in told["payload"]["blocks"][0]["text"]["text"]
    assert (other.state, other.amount_minor) == (BreakState.OPEN, 900)


def test_a_record_that_no_file_has_any_more_is_told(team: Team) -> None:
    team.desk.company.report("report-2", *paid("EXTRA", minor=300), batch=2)
    team.desk.run()
    (extra,) = [b for b in team.desk.breaks() if b.kind == "missing_in_ledger"]
    with team.desk.bot.database.transaction() as tx:
        writes.save_break(tx, booked(extra), was=extra, action="approve", actor=BEN, now=NOW)

    team.desk.company.report("report-2-again", *paid("OTHER", minor=50), batch=2)
    team.desk.run()

    (told,) = team.replies()
    assert "no file has its records any more" in told["payload"]["blocks"][0]["text"]["text"]


def test_records_that_only_wait_for_a_longer_window_are_no_news(team: Team) -> None:
    team.write_off()
    terms = team.desk.bot.terms[PARTNER]
    patient = replace(terms.agreement, after=60)
    team.desk.bot.terms[PARTNER] = replace(terms, agreement=patient, sha256="another")

    team.desk.run()

    assert team.gone().resolution == "write_off"
    assert team.replies() == []


def test_where_it_breaks_again_as_it_was_the_booking_stands_whatever_was_proposed(team: Team) -> None:
    team.write_off()
    team.arrives()
    team.do(steps.propose_reversal, BEN, reason="It came.")

    team.taken_back()

    brk = team.gone()
    assert (brk.state, brk.resolution, brk.proposal and brk.proposal.reversal) == (BreakState.WRITTEN_OFF, "write_off", None)
    assert [r["payload"]["blocks"][0]["text"]["text"][:36] for r in team.replies()][1] == "↩️ A later run finds this again as i"
    assert team.actions()[-1] == "stand_again"
    assert len(team.journal()) == 2


def test_what_was_reversed_and_breaks_again_is_open(team: Team) -> None:
    team.write_off()
    team.arrives()
    team.do(steps.propose_reversal, BEN, reason="It came.")
    team.do(steps.approve_reversal, PEOPLE[Role.APPROVER], authority=GENEROUS)

    team.taken_back()

    assert (team.gone().state, team.gone().proposal) == (BreakState.OPEN, None)
    assert len(team.journal()) == 4


def test_somebody_says_that_the_booking_stands_and_is_not_asked_again(team: Team) -> None:
    team.write_off()
    team.arrives()

    kept = team.do(steps.keep_booking, ADA, reason="That is our own booking of it.")
    team.desk.company.report("report-3", *paid("LATER", minor=10), batch=3)
    team.desk.run()

    assert (kept.state, kept.resolution) == (BreakState.WRITTEN_OFF, "write_off")
    assert team.gone() == kept
    assert len(team.replies()) == 1


def test_nobody_opens_it_again_alone(team: Team) -> None:
    team.write_off()
    team.arrives()

    with pytest.raises(RefusedError, match="one person alone would have reversed its booking") as refused:
        team.do(steps.reopen, ADA, reason="It came.")

    assert refused.value.remedy == "Propose the reversal on its card; a second person then agrees."


def test_who_says_that_the_booking_stands_can_not_open_it_again_alone_either(team: Team) -> None:
    team.write_off()
    team.arrives()
    kept = team.do(steps.keep_booking, ADA, reason="It stands.")

    with pytest.raises(RefusedError, match="one person alone would have reversed its booking"):
        team.do(steps.reopen, ADA, reason="No, it came.")

    assert offers_of(kept) == ((Do.PROPOSE_REVERSAL,), ())
    team.do(steps.propose_reversal, ADA, reason="No, it came.")
    assert team.do(steps.approve_reversal, BEN, authority=GENEROUS).resolution == "reversed"


def test_it_waits_in_app_home_in_recon_and_under_a_filter(team: Team) -> None:
    team.write_off()
    team.arrives()
    team.do(steps.propose_reversal, BEN, reason="It came.")
    partners = team.desk.bot.config.partners

    with team.desk.bot.database.reading() as tx:
        wanted = BreakFilter(partners=tuple(partners.values()), overtaken=True)
        listed, total = break_lists.filtered(tx, wanted, today={PARTNER: DAY}, limit=5)
        of_ben, of_another = (
            home_of(tx, actor=actor, partners=partners, authority=GENEROUS, now=NOW) for actor in (BEN, PEOPLE[Role.APPROVER])
        )

    assert ([b.id for b in listed], total) == ([team.gone().id], 1)
    assert (of_ben.waiting_count, [w.brk.id for w in of_another.waiting]) == (0, [team.gone().id])
    assert {s.overtaken.count: dict(s.overtaken.value_minor) for s in of_another.partners} == {1: {"EUR": 9_900}}


def test_very_many_at_once_are_one_message(database_url: str, tmp_path: Path) -> None:
    with a_desk(tmp_path / "company", database_url) as desk:
        names = [f"P-{n}" for n in range(7)]
        desk.company.ledger("records", *paid(*names))
        desk.company.report("report-1", *paid("OTHER", minor=5), batch=1)
        desk.run()
        with desk.bot.database.transaction() as tx:
            written = [(b, booked(b)) for b in reads.breaks_of_agreement(tx, agreement=PARTNER).values() if b.amount_minor == 1_000]
            assert writes.save_breaks(tx, [(was, brk, "approve") for was, brk in written], actor=BEN, now=NOW) == []

        desk.company.report("report-2", *paid(*names), batch=2)
        desk.run()

        with desk.bot.database.reading() as tx:
            told = tx.execute(select(delivery.outbox).where(delivery.outbox.c.key.like("overtaken:%"))).mappings().all()
            replies = tx.execute(select(delivery.outbox.c.key).where(delivery.outbox.c.key.like("break:%:overtaken"))).all()
    (one,) = told
    assert "a run explains 7 booked breaks worth *EUR 70.00*" in one["payload"]["blocks"][0]["text"]["text"]
    assert replies == []


def booked(brk: Break, **changes: Any) -> Break:
    """A break as two people left it when they wrote it off."""
    proposal = a_proposal(amount_minor=brk.amount_minor, decided_by=BEN.id, decided_at=NOW)
    over = {"state": BreakState.WRITTEN_OFF, "resolution": "write_off", "resolved_at": NOW, "proposal": proposal}
    return replace(brk, **{**over, "revision": brk.revision + 1, **changes})


OVERTAKEN = {"resolution": "overtaken"}
PROPOSED = {"resolution": "reversal_proposed"}
STANDING: dict[str, dict[str, Any]] = {"plain": {}, "overtaken": OVERTAKEN, "reversal_proposed": PROPOSED}
MAKE = {
    Move.KEEP_BOOKING: lambda tx, click: steps.keep_booking(tx, click, reason="It is ours."),
    Move.PROPOSE_REVERSAL: lambda tx, click: steps.propose_reversal(tx, click, reason="It came."),
    Move.APPROVE_REVERSAL: lambda tx, click: steps.approve_reversal(tx, click, authority=AUTHORITY),
    Move.DECLINE_REVERSAL: lambda tx, click: steps.decline_reversal(tx, click, reason="It did not."),
}
# From where, by whom at least, and what it is then.
LEADS = {
    Move.KEEP_BOOKING: ("overtaken", Role.OPERATOR, "write_off"),
    Move.PROPOSE_REVERSAL: ("overtaken", Role.OPERATOR, "reversal_proposed"),
    Move.APPROVE_REVERSAL: ("reversal_proposed", Role.APPROVER, "reversed"),
    Move.DECLINE_REVERSAL: ("reversal_proposed", Role.APPROVER, "overtaken"),
}


def a_booked_break(name: str, standing: str) -> Break:
    brk = booked(a_break(name), **STANDING[standing])
    assert brk.proposal is not None
    asked = Reversal(by=ADA.id, at=NOW, note="It came.") if standing == "reversal_proposed" else None
    told = "" if standing == "plain" else reversals.MATCHED
    return replace(brk, proposal=replace(brk.proposal, overtaken=told, reversal=asked))


def outcome(tx: Connection, brk: Break, move: Move, actor: Actor) -> str:
    click = Click(actor=actor, break_id=brk.id, revision=brk.revision, partners=HERE, now=NOW)
    try:
        return MAKE[move](tx, click).resolution or ""
    except RefusedError as refused:
        return refused.message.split(":")[0].split(" to ")[0]


HERE = PARTNERS


@pytest.mark.parametrize("role", Role)
def test_every_move_on_a_booking_from_everywhere_by_every_role(database: Database, role: Role) -> None:
    found, wanted = {}, {}
    states = [*STANDING, *(state for state in BreakState if state not in (BreakState.RESOLVED, BreakState.WRITTEN_OFF))]

    with database.transaction() as tx:
        for standing, move in itertools.product(states, MAKE):
            name = f"{standing}-{move}"
            brk = a_booked_break(name, standing) if standing in STANDING else a_break_in(BreakState(standing), name)
            writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
            found[standing, move] = outcome(tx, brk, move, PEOPLE[role])
            start, needed, end = LEADS[move]
            no_role = f"You need the role '{needed.name.lower()}'"
            allowed = end if standing == start else f"{brk.id} can't be moved by '{move}'"
            no_state = f"{brk.id} is {brk.state}, so it can't be moved by '{move}' (only from"
            wanted[standing, move] = no_role if role < needed else allowed if standing in STANDING else no_state

    assert found == wanted


@pytest.mark.parametrize(
    ("actor", "minor", "said"),
    [
        (ADA, 1_250, "You need the role 'approver'"),
        (replace(ADA, role=Role.ADMIN), 1_250, "You proposed this yourself: a second person has to agree"),
        (Actor(id="U0ADA2", role=Role.ADMIN), 1_250, "You proposed this with your other account"),
        (BEN, 10_001, "Your limit for write-offs is EUR 100.00; this one is EUR 100.01"),
    ],
)
def test_four_eyes_and_the_limits_of_the_write_off_hold_for_its_reversal(database: Database, actor: Actor, minor: int, said: str) -> None:
    brk = a_booked_break("limits", "reversal_proposed")
    assert brk.proposal is not None
    brk = replace(brk, amount_minor=minor, proposal=replace(brk.proposal, amount_minor=minor))
    with database.transaction() as tx:
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)

    with database.transaction() as tx, pytest.raises(RefusedError, match=said):
        steps.approve_reversal(tx, Click(actor=actor, break_id=brk.id, revision=brk.revision, partners=HERE, now=NOW), authority=AUTHORITY)

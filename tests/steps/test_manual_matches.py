"""Matched by hand: found by reference or amount, agreed by two people, respected by every run, taken back, and fallen with its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from run_builders import Desk, a_desk, paid
from sqlalchemy import select
from tiny_company import CARDS, NOW, PARTNER

from breakwater.errors import BreakwaterError, RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.breaks import Break, BreakState
from breakwater.model.payments import ReconciliationState
from breakwater.model.proposals import Authority, Proposal, ProposalKind, ReasonCode, WriteOffLimit
from breakwater.model.records import Side
from breakwater.model.runs import ByHand
from breakwater.steps import breaks as steps
from breakwater.store import by_hand
from breakwater.store.tables import delivery

ADA, BEN, EVE = (Actor(id=i, role=r) for i, r in (("U0ADA", Role.OPERATOR), ("U0BEN", Role.APPROVER), ("U0EVE", Role.ADMIN)))
AUTHORITY = Authority(
    limits=(
        WriteOffLimit(role=Role.APPROVER, currency="EUR", write_off_minor=500),
        WriteOffLimit(role=Role.ADMIN, currency="EUR", write_off_minor=100_000),
    )
)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A agrees. WIRE is missing at the partner, who booked it in two parts; another payment of the same amount is missing, too."""
    with a_desk(tmp_path / "company", database_url) as made:
        made.company.ledger("records-1", *paid("A", "B", "C", "D", "E", "F"), *paid("WIRE", "TWIN", minor=5000))
        made.company.report("report-1", *paid("A", "B", "C", "D", "E", "F"), *paid("PART-1", minor=3000), *paid("PART-2", minor=1990))
        made.run()
        yield made


def the(desk: Desk, reference: str) -> Break:
    return next(b for b in desk.breaks() if reference in b.references)


def click(desk: Desk, brk: Break, actor: Actor) -> steps.Click:
    current = the(desk, brk.references[-1])
    return steps.Click(actor=actor, break_id=brk.id, revision=current.revision, partners=desk.bot.config.partners, now=NOW)


def propose(desk: Desk, brk: Break, lines: Sequence[str]) -> Proposal:
    ours, theirs = desk.bot.runs.records_meant(brk, lines, partner=desk.partner)
    proposal = Proposal(
        kind=ProposalKind.MANUAL_MATCH,
        by=ADA.id,
        at=NOW,
        reason=ReasonCode.OTHER,
        amount_minor=brk.amount_minor,
        currency=brk.currency,
        matches=tuple(lines),
        ours=ours,
        theirs=theirs,
    )
    with desk.bot.database.transaction() as tx:
        steps.propose(tx, click(desk, brk, ADA), proposal=proposal)
    return proposal


def approve(desk: Desk, brk: Break, *, by: Actor = BEN) -> Break:
    with desk.bot.database.transaction() as tx:
        return steps.approve(tx, click(desk, brk, by), authority=AUTHORITY)


def reopen(desk: Desk, brk: Break, *, by: Actor) -> Break:
    with desk.bot.database.transaction() as tx:
        return steps.reopen(tx, click(desk, brk, by), reason="It was another one.", authority=AUTHORITY)


def holding(desk: Desk) -> list[ByHand]:
    with desk.bot.database.reading() as tx:
        return [made.pair for made in by_hand.holding(tx, partner=PARTNER)]


def states(desk: Desk) -> dict[str, tuple[BreakState, str | None]]:
    return {b.references[-1]: (b.state, b.resolution) for b in desk.breaks()}


def test_records_are_found_by_reference_and_by_amount(desk: Desk) -> None:
    ours, theirs = desk.bot.runs.records_meant(the(desk, "WIRE"), ["PART-1", "19.90"], partner=desk.partner)

    assert [(t.record_id, t.amount_minor) for t in ours] == [("L-WIRE", 5000)]
    assert sorted(t.amount_minor for t in theirs) == [1990, 3000]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["NOBODY"], "No record has 'NOBODY'"),
        (["A"], "Nothing unmatched is 'A'"),
        (["123.45"], "Nothing unmatched is '123.45'"),
        ([], "None of these records is the partner's"),
    ],
)
def test_what_names_no_record_that_is_free_is_refused(desk: Desk, lines: list[str], said: str) -> None:
    with pytest.raises(BreakwaterError, match=said):
        desk.bot.runs.records_meant(the(desk, "WIRE"), lines, partner=desk.partner)


def test_an_amount_that_fits_several_records_names_them(desk: Desk) -> None:
    desk.company.report("report-2", *paid("P-1", "P-2", minor=777), batch=78)
    desk.run()

    with pytest.raises(RefusedError, match=r"'7.77' fits 2 unmatched records: .*P-1.*P-2"):
        desk.bot.runs.records_meant(the(desk, "WIRE"), ["7.77"], partner=desk.partner)


def test_an_agreed_match_is_respected_by_every_later_run(desk: Desk) -> None:
    propose(desk, the(desk, "WIRE"), ["PART-1", "PART-2"])
    approve(desk, the(desk, "WIRE"))
    run = desk.run()

    assert states(desk)["WIRE"] == (BreakState.RESOLVED, "manual_match")
    assert states(desk)["PART-1"] == states(desk)["PART-2"] == (BreakState.RESOLVED, "matched_late")
    assert states(desk)["TWIN"][0] is BreakState.OPEN
    assert (run.matched["EUR"].ours_rows, run.matched["EUR"].theirs_rows) == (7, 8)
    assert run.looked_at == 3
    assert desk.bot.lake.outcome_of(run.id, [(Side.OURS, "L-WIRE")]) == {(Side.OURS, "L-WIRE"): (ReconciliationState.MATCHED, "manual")}
    desk.company.report("report-2", *paid("NEW"), batch=78)
    desk.run()
    assert states(desk)["WIRE"] == (BreakState.RESOLVED, "manual_match")
    assert desk.bot.runs.rerun(desk.partner, as_of=None, actor=ADA).is_none


def test_the_difference_of_a_match_is_within_the_limit_of_who_agrees(desk: Desk) -> None:
    propose(desk, the(desk, "WIRE"), ["PART-1"])

    with pytest.raises(BreakwaterError, match=r"differ by EUR 20.00, which is more than you may write off"):
        approve(desk, the(desk, "WIRE"))
    approve(desk, the(desk, "WIRE"), by=EVE)

    assert [made.theirs for made in holding(desk)] == [(the(desk, "PART-1").theirs[0],)]


def test_a_record_is_matched_by_hand_once(desk: Desk) -> None:
    propose(desk, the(desk, "WIRE"), ["PART-1", "PART-2"])
    propose(desk, the(desk, "TWIN"), ["PART-1", "PART-2"])
    approve(desk, the(desk, "WIRE"))

    with pytest.raises(RefusedError, match="matched by hand already"):
        approve(desk, the(desk, "TWIN"))

    assert the(desk, "TWIN").state is BreakState.PROPOSED


def test_above_the_limit_a_match_is_taken_back_by_a_second_person_only(desk: Desk) -> None:
    propose(desk, the(desk, "WIRE"), ["PART-1", "PART-2"])
    approve(desk, the(desk, "WIRE"))
    desk.run()

    for somebody in (ADA, BEN):
        with pytest.raises(BreakwaterError, match="taken back by a second person whose limit covers it"):
            reopen(desk, the(desk, "WIRE"), by=somebody)
    reopen(desk, the(desk, "WIRE"), by=EVE)
    desk.run()

    assert holding(desk) == []
    assert {name: state for name, (state, _) in states(desk).items()} == dict.fromkeys(
        ("WIRE", "TWIN", "PART-1", "PART-2"), BreakState.OPEN
    )


def test_a_match_falls_when_a_record_is_issued_again_with_other_money_and_says_so(desk: Desk) -> None:
    desk.company.report("report-2", *paid("LATE-1", minor=5000), batch=78)
    desk.run()
    wire = the(desk, "WIRE")
    with desk.bot.database.transaction() as tx:
        steps.show(tx, actor=ADA, break_id=wire.id, channel=CARDS, partners=desk.bot.config.partners, now=NOW)
    propose(desk, wire, ["LATE-1"])
    approve(desk, wire)
    desk.run()
    with desk.bot.database.reading() as tx:
        (fallen,) = by_hand.holding(tx, partner=PARTNER)
    desk.company.report("report-2-again", *paid("LATE-1", minor=4800), batch=78)

    desk.run()

    assert holding(desk) == []
    assert the(desk, "WIRE").state is BreakState.OPEN
    with desk.bot.database.reading() as tx:
        said = list(tx.scalars(select(delivery.outbox.c.payload).where(delivery.outbox.c.key.startswith("manual:"))))
    assert [words["text"] for words in said] == [
        f"The match by hand {fallen.id} no longer holds: {fallen.theirs[0].record_id} of theirs was EUR 50.00 and is EUR 48.00 now. "
        "Its records are matched anew."
    ]
    assert [action for action, _ in desk.trail(fallen.id)] == ["match_by_hand", "match_by_hand_fallen"]

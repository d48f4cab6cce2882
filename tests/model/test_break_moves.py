"""The life of a break: every move from every state, and what the second one is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from breakwater.errors import RefusedError
from breakwater.model.breaks import (
    ACTIVE,
    MOVES,
    Break,
    BreakKind,
    BreakState,
    Move,
    acknowledge,
    auto_close,
    break_id,
    reopen,
    restate,
    succeed,
)

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 10, tzinfo=UTC)
OPEN, ACKNOWLEDGED, INVESTIGATING = BreakState.OPEN, BreakState.ACKNOWLEDGED, BreakState.INVESTIGATING
AWAITING_PARTNER, AWAITING_US, PROPOSED = BreakState.AWAITING_PARTNER, BreakState.AWAITING_US, BreakState.PROPOSED
RESOLVED, WRITTEN_OFF = BreakState.RESOLVED, BreakState.WRITTEN_OFF

# The team's table of moves, written out a second time: a change must be made in both places, on purpose.
WORKED = [OPEN, ACKNOWLEDGED, INVESTIGATING, AWAITING_PARTNER, AWAITING_US]
FROM = {
    Move.ACKNOWLEDGE: [OPEN],
    Move.ASSIGN: [*WORKED, PROPOSED],
    Move.COMMENT: [*WORKED, PROPOSED],
    Move.SNOOZE: [*WORKED, PROPOSED],
    Move.LINK: [*WORKED, PROPOSED],
    Move.INVESTIGATE: WORKED,
    Move.ASK_PARTNER: WORKED,
    Move.ASK_US: WORKED,
    Move.PROPOSE: WORKED,
    Move.APPROVE: [PROPOSED],
    Move.DECLINE: [PROPOSED],
    Move.RESOLVE: WORKED,
    Move.EXPIRE: [ACKNOWLEDGED],
    Move.AUTO_CLOSE: [*WORKED, PROPOSED],
    Move.REOPEN: [RESOLVED, WRITTEN_OFF],
    Move.OVERTAKE: [RESOLVED, WRITTEN_OFF],
    Move.STAND_AGAIN: [RESOLVED, WRITTEN_OFF],
    Move.KEEP_BOOKING: [RESOLVED, WRITTEN_OFF],
    Move.PROPOSE_REVERSAL: [RESOLVED, WRITTEN_OFF],
    Move.APPROVE_REVERSAL: [RESOLVED, WRITTEN_OFF],
    Move.DECLINE_REVERSAL: [RESOLVED, WRITTEN_OFF],
}
PLAY = {
    Move.ACKNOWLEDGE: (lambda brk: acknowledge(brk, owner_id="U0ADA", now=LATER), ACKNOWLEDGED),
    Move.AUTO_CLOSE: (lambda brk: auto_close(brk, now=LATER), RESOLVED),
    Move.REOPEN: (reopen, OPEN),
}
PAIRS = [(move, state) for move in PLAY for state in BreakState]
ALLOWED = [(move, state) for move, state in PAIRS if state in FROM[move]]
REFUSED = [(move, state) for move, state in PAIRS if state not in FROM[move]]


def a_break(**changes: object) -> Break:
    brk = Break(
        id="B-0A1B2C3D4E",
        agreement="nordbank",
        fingerprint="0a1b2c3d4e5f",
        partner="nordbank",
        kind=BreakKind.AMOUNT_MISMATCH,
        ours=("o1",),
        theirs=("t1",),
        amount_minor=1_250,
        currency="EUR",
        material=True,
        dated=date(2026, 11, 18),
        opened_at=NOW,
    )
    return replace(brk, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("move", list(Move))
def test_the_table_of_moves(move: Move) -> None:
    assert MOVES[move] == set(FROM[move])


@pytest.mark.parametrize(("move", "state"), ALLOWED)
def test_an_allowed_move_leads_on_and_makes_a_new_revision(move: Move, state: BreakState) -> None:
    brk = a_break(state=state, revision=4)

    moved = PLAY[move][0](brk)

    assert (moved.state, moved.revision) == (PLAY[move][1], 5)
    assert brk.state is state


@pytest.mark.parametrize(("move", "state"), REFUSED)
def test_any_other_move_is_refused_with_a_sentence(move: Move, state: BreakState) -> None:
    with pytest.raises(RefusedError) as refused:
        PLAY[move][0](a_break(state=state))

    allowed = ", ".join(sorted(FROM[move]))
    assert refused.value.message == f"B-0A1B2C3D4E is {state}, so it can't be moved by '{move}' (only from: {allowed})."
    assert refused.value.remedy == "Look at its card for where it stands."


def test_a_second_acknowledgement_says_who_was_first() -> None:
    first = acknowledge(a_break(), owner_id="U0ADA", now=NOW)

    with pytest.raises(RefusedError) as refused:
        acknowledge(first, owner_id="U0GRACE", now=LATER)

    assert refused.value.message == "<@U0ADA> acknowledged B-0A1B2C3D4E first, at <!date^1795167000^{time}|09:30 UTC>."
    assert (first.owner_id, first.acknowledged_at) == ("U0ADA", NOW)


def test_an_acknowledged_break_is_not_resolved() -> None:
    brk = acknowledge(a_break(), owner_id="U0ADA", now=NOW)

    assert brk.active
    assert brk.resolved_at is None
    assert {state for state in BreakState if a_break(state=state).active} == ACTIVE == set(BreakState) - {RESOLVED, WRITTEN_OFF}


def test_a_later_run_resolves_it_as_matched_late() -> None:
    closed = auto_close(acknowledge(a_break(), owner_id="U0ADA", now=NOW), now=LATER)

    assert (closed.resolution, closed.resolved_at, closed.active) == ("matched_late", LATER, False)
    assert closed.owner_id == "U0ADA"


def test_a_reopened_break_is_nobodys() -> None:
    again = reopen(auto_close(acknowledge(a_break(), owner_id="U0ADA", now=NOW), now=LATER))

    assert (again.owner_id, again.acknowledged_at, again.resolution, again.resolved_at) == (None, None, None, None)
    assert (again.opened_at, again.revision) == (NOW, 4)


def test_a_later_run_restates_the_figures_and_keeps_the_life() -> None:
    brk = acknowledge(a_break(), owner_id="U0ADA", now=NOW)
    seen = a_break(amount_minor=990, material=False, references=("P-1",), opened_at=LATER, id="B-OTHER", extra={"why": "fees"})

    restated = restate(brk, seen=seen)

    assert (restated.amount_minor, restated.material, restated.references, restated.extra) == (990, False, ("P-1",), {"why": "fees"})
    assert (restated.id, restated.state, restated.owner_id, restated.opened_at) == (brk.id, ACKNOWLEDGED, "U0ADA", NOW)
    assert restated.revision == brk.revision + 1


def test_unchanged_figures_are_no_new_revision() -> None:
    brk = acknowledge(a_break(), owner_id="U0ADA", now=NOW)

    assert restate(brk, seen=a_break(opened_at=LATER)) is brk


def test_a_successor_takes_over_owner_state_and_age() -> None:
    old = acknowledge(a_break(), owner_id="U0ADA", now=NOW)

    new = succeed(a_break(id="B-NEW", kind=BreakKind.FEE_VARIANCE, opened_at=LATER), predecessor=old)

    assert (new.id, new.kind) == ("B-NEW", BreakKind.FEE_VARIANCE)
    assert (new.state, new.owner_id, new.acknowledged_at, new.opened_at) == (ACKNOWLEDGED, "U0ADA", NOW, NOW)


def test_a_break_has_a_short_stable_name() -> None:
    assert break_id("nordbank", "0a1b2c3d4e5f6789") == "B-B27YMXDQ4DVZ"
    assert break_id("meridian", "0a1b2c3d4e5f6789") != "B-B27YMXDQ4DVZ"

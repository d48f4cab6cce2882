"""Every move of people on a break, from every state, by every role: what happens, what is refused and why, and what is kept of it."""

from __future__ import annotations

import itertools

import pytest
from break_work import (
    ADA,
    AUTHORITY,
    BEN,
    CARDS,
    MAKE,
    MONDAY,
    NOW,
    PARTNERS,
    PEOPLE,
    a_break,
    a_break_in,
    a_click,
    a_proposal,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.breaks import Break, BreakState, Move
from breakwater.model.proposals import ProposalKind
from breakwater.steps import breaks as steps
from breakwater.store import audit, outbox, reads, writes
from breakwater.store.database import Connection, Database
from breakwater.store.tables import delivery

O, ACK, INV, WAIT, US, PRO, RES, OFF = BreakState  # noqa: E741
WORKED = {O, ACK, INV, WAIT, US}
ACTIVE = WORKED | {PRO}
# The team's table a third time, with who and where to.
TABLE: dict[Move, tuple[set[BreakState], dict[BreakState, BreakState] | BreakState, Role]] = {
    Move.ACKNOWLEDGE: ({O}, ACK, Role.OPERATOR),
    Move.ASSIGN: (ACTIVE, {s: s for s in ACTIVE}, Role.OPERATOR),
    Move.COMMENT: (ACTIVE, {s: s for s in ACTIVE}, Role.OPERATOR),
    Move.SNOOZE: (ACTIVE, {s: s for s in ACTIVE}, Role.OPERATOR),
    Move.LINK: (ACTIVE, {s: s for s in ACTIVE}, Role.OPERATOR),
    Move.INVESTIGATE: (WORKED, INV, Role.OPERATOR),
    Move.ASK_PARTNER: (WORKED, WAIT, Role.OPERATOR),
    Move.ASK_US: (WORKED, US, Role.OPERATOR),
    Move.PROPOSE: (WORKED, PRO, Role.OPERATOR),
    Move.APPROVE: ({PRO}, OFF, Role.APPROVER),
    Move.DECLINE: ({PRO}, INV, Role.APPROVER),
    Move.RESOLVE: (WORKED, RES, Role.OPERATOR),
    Move.REOPEN: ({RES, OFF}, O, Role.OPERATOR),
}
CASES = list(itertools.product(BreakState, TABLE))


def keep(tx: Connection, brk: Break, *, with_card: bool = False) -> Break:
    writes.insert_breaks(tx, [brk], actor=SYSTEM, now=NOW)
    for _ in range(with_card):
        steps.enqueue_card(tx, brk, partner=PARTNERS["meridian"], channel=CARDS, now=NOW)
    return brk


def outcome(tx: Connection, brk: Break, move: Move, actor: Actor) -> str:
    try:
        return str(MAKE[move](tx, a_click(brk, actor)).state)
    except RefusedError as refused:
        return refused.message


def expected(brk: Break, move: Move, role: Role) -> str:
    starts, ends, needed = TABLE[move]
    doing = {
        Move.ACKNOWLEDGE: "acknowledge a break",
        Move.APPROVE: "approve or decline a proposal",
        Move.DECLINE: "approve or decline a proposal",
    }
    no_role = f"You need the role '{needed.name.lower()}' to {doing.get(move, 'work on a break')}."
    allowed = ", ".join(sorted(starts))
    no_state = f"{brk.id} is {brk.state}, so it can't be moved by '{move}' (only from: {allowed})."
    end = ends.get(brk.state) if isinstance(ends, dict) else ends
    return no_role if role < needed else str(end) if brk.state in starts else no_state


@pytest.mark.parametrize("role", Role)
def test_every_move_from_every_state_by_every_role(database: Database, role: Role) -> None:
    found, wanted = {}, {}

    with database.transaction() as tx:
        for state, move in CASES:
            brk = keep(tx, a_break_in(state, f"{state}-{move}"))
            found[(state, move)] = outcome(tx, brk, move, PEOPLE[role])
            wanted[(state, move)] = expected(brk, move, role)

    assert found == wanted


def test_a_move_leaves_one_audit_row_one_edited_card_and_one_line_in_the_thread(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK), with_card=True)
        steps.ask_partner(tx, a_click(brk), question="Where is <!channel> it?")

    with database.transaction() as tx:
        rows = tx.execute(
            select(delivery.outbox.c.key, delivery.outbox.c.kind, delivery.outbox.c.payload).order_by(delivery.outbox.c.id)
        ).all()
        (_, entry) = audit.entries(tx, brk.id)
    assert [(r.key, r.kind) for r in rows] == [
        (f"break:{brk.id}:{CARDS}:1", "card"),
        (f"break:{brk.id}:{CARDS}:2", "card"),
        (f"break:{brk.id}:2:news:{CARDS}", "reply"),
    ]
    sentence, typed = rows[2].payload["blocks"]
    assert sentence["text"]["text"] == "<@U0ADA> asked the partner:"
    assert typed["elements"][0]["elements"] == [{"type": "text", "text": "Where is <!channel> it?"}]
    assert (entry.actor_id, entry.action, entry.detail["said"]) == ("U0ADA", "ask_partner", "Where is <!channel> it?")
    assert entry.detail["state"] == ["acknowledged", "awaiting_partner"]


def test_an_older_card_changes_nothing_and_says_who_moved_it(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK))
        steps.resolve(tx, a_click(brk), reason="Explained.")

    with database.transaction() as tx, pytest.raises(RefusedError) as refused:
        steps.resolve(tx, a_click(brk, BEN), reason="Explained too.")

    assert refused.value.message == (
        f"That card showed an older state of {brk.id}; nothing was changed. It is resolved now. <@U0ADA> moved it last."
    )
    with database.transaction() as tx:
        assert [e.action for e in audit.entries(tx, brk.id)] == ["open", "resolve"]


def test_a_comment_is_kept_even_from_an_older_card(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK))
        steps.investigate(tx, a_click(brk))
        commented = steps.comment(tx, a_click(brk, revision=None), text="Same as last week.")

    assert (commented.state, commented.touched_by, commented.touched_at) == (INV, "U0ADA", NOW)


@pytest.mark.parametrize("second", [ADA.id, "U0ADA2"])
def test_nobody_approves_what_they_proposed_nor_with_their_other_account(database: Database, second: str) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(PRO))

    with database.transaction() as tx, pytest.raises(RefusedError, match="a second person has to agree"):
        steps.approve(tx, a_click(brk, Actor(id=second, role=Role.ADMIN)), authority=AUTHORITY)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "said", "who"),
    [
        (
            10_001,
            "EUR",
            "Your limit for write-offs is EUR 100.00; this one is EUR 100.01.",
            "Somebody with the role 'admin' can: up to EUR 10,000.00.",
        ),
        (2_000_000, "EUR", "Your limit for write-offs is EUR 100.00; this one is EUR 20,000.00.", "Nobody has a limit that high in EUR"),
        (1, "JPY", "You have no limit for write-offs in JPY; this one is JPY 1.", "Nobody has a limit that high in JPY"),
    ],
)
def test_nobody_approves_above_their_limit_and_is_told_who_can(
    database: Database, amount_minor: int, currency: str, said: str, who: str
) -> None:
    proposal = a_proposal(amount_minor=amount_minor, currency=currency)
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(PRO, amount_minor=amount_minor, currency=currency, proposal=proposal))

    with database.transaction() as tx, pytest.raises(RefusedError) as refused:
        steps.approve(tx, a_click(brk, BEN), authority=AUTHORITY)

    assert refused.value.message == said
    assert who in refused.value.remedy


def test_up_to_the_limit_and_for_other_proposals_a_second_person_may(database: Database) -> None:
    correction = a_proposal(kind=ProposalKind.CORRECTION, amount_minor=2_000_000)
    with database.transaction() as tx:
        at_limit = keep(tx, a_break_in(PRO, "a", amount_minor=10_000, proposal=a_proposal(amount_minor=10_000)))
        large = keep(tx, a_break_in(PRO, "b", amount_minor=2_000_000, proposal=correction))
        ended = [steps.approve(tx, a_click(b, BEN), authority=AUTHORITY) for b in (at_limit, large)]

    assert [(b.state, b.resolution) for b in ended] == [(OFF, "write_off"), (RES, "correction")]
    assert ended[0].proposal is not None
    assert (ended[0].proposal.by, ended[0].proposal.decided_by, ended[0].proposal.decided_at) == ("U0ADA", "U0BEN", NOW)
    with database.transaction() as tx:
        assert reads.break_by_id(tx, at_limit.id) == ended[0]


def test_a_proposal_whose_figures_changed_can_only_be_declined(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(PRO, amount_minor=2_500))

    with database.transaction() as tx, pytest.raises(RefusedError, match=r"A later run sees EUR 25\.00 at stake"):
        steps.approve(tx, a_click(brk, BEN), authority=AUTHORITY)

    with database.transaction() as tx:
        assert steps.decline(tx, a_click(brk, BEN), reason="Changed.").proposal is None


def test_a_break_is_given_only_to_somebody_who_may_work_on_it(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK))

    with database.transaction() as tx, pytest.raises(RefusedError) as refused:
        steps.assign(tx, a_click(brk), to=PEOPLE[Role.VIEWER])

    assert refused.value.message == f"<@{PEOPLE[Role.VIEWER].id}> does not have the role 'operator', so nobody can give them this."


@pytest.mark.parametrize(("by", "said"), [(ADA, "is yours already"), (BEN, f"<@{ADA.id}> has")])
def test_a_break_is_not_given_to_who_has_it(database: Database, by: Actor, said: str) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK, owner_id=ADA.id))

    with database.transaction() as tx, pytest.raises(RefusedError, match=said):
        steps.assign(tx, a_click(brk, by), to=ADA)


def test_a_break_of_a_partner_that_is_gone_says_so(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK))

    with database.transaction() as tx, pytest.raises(RefusedError, match="which is not configured any more"):
        steps.resolve(tx, a_click(brk, partners={}), reason="x")


def test_a_snoozed_break_sleeps_until_a_business_day(database: Database) -> None:
    with database.transaction() as tx:
        brk = keep(tx, a_break_in(ACK))
        snoozed = steps.snooze(tx, a_click(brk), until=MONDAY)

    assert (snoozed.state, snoozed.snoozed_until) == (ACK, MONDAY)


WALKS = st.lists(
    st.tuples(st.sampled_from(sorted(TABLE)), st.sampled_from([ADA, BEN, PEOPLE[Role.VIEWER], PEOPLE[Role.ADMIN]])), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=WALKS)
def test_any_sequence_of_moves_leaves_a_whole_trail_that_tells_it(database: Database, walk: list[tuple[Move, Actor]]) -> None:
    name = f"walk-{next(COUNTER)}"
    made: list[tuple[str, str]] = [("system", "open")]
    with database.transaction() as tx:
        brk = keep(tx, a_break(name), with_card=True)
        for move, actor in walk:
            before, brk = brk, _try(tx, brk, move, actor)
            made += [(actor.id, str(move))] * (brk.revision - before.revision)

    with database.transaction() as tx:
        assert reads.break_by_id(tx, brk.id) == brk
        assert [(e.actor_id, e.action) for e in audit.entries(tx, brk.id)] == made
        assert audit.verify(tx) == []
        assert outbox.channels_of(tx, abouts=[brk.id]) == {brk.id: [CARDS]}


COUNTER = itertools.count()


def _try(tx: Connection, brk: Break, move: Move, actor: Actor) -> Break:
    try:
        return MAKE[move](tx, a_click(brk, actor))
    except RefusedError:
        return brk

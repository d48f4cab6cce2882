"""A cause is worked on as one: its breaks follow in one transaction, with one message, each by its own rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from causes_at_work import ADA, ALONE, BEN, EVE, LOST, Desk, a_desk
from tiny_company import PARTNER, Payment

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.breaks import BreakState
from breakwater.model.causes import CauseKind, CauseState, Explanation
from breakwater.model.proposals import Authority, WriteOffLimit
from breakwater.steps import breaks as break_steps
from breakwater.steps import cause_work as steps
from breakwater.steps import causes
from breakwater.steps.suppression import NoiseDraft, add_rule
from breakwater.store import reads

CYD = Actor(id="U0CYD", role=Role.APPROVER, name="Cyd")
MAY_HIDE = Authority(limits=(WriteOffLimit(role=Role.APPROVER, currency="EUR", write_off_minor=10_000),))


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "company", database_url) as made:
        yield made


def test_a_run_finds_the_cause_and_posts_one_card_for_its_breaks(desk: Desk) -> None:
    (cause,) = desk.causes()

    assert (cause.kind, cause.scope, cause.count) == (CauseKind.FILE_MISSING, {"side": "theirs", "date": "2026-11-10"}, 8)
    assert cause.value_minor == {"EUR": sum(p.minor for p in LOST)}
    assert [(about, how) for about, how, _ in desk.sent()] == [(cause.id, "posted"), (desk.alone().id, "posted")]


def test_causes_beyond_those_with_a_card_are_told_of_in_one_message(desk: Desk) -> None:
    (cause,) = desk.causes()
    desk.sent()
    under = desk.under(cause)
    found = [
        Explanation(
            kind=CauseKind.BATCH_MISSING,
            scope={"side": "theirs", "batch": b.id},
            evidence={},
            fingerprints=(b.fingerprint,),
            value_minor={},
            confidence=90,
        )
        for b in under
    ]  # as if each of the eight had a cause of its own
    now = desk.clock[0]

    with desk.database.transaction() as tx:
        run = reads.last_run(tx, partner=PARTNER)
        assert run
        causes.keep(tx, causes.Explained(causes=found, states=[]), run=run, partner=desk.bot.config.partners[PARTNER], now=now)

    told = desk.sent()
    new = [about for about, how, _ in told if how == "posted" and about.startswith("C-")]
    rest = [words for about, how, words in told if how == "posted" and not about]
    assert len(new) == causes.CARDS_PER_RUN
    assert rest == ["Meridian: and 3 more new causes of 3 breaks."]


def test_the_card_says_it_in_one_sentence(desk: Desk) -> None:
    (cause,) = desk.causes()

    said = next(text for about, _, text in desk.sent() if about == cause.id)

    assert said.startswith("8 breaks, EUR 80.28, are one cause: the Meridian settlement of 10 Nov 2026 did not arrive.")


def test_acknowledging_a_cause_takes_every_break_under_it_with_one_message(desk: Desk) -> None:
    (cause,) = desk.causes()
    desk.sent()

    with desk.database.transaction() as tx:
        moved = steps.acknowledge(tx, desk.click(cause))

    assert (moved.followed, moved.left) == (8, {})
    assert {(b.state, b.owner_id) for b in desk.under(cause)} == {(BreakState.ACKNOWLEDGED, ADA.id)}
    assert desk.alone().state is BreakState.OPEN
    assert desk.sent() == [
        (cause.id, "edited", desk_text(desk, "Acknowledged by <@U0ADA>.")),
        (cause.id, "replied", "<@U0ADA> acknowledged this. 8 breaks followed."),
    ]
    assert desk.actions(cause.id) == ["found", "acknowledge"]
    assert {tuple(desk.actions(b.id)) for b in desk.under(cause)} == {("open", "acknowledge")}
    assert {desk.detail(b.id)["cause"] for b in desk.under(cause)} == {cause.id}


def desk_text(desk: Desk, standing: str) -> str:
    return f"8 breaks, EUR 80.28, are one cause: the Meridian settlement of 10 Nov 2026 did not arrive. {standing}"


def test_a_break_that_somebody_works_on_stays_with_them_and_is_counted(desk: Desk) -> None:
    (cause,) = desk.causes()
    taken = desk.under(cause)[0]
    with desk.database.transaction() as tx:
        click = break_steps.Click(
            actor=BEN, break_id=taken.id, revision=taken.revision, partners=desk.bot.config.partners, now=desk.clock[0]
        )
        break_steps.acknowledge(tx, click)

    with desk.database.transaction() as tx:
        moved = steps.acknowledge(tx, desk.click(cause))

    assert (moved.followed, dict(moved.left)) == (7, {BreakState.ACKNOWLEDGED: 1})
    assert next(b for b in desk.under(cause) if b.id == taken.id).owner_id == BEN.id
    assert "<@U0ADA> acknowledged this. 7 breaks followed. 1 break could not follow, nothing was changed there: 1 acknowledged." in [
        text for _, _, text in desk.sent()
    ]


def test_the_second_to_acknowledge_is_told_who_was_first(desk: Desk) -> None:
    (cause,) = desk.causes()
    with desk.database.transaction() as tx:
        steps.acknowledge(tx, desk.click(cause))

    with pytest.raises(RefusedError, match=r"<@U0ADA> acknowledged C-[A-Z0-9]+ first"), desk.database.transaction() as tx:
        steps.acknowledge(tx, desk.click(cause, by=BEN))


def test_an_older_card_changes_nothing(desk: Desk) -> None:
    (cause,) = desk.causes()
    with desk.database.transaction() as tx:
        steps.assign(tx, desk.click(cause), to=BEN)

    with pytest.raises(RefusedError, match="older state"), desk.database.transaction() as tx:
        steps.assign(tx, desk.click(cause), to=ADA)

    assert {b.owner_id for b in desk.under(cause)} == {BEN.id}


def test_a_viewer_may_not_take_a_cause_and_nobody_can_give_it_to_one(desk: Desk) -> None:
    (cause,) = desk.causes()

    with pytest.raises(RefusedError, match="You need the role 'operator'"), desk.database.transaction() as tx:
        steps.acknowledge(tx, desk.click(cause, by=EVE))
    with pytest.raises(RefusedError, match=f"<@{EVE.id}> does not have the role"), desk.database.transaction() as tx:
        steps.assign(tx, desk.click(cause), to=EVE)

    assert {b.owner_id for b in desk.under(cause)} == {None}
    assert desk.actions(cause.id) == ["found"]


def test_an_incident_is_linked_beside_every_break(desk: Desk) -> None:
    (cause,) = desk.causes()

    with desk.database.transaction() as tx:
        steps.escalate(tx, desk.click(cause), incident_id="INC-0007")

    assert {b.links for b in desk.under(cause)} == {("INC-0007",)}
    assert desk.causes()[0].incident_id == "INC-0007"
    with pytest.raises(RefusedError, match="is INC-0007 already"), desk.database.transaction() as tx:
        steps.escalate(tx, desk.click(desk.causes()[0]), incident_id="INC-0008")


def test_a_cause_keeps_its_owner_over_later_runs_and_new_breaks_under_it_follow(desk: Desk) -> None:
    (cause,) = desk.causes()
    with desk.database.transaction() as tx:
        steps.acknowledge(tx, desk.click(cause))
    desk.company.ledger("more", Payment(reference="LOST-8", minor=1_008))

    desk.run()

    (now,) = desk.causes()
    assert (now.id, now.state, now.owner_id, now.count) == (cause.id, CauseState.ACKNOWLEDGED, ADA.id, 9)
    assert {(b.state, b.owner_id) for b in desk.under(now)} == {(BreakState.ACKNOWLEDGED, ADA.id)}
    assert len(desk.under(now)) == 9
    assert {desk.detail(b.id)["cause"] for b in desk.under(now)} == {cause.id}


def test_a_cause_is_over_when_its_file_has_come_and_its_card_says_so(desk: Desk) -> None:
    (cause,) = desk.causes()
    with desk.database.transaction() as tx:
        steps.acknowledge(tx, desk.click(cause))
    desk.sent()
    desk.company.report("report-2", *LOST, batch=2)

    desk.run()

    assert desk.causes() == []
    (ended,) = desk.causes_of_last_run()
    assert (ended.id, ended.state, ended.owner_id, ended.count) == (cause.id, CauseState.OVER, ADA.id, 0)
    assert [text for about, how, text in desk.sent() if about == cause.id and how == "edited"] == [
        "✅ Over: the Meridian settlement of 10 Nov 2026 did not arrive. No break is under it any more."
    ]
    with pytest.raises(RefusedError, match="is over"), desk.database.transaction() as tx:
        steps.assign(tx, desk.click(ended), to=ADA)


def test_a_cause_is_worth_what_is_still_open_of_it_at_once_and_on_its_card_after_the_next_run(desk: Desk) -> None:
    (cause,) = desk.causes()
    desk.sent()
    largest = desk.under(cause)[0]

    desk.resolve(largest)

    (now,) = desk.causes()
    assert (now.count, now.value_minor) == (7, {"EUR": cause.value_minor["EUR"] - largest.amount_minor})
    assert desk.under_no_cause() == 1
    desk.run_with_more()
    assert desk.causes() == desk.causes_of_last_run()
    assert [text.split(" are ")[0] for about, _, text in desk.sent() if about == cause.id] == ["7 breaks, EUR 70.21,"]


def test_a_cause_of_which_nothing_is_open_is_not_told_any_more(desk: Desk) -> None:
    (cause,) = desk.causes()

    desk.resolve(*desk.under(cause))

    assert desk.causes() == []
    desk.run_with_more()
    assert [c.state for c in desk.causes_of_last_run()] == [CauseState.OVER]


def test_known_noise_is_under_no_cause_as_it_is_in_no_other_figure(desk: Desk) -> None:
    (cause,) = desk.causes()
    small = [b for b in desk.under(cause) if b.amount_minor <= 1_004]
    rule = NoiseDraft(
        key="V1", partner=PARTNER, currency="EUR", most_minor=1_004, reason="Tests.", expires_on=date(2026, 12, 31), pattern="LOST-*"
    )
    with desk.database.transaction() as tx:
        add_rule(tx, actor=CYD, draft=rule, authority=MAY_HIDE, partner=desk.bot.config.partners[PARTNER], now=desk.clock[0])

    assert (len(small), desk.causes()[0].count, len(desk.under(cause)), desk.under_no_cause()) == (5, 3, 3, 1)
    desk.run_with_more()
    assert [(c.count, c.value_minor) for c in desk.causes_of_last_run()] == [(3, {"EUR": 1_005 + 1_006 + 1_007})]


def test_the_same_input_again_changes_nothing(desk: Desk) -> None:
    (cause,) = desk.causes()
    desk.sent()

    desk.run()

    assert desk.causes() == [cause]
    assert desk.sent() == []


def test_what_nothing_connects_stays_single(desk: Desk) -> None:
    (cause,) = desk.causes()

    assert ALONE.reference not in {r for b in desk.under(cause) for r in b.references}

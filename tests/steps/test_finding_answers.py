"""What people say of findings: done once, told to everybody, refused in words, and what it teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tiny_company import OPS, outbox_of

from breakwater.detection.feedback import cautions
from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.calendar import named_calendar
from breakwater.model.findings import SEVERAL, Finding, FindingKind, FindingState
from breakwater.model.learning import Cell
from breakwater.model.partners import Partner
from breakwater.steps import feedback as steps
from breakwater.steps.feedback import Answered
from breakwater.store import audit, reads, writes
from breakwater.store.database import Connection, Database
from breakwater.store.tables import delivery

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
ADA, BRUNO, VERA = Actor("U0ADA", Role.OPERATOR), Actor("U0BRUNO", Role.OPERATOR), Actor("U0VERA", Role.VIEWER)
MERIDIAN = Partner(
    id="meridian", name="Meridian", network="cards", calendar=named_calendar("weekends"), calendar_name="weekends",
    time_zone=ZoneInfo("Europe/Berlin"), cut_off=time(17), live_from=NOW.date(), agreement="",
)  # fmt: skip
DROP = Finding(
    id="F-1",
    kind=FindingKind.VOLUME_DROP,
    partner="meridian",
    scope="meridian · GBP",
    place=(("partner", "meridian"), ("currency", "GBP")),
    since=NOW - timedelta(hours=2),
    summary="Payments at Meridian in GBP are 60 % below normal.",
    expected="about 100 payments",
    seen="40 payments",
    next_step="Check our checkout.",
    found_at=NOW,
)
SEGMENT = (("partner", "meridian"), ("network", "cards"), ("currency", "GBP"))
DROPS_PER_CURRENCY = Cell(detector="drop", level="partner, currency", metric="volume")


def a_click(actor: Actor = ADA, *, finding_id: str = "F-1", revision: int = 1) -> Answered:
    return Answered(actor=actor, finding_id=finding_id, revision=revision, partners={"meridian": MERIDIAN}, channel=OPS, now=NOW)


def kept(tx: Connection, **changes: object) -> Finding:
    found = replace(DROP, **changes)  # type: ignore[arg-type]
    assert writes.open_finding(tx, found, actor=SYSTEM, now=NOW)
    return found


Answer = Callable[[Connection, Answered], Finding]
UNTIL = NOW + timedelta(hours=4)
ANSWERS: list[tuple[Answer, FindingState, str]] = [
    (steps.acknowledge, FindingState.OPEN, "👀 <@U0ADA> looks after it."),
    (steps.false_positive, FindingState.FALSE_POSITIVE, "⚪ <@U0ADA> says this was a false alarm."),
    (lambda tx, click: steps.expected(tx, click, reason="a test.", until=UNTIL), FindingState.EXPECTED, "🗓️ <@U0ADA> says this is expected"),
    (lambda tx, click: steps.mute(tx, click, until=UNTIL), FindingState.OPEN, "🔕 <@U0ADA> muted this until"),
    (steps.new_level, FindingState.NEW_LEVEL, "↕️ <@U0ADA> says this is the new level"),
]
NAMES = ["acknowledge", "false_positive", "expected", "mute", "new_level"]


@pytest.mark.parametrize(("answer", "state", "said"), ANSWERS, ids=NAMES)
def test_an_answer_is_kept_audited_shown_and_told(database: Database, answer: Answer, state: FindingState, said: str) -> None:
    with database.transaction() as tx:
        kept(tx)
        found = answer(tx, a_click())

    with database.reading() as tx:
        assert reads.finding_by_id(tx, "F-1") == found
        assert (found.state, found.revision) == (state, 2)
        assert [(e.actor_id, e.action.removeprefix("finding_") in NAMES) for e in audit.entries(tx, "F-1")][-1] == ("U0ADA", True)
    assert [key for key, _, _ in outbox_of(database)] == [f"finding:F-1:{OPS}:2", f"finding:F-1:{OPS}:2:news"]
    with database.reading() as tx:
        assert list(tx.scalars(select(delivery.outbox.c.payload).order_by(delivery.outbox.c.id)))[1]["text"].startswith(said)


@pytest.mark.parametrize(("answer", "state", "said"), ANSWERS, ids=NAMES)
def test_a_viewer_may_answer_nothing(database: Database, answer: Answer, state: FindingState, said: str) -> None:
    with database.transaction() as tx:
        kept(tx)

        with pytest.raises(RefusedError, match="You need the role 'operator' to answer a finding"):
            answer(tx, a_click(VERA))

        assert reads.finding_by_id(tx, "F-1") == DROP


@pytest.mark.parametrize(("answer", "state", "said"), [ANSWERS[n] for n in (0, 1, 2, 4)], ids=[NAMES[n] for n in (0, 1, 2, 4)])
def test_the_second_to_answer_is_told_who_was_first(database: Database, answer: Answer, state: FindingState, said: str) -> None:
    with database.transaction() as tx:
        kept(tx)
        answer(tx, a_click(BRUNO))

        with pytest.raises(RefusedError, match="<@U0BRUNO>"):
            answer(tx, a_click(ADA))


def test_a_card_that_was_older_than_the_finding_changes_nothing(database: Database) -> None:
    with database.transaction() as tx:
        worse = kept(tx, revision=3)

        with pytest.raises(RefusedError, match="older state of F-1; nothing was changed"):
            steps.false_positive(tx, a_click(revision=2))

        assert reads.finding_by_id(tx, "F-1") == worse


def test_an_outage_is_never_muted(database: Database) -> None:
    with database.transaction() as tx:
        kept(tx, is_outage=True)

        with pytest.raises(RefusedError, match="an outage is never muted"):
            steps.mute(tx, a_click(), until=UNTIL)


def test_a_file_has_no_level_to_accept(database: Database) -> None:
    with database.transaction() as tx:
        kept(tx, kind=FindingKind.FILE_LATE, place=())

        with pytest.raises(RefusedError, match="Only figures have a level"):
            steps.new_level(tx, a_click())


def test_a_finding_that_nobody_knows_is_said_so(database: Database) -> None:
    with database.reading() as tx, pytest.raises(NotFoundError, match="There is no finding F-9"):
        steps.as_shown(tx, a_click(finding_id="F-9"))


# What is learnt


def said_false(tx: Connection, times: int, **changes: object) -> None:
    for n in range(times):
        finding_id = f"F-{len(audit.entries(tx, 'x'))}{n}{changes.get('kind', '')}{len(changes)}"
        kept(tx, id=finding_id.upper(), **changes)
        steps.false_positive(tx, a_click(finding_id=finding_id))


def test_twenty_false_alarms_bring_their_cell_down_and_leave_others_alone(database: Database) -> None:
    with database.transaction() as tx:
        said_false(tx, 20)
        kept(tx, id="F-OTHER", place=SEGMENT)
        steps.acknowledge(tx, a_click(finding_id="F-OTHER"))

        cells = steps.what_was_learnt(tx)

    assert [(c.cell.level, c.false, c.useful) for c in cells] == [("partner, currency", 20, 0), ("partner, network, currency", 0, 1)]
    assert cells[0].precision == pytest.approx(9 / 30)
    assert cautions(cells) == {("drop", "partner, currency"): pytest.approx(0.97, abs=0.01)}


def test_what_is_about_everything_is_a_cell_of_its_own_beside_that_of_files(database: Database) -> None:
    with database.transaction() as tx:
        said_false(tx, 3, place=(), partner=SEVERAL)
        said_false(tx, 2, kind=FindingKind.FILE_GAP, place=())

        assert {(c.cell.detector, c.cell.level, c.false) for c in steps.what_was_learnt(tx)} == {("drop", "", 3), ("gap", "file", 2)}
        assert steps.undo(tx, actor=ADA, cell=Cell(detector="drop", level="", metric="volume"), now=NOW) == 3
        assert [c.cell.level for c in steps.what_was_learnt(tx)] == ["file"]


def test_undoing_restores_the_cell_and_is_audited(database: Database) -> None:
    with database.transaction() as tx:
        said_false(tx, 20)

        assert steps.undo(tx, actor=ADA, cell=DROPS_PER_CURRENCY, now=NOW) == 20

        assert steps.what_was_learnt(tx) == []
        assert [e.action for e in audit.entries(tx, "drop / partner, currency / volume")] == ["feedback_undone"]
        with pytest.raises(RefusedError, match="somebody was faster"):
            steps.undo(tx, actor=BRUNO, cell=DROPS_PER_CURRENCY, now=NOW)


def test_a_viewer_can_not_take_back_what_was_learnt(database: Database) -> None:
    with database.transaction() as tx:
        said_false(tx, 3)

        with pytest.raises(RefusedError, match="take back what was learnt"):
            steps.undo(tx, actor=VERA, cell=DROPS_PER_CURRENCY, now=NOW)


def test_a_false_alarm_that_was_acknowledged_before_counts_once_as_false(database: Database) -> None:
    with database.transaction() as tx:
        kept(tx)
        steps.acknowledge(tx, a_click())
        steps.false_positive(tx, a_click(BRUNO, revision=2))

        (cell,) = steps.what_was_learnt(tx)

    assert (cell.useful, cell.false) == (0, 1)

"""What people ask of runs: the history, a day once more, another agreement tried, opening items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from run_builders import Desk, a_desk, paid
from tiny_company import AGREEMENT, PARTNER

from breakwater.agreement_files import terms_of
from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.store import reads
from breakwater.views.runs import difference_lines

ADA, VIC = Actor(id="U0ADA", role=Role.OPERATOR), Actor(id="U0VIC", role=Role.VIEWER)
THE_10TH, THE_20TH = date(2026, 11, 10), date(2026, 11, 20)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A and B agree, C is missing at the partner."""
    with a_desk(tmp_path / "company", database_url) as made:
        made.company.ledger("records-1", *paid("A", "B", "C"))
        made.company.report("report-1", *paid("A", "B"), batch=1)
        made.run()
        yield made


def test_the_history_tells_what_each_run_brought_and_changed(desk: Desk) -> None:
    desk.company.report("report-2", *paid("C"), batch=2)
    desk.run()

    last, first = desk.bot.runs.history(desk.partner, limit=5)

    assert (first.changes.files_in, first.changes.opened, first.changes.closed) == (2, 1, 0)
    assert (last.changes.files_in, last.changes.opened, last.changes.closed, last.changes.matches) == (1, 0, 1, 0)
    assert last.agreement_sha256 == first.agreement_sha256 == desk.bot.terms[PARTNER].sha256
    assert len(desk.bot.runs.history(desk.partner, limit=1)) == 1


def test_a_past_day_once_more_is_a_run_of_its_own_that_moves_no_break(desk: Desk) -> None:
    desk.company.report("report-1-again", *paid("A"), batch=1)
    now = desk.run()

    diff = desk.bot.runs.rerun(desk.partner, as_of=THE_10TH, actor=ADA)

    assert (diff.before, diff.after.is_restatement, diff.after.asked_by, diff.after.as_of) == (None, True, ADA.id, THE_10TH)
    assert diff.after.pending["EUR"].ours_rows == 2
    assert [b.state for b in desk.breaks() if b.active] == [BreakState.OPEN] * 2
    with desk.bot.database.reading() as tx:
        assert reads.last_run(tx, partner=PARTNER) == now
        assert reads.last_run(tx, partner=PARTNER, as_of=THE_10TH) == diff.after
    assert [e[0] for e in desk.trail(diff.after.id)] == ["run"]


def test_a_past_day_seen_twice_says_what_differs_from_the_first_time(desk: Desk) -> None:
    desk.run(days=4)
    desk.company.report("report-1-again", *paid("A"), *paid("B", minor=400), batch=1)
    desk.run(days=0)

    diff = desk.bot.runs.rerun(desk.partner, as_of=THE_20TH, actor=ADA)

    assert diff.before
    assert diff.before.as_of == THE_20TH
    assert (diff.new.count, diff.new.value_minor, diff.gone.count) == (1, {"EUR": 600}, 0)
    assert (diff.after.changes.matches, diff.after.changes.matches_value_minor) == (1, {"EUR": 1000})
    assert difference_lines(diff) == [
        "Matched records: 4 → 2",
        "1 earlier match no longer as before, worth EUR 10.00",
        "New: 1 break, worth EUR 6.00",
        "amounts differ: 0 → 1 (EUR 6.00)",
    ]


def test_today_once_more_matches_everything_and_says_that_nothing_differs(desk: Desk) -> None:
    diff = desk.bot.runs.rerun(desk.partner, as_of=None, actor=ADA)

    assert (diff.after.looked_at, diff.after.is_restatement, diff.is_none) == (5, False, True)
    assert difference_lines(diff) == ["Nothing differs from the run before: 1 break, worth EUR 10.00."]
    assert [b.state for b in desk.breaks()] == [BreakState.OPEN]


def test_a_viewer_can_not_have_a_day_reconciled_again_and_nobody_a_day_to_come(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="role 'operator' to reconcile a day again"):
        desk.bot.runs.rerun(desk.partner, as_of=THE_10TH, actor=VIC)
    with pytest.raises(RefusedError, match="has not come: the business date of Meridian is 2026-11-20"):
        desk.bot.runs.rerun(desk.partner, as_of=date(2026, 12, 1), actor=ADA)
    assert len(desk.bot.runs.history(desk.partner, limit=9)) == 1


def test_a_changed_agreement_is_tried_and_nothing_is_kept(desk: Desk, tmp_path: Path) -> None:
    desk.company.report("report-2", *paid("C", minor=990), batch=2)
    last = desk.run()
    (tmp_path / "new.toml").write_text(AGREEMENT.replace("[materiality]", "[tolerance]\namount_minor = { EUR = 10 }\n[materiality]"))
    kept = sorted((desk.company.folder / "var").rglob("*.parquet"))

    diff = desk.bot.runs.tried(desk.partner, terms_of(desk.partner, path=tmp_path / "new.toml"))

    assert (diff.gone.count, diff.gone.value_minor, diff.new.count, diff.after.changes.matches) == (1, {"EUR": 10}, 0, 0)
    assert (diff.before, diff.after.matched["EUR"].ours_rows) == (last, 3)
    assert sorted((desk.company.folder / "var").rglob("*.parquet")) == kept
    assert desk.bot.runs.history(desk.partner, limit=9)[0] == last
    assert [b.kind for b in desk.breaks() if b.active] == [BreakKind.AMOUNT_MISMATCH]


def test_an_agreement_that_loses_matches_says_how_many_and_their_worth(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text(AGREEMENT.replace("ref_partner_id", "ref_payment_id"))

    diff = desk.bot.runs.tried(desk.partner, terms_of(desk.partner, path=tmp_path / "new.toml"))

    assert (diff.after.changes.matches, diff.after.changes.matches_value_minor) == (2, {"EUR": 2000})
    assert (diff.new.count, diff.new.value_minor) == (4, {"EUR": 4000})


def test_without_a_run_there_is_nothing_to_try_an_agreement_on(database_url: str, tmp_path: Path) -> None:
    with a_desk(tmp_path / "company", database_url) as desk, pytest.raises(NotFoundError, match="no run to compare with"):
        desk.bot.runs.tried(desk.partner, desk.bot.terms[PARTNER])

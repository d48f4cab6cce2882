"""Runs one after the other: only what changed is matched, matches that change are told, and what is older than the start is apart."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_builders import Desk, a_desk, paid
from tiny_company import AGREEMENT, NOW, PARTNER, Payment

from breakwater.lake import outcomes
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import Side
from breakwater.store import reads


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "company", database_url) as made:
        yield made


def test_the_next_run_matches_only_what_the_new_files_touch(desk: Desk) -> None:
    many = [f"P{n}" for n in range(20)]
    desk.company.ledger("records-1", *paid(*many))
    desk.company.report("report-1", *paid(*many[:19]), batch=1)
    first = desk.run()
    desk.company.report("report-2", *paid("P19"), batch=2)

    second = desk.run()

    assert (first.looked_at, second.looked_at) == (39, 2)
    assert (second.changes.files_in, second.changes.files_out, second.changes.closed) == (1, 0, 1)
    assert second.matched["EUR"].ours_rows == 20
    assert [b.state for b in desk.breaks()] == [BreakState.RESOLVED]


def test_a_match_that_a_reissue_takes_back_is_audited_with_its_records_and_worth(desk: Desk) -> None:
    desk.company.ledger("records-1", *paid("A", "B", "C", "D", "E"))
    desk.company.report("report-1", *paid("A"), batch=1)
    desk.company.report("report-2", *paid("B", "C", "D", "E"), batch=2)
    desk.run()
    desk.company.report("report-1-again", *paid("A", minor=900), batch=1)

    run = desk.run()

    (brk,) = desk.breaks()
    assert (brk.kind, brk.amount_minor) == (BreakKind.AMOUNT_MISMATCH, 100)
    assert (run.looked_at, run.changes.matches, run.changes.matches_value_minor) == (2, 1, {"EUR": 1000})
    ((action, detail), *_) = [entry for entry in desk.trail(run.id) if entry[0] == "matches_changed"]
    (first,) = detail["first"]
    assert (action, detail["count"], detail["value_minor"]) == ("matches_changed", 1, {"EUR": 1000})
    assert (first["ours"], first["was"], first["now"]) == (["L-A"], "by-psp-reference", [])


def test_a_run_that_changes_no_match_audits_none(desk: Desk) -> None:
    desk.company.ledger("records-1", *paid("A", "B", "C"))
    desk.company.report("report-1", *paid("A", "B"), batch=1)
    desk.run()
    desk.company.report("report-2", *paid("C"), batch=2)

    run = desk.run()

    assert run.changes.matches == 0
    assert [action for action, _ in desk.trail(run.id)] == ["run"]


def test_another_agreement_is_matched_whole(desk: Desk, database_url: str) -> None:
    desk.company.ledger("records-1", *paid("A", "B", "C"))
    desk.company.report("report-1", *paid("A", "B", "C", minor=999), batch=1)
    desk.run()
    (desk.company.folder / "meridian.toml").write_text(
        AGREEMENT.replace("[materiality]", "[tolerance]\namount_minor = { EUR = 1 }\n[materiality]")
    )

    with desk.company.bot(database_url, now=lambda: NOW + timedelta(hours=5)) as bot:
        bot.reconcile_all()
        with bot.database.reading() as tx:
            run = reads.last_run(tx, partner=PARTNER)

    assert run
    assert (run.looked_at, run.matched["EUR"].ours_rows, run.changes.closed) == (6, 3, 3)


def test_what_another_version_of_breakwater_matched_is_matched_anew(desk: Desk) -> None:
    desk.company.ledger("records-1", *paid("A", "B", "C"))
    desk.company.report("report-1", *paid("A", "B"), batch=1)
    first = desk.run()
    given = Path(desk.bot.lake.outcome_path(first.id, "given"))
    pq.write_table(pq.read_table(given).replace_schema_metadata({"breakwater": "0.0.1"}), given)
    desk.company.report("report-2", *paid("C"), batch=2)

    assert desk.run().looked_at == 6


def test_what_is_unmatched_from_before_the_start_is_an_opening_item_and_no_break(database_url: str, tmp_path: Path) -> None:
    with a_desk(tmp_path / "company", database_url, live_from=date(2026, 11, 9)) as desk:
        before, after = date(2026, 11, 6), date(2026, 11, 10)
        desk.company.ledger("records-1", *paid("OLD", "LATE", day=before), *paid("NEW", minor=700, day=after), *paid("FINE", day=before))
        desk.company.report("report-1", *paid("FINE", day=before), batch=1)
        first = desk.run()
        desk.company.report("report-2", *paid("LATE", day=before), batch=2)
        second = desk.run()

        assert [b.references[0] for b in desk.breaks()] == ["NEW"]
        assert (first.opening.count, second.opening.count) == (2, 1)
        assert second.opening.breaks[BreakKind.MISSING_AT_PARTNER].value_minor == {"EUR": 1000}
        assert (second.in_breaks["EUR"].ours_rows, second.in_breaks["EUR"].ours_minor) == (1, 700)
        assert desk.bot.lake.outcome_of(second.id, [(Side.OURS, "L-OLD"), (Side.OURS, "L-NEW")]) == {
            (Side.OURS, "L-OLD"): (ReconciliationState.OPENING_ITEM, None),
            (Side.OURS, "L-NEW"): (ReconciliationState.IN_BREAK, None),
        }
        assert outcomes.opening_items(desk.bot.lake, second.id)["ours"].to_pylist() == [["L-OLD"]]
        desk.assert_as_a_whole_run(second, tmp_path)


def test_a_pair_of_which_one_is_from_before_the_start_is_a_break(database_url: str, tmp_path: Path) -> None:
    with a_desk(tmp_path / "company", database_url, live_from=date(2026, 11, 9)) as desk:
        desk.company.ledger("records-1", *paid("A", day=date(2026, 11, 6)))
        desk.company.report("report-1", *paid("A", minor=900, day=date(2026, 11, 9)), batch=1)

        run = desk.run()

        assert [b.kind for b in desk.breaks()] == [BreakKind.AMOUNT_MISMATCH]
        assert run.opening.count == 0


def test_a_break_becomes_an_opening_item_when_the_start_is_moved_and_a_break_again_when_it_is_moved_back(
    database_url: str, tmp_path: Path
) -> None:
    with a_desk(tmp_path / "company", database_url) as desk:
        desk.company.ledger("records-1", *paid("OLD"))
        desk.company.report("report-1", *paid("X", day=date(2026, 11, 12)), batch=1)
        desk.run()
        settings = desk.company.folder / "breakwater.toml"
        was = settings.read_text()

        def told(text: str, hour: int) -> Break:
            settings.write_text(text)
            with desk.company.bot(database_url, now=lambda: NOW + timedelta(hours=hour)) as bot:
                bot.reconcile_all()
                return next(b for b in Desk(desk.company, bot, []).breaks() if "OLD" in b.references)

        apart = told(was.replace("live_from = 2026-01-01", "live_from = 2026-11-11"), 5)
        again = told(was, 6)

    assert (apart.state, apart.resolution) == (BreakState.RESOLVED, "opening_item")
    assert (again.id, again.state) == (apart.id, BreakState.OPEN)


def test_a_month_of_late_reissued_and_repeated_files_gives_what_matching_everything_gives(sqlite_url: str, tmp_path: Path) -> None:
    chance = random.Random(20261101)
    with a_desk(tmp_path / "company", sqlite_url, live_from=date(2026, 11, 23)) as desk:
        held_back: list[tuple[int, list[Payment], int]] = []
        shares = []
        for day in range(30):
            on = (NOW + timedelta(days=day)).date()
            payments = [Payment(reference=f"D{day}-{n}", minor=chance.randint(100, 9999), day=on) for n in range(8)]
            desk.company.ledger(f"records-{day}", *payments)
            reported = [replace(p, minor=p.minor + chance.choice([0, 0, 0, 0, 0, 7])) for p in payments if chance.random() < 0.9]
            held_back.append((day + chance.choice([0, 0, 1, 4]), reported, day))
            for due, late, batch in [held for held in held_back if held[0] <= day]:
                desk.company.report(f"report-{batch}-{due}", *late, batch=batch)
            held_back = [held for held in held_back if held[0] > day]
            if day % 7 == 5:  # an earlier report is issued again, with a payment less and another amount
                again = [Payment(reference=f"D{day - 3}-{n}", minor=500 + n, day=on - timedelta(days=3)) for n in range(7)]
                desk.company.report(f"again-{day}", *again, batch=day - 3)
            if day % 6 == 4:
                desk.company.copy(desk.company.ledger(f"twice-{day}", *payments), f"copy-{day}")
            run = desk.run(days=1)
            for looked_at in [run] * (day % 5 == 4):
                desk.assert_as_a_whole_run(looked_at, tmp_path)
            shares.append((run.looked_at or 0) / (run.ours_rows + run.theirs_rows))

        assert shares[0] == 1.0
        assert max(shares[20:]) < 0.5

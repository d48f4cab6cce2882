from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from sqlalchemy import text
from store_builders import NOW, later

from breakwater.store import audit
from breakwater.store.database import Database


@pytest.fixture
def trail(database: Database) -> Database:
    """Five rows in two transactions."""
    for numbers in (range(1, 3), range(3, 6)):
        with database.transaction() as tx:
            for n in numbers:
                audit.append(tx, at=later(n), actor_id="U0ADA", action="look", about_kind="break", about_id=f"B-{n}", detail={"n": n})
    return database


def verify_after(trail: Database, *statements: str) -> list[str]:
    with trail.transaction() as tx:
        for statement in statements:
            tx.execute(text(statement))
    with trail.transaction() as tx:
        return audit.verify(tx)


def test_a_trail_that_nobody_touched_is_whole(trail: Database) -> None:
    assert verify_after(trail) == []


def test_entries_come_back_as_they_were_written(database: Database) -> None:
    berlin = timezone(timedelta(hours=1))
    detail = {"state": ["open", "acknowledged"], "名": "ü", "none": None}

    with database.transaction() as tx:
        audit.append(tx, at=NOW.astimezone(berlin), actor_id="U", action="acknowledge", about_kind="break", about_id="B-1", detail=detail)

    with database.transaction() as tx:
        (entry,) = audit.entries(tx, "B-1")
        assert (entry.at, entry.detail, entry.sequence) == (NOW, detail, 1)
        assert audit.verify(tx) == []


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = 'U0EVE'",
        "action = 'approve'",
        "about_id = 'B-9'",
        "about_kind = 'run'",
        "detail = '{}'",
        "at = '2020-01-01 00:00:00.000000'",
    ],
)
def test_a_changed_row_is_named(trail: Database, change: str) -> None:
    (complaint,) = verify_after(trail, f"UPDATE audit SET {change} WHERE sequence = 3")

    assert complaint.startswith("Audit row 3 was changed")


def test_a_changed_row_with_a_hash_that_fits_it_is_named(trail: Database) -> None:
    with trail.transaction() as tx:
        row = dict(tx.execute(text("SELECT * FROM audit WHERE sequence = 3")).mappings().one())
    forged = audit._hash(row["previous_hash"], {**row, "at": later(3), "actor_id": "U0EVE"})

    (complaint,) = verify_after(trail, f"UPDATE audit SET actor_id = 'U0EVE', hash = '{forged}' WHERE sequence = 3")

    assert complaint == "Audit row 3 was replaced: row 4 does not follow from it."


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_missing_row_is_named(trail: Database, sequence: int) -> None:
    assert verify_after(trail, f"DELETE FROM audit WHERE sequence = {sequence}") == [f"Audit row {sequence} is missing."]


def test_a_missing_end_is_named(trail: Database) -> None:
    assert verify_after(trail, "DELETE FROM audit WHERE sequence > 2") == ["Audit rows 3 to 5 are missing."]


def test_two_rows_that_changed_places_are_named(trail: Database) -> None:
    complaints = verify_after(
        trail,
        "UPDATE audit SET sequence = 99 WHERE sequence = 2",
        "UPDATE audit SET sequence = 2 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 99",
    )

    assert complaints == [
        "Audit row 2 is out of order: it was written as row 4.",
        "Audit row 4 is out of order: it was written as row 2.",
    ]


def test_a_row_added_by_hand_is_named(trail: Database) -> None:
    complaints = verify_after(
        trail,
        "INSERT INTO audit SELECT 6, at, actor_id, action, about_kind, about_id, detail, previous_hash, hash FROM audit WHERE sequence = 5",
    )

    assert any("Audit row 6" in c for c in complaints)

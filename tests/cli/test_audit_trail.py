"""`breakwater audit`: a whole trail, a trail somebody changed, and the export."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from breakwater.cli import main
from breakwater.store import audit
from breakwater.store.database import Database, open_database

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SETTINGS = """
[slack]
operations_channel = "C0PAYOPS"
[ledger]
drop = "ledger"
[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
time_zone = "Europe/Berlin"
live_from = 2026-10-01
agreement = "nordbank.toml"
"""


@pytest.fixture
def settings(tmp_path: Path) -> str:
    path = tmp_path / "breakwater.toml"
    path.write_text(SETTINGS)
    return str(path)


@pytest.fixture
def kept(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with three rows in its trail, which the command line is told of as it always is: by the environment."""
    monkeypatch.setenv("BREAKWATER_DATABASE_URL", database_url)
    with contextlib.closing(open_database(database_url)) as database:
        with database.transaction() as tx:
            for action, about in (("open", "B-1"), ("acknowledge", "B-1"), ("open", "B-2")):
                audit.append(tx, at=NOW, actor_id="U0ADA", action=action, about_kind="break", about_id=about, detail={"said": "ü"})
        yield database


def test_a_whole_trail_is_verified(kept: Database, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--config", settings]) == 0

    assert capsys.readouterr().out == "The audit trail is whole: 3 rows.\n"


def test_a_row_that_was_changed_is_named(kept: Database, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    with kept.transaction() as tx:
        tx.execute(text("UPDATE audit SET actor_id = 'U0EVE' WHERE sequence = 2"))

    assert main(["audit", "verify", "--json", "--config", settings]) == 1

    assert json.loads(capsys.readouterr().out) == {
        "rows": 3,
        "whole": False,
        "complaints": ["Audit row 2 was changed: acknowledge of break B-1."],
    }


def test_the_export_has_a_line_for_each_row_with_its_hashes(kept: Database, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "export", "--json", "--config", settings]) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["sequence"], r["action"], r["about_id"], r["detail"]) for r in rows] == [
        (1, "open", "B-1", {"said": "ü"}),
        (2, "acknowledge", "B-1", {"said": "ü"}),
        (3, "open", "B-2", {"said": "ü"}),
    ]
    assert [r["previous_hash"] for r in rows[1:]] == [r["hash"] for r in rows[:2]]
    assert rows[0]["at"] == "2026-11-20T08:30:00+00:00"


def test_the_export_can_be_about_one_thing(kept: Database, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "export", "--json", "--about", "B-2", "--config", settings]) == 0

    assert [json.loads(line)["sequence"] for line in capsys.readouterr().out.splitlines()] == [3]


def test_another_form_of_export_is_a_wrong_call(kept: Database, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "export", "--config", settings]) == 2

    assert "try: Add --json" in capsys.readouterr().err


def test_a_database_without_tables_says_what_to_do(
    tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BREAKWATER_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")

    assert main(["audit", "verify", "--config", settings]) == 3

    assert "Start Breakwater once" in capsys.readouterr().err

"""`breakwater runs`, `rerun` and `agreement try`, on the real settings and the files of a small company."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_company import AGREEMENT, Payment, TinyCompany

from breakwater.cli import main


@pytest.fixture
def company(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyCompany:
    """A agrees, B differs by ten cents; reconciled once."""
    made = TinyCompany(tmp_path / "company")
    made.ledger("records-1", Payment(reference="A"), Payment(reference="B"))
    made.report("report-1", Payment(reference="A"), Payment(reference="B", minor=990))
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("BREAKWATER_DATABASE_URL", database_url)
    with made.bot(database_url) as bot:
        bot.ingest_new()
        bot.reconcile_all()
    return made


def test_the_history_and_a_day_once_more(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rerun", "meridian", "--as-of", "2026-11-10"]) == 0
    again = capsys.readouterr().out
    assert main(["runs", "meridian"]) == 0
    listed = capsys.readouterr().out

    assert "as of 2026-11-10" in again
    assert "There was no run of that day before;" in again
    assert "2026-11-10 (again)" in listed
    assert "2026-11-20" in listed
    assert "+2 -0" in listed
    assert "4 of 4" in listed
    assert "EUR 0.10" in listed


def test_a_changed_agreement_is_tried(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    changed = company.folder / "changed.toml"
    changed.write_text(AGREEMENT.replace("[materiality]", "[tolerance]\namount_minor = { EUR = 10 }\n[materiality]"))

    assert main(["agreement", "try", "changed.toml", "--partner", "meridian"]) == 0

    said = capsys.readouterr().out
    assert "Matched records: 2 → 4" in said
    assert "Gone: 1 break, worth EUR 0.10" in said
    assert "Nothing was stored." in said


def test_a_wrong_agreement_or_partner_is_said(company: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    (company.folder / "wrong.toml").write_text(AGREEMENT.replace("[window]", "[windw]"))

    assert main(["agreement", "try", "wrong.toml", "--partner", "meridian"]) == 2
    assert main(["runs", "meridan"]) == 2
    assert main(["rerun", "meridian", "--as-of", "tomorrow"]) == 2

    said = capsys.readouterr().err
    assert "wrong.toml" in said
    assert "There is no partner 'meridan'. Did you mean 'meridian'?" in said
    assert "'tomorrow' is not a date" in said

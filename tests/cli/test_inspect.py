"""`breakwater inspect`: the answer as JSON and as a table, and its exit codes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from breakwater import cli

FILES = Path(__file__).parents[1] / "files"
BALANCED = str(FILES / "bsp_multicurrency.xml")
MISMATCHED = str(FILES / "genkgo_camt053.v2.five.decimals.xml")
INCOMPLETE = str(FILES / "genkgo_camt053.v8.xml")
REPORT = str(FILES / "own_adyen_settlement.csv")
REFUSED = str(FILES / "genkgo_camt053.v2.wrong.xml")
HEADER = "Merchant Account,Psp Reference,Creation Date,Type,Net Currency,Net Debit (NC),Net Credit (NC),Batch Number\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = cli.main(["inspect", *arguments, "--json"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_the_whole_answer_for_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, [answer], _ = run(capsys, MISMATCHED)

    assert code == 1
    assert answer == {
        "file": MISMATCHED,
        "sha256": hashlib.sha256(Path(MISMATCHED).read_bytes()).hexdigest(),
        "format": "camt.053",
        "statements": [
            {
                "id": "253EURNL26VAYB8060476890",
                "account": "NL26VAYB8060476890",
                "currency": "EUR",
                "entries": 1,
                "details": 1,
                "pending_entries": 0,
                "credits_minor": 885,
                "debits_minor": 0,
                "opening_minor": 1815,
                "closing_minor": 2705,
                "balanced": False,
                "references": [],
            }
        ],
        "notices": [{"code": "balance-mismatch", "message": "253EURNL26VAYB8060476890 (EUR) does not add up."}],
        "error": None,
    }


def test_files_are_answered_in_order_and_one_bad_one_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, answers, _ = run(capsys, REPORT, REFUSED, BALANCED)

    assert code == 1
    assert [a["file"] for a in answers] == [REPORT, REFUSED, BALANCED]
    assert [a["format"] for a in answers] == ["adyen-settlement", None, "camt.053"]
    assert [(a["error"] or {}).get("code") for a in answers] == [None, "malformed", None]
    assert answers[1]["statements"] == []
    assert answers[1]["error"]["remedy"] == "Ask the partner to resend the file."


@pytest.mark.parametrize(("path", "code"), [(BALANCED, 0), (REPORT, 0), (INCOMPLETE, 0), (MISMATCHED, 1), (REFUSED, 1)])
def test_exit_codes(capsys: pytest.CaptureFixture[str], path: str, code: int) -> None:
    assert run(capsys, path)[0] == code


def test_a_missing_path_is_a_wrong_call_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, answers, err = run(capsys, BALANCED, "/no/such/file.xml")

    assert (code, answers) == (2, [])
    assert err == "error: '/no/such/file.xml' can't be read: no such file or directory.\n  try: Check the path.\n"


@pytest.mark.parametrize("arguments", [(), (str(FILES),), (BALANCED, "--format", "camt.53"), (BALANCED, "--fromat", "camt.053")])
def test_wrong_calls_are_exit_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, answers, err = run(capsys, *arguments)

    assert (code, answers) == (2, [])
    assert err.startswith("error: ")
    assert "Traceback" not in err


def test_a_named_format_is_believed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, BALANCED, "--format", "camt.053")[0] == 0
    assert run(capsys, REPORT, "--format", "camt.053")[1][0]["error"]["code"] == "malformed"


def test_no_card_number_is_ever_in_clear(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    row = "5555 5555 5555 4444,4111111111111111,2026-11-19,{},EUR,,1.00,378282246310005\n"
    path.write_text(HEADER + row.format("4012888888881881"))

    _, [answer], _ = run(capsys, str(path))

    assert answer["statements"][0]["references"] == ["411111…1111"]
    assert (answer["statements"][0]["id"], answer["statements"][0]["account"]) == ("378282…0005", "555555…4444")
    assert "401288…1881" in answer["notices"][0]["message"]


def test_without_json_a_person_reads_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["inspect", MISMATCHED, REFUSED, REPORT])
    said = capsys.readouterr().out

    assert code == 1
    assert "genkgo_camt053.v2.five.decimals.xml: camt.053" in said
    assert "18.15" in said
    assert "NO" in said
    assert "balance-mismatch: 253EURNL26VAYB8060476890 (EUR) does not add up." in said
    assert "genkgo_camt053.v2.wrong.xml: refused" in said
    assert "malformed: genkgo_camt053.v2.wrong.xml holds no statement." in said
    assert "117.94" in said


def test_control_characters_of_a_partner_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(HEADER + "Acme\x1b[2J,PSP1,2026-11-19,Settled,EUR,,1.00,77\n")

    cli.main(["inspect", str(path)])

    assert "Acme�[2J" in capsys.readouterr().out

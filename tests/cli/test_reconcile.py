"""`breakwater reconcile`, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from breakwater.cli import main

HEADER = (
    "record_id,kind,amount_minor,fee_minor,currency,booked_on,value_date,status,account,ref_payment_id,ref_partner_id,"
    "ref_end_to_end_id,ref_arn,ref_batch_id,ref_original,original_amount_minor,original_currency\n"
)
AGREEMENT = """
name = "acquirer-eu"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 3
[[passes]]
name = "by-payment-id"
type = "exact"
keys = ["ref_payment_id"]
"""


@pytest.fixture
def call(tmp_path: Path) -> list[str]:
    """A call that is right: three of ours, three of theirs, one of each outcome."""
    (tmp_path / "ours.csv").write_text(
        HEADER
        + "o1,payment,1000,,EUR,2026-03-10,,,,P1,,,,,,,\no2,payment,2500,,EUR,2026-03-10,,,,P2,,,,,,,\n"
        + "o3,payment,70,,JPY,2026-04-30,,,,P3,,,,,,,\n"
    )
    (tmp_path / "theirs.csv").write_text(
        HEADER + "t1,payment,1000,,EUR,2026-03-11,,,,P1,,,,,,,\nt2,payment,2450,,EUR,2026-03-11,,,,P2,,,,,,,\n"
    )
    (tmp_path / "agreement.toml").write_text(AGREEMENT)
    files = {
        name: str(tmp_path / file) for name, file in (("--ours", "ours.csv"), ("--theirs", "theirs.csv"), ("--agreement", "agreement.toml"))
    }
    options = files | {"--as-of": "2026-04-30", "--json": str(tmp_path / "out.json")}
    return ["reconcile", *(word for pair in options.items() for word in pair)]


def test_breaks_are_a_result(call: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(call) == 0

    out = json.loads((tmp_path / "out.json").read_text())
    assert [(b["kind"], b["amount_minor"]) for b in out["breaks"]] == [("amount_mismatch", 50)]
    assert out["pending"] == {"ours": ["o3"], "theirs": []}
    said = capsys.readouterr().out
    assert "acquirer-eu as of 2026-04-30: 3 of ours, 2 of theirs" in said
    assert [line for line in said.splitlines() if "amount_mismatch" in line and "EUR 0.50" in line]
    assert [line for line in said.splitlines() if "matched" in line and "10.00" in line]
    assert [line for line in said.splitlines() if "pending" in line and "JPY" in line]


def test_a_run_out_of_memory_says_how_to_give_it_more(call: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*call, "--memory-limit", "1MB"]) == 3

    said = " ".join(capsys.readouterr().err.split())
    assert "Out of Memory" in said
    assert "It may take 1MB." in said
    assert "Give it more with --memory-limit" in said
    assert not (tmp_path / "out.json").exists()


def test_the_same_call_gives_the_same_bytes(call: list[str], tmp_path: Path) -> None:
    main(call)
    first = (tmp_path / "out.json").read_bytes()

    main(call)

    assert (tmp_path / "out.json").read_bytes() == first


def test_a_folder_instead_of_out_is_refused_before_anything_is_compared(
    call: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.json").mkdir()

    assert main(call) == 2
    assert "is a folder" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.matches.parquet"))


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--as-of", "2026-4-30", "'2026-4-30' is not a date like 2026-04-30."),
        ("--as-of", "2026-02-30", "'2026-02-30' is not a date like 2026-04-30."),
        ("--ours", "none.csv", "none.csv can't be read: No such file or directory."),
        ("--agreement", "none.toml", "none.toml can't be read: No such file or directory."),
        ("--engine", "oracle://x", "The engine 'oracle' is not proven"),
        ("--json", "nowhere/out.json", "There is no folder nowhere for OUT."),
    ],
)
def test_a_wrong_call_says_so_and_writes_nothing(
    call: list[str], option: str, value: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call, option, value]) == 2

    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert sentence in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["agreement.toml", "ours.csv", "theirs.csv"]

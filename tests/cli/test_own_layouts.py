"""A partner's CSV added by a newcomer: the example of docs/partners.md, word for word, and inspect with layouts of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from breakwater import cli
from breakwater.sources import profiles

DOCUMENT = Path(__file__).parents[2] / "docs" / "partners.md"
FILES = Path(__file__).parents[1] / "files"


def blocks(section: str, language: str) -> list[str]:
    """The fenced blocks of one section of the document."""
    text = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example's files in a folder of their own, which is the current one."""
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts/acme-psp.toml").write_text(blocks("Add a partner's CSV", "toml")[0], encoding="utf-8")
    (tmp_path / "acme.csv").write_text(blocks("Add a partner's CSV", "csv")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["inspect", *arguments])
    captured = capsys.readouterr()
    return code, "".join(line.rstrip() + "\n" for line in captured.out.splitlines()), captured.err


def test_the_example_says_what_the_document_says(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [promised] = blocks("Add a partner's CSV", "text")

    code, out, _ = said(capsys, "--layout", "layouts/acme-psp.toml", "--explain", "acme.csv")

    assert code == 0
    assert out.startswith(promised + "  line 3\n")


def test_the_example_is_as_short_as_the_document_claims() -> None:
    lines = [line for line in blocks("Add a partner's CSV", "toml")[0].splitlines() if line.strip()]

    assert len(lines) <= 15


def test_a_configuration_brings_its_layouts(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = blocks("Add a partner's CSV", "toml")[1] + CONFIGURATION
    Path("breakwater.toml").write_text(configuration, encoding="utf-8")

    code, out, _ = said(capsys, "--config", "breakwater.toml", "--format", "acme-psp", "--json", "acme.csv")

    [answer] = [json.loads(line) for line in out.splitlines()]
    assert (code, answer["format"], answer["statements"][0]["credits_minor"]) == (0, "acme-psp", 970)


def test_a_format_of_one_s_own_that_lacks_a_column_says_which(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("acme.csv").read_text()
    Path("other.csv").write_text(text.replace("Net", "Netto"))
    Path("short.csv").write_text(text.replace("Currency", "Cur"))

    own = ("--layout", "layouts/acme-psp.toml")
    assert "unknown-format" in said(capsys, *own, "other.csv")[1]
    code, out, _ = said(capsys, *own, "--format", "acme-psp", "--explain", "other.csv")
    assert (code, "lacks a header line with the columns 'Payout', 'Order', 'Net'" in out) == (1, True)
    assert "short.csv lacks the column 'Currency'." in said(capsys, *own, "short.csv")[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--format", "acme", "acme.csv"), "There is no format 'acme'. Did you mean 'acme-psp'?"),
        (("--layout", "nowhere.toml", "acme.csv"), "The layout nowhere.toml can't be read"),
        (("--layout", "taken.toml", "acme.csv"), "The format 'camt.053' comes with Breakwater"),
        (("--layout", "wrong.toml", "acme.csv"), "The layout wrong.toml is wrong: there is no table [mony]. Did you mean 'money'?"),
        (("--config", "nowhere.toml", "acme.csv"), "There is no configuration file nowhere.toml."),
    ],
)
def test_what_is_wrong_with_a_layout_is_told(
    example: Path, arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Path("layouts/acme-psp.toml").read_text()
    Path("taken.toml").write_text(good.replace("acme-psp", "camt.053"))
    Path("wrong.toml").write_text(good.replace("[money]", "[mony]"))

    code, out, err = said(capsys, "--layout", "layouts/acme-psp.toml", *arguments)

    assert (code, out) == (2, "")
    assert complaint in err


def test_rows_that_are_no_records_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "antom.csv"
    report.write_text(
        "settlementBatchId,customerId,summaryType,settlementTime,count,settlementAmountValue,settlementCurrency\n"
        "1,2,TOTAL,2026-11-19T10:00:00+08:00,1,5,EUR\n1,2,PAYMENT,2026-11-19T10:00:00+08:00,1,5,EUR\n<END>\n"
    )
    waiting = tmp_path / "accounting.csv"
    waiting.write_text("Merchant Account,Record Type,Settlement Currency,Payable (SC),Booking Date\nA,Received,EUR,,2026-11-19 10:00:00\n")

    _, out, _ = said(capsys, "--explain", str(report), str(waiting))

    assert "'summaryType' is 'TOTAL': this row adds up other rows." in out
    assert "'Record Type' is 'Received': this row has moved no money yet, and counts as pending." in out


def test_other_languages_show_the_record_and_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "funding.csv"
    path.write_text(
        "H,P11KREC,1.0.0,2026-11-18T12:00:00Z,2026-11-19T12:00:00Z,3618,0001of0001\n"
        "T,80,2026-11-18T12:05:14Z,80,3618,Deferred,1,51,4111111111111111,ORD-1,Capture,Processed,2026-11-19T05:52:53Z,USD,5.00,,,,,USD,,No,x\n"
        "L,1,5.00,0.00\n"
    )

    _, out, _ = said(capsys, "--explain", str(path))
    _, markup, _ = said(capsys, "--explain", str(FILES / "genkgo_camt053.v8.xml"))

    assert "  line 2: T,80,2026-11-18T12:05:14Z,80,3618,Deferred,1,51,411111…1111,ORD-1," in out
    assert re.search(r"^ amount_minor +500$", out, flags=re.MULTILINE)
    assert re.search(r"^ ref_end_to_end_id +MUELL/FINP/RA12345$", markup, flags=re.MULTILINE)


def test_explaining_as_json_names_field_value_and_cells(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "--layout", "layouts/acme-psp.toml", "--explain", "--json", "acme.csv")

    fields = {each["field"]: each for each in json.loads(out)["explained"][0]["fields"]}
    assert fields["amount_minor"] == {
        "field": "amount_minor",
        "value": "1000",
        "from": [{"column": "Net", "text": "9,70"}, {"column": "Fee", "text": "0,30"}],
    }


def test_the_profile_of_the_document_is_a_good_one() -> None:
    [*_, example] = blocks("Add a partner's CSV", "toml")

    assert profiles.profile_of(example, name="northern.toml").format == "northern-settlement"


CONFIGURATION = """
[slack]
operations_channel = "C0PAYOPS"

[[partners]]
id = "acme"
name = "Acme"
network = "psp"
time_zone = "Europe/Berlin"
live_from = 2026-10-01
agreement = "acme.toml"

[[partners.files]]
stream = "settlement"
format = "acme-psp"
drop = "in/acme"
expected = { due = "07:00", deadline = "08:30" }

[ledger]
drop = "in/ledger"
"""

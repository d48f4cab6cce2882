"""`breakwater payment`: the answer in a terminal, what a script sees of it, and what never gets there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from breakwater import config
from breakwater.cli import main
from breakwater.store.database import open_database
from breakwater.views import terminal
from breakwater.views.blocks import Message, code, context, section, word

SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[roles]
operator = ["*"]
[ledger]
drop = "inbox"
[[partners]]
id = "meridian"
name = "Meridian"
network = "cards"
calendar = "weekends"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0CARDS"]
shared_channel = "C0MERIDIAN"
agreement = "meridian.toml"
[[partners.files]]
stream = "settlement"
format = "adyen-settlement"
drop = "inbox/meridian"
expected = { due = "07:00", deadline = "23:00" }
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("BREAKWATER_DATABASE_URL", "BREAKWATER_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "inbox" / "meridian").mkdir(parents=True)
    (tmp_path / "meridian.toml").write_text('name = "meridian"\n')
    (tmp_path / "breakwater.toml").write_text(SETTINGS)
    (tmp_path / "var").mkdir()
    database = open_database(config.load(tmp_path / "breakwater.toml", environment={}).database_url)
    database.migrate()
    database.close()
    return str(tmp_path / "breakwater.toml")


@pytest.mark.parametrize(
    ("asked", "example"),
    [("4111111111111111", "`breakwater payment 411111…1111 123.45"), ("123.45 EUR", "`breakwater payment 123.45 EUR 2026-11-20`")],
)
def test_a_remedy_is_one_for_a_terminal(settings: str, capsys: pytest.CaptureFixture[str], asked: str, example: str) -> None:
    assert main(["payment", "--config", settings, *asked.split()]) == 1

    said = capsys.readouterr().err
    assert example in said
    assert "`/" not in said


def test_what_is_done_in_slack_is_said_to_be_there() -> None:
    message = Message(
        text="x", blocks=(section("_… and 3 more: `/recon breaks`_"), context("`/payment pay_1` · `/payment watching` · `/paymentx`"))
    )

    assert [line.plain for line in terminal.lines(message, zone=ZoneInfo("UTC"))] == [
        "… and 3 more: /recon breaks in Slack",
        "breakwater payment pay_1 · /payment watching in Slack · /paymentx",
    ]


def test_nothing_found_is_said_and_exits_with_one(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["payment", "--config", settings, "pay_1"]) == 1
    assert "No payment found for pay_1" in capsys.readouterr().out


def test_an_amount_is_several_words(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["payment", "--config", settings, "12.50", "EUR", "2026-11-20"]) == 1
    assert "EUR 12.50 2026-11-20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["4111111111111111"], "411111…1111 looks like a full card number", 1),
        (["12.50", "EUR"], "one day", 1),
        (["--zone", "Mars/Olympus", "pay_1"], "no time zone 'Mars/Olympus'", 2),
        ([], "Missing argument", 2),
    ],
)
def test_what_makes_no_sense_is_explained(
    settings: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, code: int
) -> None:
    assert main(["payment", "--config", settings, *arguments]) == code

    shown = capsys.readouterr()
    assert said in shown.err
    assert "4111111111111111" not in shown.out + shown.err


def test_a_message_reads_the_same_in_a_terminal() -> None:
    at = int(datetime(2026, 11, 20, 7, 12, tzinfo=UTC).timestamp())
    text = (
        f"🟢 *Settled* · {code('pay_*1*')} · <!date^{at}^{{date_short_pretty}} {{time}}|x> by <@U0ADA>\n_… and 2 more_ {word('A & B <C>')}"
    )
    message = Message(text="x", blocks=(section(text), context("small")))

    shown = [str(line) for line in terminal.lines(message, zone=ZoneInfo("Europe/Berlin"))]

    assert shown == ["🟢 Settled · pay_*1* · 2026-11-20 08:12 CET by @U0ADA\n_… and 2 more_ A & B <C>", "small"]


def test_what_would_steer_the_terminal_does_not_get_there() -> None:
    message = Message(text="x", blocks=({"type": "section", "text": {"text": "a\x1b[31mred\x07 &lt;b&gt;"}},))

    assert [str(line) for line in terminal.lines(message, zone=ZoneInfo("UTC"))] == ["a[31mred <b>"]

"""What `breakwater run` says when something it needs is missing: one sentence, one remedy, an exit code, and no stack trace."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bot_on_http import SETTINGS, a_listener, a_workspace, environment, write_settings

from breakwater.cli import main
from breakwater.sandbox import FaultKind, Rates, Sandbox

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(a_workspace(), rates=Rates.off()) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """`run("--http", "…", SLACK_BOT_TOKEN="")`: the exit code, and the lines that people see."""
    settings = write_settings(tmp_path)
    for name in ("SLACK_BOT_TOKEN_FILE", "SLACK_APP_TOKEN_FILE", "SLACK_SIGNING_SECRET_FILE", "BREAKWATER_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*options: str, **changes: str) -> tuple[int, list[str]]:
        for name, value in (environment(sandbox) | changes).items():
            monkeypatch.setenv(name, value)
        code = main(["run", "--config", str(settings), *options])
        return code, [line for line in capsys.readouterr().err.splitlines() if not line.startswith("{")]

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield call
    for number, handler in handlers.items():  # `run` takes them over for as long as its process lives
        signal.signal(number, handler)


def closed_port() -> int:
    with a_listener() as (listener, _):
        port: int = listener.getsockname()[1]
        return port


def is_two_lines(said: list[str], *, what: str, remedy: str) -> bool:
    """One sentence that begins with `error:` and says `what`, one that begins with `try:` and gives the remedy."""
    first, second = said
    return first.startswith("error: ") and what in first and second.startswith("  try: ") and remedy in second


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_missing_token_is_named(run: Run, name: str) -> None:
    code, said = run(**{name: ""})

    assert code == 2
    assert is_two_lines(said, what=f"{name} is not set.", remedy=f"Set {name} in the environment (Slack app > ")


def test_a_missing_signing_secret_is_named_before_anything_is_opened(run: Run, tmp_path: Path) -> None:
    code, said = run("--http", "127.0.0.1:0", SLACK_SIGNING_SECRET="")

    assert code == 2
    assert is_two_lines(said, what="SLACK_SIGNING_SECRET is not set.", remedy="SLACK_SIGNING_SECRET_FILE")
    assert not (tmp_path / "var").exists()


def test_a_token_file_that_is_not_there_is_named(run: Run) -> None:
    code, said = run(SLACK_BOT_TOKEN="", SLACK_BOT_TOKEN_FILE="/nowhere/token")

    assert code == 2
    assert is_two_lines(said, what="/nowhere/token", remedy="Correct the path.")


def test_a_refused_token_is_not_taken_for_a_broken_network(run: Run) -> None:
    code, said = run(SLACK_BOT_TOKEN="xoxb-revoked")

    assert code == 2
    assert is_two_lines(said, what="Slack refused the bot token (invalid_auth).", remedy="SLACK_BOT_TOKEN")


@pytest.mark.parametrize("token", ["xapp-revoked", "xoxb-sandbox"], ids=["revoked", "of the wrong kind"])
def test_a_refused_app_token_is_told_as_plainly(run: Run, capsys: pytest.CaptureFixture[str], token: str) -> None:
    code, said = run(SLACK_APP_TOKEN=token)

    assert code == 2
    assert is_two_lines(said, what="Slack refused the app token (", remedy="SLACK_APP_TOKEN to an app-level token (xapp-…)")
    assert token not in "".join(said)


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
@pytest.mark.parametrize("value", ["xapp-…", "xapp-1-hush\nxapp-2-hush", "xapp-1 hush"])
def test_what_can_be_no_token_is_named_and_not_shown(run: Run, name: str, value: str) -> None:
    code, said = run(**{name: value})

    assert code == 2
    assert is_two_lines(said, what=f"{name} holds characters that no token holds.", remedy="Copy it once more")
    assert "hush" not in "".join(said)


def test_a_slack_that_opens_no_connection_is_the_worlds_fault(run: Run, sandbox: Sandbox) -> None:
    sandbox.faults.add("apps.connections.open", FaultKind.BAD_GATEWAY, times=10)

    code, said = run()

    assert code == 3
    assert is_two_lines(said, what="Slack can't be reached at", remedy="SLACK_API_URL")


@pytest.mark.parametrize("options", [[], ["--http", "127.0.0.1:0"]], ids=["socket mode", "http"])
def test_slack_out_of_reach_is_the_worlds_fault(run: Run, options: list[str]) -> None:
    code, said = run(*options, SLACK_API_URL=f"http://127.0.0.1:{closed_port()}/api/")

    assert code == 3
    assert is_two_lines(said, what="Slack can't be reached at http://127.0.0.1:", remedy="SLACK_API_URL")


@pytest.mark.parametrize("fault", [FaultKind.BAD_GATEWAY, FaultKind.SERVER_ERROR, FaultKind.DROP], ids=lambda fault: fault.value)
def test_a_slack_that_is_down_is_the_worlds_fault_too(run: Run, sandbox: Sandbox, fault: FaultKind) -> None:
    sandbox.faults.add("auth.test", fault, times=10)

    code, said = run()

    assert code == 3
    assert is_two_lines(said, what="Slack can't be reached at", remedy="SLACK_API_URL")


def test_a_database_out_of_reach_is_the_worlds_fault(run: Run) -> None:
    url = f"postgresql+psycopg://breakwater:hush@127.0.0.1:{closed_port()}/breakwater"

    code, said = run(BREAKWATER_DATABASE_URL=url)

    assert code == 3
    assert is_two_lines(
        said, what="The database postgresql+psycopg://breakwater:***@127.0.0.1:", remedy="Check that the database is running"
    )
    assert "hush" not in "".join(said)


@pytest.mark.parametrize("url", ["mysql://somewhere/db", "nonsense"])
def test_a_database_that_nobody_knows_is_a_wrong_call(run: Run, url: str) -> None:
    code, said = run(BREAKWATER_DATABASE_URL=url)

    assert code == 2
    assert is_two_lines(said, what="BREAKWATER_DATABASE_URL is no database Breakwater knows.", remedy="sqlite:///")


def test_a_data_directory_that_can_not_be_made_is_the_worlds_fault(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a directory")

    code, said = run(BREAKWATER_DATA_DIR=str(tmp_path / "taken" / "var"))

    assert code == 3
    assert is_two_lines(said, what="The data directory", remedy="BREAKWATER_DATA_DIR")


@pytest.mark.parametrize(
    ("wrong", "right", "what"),
    [
        ('time_zone = "Europe/Berlin"', 'time_zone = "Europe/Berlinn"', "'Europe/Berlinn' is no time zone"),
        ("live_from", "live_form", "Unknown entry 'partners.nordbank.live_form'. Did you mean 'live_from'?"),
        ("[slack]", "[slack", "is not TOML"),
    ],
)
def test_a_mistake_in_the_settings_is_named(run: Run, tmp_path: Path, wrong: str, right: str, what: str) -> None:
    (tmp_path / "breakwater.toml").write_text(SETTINGS.replace(wrong, right))

    code, said = run()

    assert code == 2
    assert what in said[0]
    assert len(said) == 2


def test_settings_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(tmp_path / "nowhere.toml")]) == 2

    assert is_two_lines(capsys.readouterr().err.splitlines(), what="There is no configuration file", remedy="breakwater demo")


def test_an_agreement_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    os.remove(tmp_path / "nordbank.toml")

    code, said = run()

    assert code == 2
    assert "nordbank.toml" in said[0]
    assert len(said) == 2


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with a_listener() as (listener, _):
        code, said = run("--http", f"127.0.0.1:{listener.getsockname()[1]}")

    assert code == 2
    assert is_two_lines(said, what="can't be used: Address already in use", remedy="Choose another one.")


@pytest.mark.parametrize("address", ["8080", "localhost:", "localhost:eighty", "localhost:99999", ":8080"])
def test_an_address_that_is_none_is_a_wrong_call(run: Run, address: str) -> None:
    code, said = run("--http", address)

    assert code == 2
    assert is_two_lines(said, what=f"--http {address} is no address.", remedy="--http 0.0.0.0:8080")


def test_a_host_that_is_not_ours_is_named(run: Run) -> None:
    code, said = run("--http", "192.0.2.1:8080")  # reserved for documentation: no machine has it

    assert code == 2
    assert is_two_lines(said, what="192.0.2.1:8080 can't be used", remedy="Choose another one")


def test_the_closed_port_of_these_tests_is_closed() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", closed_port()), timeout=5)

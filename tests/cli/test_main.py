"""The command line's manners: exit codes, the nearest command, and never a traceback."""

from __future__ import annotations

import pytest

from breakwater import __version__
from breakwater.cli import COMMANDS, main


@pytest.fixture(autouse=True)
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of failing_commands.py, beside the real ones."""
    for name in ("found", "nothing", "called", "world", "surprise", "interrupted", "piped", "counted", "fine"):
        monkeypatch.setitem(COMMANDS, name, ("failing_commands", ""))
    monkeypatch.delenv("BREAKWATER_DEBUG", raising=False)


@pytest.mark.parametrize(
    ("command", "exit_code", "said"),
    [
        ("fine", 0, ""),
        ("counted", 1, ""),
        ("found", 1, "error: nordbank.xml ends in mid-entry.\n  try: Ask Nordbank to resend the file.\n"),
        ("nothing", 1, "error: There is no payment P-1.\n  try: Look for another reference.\n"),
        ("called", 2, "error: --as-of 'soon' is no date.\n  try: Write it like 2026-11-20.\n"),
        ("world", 3, "error: The database is gone.\n"),
        ("interrupted", 130, "\n"),
        ("piped", 0, ""),
    ],
)
def test_each_end_has_its_exit_code_and_its_words(command: str, exit_code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == exit_code

    assert capsys.readouterr().err == said


def test_a_surprise_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["surprise"]) == 3

    said = capsys.readouterr().err
    assert said.startswith("error: Breakwater failed unexpectedly (ZeroDivisionError: division by zero).\n  try: Set BREAKWATER_DEBUG=1")
    assert "Traceback" not in said


def test_the_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BREAKWATER_DEBUG", "1")

    assert main(["surprise"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcil"]) == 2

    assert capsys.readouterr().err == "error: There is no command 'reconcil'. Did you mean 'reconcile'?\n  try: Run `breakwater --help`.\n"


def test_an_unknown_command_like_nothing_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["qqq"]) == 2

    assert capsys.readouterr().err.startswith("error: There is no command 'qqq'.\n")


@pytest.mark.parametrize(
    ("arguments", "said", "help_of"),
    [
        (["--nonsense"], "No such option", "breakwater"),
        (["fine", "--nonsense"], "No such option", "breakwater fine"),
        (["fine", "extra"], "unexpected extra argument", "breakwater fine"),
    ],
)
def test_a_wrong_option_points_to_the_right_help(arguments: list[str], said: str, help_of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2

    error = capsys.readouterr().err
    assert said in error
    assert f"Run `{help_of} --help`." in error


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0

    shown = capsys.readouterr().out
    assert [name for name in ("run", "demo", "inspect", "reconcile") if f"\n  {name} " not in shown] == []


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"breakwater, version {__version__}\n"

"""Every line of the log is one JSON object, whoever has something to say, and nothing else stands on stderr."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from breakwater.cli import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What was configured before, for the tests after these."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_what_a_library_says_is_a_line_like_ours(capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr()
    logs.to_stderr()

    logging.getLogger("slack_bolt.App").warning("Unhandled %s\n  of two lines", "request")
    structlog.get_logger().info("run", partner="nordbank")

    theirs, ours = lines(capsys)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("Unhandled request\n  of two lines", "warning", "slack_bolt.App")
    assert (ours["event"], ours["level"], ours["partner"]) == ("run", "info", "nordbank")
    assert theirs.keys() >= {"timestamp"}


def test_a_traceback_of_a_library_is_inside_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr()

    try:
        raise ZeroDivisionError("a job")
    except ZeroDivisionError:
        logging.getLogger("apscheduler.executors.default").exception("Job raised an exception")

    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert "ZeroDivisionError: a job" in line["exception"]


def test_warnings_of_python_are_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("this will go away", DeprecationWarning, stacklevel=1)

    (line,) = lines(capsys)
    assert line["logger"] == "py.warnings"
    assert "this will go away" in line["event"]


def test_a_quiet_log_leaves_libraries_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.to_stderr(quiet=True)

    logging.getLogger("slack_sdk").error("the connection was closed")
    structlog.get_logger().warning("no longer configured")

    assert [line["event"] for line in lines(capsys)] == ["no longer configured"]

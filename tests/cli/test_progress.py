"""The bar of a long file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from breakwater.cli import progress


@pytest.fixture
def long_file(tmp_path: Path) -> str:
    path = tmp_path / "long.xml"
    path.write_bytes(b"x" * progress.LEAST_BYTES)
    return str(path)


def test_a_long_file_in_a_terminal_has_a_bar(long_file: str) -> None:
    shown = io.StringIO()

    with progress.of_file(long_file, console=Console(file=shown, force_terminal=True, width=100)) as watch:
        assert watch is not None
        watch(progress.LEAST_BYTES // 2)

    assert "long.xml" in shown.getvalue()
    assert "10.0/20.0 MB" in shown.getvalue()


def test_nobody_is_shown_a_bar_in_a_pipe_or_for_a_short_file(long_file: str, tmp_path: Path) -> None:
    short = tmp_path / "short.xml"
    short.write_bytes(b"x")
    terminal, pipe = Console(file=io.StringIO(), force_terminal=True), Console(file=io.StringIO())

    with progress.of_file(str(short), console=terminal) as watch:
        assert watch is None
    with progress.of_file(long_file, console=pipe) as watch:
        assert watch is None

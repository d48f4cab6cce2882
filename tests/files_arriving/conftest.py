from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from arriving import Clock, a_company

from breakwater.app import Breakwater


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bot(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    """A company whose files are taken at first sight."""
    opened = a_company(tmp_path, clock)
    with contextlib.closing(opened.database):
        yield opened

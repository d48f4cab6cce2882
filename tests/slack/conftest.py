"""One desk for the tests of a file: each brings breaks of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import Desk, at_the_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with at_the_desk(tmp_path_factory.mktemp("desk") / "company") as opened:
        yield opened

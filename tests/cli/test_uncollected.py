"""Garbage is looked for again after work that does without, and what lives on is left alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from breakwater.cli.uncollected import uncollected


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_nobody_looks_for_garbage_meanwhile_and_what_is_left_is_out_of_sight() -> None:
    with uncollected():
        assert not gc.isenabled()
        kept = [[n] for n in range(1000)]

    assert gc.isenabled()
    assert gc.get_freeze_count() > len(kept)


def test_a_failure_and_work_within_work_leave_it_as_it_was() -> None:
    with pytest.raises(ValueError, match="wrong"), uncollected(), uncollected():
        raise ValueError("wrong")

    assert gc.isenabled()

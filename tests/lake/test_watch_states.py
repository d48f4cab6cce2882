"""What a watch knows at rest: there complete or not at all, written as far as it changed, and gone when nobody needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from breakwater.errors import WorldError
from breakwater.lake import watch_states
from breakwater.lake.parts import Lake

SAID = {"until": 7, "surprise": 0.1 + 0.2, "open": None}
ARRAYS = {"counts.attempts": np.arange(48).reshape(2, 24), "past.expected": np.array([[np.nan, 1 / 3]]), "near": np.array([True, False])}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def days(**changed: int) -> list[tuple[str, Mapping[str, np.ndarray]]]:
    return [(day, {"counts": np.full((2, 24), changed.get(f"of_{day}", 0) + int(day))}) for day in ("1", "2", "3")]


def read(lake: Lake, name: str = "ours") -> tuple[dict[str, object], dict[str, Mapping[str, np.ndarray]]]:
    found = watch_states.kept(lake, name)
    assert found
    return found[0], dict(found[1])


def files(lake: Lake) -> set[str]:
    return {path.name for path in (lake.root / "watch" / "ours").iterdir()}


def test_what_was_kept_comes_back_to_the_last_bit(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, [("now", ARRAYS)])

    said, pieces = read(lake)

    assert said == SAID
    assert pieces["now"].keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert pieces["now"][name].dtype == values.dtype
        assert pieces["now"][name].tobytes() == values.tobytes()


def test_only_what_changed_is_written(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, days())
    before = files(lake)

    watch_states.keep(lake, "ours", SAID, days(of_2=40))

    assert len(before) == 4
    assert len(files(lake) - before) == 1
    assert {name: int(arrays["counts"][0, 0]) for name, arrays in read(lake)[1].items()} == {"1": 1, "2": 42, "3": 3}


def test_a_state_that_is_not_written_to_its_end_leaves_the_one_before(lake: Lake) -> None:
    def dies() -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
        yield from days(of_1=70)
        raise KeyboardInterrupt

    watch_states.keep(lake, "ours", SAID, days())
    mark = watch_states.mark(lake, "ours")
    with pytest.raises(KeyboardInterrupt):
        watch_states.keep(lake, "ours", {"until": 8}, dies())

    assert watch_states.mark(lake, "ours") == mark
    assert read(lake)[0] == SAID
    assert read(lake)[1]["1"]["counts"][0, 0] == 1


def test_the_mark_tells_one_state_from_the_next(lake: Lake) -> None:
    nothing = watch_states.mark(lake, "ours")
    first = watch_states.keep(lake, "ours", SAID, days())
    after_first = watch_states.mark(lake, "ours")
    second = watch_states.keep(lake, "ours", SAID, days())

    assert nothing is None
    assert first == after_first
    assert second == watch_states.mark(lake, "ours") != first


def test_states_of_different_names_know_nothing_of_each_other(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, days())
    watch_states.keep(lake, "others", {"until": 9}, days(of_1=5))

    assert read(lake)[0] == SAID
    assert watch_states.kept(lake, "nobody's") is None


def test_pieces_of_older_states_are_kept_while_somebody_may_read_them_and_then_forgotten(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, days())
    older = watch_states.kept(lake, "ours")
    watch_states.keep(lake, "ours", SAID, days(of_2=40))
    assert older
    assert [int(arrays["counts"][0, 0]) for _, arrays in older[1]] == [1, 2, 3]

    for path in (lake.root / "watch" / "ours").iterdir():
        os.utime(path, (0, 0))
    watch_states.keep(lake, "ours", SAID, days(of_2=40))

    assert len(files(lake)) == 4
    assert [int(arrays["counts"][0, 0]) for arrays in read(lake)[1].values()] == [1, 42, 3]


def test_a_piece_with_other_bytes_is_refused(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, days())
    one, other, *_ = sorted((lake.root / "watch" / "ours").glob("*.zst"))
    one.write_bytes(other.read_bytes())

    with pytest.raises(WorldError, match="is missing or damaged"):
        read(lake)


def test_states_that_nobody_keeps_any_more_are_forgotten(lake: Lake) -> None:
    watch_states.keep(lake, "ours", SAID, days())
    watch_states.keep(lake, "of an older version", SAID, days())
    os.utime(lake.root / "watch" / "of an older version" / "state.json", (0, 0))

    watch_states.forget(lake, older_than_s=3600)

    assert [folder.name for folder in (lake.root / "watch").iterdir()] == ["ours"]
    assert read(lake)[0] == SAID

"""What DuckDB does its own way."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matching_builders import AS_OF, a_row, an_agreement, as_table, match_on_duckdb

from breakwater.errors import WorldError
from breakwater.matching.backend import Means
from breakwater.matching.engine_duckdb import DuckDB, connect

GREATEST = 2**64 - 1
HASHES = {
    "nothing": ([], []),
    "each once": ([3, 1, GREATEST, 2], []),
    "some again": ([7, 0, GREATEST, 7, 5, GREATEST, 7, 0, 6], [0, 7, GREATEST]),
    "all the same": ([4] * 5, [4]),
}


@pytest.mark.parametrize("sorted_at_once", [1, 4, 1000], ids=["many shares", "a few shares", "all at once"])
@pytest.mark.parametrize(("hashes", "again"), HASHES.values(), ids=HASHES)
def test_what_is_there_more_than_once_is_found_in_any_number_of_shares(
    tmp_path: Path, sorted_at_once: int, hashes: list[int], again: list[int]
) -> None:
    with connect(tmp_path, Means()) as connected:
        engine = DuckDB(connected.connection, connected.pool, sorted_at_once=sorted_at_once)
        column = engine.put("hashes", pa.table({"own": pa.array(hashes, pa.uint64())})).own

        found = engine.repeated("twice", column)

        assert (found.size, sorted(found.table.own.to_pyarrow().to_pylist())) == (len(again), again)


def test_what_goes_wrong_beside_the_passes_is_told_as_ever_and_no_thread_is_left(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="matching engine"), connect(tmp_path, Means()) as engine:
        engine.begin(lambda: engine.connection.raw_sql("FROM nowhere"))()

    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("matching")]


def test_a_step_that_fails_waits_for_what_is_under_way(tmp_path: Path) -> None:
    started, go_on, ended = (threading.Event() for _ in range(3))

    def work() -> None:
        started.set()
        go_on.wait(timeout=10)
        ended.set()

    def fail_meanwhile() -> None:
        with connect(tmp_path, Means()) as engine:
            engine.begin(work)
            started.wait(timeout=10)
            go_on.set()
            engine.connection.raw_sql("FROM nowhere")

    with pytest.raises(WorldError):
        fail_meanwhile()
    assert ended.is_set()


@pytest.mark.parametrize("begun", [1, 6], ids=["a query under way", "and more than there are threads"])
def test_nobody_waits_for_what_is_under_way_once_a_run_is_stopped(tmp_path: Path, begun: int) -> None:
    ended = []

    def count_for_ever(engine: DuckDB) -> None:
        started.set()
        engine.connection.raw_sql("SELECT count(*) FROM range(100_000_000_000) a, range(100_000) b")
        ended.append("counted")

    def stop_meanwhile() -> None:
        with connect(tmp_path, Means()) as engine:
            for _ in range(begun):
                engine.begin(lambda: count_for_ever(engine))
            started.wait(timeout=10)
            raise KeyboardInterrupt

    started = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        stop_meanwhile()
    assert not ended
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("matching")]


def test_an_outcome_is_only_given_once_its_matches_are_written(tmp_path: Path) -> None:
    sides = [tmp_path / "ours.parquet", tmp_path / "theirs.parquet"]
    for side in sides:
        pq.write_table(as_table([a_row(side.stem)]), side)

    with pytest.raises(WorldError, match=r"matches can't be written to .*nowhere"):
        match_on_duckdb(
            ours=sides[:1], theirs=sides[1:], agreement=an_agreement(), as_of=AS_OF, matches_to=tmp_path / "nowhere" / "m.parquet"
        )


def test_matches_that_cant_be_written_are_what_is_told_whatever_comes_next(tmp_path: Path) -> None:
    with connect(tmp_path, Means()) as engine:
        rows = engine.put("heads", pa.table({"ours": [f"o{n}" for n in range(1_000_000)]}))
        heads = rows.select("ours", theirs=rows.ours, noticed=False, **{"pass": ibis.literal(0, "int16")})
        written = engine.begin(lambda: engine.write_matches(heads, ["a pass"], tmp_path / "nowhere" / "m.parquet"))

        with pytest.raises(WorldError, match="can't be written"):
            written()

        kept = [engine.begin(partial(engine.keep, f"later_{n}", rows))() for n in range(6)]
        assert [each.size for each in kept] == [1_000_000] * 6


def test_each_thread_reads_what_another_made(tmp_path: Path) -> None:
    with connect(tmp_path, Means()) as engine:
        made = engine.begin(lambda: engine.put("numbers", pa.table({"n": pa.array([1, 2])})))()

        kept = engine.begin(lambda: engine.keep("greater", made.filter(made.n > 1)))()

        assert kept.table.to_pyarrow().to_pydict() == {"n": [2]}

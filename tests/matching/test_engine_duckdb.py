"""What DuckDB does its own way."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

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
        engine = DuckDB(connected.connection, sorted_at_once=sorted_at_once)
        column = engine.put("hashes", pa.table({"own": pa.array(hashes, pa.uint64())})).own

        found = engine.repeated("twice", column)

        assert (found.size, sorted(found.table.own.to_pyarrow().to_pylist())) == (len(again), again)

"""What is known of files that don't change is read where it can be trusted, and made again where it can't."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from breakwater.matching.hashes import Column, Hashes, Question, Wanted

QUESTION = Question(sql="SELECT file_index, n::UBIGINT AS h0, 0::UBIGINT AS h1, (n % 2)::UBIGINT AS h2 FROM rows", columns=3)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def write(path: Path, *numbers: int) -> Path:
    pq.write_table(pa.table({"n": pa.array(numbers, pa.int64())}), path)
    return path


def answers(connection: duckdb.DuckDBPyConnection, folder: Path, *files: Path) -> list[list[list[int] | None]]:
    found = Hashes(connection, folder / "hashes").of(files, QUESTION)
    return [[None if column is None else column.tolist() for column in columns] for columns in found]


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "hashes").rglob("*.*"))


def test_each_file_has_its_answers_in_the_order_of_its_rows_and_a_column_of_zeros_is_none(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    files = [write(tmp_path / "a[1].parquet", 3, 1, 2), write(tmp_path / "empty.parquet"), write(tmp_path / "it's.parquet", 8)]

    made = answers(connection, tmp_path, *files)
    read = answers(connection, tmp_path, *reversed(files))

    assert made == [[[3, 1, 2], None, [1, 1, 0]], [None, None, None], [[8], None, None]]
    assert read == made[::-1]


def test_what_is_known_is_not_asked_again(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", 1)
    answers(connection, tmp_path, file)
    connection.close()

    assert answers(connection, tmp_path, file) == [[[1], None, [1]]]


@pytest.mark.parametrize("broken", [b"", b"short", b"\0" * 72], ids=["empty", "short", "of another kind"])
def test_a_file_of_hashes_that_can_not_be_trusted_is_made_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, broken: bytes
) -> None:
    file = write(tmp_path / "a.parquet", 1, 2)
    made = answers(connection, tmp_path, file)
    (path,) = kept(tmp_path)
    whole = path.read_bytes()

    path.write_bytes(broken)

    assert answers(connection, tmp_path, file) == made
    assert path.read_bytes() == whole


@pytest.mark.parametrize("place", [3, 20, 50, 58, 66, 80, 95])
def test_one_changed_byte_is_seen(connection: duckdb.DuckDBPyConnection, tmp_path: Path, place: int) -> None:
    file = write(tmp_path / "a.parquet", 1, 2)
    made = answers(connection, tmp_path, file)
    (path,) = kept(tmp_path)
    whole = path.read_bytes()

    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])

    assert answers(connection, tmp_path, file) == made
    assert path.read_bytes() == whole


def test_a_file_that_was_written_again_and_another_question_are_worked_out(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", 1, 2)
    answers(connection, tmp_path, file)
    write(file, 2, 1)
    os.utime(file, (1, 1))

    assert answers(connection, tmp_path, file) == [[[2, 1], None, [0, 1]]]
    other = Question(sql="SELECT file_index, (n * 10)::UBIGINT AS h0 FROM rows", columns=1)
    assert [column.tolist() for (column,) in Hashes(connection, tmp_path / "hashes").of([file], other) if column is not None] == [[20, 10]]


def test_what_is_wanted_is_found_among_many_and_nothing_else() -> None:
    generator = np.random.default_rng(7)
    column: Column = generator.integers(0, 1 << 64, 100_000, np.uint64)
    column[::10] = 0

    wanted = Wanted(np.concatenate([column[5:1000:7], np.array([0, 1], np.uint64)]))

    expected = np.flatnonzero(np.isin(column, column[5:1000:7]) & (column != 0))
    assert wanted.among(column).tolist() == expected.tolist()
    assert Wanted(np.empty(0, np.uint64)).among(column).tolist() == []

"""The matches of a run in pieces, one for each run that found some, so that carrying them over copies nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.matching.hashes import Column, Hashes, Question, Wanted, quoted, rows_of
from breakwater.matching.tables import match_count
from breakwater.model.runs import MATCH_SCHEMA, MatchPiece

MOST_PIECES = 32  # of which the matches of a run consist: each costs whoever reads them all a file
_PIECE_BITS = 40  # the number of a match among all pieces is that of its piece, then its own
_HEADS = Question(
    sql="SELECT file_index, match_id::UBIGINT AS h0, greatest(hash(record_id), 1) AS h1 FROM rows WHERE side = 'ours'", columns=2
)


def put(connection: duckdb.DuckDBPyConnection, name: str, pieces: Sequence[MatchPiece]) -> None:
    """All matches of the pieces as one view (MATCH_SCHEMA), numbered apart but in no order."""
    gone = [(number << _PIECE_BITS) + piece.without.to_numpy() for number, piece in enumerate(pieces)]
    connection.register(f"{name}_gone", pa.table({"match_id": np.concatenate([np.empty(0, np.int64), *gone])}))
    connection.register(f"{name}_none", MATCH_SCHEMA.empty_table())
    rows = [f"FROM {name}_none"]
    rows += [
        f"SELECT {number << _PIECE_BITS} + match_id AS match_id, * EXCLUDE (match_id, file_row_number) FROM {rows_of([piece.path])}"
        for number, piece in enumerate(pieces)
    ]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM ({' UNION ALL '.join(rows)}) ANTI JOIN {name}_gone USING (match_id)")


def split(
    connection: duckdb.DuckDBPyConnection, pieces: Sequence[MatchPiece], *, ours: pa.Array, hashes: Hashes
) -> tuple[list[MatchPiece], pa.Table]:
    """The pieces without the matches of these records of ours, and those matches (MATCH_SCHEMA, numbered apart).

    A match hangs together, so one record of ours speaks for all of it.
    """
    wanted = Wanted(hashes.of_texts(ours))
    connection.register("split_ours", pa.table({"record_id": ours}))
    left, dropped = [], [MATCH_SCHEMA.empty_table()]
    answers = hashes.of([piece.path for piece in pieces], _HEADS)
    for number, (piece, (numbers, heads)) in enumerate(zip(pieces, answers, strict=True)):
        near = np.unique(np.empty(0, np.int64) if heads is None else _at(numbers, wanted.among(heads)))
        near = near[~np.isin(near, piece.without.to_numpy())]
        found = _matches(connection, piece, near) if len(near) else MATCH_SCHEMA.empty_table()
        gone = np.union1d(piece.without.to_numpy(), np.unique(found["match_id"].to_numpy()))
        left.append(replace(piece, without=pa.array(gone, pa.int64())))
        apart = pa.array(found["match_id"].to_numpy() + (number << _PIECE_BITS), pa.int64())
        dropped.append(found.set_column(0, MATCH_SCHEMA.field("match_id"), apart))
    return left, pa.concat_tables(dropped)


def gathered(
    connection: duckdb.DuckDBPyConnection, pieces: Sequence[MatchPiece], *, fresh: pa.Table, target: Path, most_pieces: int = MOST_PIECES
) -> list[MatchPiece]:
    """Write the matches that a run found (`fresh`, MATCH_SCHEMA) to `target`, and return the pieces that stay beside it.

    Where there would be too many, or most of one no longer holds, what is left of them goes into `target`, too.
    """
    kept = sorted((piece for piece in pieces if not _is_hollow(piece)), key=_size, reverse=True)
    if len(kept) >= most_pieces:
        kept = kept[: most_pieces // 4]
    apart = [piece for piece in pieces if piece not in kept]
    pq.write_table(fresh, target)
    if apart:
        alone = target.with_name(f"{target.name}-alone")
        target.replace(alone)
        write(connection, [MatchPiece(path=alone), *apart], target)
        alone.unlink()
    return kept


def write(connection: duckdb.DuckDBPyConnection, pieces: Sequence[MatchPiece], target: Path) -> None:
    """All matches of the pieces as one, numbered in the order of their first record of ours."""
    put(connection, "gathered", pieces)
    connection.execute(f"COPY ({_ORDERED}) TO {quoted(target)} (FORMAT parquet)")


def _matches(connection: duckdb.DuckDBPyConnection, piece: MatchPiece, numbers: npt.NDArray[np.int64]) -> pa.Table:
    """Those of these matches that have a record in `split_ours`."""
    connection.register("split_numbers", pa.table({"match_id": numbers}))
    return connection.sql(_SPLIT.format(rows=rows_of([piece.path]))).to_arrow_table().cast(MATCH_SCHEMA)


def _at(column: Column | None, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers in these rows of a column that is None where all are 0."""
    return np.zeros(len(rows), np.int64) if column is None else column[rows].astype(np.int64)


def _is_hollow(piece: MatchPiece) -> bool:
    """Whether most of its matches no longer hold."""
    return 2 * len(piece.without) > match_count(piece.path)


def _size(piece: MatchPiece) -> tuple[int, Path]:
    return match_count(piece.path), piece.path


_SPLIT = """
WITH held AS (SELECT match_id, side, record_id, pass, notice FROM {rows} SEMI JOIN split_numbers USING (match_id))
SELECT * FROM held WHERE match_id IN (SELECT match_id FROM held SEMI JOIN split_ours USING (record_id) WHERE side = 'ours')
"""
# Matches share no record, so the first of ours alone decides their order.
_ORDERED = """
WITH heads AS (SELECT match_id, min(record_id) FILTER (side = 'ours') AS head FROM gathered GROUP BY match_id),
numbers AS (SELECT match_id, row_number() OVER (ORDER BY head) - 1 AS number FROM heads)
SELECT number AS match_id, side, record_id, pass, notice FROM gathered JOIN numbers USING (match_id) ORDER BY number, side, record_id
"""

"""The matches of a run at rest: files of those that it and runs before it found, and a list of them.

A file of matches never changes, and is named by its bytes, since a run of the same name may come again while others carry on what the
first one found. What of a file no longer holds stands in the list of the run that carries the rest of it on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.model.runs import MatchPiece

LIST = "match_files"
FILES = "matches*.parquet"
_OF_OLDER_VERSIONS = "matches.parquet"  # one file with all matches of a run, and no list
_SCHEMA = pa.schema([("file", pa.string()), ("without", pa.list_(pa.int64()))])

# For a query with the parameters of `to_query`: the matches of a run, wherever they lie.
HELD = """
matches AS (
    SELECT side, record_id, pass, filename, match_id FROM read_parquet($matches, filename = true, hive_partitioning = false) ANTI JOIN (
        SELECT unnest($gone_from::VARCHAR[]) AS filename, unnest($gone::BIGINT[]) AS match_id
    ) USING (filename, match_id)
)"""


def name_of(file: Path) -> str:
    """What a file of matches is called, by its bytes."""
    with file.open("rb") as bytes_of:
        return f"matches-{hashlib.file_digest(bytes_of, 'sha256').hexdigest()[:32]}.parquet"


def list_of(root: Path, pieces: Sequence[MatchPiece]) -> pa.Table:
    """The list to keep of the files of a run; `root` is the lake's folder."""
    rows = [{"file": piece.path.relative_to(root).as_posix(), "without": piece.without.to_pylist()} for piece in pieces]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def listed(root: Path, folder: Path) -> list[MatchPiece]:
    """The files in which the matches of the run in `folder` lie. OSError and ArrowInvalid if its list can't be read."""
    path = folder / f"{LIST}.parquet"
    if not path.is_file():
        return [MatchPiece(path=folder / _OF_OLDER_VERSIONS)]
    rows = pq.read_table(path)
    return [
        MatchPiece(path=root / file, without=without.values)
        for file, without in zip(rows["file"].to_pylist(), rows["without"], strict=True)
    ]


def to_query(root: Path, folder: Path) -> Mapping[str, object]:
    """The parameters of HELD for the run in `folder`."""
    pieces = listed(root, folder)
    gone = [(str(piece.path), number) for piece in pieces for number in piece.without.to_pylist()]
    return {"matches": [str(piece.path) for piece in pieces], "gone_from": [f for f, _ in gone], "gone": [number for _, number in gone]}

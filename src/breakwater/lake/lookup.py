"""Looking up: the rows that the indexes of parts point at, piece by piece, so that a batch of a million rows costs no more memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np

from breakwater.lake.index import DATED_BY, MERGED, Entry, Rows
from breakwater.lake.parts import Lake
from breakwater.model.events import EVENT_SCHEMA, Event
from breakwater.model.parts import part_of
from breakwater.model.records import RECORD_SCHEMA, Kind, Record

Row = dict[str, Any]
_ROWS_AT_ONCE = 1_000
_NAMES = {"records": RECORD_SCHEMA.names, "events": EVENT_SCHEMA.names}


def rows(
    lake: Lake,
    parts: Sequence[str],
    *,
    entry: Entry,
    ranges: Sequence[tuple[int, int]],
    is_wanted: Callable[[Row], bool],
    most: int,
) -> list[Row]:
    """The first `most` rows that `is_wanted`, of those the indexes hold under keys in `ranges`; parts by their day, oldest first.

    `parts` are of one content. WorldError if one can't be read.
    """
    found: list[Row] = []
    for pointed_at in _pieces(_hits(lake, parts, entry=entry, ranges=ranges) if ranges else []):
        found += filter(is_wanted, _read(lake, pointed_at))
        if len(found) >= most:
            break
    return found[:most]


def files_with(lake: Lake, parts: Sequence[str], *, entry: Entry, ranges: Sequence[tuple[int, int]]) -> list[Path]:
    """The files in which the indexes point at anything under keys in `ranges`."""
    return [path for path, _, _ in _hits(lake, parts, entry=entry, ranges=ranges)] if ranges else []


def record_of(row: Row) -> Record:
    """A row of a part of records."""
    booked_at = row["booked_at"]
    return Record(**{**row, "kind": Kind(row["kind"]), "booked_at": booked_at.astimezone(UTC) if booked_at else None})


def event_of(row: Row) -> Event:
    """A row of a part of events."""
    return Event(**{**row, "occurred_at": row["occurred_at"].astimezone(UTC)})


def _hits(lake: Lake, parts: Sequence[str], *, entry: Entry, ranges: Sequence[tuple[int, int]]) -> list[tuple[Path, str, Rows]]:
    """Where to look: the files, what they hold, and the rows in them."""
    looked_for = np.array(ranges, np.uint64)
    found = [(file, lake.index(file).rows(entry, looked_for)) for file in lake.files(parts)]
    dated = [(part_of(file.removeprefix(f"{MERGED}/")), file, at) for file, at in found if len(at)]
    return [(lake.root / file, part.content, at) for part, file, at in sorted(dated, key=lambda hit: (hit[0].day, hit[1]))]


def _pieces(hits: Sequence[tuple[Path, str, Rows]]) -> Iterator[list[tuple[Path, str, Rows]]]:
    """Hits, so many rows at a time."""
    held: list[tuple[Path, str, Rows]] = []
    held_rows = 0
    for path, content, at in hits:
        for begin in range(0, len(at), _ROWS_AT_ONCE):
            piece = at[begin : begin + _ROWS_AT_ONCE]
            if held_rows + len(piece) > _ROWS_AT_ONCE:
                yield held
                held, held_rows = [], 0
            held.append((path, content, piece))
            held_rows += len(piece)
    if held:
        yield held


def _read(lake: Lake, pointed_at: Sequence[tuple[Path, str, Rows]]) -> list[Row]:
    """Whole rows, by the day they are dated and in the order they lie."""
    content = pointed_at[0][1]
    files = [str(path) for path, _, _ in pointed_at]
    parameters = {
        "paths": files,
        "hit_files": np.repeat(np.array(files, object), [len(at) for _, _, at in pointed_at]).tolist(),
        "hit_rows": np.concatenate([at for _, _, at in pointed_at]).tolist(),
    }
    return list(lake.query(_ROWS.format(names=", ".join(_NAMES[content]), dated_by=DATED_BY[content]), parameters).to_pylist())


_ROWS = """
WITH hits AS (SELECT unnest($hit_files) AS filename, unnest($hit_rows) AS file_row_number)
SELECT {names} FROM read_parquet($paths, hive_partitioning = false, filename = true, file_row_number = true)
JOIN hits USING (filename, file_row_number) ORDER BY {dated_by}, filename, file_row_number
"""

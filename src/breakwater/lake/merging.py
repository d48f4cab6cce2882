"""Merging: the many small parts of one partner and day once more in one file, which is read in their place.

Nothing depends on it. The parts stay where they are, named by the source files that are the commit point, and a merged file is read only
where every part in it is wanted: once one of them is superseded, the others are read on their own again. The list of merged files is
replaced whole, after the files it names are there; without it, or without the whole folder, everything reads as before.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.lake.index import MERGED, index_of
from breakwater.lake.parts import MERGED_LIST, Lake
from breakwater.lake.writing import move_into_place
from breakwater.model.parts import Part, part_of

SMALL_BYTES = 1 << 20  # larger parts are read no faster in another file
FEWEST = 8  # fewer are not worth a file


def merge(lake: Lake, parts: Sequence[str]) -> list[str]:
    """Merge small parts where there are enough of them, and return the files that are new. `parts` are all that count now.

    What is not read any more is left to `Lake.sweep`, as young as if it were new, since somebody may be reading it. WorldError if a part
    can't be read.
    """
    with lake.world():
        known, counting = lake.merged(), set(parts)
        kept = {file: of for file, of in known.items() if of <= counting}
        merged = {part: file for file, of in kept.items() for part in of}
        written = []
        for group, of in _groups(lake.root, lake.paths(parts)).items():
            if sum(part not in merged for part in of) < FEWEST:
                continue
            for file in {merged[part] for part in of if part in merged}:
                del kept[file]
            written.append(_write(lake, group, of))
            kept[written[-1]] = frozenset(of)
        if kept != known:
            _list(lake.root / MERGED, kept)
            _touch(lake.root, known.keys() - kept.keys())
        return written


def _touch(root: Path, files: Iterable[str]) -> None:
    for file in files:
        os.utime(root / file)
        os.utime(root / index_of(file))


def _groups(root: Path, paths: Sequence[Path]) -> Mapping[Part, list[str]]:
    """Small parts by content, side, partner and day."""
    groups: dict[Part, list[str]] = defaultdict(list)
    for path in sorted(paths):
        if path.stat().st_size <= SMALL_BYTES:
            name = path.relative_to(root).as_posix()
            groups[replace(part_of(name), sha256="")].append(name)
    return groups


def _write(lake: Lake, group: Part, parts: Sequence[str]) -> str:
    """One file with all rows of these parts, named by what is in it."""
    sha256 = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    (file,) = Lake(lake.root / MERGED).write(_rows(lake, parts), content=group.content, side=group.side, sha256=sha256)
    return f"{MERGED}/{file}"


def _rows(lake: Lake, parts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for path in lake.paths(parts):
        with pq.ParquetFile(path) as part:
            yield from part.iter_batches()


def _list(folder: Path, merged: Mapping[str, frozenset[str]]) -> None:
    path = folder / f"{MERGED_LIST}.unfinished"
    path.write_text(json.dumps({file: sorted(of) for file, of in merged.items()}), encoding="utf-8")
    move_into_place(path, folder / MERGED_LIST)

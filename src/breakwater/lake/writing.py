"""Writing: one source file becomes one part per partner, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from breakwater.errors import FileError
from breakwater.lake.index import DATED_BY, IndexWriter, index_of
from breakwater.model.parts import Part, partner_folder
from breakwater.model.records import Side

ROWS_HELD = 32_768  # until they are written: it bounds the memory of a writer
ROWS_PER_GROUP = 65_536
PARTNERS_PER_FILE = 200  # each has an open file; one that names more is not what it says it is
CONTENTS = tuple(DATED_BY)
# Columns of which many rows hold the same. Elsewhere a dictionary costs time and space.
_DICTIONARIES = [
    "kind", "currency", "partner", "status", "account", "ref_batch_id", "original_currency", "network", "raw_status", "raw_code",
    "ref_payout_trace_id", "source_file", "state", "reason", "booked_on", "value_date",
]  # fmt: skip


class FileWriter:
    """One source file on its way into the lake: an open file per partner, and rows held until they make a row group."""

    def __init__(self, root: Path, *, unfinished: Path, content: str, side: Side, sha256: str) -> None:
        self._root = root
        self._unfinished = unfinished
        self._content = content
        self._side = side
        self._sha256 = sha256
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._held_rows = 0
        self._partners: set[str] = set()
        self._open: dict[str, _OpenPart] = {}
        self._writer = ThreadPoolExecutor(max_workers=1)  # writes what is held while the file is read on
        self._writing: Future[None] | None = None

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()
        for part in self._open.values():
            part.discard()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take more rows. FileError if they are about more partners than a file has."""
        for partner, rows in _by_partner(batch):
            self._held.setdefault(partner, []).append(rows)
        self._partners.update(self._held)
        if len(self._partners) > PARTNERS_PER_FILE:
            raise FileError(
                "malformed",
                f"The file names more than {PARTNERS_PER_FILE} partners.",
                remedy="Check which column of the file was read as the partner.",
            )
        self._held_rows += batch.num_rows
        if self._held_rows >= ROWS_HELD:
            self._flush()

    def finish(self) -> list[str]:
        """Put every part into its place, and return their names in order."""
        self._flush()
        self._written()
        names = []
        for partner, written in self._open.items():
            folder = partner_folder(partner)
            part = Part(content=self._content, side=self._side, partner_folder=folder, day=written.latest, sha256=self._sha256)
            written.publish(self._root / part.path, index=self._root / index_of(part.path))
            names.append(part.path)
        return sorted(names)

    def _flush(self) -> None:
        """Have what is held written. What is being written is never more than one such piece, so that memory stays bounded."""
        self._written()
        self._writing = self._writer.submit(self._write, self._held)
        self._held, self._held_rows = {}, 0

    def _written(self) -> None:
        if self._writing:
            self._writing.result()

    def _write(self, held: dict[str, list[pa.RecordBatch]]) -> None:
        for partner, batches in held.items():
            if partner not in self._open:
                path = unfinished_in(self._unfinished, self._sha256)
                self._open[partner] = _OpenPart(path, batches[0].schema, content=self._content)
            self._open[partner].write(pa.Table.from_batches(batches))


class _OpenPart:
    """A part and its index that have no name yet. `latest` is the latest date in it."""

    def __init__(self, path: Path, schema: pa.Schema, *, content: str) -> None:
        self._path = path
        self._index_path = path.with_name(f"{path.name}.references")
        self._dated_by = DATED_BY[content]
        self._writer = _parquet(path, schema)
        self._index = IndexWriter(self._index_path, content=content)
        self.latest = date.min

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=ROWS_PER_GROUP)
        self._index.add(table)
        last = pc.max(table[self._dated_by]).as_py()
        self.latest = max(self.latest, last.astimezone(UTC).date() if isinstance(last, datetime) else last)

    def publish(self, target: Path, *, index: Path) -> None:
        """The index goes first, so that no part is ever without one."""
        self._close()
        move_into_place(self._index_path, index)
        move_into_place(self._path, target)

    def discard(self) -> None:
        """Remove what was not published."""
        with contextlib.suppress(OSError):  # what a full disk could not hold can't be finished either
            self._close()
        self._path.unlink(missing_ok=True)
        self._index_path.unlink(missing_ok=True)

    def _close(self) -> None:
        self._writer.close()
        self._index.close()


def publish(table: pa.Table, target: Path, *, unfinished: Path) -> None:
    """A whole table as one Parquet file, which is there complete or not at all."""
    path = unfinished_in(unfinished, target.stem)
    try:
        pq.write_table(table, path, compression="zstd", row_group_size=ROWS_PER_GROUP)
        move_into_place(path, target)
    finally:
        path.unlink(missing_ok=True)


def move_into_place(path: Path, target: Path) -> None:
    """All of a file or nothing, even if the power fails: its bytes are on the disk before its name is, its name before we go on."""
    _sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)
    _sync(target.parent)


def _parquet(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[n for n in _DICTIONARIES if n in schema.names],
        write_statistics=[f.name for f in schema if not pa.types.is_string(f.type)],  # nothing is pruned by text
    )


def _by_partner(batch: pa.RecordBatch) -> Sequence[tuple[str, pa.RecordBatch]]:
    partners = pc.unique(batch["partner"]).to_pylist()
    if len(partners) == 1:
        return [(partners[0], batch)]
    return [(partner, batch.filter(pc.equal(batch["partner"], partner))) for partner in partners]


def unfinished_in(folder: Path, name: str) -> Path:
    """A file name of this process alone, on the file system where the file will lie."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{uuid.uuid4().hex}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

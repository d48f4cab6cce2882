"""Parts: records and events at rest, as Parquet that any engine reads, and what each run said of them.

A part counts only once the store's row of its source file names it; until then it is a file that nobody reads.
"""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from breakwater.errors import WorldError
from breakwater.lake import match_files
from breakwater.lake.index import INDEXES, MERGED, Index, index_of, opened, part_of_index
from breakwater.lake.writing import CONTENTS, FileWriter, move_into_place, publish, unfinished_in
from breakwater.model.parts import part_of, partner_folder
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import Side
from breakwater.model.runs import MatchPiece, Outcome

_UNFINISHED = ".unfinished"
_RUNS = "runs"
_HASHES = "hashes"
_HASHES_KEPT_S = 7 * 24 * 3600.0  # after they were used last; matching makes anew what it misses
MERGED_LIST = "list.json"


class Lake:
    """The folder in which records and events lie."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()  # names of files are compared with what the engine says it read
        self._opening = threading.Lock()
        self._opened: duckdb.DuckDBPyConnection | None = None

    def write(self, batches: Iterator[pa.RecordBatch], *, content: str, side: Side, sha256: str) -> list[str]:
        """Write the rows of one source file, one part per partner, and return the parts' names in order.

        `content` is 'records' (RECORD_SCHEMA) or 'events' (EVENT_SCHEMA). The same file gives the same names, and what it wrote
        before is replaced whole. Whatever `batches` raises leaves nothing behind.
        """
        unfinished = self.root / _UNFINISHED
        with FileWriter(self.root, unfinished=unfinished, content=content, side=side, sha256=sha256) as writer:
            for batch in batches:
                with self.world():
                    writer.add(batch)
            with self.world():
                return writer.finish()

    def paths(self, parts: Iterable[str]) -> list[Path]:
        """Where parts lie, one path for each. WorldError if one is missing."""
        return self._there(part_of(part).path for part in parts)

    def rows(self, parts: Iterable[str]) -> int:
        """How many rows parts have together."""
        with self.world():
            return sum(pq.read_metadata(path).num_rows for path in self.paths(parts))

    def files(self, parts: Iterable[str]) -> list[str]:
        """The files that hold exactly the rows of these parts: merged files where all of their parts are wanted, else the parts."""
        wanted = dict.fromkeys(parts)
        with self.world():
            merged = {file: of for file, of in self.merged().items() if wanted.keys() >= of}
        covered = {part for of in merged.values() for part in of}
        return [*(part for part in wanted if part not in covered), *merged]

    def merged(self) -> Mapping[str, frozenset[str]]:
        """The files in which small parts lie once more, and the parts in each; no part lies in two of them. See `merging`."""
        path = self.root / MERGED / MERGED_LIST
        try:
            now = path.stat()
        except FileNotFoundError:
            return {}
        return _listed(path, now.st_ino, now.st_mtime_ns)

    def index(self, file: str) -> Index:
        """The index of a file of the lake. WorldError if it can't be read."""
        with self.world():
            return opened(self.root / index_of(file))

    def scanned(self, parts: Iterable[str]) -> list[str]:
        """Parts as `read_parquet` in a query takes them. WorldError if one is missing."""
        names = [part_of(part).path for part in parts]
        return [str(path) for path in self._there(self.files(names))]

    def _there(self, files: Iterable[str]) -> list[Path]:
        paths = [self.root / file for file in files]
        if missing := next((path for path in paths if not path.is_file()), None):
            raise _unreadable(f"{missing} is missing")
        return paths

    def sweep(self, named: set[str], *, older_than_s: float) -> list[str]:
        """Remove parts that no source file names, merged files that are not read, and unfinished ones: what was not touched for so long."""
        removed = []
        with self.world():
            for path in sorted(self._swept()):
                name = path.relative_to(self.root).as_posix()
                if part_of_index(name) not in named and time.time() - path.stat().st_mtime > older_than_s:
                    path.unlink(missing_ok=True)
                    removed.append(name)
        if (self.root / MERGED).is_dir():
            read = {file.removeprefix(f"{MERGED}/") for file in self.merged()}
            removed += [f"{MERGED}/{name}" for name in Lake(self.root / MERGED).sweep(read, older_than_s=older_than_s)]
        with self.world():
            for path in self.hashes.rglob("*"):
                if path.is_file() and time.time() - path.stat().st_mtime > _HASHES_KEPT_S:
                    path.unlink(missing_ok=True)
        return removed

    @property
    def hashes(self) -> Path:
        """The folder for what matching knows of files that don't change. Nothing depends on it."""
        return self.root / _HASHES

    def unfinished(self, name: str) -> Path:
        """Where a file may be written before it has its place; what stays there is swept."""
        with self.world():
            return unfinished_in(self.root / _UNFINISHED, name)

    def write_outcome(
        self, run_id: str, outcome: Outcome, *, matches: Path | None = None, beside: Mapping[str, pa.Table] | None = None
    ) -> None:
        """Keep what a run said of every record, as tables that other engines read, and further tables `beside` it by their names.

        Where the matches that it found are not at hand, they are taken from the unfinished file `matches`, which is moved.
        """
        with self.world():
            folder = self._run_folder(run_id)
            folder.mkdir(parents=True, exist_ok=True)
            if not matches:
                matches = self.unfinished("matches")
                pq.write_table(outcome.matches, matches)
            found = folder / match_files.name_of(matches)
            move_into_place(matches, found)
            pieces = match_files.list_of(self.root, [MatchPiece(path=found), *outcome.carried])
            tables = {match_files.LIST: pieces, "pending": outcome.pending, "breaks": outcome.breaks, **(beside or {})}
            for name, table in tables.items():
                publish(table, folder / f"{name}.parquet", unfinished=self.root / _UNFINISHED)

    def matches_to_query(self, run_id: str) -> Mapping[str, object]:
        """The parameters of `match_files.HELD` for a run."""
        with self.world():
            return match_files.to_query(self.root, self._run_folder(run_id))

    def matches_of(self, run_id: str) -> list[MatchPiece]:
        """The files in which the matches of a run lie."""
        with self.world():
            return match_files.listed(self.root, self._run_folder(run_id))

    def outcome_of(
        self, run_id: str, records: Iterable[tuple[Side, str]]
    ) -> dict[tuple[Side, str], tuple[ReconciliationState, str | None]]:
        """What a run said of these records, and by which pass; a record it did not see is left out."""
        wanted = sorted({(str(side), record_id) for side, record_id in records})
        folder = self._run_folder(run_id)
        names: dict[str, Any] = {"pending": str(folder / "pending.parquet"), **self.matches_to_query(run_id)}
        names["breaks"] = [str(path) for name in ("breaks", "opening") if (path := folder / f"{name}.parquet").is_file()]
        found = self.query(_OUTCOME, {**names, "sides": [s for s, _ in wanted], "ids": [r for _, r in wanted]}) if wanted else None
        return {
            (Side(row["side"]), row["record_id"]): (ReconciliationState(row["state"]), row["pass"])
            for row in (found.to_pylist() if found else [])
        }

    def outcome_path(self, run_id: str, name: str) -> str:
        """Where a table of a run lies, as `read_parquet` in a query takes it; `name` is 'pending', 'breaks' or one beside."""
        return str(self._run_folder(run_id) / f"{name}.parquet")

    def query(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """The rows of a DuckDB query over files of the lake; every value is bound, times are in UTC."""
        with self.world(), self._engine().cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("SET parquet_metadata_cache = true")
            return cursor.sql(sql, params=dict(parameters)).to_arrow_table()

    def _engine(self) -> duckdb.DuckDBPyConnection:
        """Opened by the first query, since taking a file in needs none."""
        with self._opening:
            if self._opened is None:
                self._opened = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
            return self._opened

    def _run_folder(self, run_id: str) -> Path:
        return self.root / _RUNS / partner_folder(run_id)

    def _swept(self) -> Iterator[Path]:
        yield from (self.root / _UNFINISHED).glob("*")
        for content in CONTENTS:
            yield from (self.root / content).rglob("*.parquet")
            yield from (self.root / INDEXES / content).rglob("*.index")

    @contextmanager
    def world(self) -> Iterator[None]:
        """What goes wrong with files inside becomes a WorldError, with what to do about it."""
        try:
            yield
        except (OSError, duckdb.IOException, duckdb.InvalidInputException, pa.ArrowInvalid) as wrong:
            raise _unreadable(str(wrong).splitlines()[0]) from wrong


@functools.lru_cache(maxsize=8)
def _listed(path: Path, *_what_it_is: int) -> Mapping[str, frozenset[str]]:
    return {file: frozenset(parts) for file, parts in json.loads(path.read_text(encoding="utf-8")).items()}


def _unreadable(what: str) -> WorldError:
    return WorldError(f"The lake can't be read or written: {what}.", remedy="Check the disk and BREAKWATER_DATA_DIR, then try again.")


_OUTCOME = f"""
WITH {match_files.HELD},
wanted AS (SELECT unnest($sides) AS side, unnest($ids) AS record_id),
held AS (
    SELECT 'ours' AS side, unnest(ours) AS record_id, pass, filename FROM read_parquet($breaks, filename = true, hive_partitioning = false)
    UNION ALL SELECT 'theirs', unnest(theirs), pass, filename FROM read_parquet($breaks, filename = true, hive_partitioning = false)
)
SELECT side, record_id, 'matched' AS state, pass FROM matches JOIN wanted USING (side, record_id)
UNION ALL SELECT side, record_id, 'pending', NULL FROM read_parquet($pending, hive_partitioning = false) JOIN wanted USING (side, record_id)
UNION ALL SELECT side, record_id, CASE WHEN ends_with(filename, '/opening.parquet') THEN 'opening_item' ELSE 'in_break' END, pass
FROM held JOIN wanted USING (side, record_id)
"""

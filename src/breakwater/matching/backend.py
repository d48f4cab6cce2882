"""What an engine has to offer, whichever it is, and how a failing one is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from ibis import Column, Table

from breakwater.errors import WorldError
from breakwater.matching.books import Kept, T, counts


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a run may use: memory of this process (like '4GB'), and a folder for what does not fit, the system's temporary one by default.

    The folder is the engine's scratch space too, so with a Spark cluster every executor has to see it.
    """

    memory_limit: str = "1500MB"
    spill_dir: Path | None = None


class Backend(Protocol):
    """One connection. Names are the caller's, unique in this connection; everything is gone once the connection is closed."""

    def stage(self, name: str, parts: Sequence[Path]) -> Table:
        """A side: its Parquet parts, with the number `n` of each record: its part's, then its row's."""

    def whole(self, name: str, table: Table) -> Table:
        """An expression that every step asks: by name, worked out now or each time, whichever is cheaper here."""

    def keep(self, name: str, table: Table) -> Kept:
        """The rows of an expression, worked out once."""

    def put(self, name: str, rows: pa.Table) -> Table:
        """Rows at hand, as a table."""

    def repeated(self, name: str, column: Column) -> Kept:
        """The values that a column of whole numbers, none below 0, has more than once, each of them once."""

    def write_matches(self, heads: Table, passes: Sequence[str], target: Path) -> None:
        """The matches of a run, as `Books` keeps them, into the file of `tables.write_matches`."""

    def begin(self, task: Callable[[], T]) -> Callable[[], T]:
        """Start what the next steps do not need; what is returned waits for its result. An engine without threads does it at once."""


Connect = Callable[[Path, Means], AbstractContextManager[Backend]]
"""Opens a connection with a scratch folder for its own use. What the engine raises inside becomes a WorldError."""


def at_once(task: Callable[[], T]) -> Callable[[], T]:
    """`Backend.begin` of an engine that does one thing after the other."""
    result = task()
    return lambda: result


def counted_twice(column: Column) -> Table:
    """The values of `Backend.repeated`, for an engine without a better way."""
    name = column.get_name()
    return counts(column.as_table(), [name]).filter(lambda group: group.rows > 1).select(name)


class EngineError(WorldError):
    """An engine that gave up in the middle of a run."""


def failed(engine: str, lost: Exception) -> EngineError:
    """What an engine that gave up said."""
    return EngineError(f"{engine} failed: {first_line(lost)}", remedy="Run it again; nothing was written.")


def first_line(error: Exception) -> str:
    """What an engine says is wrong, without the rest of its page."""
    return next(iter(str(error).splitlines()), type(error).__name__)

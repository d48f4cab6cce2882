"""How far a long file has been read: a bar on stderr, in a terminal only, gone when the file is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from breakwater.cli.printing import printable

LEAST_BYTES = 20_000_000  # what is smaller is read before anybody looks


@contextmanager
def of_file(path: str, *, console: Console | None = None) -> Iterator[Callable[[int], None] | None]:
    """A function to be told how many bytes of the file have been read; None where nobody would see a bar."""
    console = console or Console(stderr=True)
    size = Path(path).stat().st_size
    if not console.is_terminal or size < LEAST_BYTES:
        yield None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(printable(Path(path).name), total=size)
        yield lambda count: progress.update(task, completed=count)

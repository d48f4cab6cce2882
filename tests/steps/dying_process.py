"""The bot in a process of its own that kills itself at a given place: FOLDER DATABASE_URL PLACE."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from tiny_company import NOW

from breakwater import config
from breakwater.app import Breakwater
from breakwater.lake.parts import Lake


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingLake(Lake):
    """A lake whose process dies at one of three places."""

    def __init__(self, root: Path, *, place: str) -> None:
        super().__init__(root)
        self._place = place

    def write(self, batches: Iterator[pa.RecordBatch], **given: Any) -> list[str]:
        parts = super().write(self._dying(batches), **given)
        if self._place == "parts written, file not yet kept" and parts and given["side"] == "theirs":
            die()
        return parts

    def _dying(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches
        if self._place == "file read, parts not yet in place":
            die()

    def write_outcome(self, *given: Any, **beside: Any) -> None:
        super().write_outcome(*given, **beside)
        if self._place == "outcome written, run not yet kept":
            die()


def main(folder: str, url: str, place: str) -> None:
    settings = config.load(
        Path(folder) / "breakwater.toml", environment={"BREAKWATER_DATABASE_URL": url, "BREAKWATER_DATA_DIR": f"{folder}/var"}
    )
    bot = Breakwater(settings, now=lambda: NOW, settle_s=0)
    bot.lake = DyingLake(bot.lake.root, place=place)
    bot.ingest_new()
    if place == "files kept, not yet reconciled":
        die()
    bot.work()


if __name__ == "__main__":
    main(*sys.argv[1:])

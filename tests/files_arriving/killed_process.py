"""The bot taking in files, in a process that kills itself at its n-th moment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from arriving import Clock, a_company

# What changes the world, or could: files opened, renamed, removed, made. Databases and Parquet write between them.
MOMENTS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "sqlite3.connect", "shutil.rmtree"})


def take_in(folder: Path, at: int, moments: Any) -> None:
    """Take in what lies in the drop of the company in `folder`. `moments` counts them; `at` 0 is never reached."""
    bot = a_company(folder, Clock())

    def moment(event: str, _: object) -> None:
        if event not in MOMENTS:
            return
        moments.value += 1
        if moments.value == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(moment)
    bot.ingest_new()
    bot.database.close()

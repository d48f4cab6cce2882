"""A process killed at any moment of an ingest ends, once it is started again, where an undisturbed one does."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arriving import Clock, a_company, deliver, files_of, records_of, statement
from killed_process import take_in

from breakwater.lake import references
from breakwater.model.records import Side
from breakwater.store import audit, reads

FILES = 20
KILLS = 50
PROCESSES = multiprocessing.get_context("forkserver")  # they start without reading the whole program again
PROCESSES.set_forkserver_preload(["breakwater.app"])


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: what is tried here is the death of a process, and not of the power."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path_factory.getbasetemp()))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def delivered(fast: Path) -> Path:
    """A company with twenty files in its drop: statements, a re-issue, a duplicate in other bytes, a copy, and one cut short."""
    folder = fast / "delivered"
    folder.mkdir()
    a_company(folder, Clock()).database.close()
    for number in range(FILES - 4):
        deliver(folder, f"{number:02}.xml", statement(number, "10.00", f"{number}.01"))
    deliver(folder, "16-reissue.xml", statement(3, "10.00", "99.00"))
    deliver(folder, "17-pretty.xml", statement(4, "10.00", "4.01", indent="\n "))
    deliver(folder, "18-copy.xml", statement(5, "10.00", "5.01"))
    deliver(folder, "19-cut.xml", statement(40, "10.00")[:-80])
    return folder


def state_of(folder: Path) -> dict[str, Any]:
    bot = a_company(folder, Clock())
    with contextlib.closing(bot.database):
        bot.ingest_new()
        with bot.database.transaction() as tx:
            assert audit.verify(tx) == []
            parts = reads.active_parts(tx, side=Side.THEIRS, content="records")
        records = records_of(bot)
        found = references.find_records(bot.lake, parts, [record["ref_end_to_end_id"] for record in records])
        assert sorted(r.record_id for r in found) == [record["record_id"] for record in records]
        return {"records": records, "files": files_of(bot, None)}


@pytest.fixture(scope="module")
def undisturbed(delivered: Path, fast: Path) -> tuple[dict[str, Any], int]:
    """What an undisturbed process ends with, and how many moments it had."""
    folder = fast / "undisturbed"
    shutil.copytree(delivered, folder)
    exit_code, moments = run(folder, at=0)
    state = state_of(folder)
    assert (exit_code, len(state["files"]), len(state["records"])) == (0, FILES - 1, 2 * (FILES - 4))
    return state, moments


def run(folder: Path, *, at: int) -> tuple[int | None, int]:
    """How a process ended that took in files until it was killed, and how many moments it saw."""
    moments = PROCESSES.Value("q", 0, lock=False)
    process = PROCESSES.Process(target=take_in, args=(folder, at, moments))
    process.start()
    process.join(60)
    return process.exitcode, moments.value


def test_fifty_killed_processes_are_made_up_for(delivered: Path, undisturbed: tuple[dict[str, Any], int], fast: Path) -> None:
    state, moments = undisturbed
    chosen = sorted(random.Random(2026).sample(range(1, moments), KILLS))

    ended = []
    for at in chosen:
        folder = fast / "killed"
        shutil.copytree(delivered, folder)
        ended.append(run(folder, at=at))
        assert state_of(folder) == state, f"killed at moment {at} of {moments}"
        shutil.rmtree(folder)

    assert ended == [(-signal.SIGKILL, at) for at in chosen]

"""From records in the lake to a card: files of a stream that lose a field, told once with the first of them, and over with a sound one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tiny_company import outbox_of
from traffic_at_work import MERIDIAN, AtWork

from breakwater.lake.parts import Lake
from breakwater.model.access import SYSTEM
from breakwater.model.backtests import Budget
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding, FindingKind
from breakwater.model.partners import ExpectedFile
from breakwater.model.records import RECORD_SCHEMA, Kind, Record, Side
from breakwater.steps.contents import Contents
from breakwater.store import reads, writes
from breakwater.store.database import Database

STREAM = ExpectedFile(stream="settlement", format="csv", folder="", due=time(7), deadline=time(23), days=("sun",))
FIRST = date(2026, 9, 1)
Arrive = Callable[..., None]


@pytest.fixture
def at_work(database: Database, tmp_path: Path) -> AtWork:
    """Eight files of 60 payments each, all of them with a batch."""
    known = AtWork(database, Lake(tmp_path / "lake"), partners={"meridian": replace(MERIDIAN, files=(STREAM,))})
    for n in range(8):
        arrive(known, n)
    return known


def arrive(
    at_work: AtWork, n: int, *, columns: tuple[str, ...] | None = ("Id", "Amount"), at: datetime | None = None, **changes: Any
) -> None:
    """The file of a day, that came in the morning or when it is said."""
    day = FIRST + timedelta(days=n)
    given = {"ref_batch_id": f"B-{n}", "raw_code": "Settled", **changes}
    records = [
        Record(record_id=f"{n}/{row}", kind=Kind.PAYMENT, amount_minor=1_000, currency="EUR", booked_on=day, partner="meridian", **given)
        for row in range(60)
    ]
    batch = pa.RecordBatch.from_pylist([{**asdict(r), "kind": str(r.kind)} for r in records], schema=RECORD_SCHEMA)
    sha256 = f"{n + 1:064x}"
    parts = at_work.lake.write(iter([batch]), content="records", side=Side.THEIRS, sha256=sha256)
    at = at or datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    file = SourceFile(
        sha256=sha256, partner="meridian", stream="settlement", side=Side.THEIRS, format="csv", name=f"settlement_{n}.csv",
        business_date=day, received_at=at, records=60, events=0, state="ingested", parts=tuple(parts),
        columns=columns,
    )  # fmt: skip
    with at_work.database.transaction() as tx:
        writes.save_source_file(tx, file, actor=SYSTEM, now=at)


def looked(at_work: AtWork, n: int) -> list[Finding]:
    """What is open on the day of a file, of what is in files."""
    hour = (datetime(2026, 9, 1, 8, tzinfo=UTC) + timedelta(days=n) - datetime(2026, 9, 7, tzinfo=UTC)) // timedelta(hours=1)
    return [f for f in at_work.look(hour=hour) if f.kind is FindingKind.FILE_CHANGED]


def test_files_that_lose_a_field_and_have_a_new_code_are_one_card_until_a_sound_one_comes(at_work: AtWork) -> None:
    assert looked(at_work, 7) == []
    arrive(at_work, 8, ref_batch_id=None, raw_code="SettledV2")

    (found,) = looked(at_work, 8)

    assert found.summary == (
        "Meridian: settlement_8.csv is not like the settlement files before it: "
        "'SettledV2' in 60 rows is a code no file had before; ref batch id is missing in every row (0 % before)."
    )
    arrive(at_work, 9, ref_batch_id=None, raw_code="SettledV2")
    assert [f.id for f in looked(at_work, 9)] == [found.id]
    assert [key for key, _, _ in outbox_of(at_work.database) if found.id in key] == [f"finding:{found.id}:C0PAYOPS:1"]

    arrive(at_work, 10)
    assert looked(at_work, 10) == []
    assert [key for key, _, _ in outbox_of(at_work.database) if found.id in key][1:] == [
        f"finding:{found.id}:C0PAYOPS:2",
        f"finding:{found.id}:C0PAYOPS:2:news",
    ]


def test_a_column_that_nothing_reads_is_missed_when_it_is_gone_also_after_a_restart(at_work: AtWork) -> None:
    arrive(at_work, 8, columns=("Id", "Amount", "Tip"))
    restarted = AtWork(at_work.database, at_work.lake, partners=at_work.partners)

    (found,) = looked(at_work, 8)

    assert found.summary == "Meridian: settlement_8.csv is not like the settlement files before it: column 'Tip' is new."
    assert [f.id for f in looked(restarted, 8)] == [found.id]


def test_a_backtest_tells_of_files_whose_past_was_loaded_at_once(database: Database, tmp_path: Path) -> None:
    company = AtWork(database, Lake(tmp_path / "lake"), partners={"meridian": replace(MERIDIAN, files=(STREAM,))})
    loaded_at = datetime(2026, 10, 20, 6, tzinfo=UTC)
    for n in range(48):
        arrive(company, n, at=loaded_at, **({"ref_batch_id": None} if n in (20, 40) else {}))
    tried = np.full(49 * 24, 20)
    company.happen({("created", None): tried, ("authorized", None): tried}, first=-6 * 24)

    done = company.traffic.replayed(company.partners["meridian"], days=10, now=loaded_at)

    (told,) = done.told[Budget.AS_NOW]
    assert (told.kind, told.what) == (FindingKind.FILE_CHANGED, "settlement_40.csv: ref batch id is missing in every row (0 % before)")
    assert (told.fired_at, told.ended_at) == (datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 13, tzinfo=UTC))


def test_no_more_files_of_a_stream_are_kept_than_are_compared(at_work: AtWork) -> None:
    """The last 30, and the ten after which a change is how files are."""
    for n in range(8, 44):
        arrive(at_work, n)
    contents = Contents(at_work.lake)
    with at_work.database.reading() as tx:
        told = contents.by_stream(reads.source_files(tx))["settlement"]
    kept = [weakref.ref(file) for file in told]
    names = [file.name for file in told]
    arrive(at_work, 44)
    with at_work.database.reading() as tx:
        told = contents.by_stream(reads.source_files(tx))["settlement"]

    assert names == [f"settlement_{n}.csv" for n in range(4, 44)]
    assert [file.name for file in told] == [f"settlement_{n}.csv" for n in range(5, 45)]
    gc.collect()
    assert [file() is None for file in kept] == [True] + [False] * 39

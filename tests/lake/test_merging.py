"""Small parts are merged, and nobody who reads can tell: before, while it happens, after it, and after a crash in the middle."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lake_builders import a_record, an_event, batch_of, batch_of_events

from breakwater.errors import WorldError
from breakwater.lake import amounts, references
from breakwater.lake.merging import FEWEST, SMALL_BYTES, merge
from breakwater.lake.parts import MERGED_LIST, Lake
from breakwater.model.records import Side

DAY = date(2026, 11, 18)
DAY_S = 24 * 3600


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def pulled(lake: Lake, number: int, *, partner: str = "nordbank", day: date = DAY) -> str:
    """A part of three records, as a pull every minute leaves it."""
    records = [
        a_record(record_id=f"{number}-{n}", ref_payment_id=f"pay-{number}-{n}", ref_batch_id="B", partner=partner, booked_on=day)
        for n in range(3)
    ]
    (part,) = lake.write(iter([batch_of(records)]), content="records", side=Side.OURS, sha256=f"{number:064x}")
    return part


def read(lake: Lake, parts: list[str]) -> list[Any]:
    """Everything that can be read of parts, in every way."""
    query = "SELECT * FROM read_parquet($parts, hive_partitioning = false) ORDER BY record_id, source_file, line"
    return [
        lake.query(query, {"parts": lake.scanned(parts)}).to_pylist(),
        lake.rows(parts),
        references.find_records(lake, parts, ["PAY-3-1", "b"]),
        references.find_near(lake, parts, ["pay32"]),
        references.records_by_id(lake, parts, ["5-2"]),
        amounts.find_records(lake, parts, amount_minor=1250, currency="EUR", dated_from=DAY, dated_to=DAY),
    ]


def test_merged_parts_read_as_before_and_from_one_file(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    before = read(lake, parts)

    (merged,) = merge(lake, parts)

    assert lake.files(parts) == [merged]
    assert lake.scanned(parts) == [str(lake.root / merged)]
    assert read(lake, parts) == before
    assert [str(path.relative_to(lake.root)) for path in lake.paths(parts)] == parts


def test_once_a_part_counts_no_longer_the_others_are_read_on_their_own(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    rest = parts[:3] + parts[4:]
    before = read(lake, rest)
    merge(lake, parts)

    assert read(lake, rest) == before
    assert references.find_records(lake, rest, ["pay-3-1"]) == []
    assert merge(lake, rest) == []
    assert lake.merged() == {}
    assert lake.files(rest) == rest


def test_parts_that_come_later_are_merged_with_the_others_once_there_are_enough(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    (first,) = merge(lake, parts)
    parts.append(pulled(lake, FEWEST))

    assert merge(lake, parts) == []
    assert lake.files(parts) == [parts[-1], first]
    parts += [pulled(lake, n) for n in range(FEWEST + 1, 2 * FEWEST)]
    (second,) = merge(lake, parts)

    assert lake.files(parts) == [second]
    assert merge(lake, parts) == []


def test_days_partners_and_sides_stay_apart_and_few_or_large_parts_alone(lake: Lake) -> None:
    several = [pulled(lake, n) for n in range(FEWEST)]
    few = [pulled(lake, 100 + n, day=date(2026, 11, 19)) for n in range(FEWEST - 1)]
    other = [pulled(lake, 200 + n, partner="meridian") for n in range(FEWEST)]
    large = lake.write(
        iter([batch_of([a_record(record_id=os.urandom(64).hex()) for _ in range(SMALL_BYTES // 60)])]),
        content="records",
        side=Side.OURS,
        sha256="f" * 64,
    )

    merged = merge(lake, several + few + other + large)

    assert sorted(map(sorted, lake.merged().values())) == sorted([sorted(several), sorted(other)])
    assert set(lake.files(several + few + other + large)) == {*merged, *few, *large}


def test_events_are_merged_too(lake: Lake) -> None:
    parts = [
        part
        for n in range(FEWEST)
        for part in lake.write(
            iter([batch_of_events([an_event(event_id=str(n), payment_id=f"p{n}")])]), content="events", side=Side.THEIRS, sha256=f"{n:064x}"
        )
    ]
    merge(lake, parts)

    assert len(lake.files(parts)) == 1
    assert [e.event_id for e in references.find_events(lake, parts, ["P4"])] == ["4"]


def test_who_reads_meanwhile_notices_nothing(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(3 * FEWEST)]
    rest = parts[1:]
    whole, without_one = read(lake, parts), read(lake, rest)

    with ThreadPoolExecutor(4) as readers:
        reads = [(readers.submit(read, lake, parts), readers.submit(read, lake, rest)) for _ in range(10)]
        for counting in (parts[:FEWEST], parts[: 2 * FEWEST], rest, parts):
            merge(lake, counting)
            lake.sweep(set(parts), older_than_s=DAY_S)
        results = [(one.result(), other.result()) for one, other in reads]

    assert all(result == (whole, without_one) for result in results)


@pytest.mark.parametrize("lost", [MERGED_LIST, "."])
def test_a_crash_before_the_list_is_written_changes_nothing_and_the_next_time_it_is_done(lake: Lake, lost: str) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    before = read(lake, parts)
    done = merge(lake, parts)
    shutil.rmtree(lake.root / "merged" / lost) if lost == "." else (lake.root / "merged" / lost).unlink()

    assert lake.files(parts) == parts
    assert read(lake, parts) == before
    assert merge(lake, parts) == done
    assert read(lake, parts) == before


def test_what_is_read_no_longer_goes_after_a_day_and_parts_never(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    (first,) = merge(lake, parts)
    for path in (*lake.root.rglob("*.parquet"), *lake.root.rglob("*.index")):
        os.utime(path, (0, 0))
    parts += [pulled(lake, n) for n in range(FEWEST, 2 * FEWEST)]
    (second,) = merge(lake, parts)

    assert lake.sweep(set(parts), older_than_s=DAY_S) == []
    os.utime(lake.root / first, (0, 0))
    assert lake.sweep(set(parts), older_than_s=DAY_S) == [first]
    assert lake.files(parts) == [second]
    assert len(lake.paths(parts)) == 2 * FEWEST


def test_a_part_that_is_missing_is_told_even_if_it_was_merged(lake: Lake) -> None:
    parts = [pulled(lake, n) for n in range(FEWEST)]
    lake.paths(parts)[0].unlink()

    with pytest.raises(WorldError, match="is missing"):
        merge(lake, parts)

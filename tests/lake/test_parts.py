from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_builders import A_HASH, a_record, an_event, batch_of, batch_of_events

from breakwater.errors import FileError, WorldError
from breakwater.lake import references
from breakwater.lake.index import index_of
from breakwater.lake.parts import Lake
from breakwater.lake.writing import PARTNERS_PER_FILE, ROWS_HELD, ROWS_PER_GROUP
from breakwater.model.parts import part_of, partner_folder
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import RECORD_SCHEMA, Kind, Record, Side
from breakwater.model.runs import BREAK_SCHEMA, MATCH_SCHEMA, PENDING_SCHEMA, Outcome

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DATES = st.dates(date(1970, 1, 1), date(2100, 1, 1))
AMOUNTS = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.builds(
    Record,
    record_id=st.uuids().map(str),
    kind=st.sampled_from(Kind),
    amount_minor=AMOUNTS,
    currency=st.sampled_from(["EUR", "JPY"]),
    booked_on=DATES,
    partner=st.sampled_from(["nordbank", "süd/bank", "..", "a b%=*[1]", ""]),
    fee_minor=st.none() | AMOUNTS,
    value_date=st.none() | DATES,
    ref_end_to_end_id=st.none() | TEXT,
    booked_at=st.none() | TIMES,
    line=st.none() | st.integers(1, 10**9),
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def files_in(lake: Lake) -> list[str]:
    return sorted(p.relative_to(lake.root).as_posix() for p in lake.root.rglob("*") if p.is_file())


def with_indexes(parts: list[str]) -> list[str]:
    return sorted([*parts, *(index_of(part) for part in parts)])


def write(lake: Lake, *batches: pa.RecordBatch, content: str = "records", side: Side = Side.OURS, sha256: str = A_HASH) -> list[str]:
    return lake.write(iter(batches), content=content, side=side, sha256=sha256)


def many(rows: int) -> pa.RecordBatch:
    return batch_of([a_record()]).take(pa.array([0] * rows))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, max_size=12, unique_by=lambda r: r.record_id), size=st.integers(1, 5))
def test_records_come_back_as_they_were_written(lake: Lake, records: list[Record], size: int) -> None:
    parts = write(lake, *(batch_of(records[n : n + size]) for n in range(0, len(records), size)))

    by_id = {r.record_id: r for r in records}
    assert {r.record_id: r for r in references.records_by_id(lake, parts, list(by_id))} == by_id
    assert lake.rows(parts) == len(records)
    assert {part_of(p).partner_folder for p in parts} == {partner_folder(r.partner) for r in records}
    assert parts == sorted(set(parts))
    assert all(path.is_relative_to(lake.root) for path in lake.paths(parts))


def test_a_part_is_named_by_its_partner_and_its_latest_date(lake: Lake) -> None:
    records = [
        a_record(record_id=str(n), booked_on=date(2026, 11, n), partner=p) for n, p in ((3, "nordbank"), (9, "nordbank"), (5, "meridian"))
    ]

    parts = write(lake, batch_of(records[:1]), batch_of(records[1:]))

    assert parts == [
        f"records/side=ours/partner=meridian/date=2026-11-05/{A_HASH}-0.parquet",
        f"records/side=ours/partner=nordbank/date=2026-11-09/{A_HASH}-0.parquet",
    ]
    assert files_in(lake) == with_indexes(parts)


def test_a_part_of_events_is_dated_in_utc(lake: Lake) -> None:
    late = an_event(occurred_at=datetime.fromisoformat("2026-11-18T23:30:00-05:00"))

    assert write(lake, batch_of_events([an_event(), late]), content="events", side=Side.THEIRS) == [
        f"events/side=theirs/partner=nordbank/date=2026-11-19/{A_HASH}-0.parquet"
    ]


def test_the_same_file_again_gives_the_same_names_and_the_same_rows(lake: Lake) -> None:
    batch = batch_of([a_record(), a_record(record_id="2", partner="meridian")])

    first, second = write(lake, batch), write(lake, batch)

    assert first == second
    assert files_in(lake) == with_indexes(second)
    assert lake.rows(second) == 2


def test_a_file_without_rows_has_no_part(lake: Lake) -> None:
    assert write(lake) == []
    assert write(lake, batch_of([])) == []
    assert files_in(lake) == []


def test_a_file_that_turns_out_bad_leaves_nothing_behind(lake: Lake) -> None:
    def truncated() -> Iterator[pa.RecordBatch]:
        yield many(ROWS_HELD)
        raise FileError("truncated", "The end is missing.", remedy="Ask for it again.")

    with pytest.raises(FileError, match="The end is missing"):
        lake.write(truncated(), content="records", side=Side.OURS, sha256=A_HASH)

    assert files_in(lake) == []


def test_row_groups_are_bounded_however_the_rows_come(lake: Lake) -> None:
    rows = 2 * ROWS_HELD + 7
    big = many(rows)

    (part,) = write(lake, *(big.slice(n, 10_000) for n in range(0, rows, 10_000)))

    metadata = pq.read_metadata(lake.paths([part])[0])
    sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert metadata.num_rows == rows
    assert max(sizes) <= ROWS_PER_GROUP
    assert len(sizes) <= 5


def test_a_file_that_names_too_many_partners_is_refused(lake: Lake) -> None:
    with pytest.raises(FileError, match="more than 200 partners"):
        write(lake, batch_of([a_record(record_id=str(n), partner=f"p{n}") for n in range(PARTNERS_PER_FILE + 1)]))

    assert files_in(lake) == []


def test_what_nobody_names_is_swept_once_it_is_old(lake: Lake) -> None:
    (named,) = write(lake, batch_of([a_record()]))
    (unnamed,) = write(lake, batch_of([a_record()]), sha256="b" * 64)
    (fresh,) = write(lake, batch_of([a_record()]), sha256="c" * 64)
    leftover = lake.root / ".unfinished" / "half-a-file"
    leftover.write_bytes(b"PAR1")
    for path in (*lake.paths([named, unnamed]), lake.root / index_of(named), lake.root / index_of(unnamed), leftover):
        os.utime(path, (0, 0))

    assert lake.sweep({named}, older_than_s=3_600) == [".unfinished/half-a-file", unnamed, index_of(unnamed)]

    assert files_in(lake) == with_indexes([named, fresh])


def test_a_missing_or_broken_part_is_told(lake: Lake) -> None:
    (part,) = write(lake, batch_of([a_record()]))
    lake.paths([part])[0].write_bytes(b"not parquet at all")

    with pytest.raises(WorldError, match="can't be read"):
        lake.rows([part])
    with pytest.raises(WorldError, match="can't be read"):
        references.find_records(lake, [part], [a_record().record_id])
    lake.paths([part])[0].unlink()
    with pytest.raises(WorldError, match="is missing"):
        lake.paths([part])


def test_a_lake_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be")

    with pytest.raises(WorldError, match="can't be read or written"):
        write(Lake(tmp_path / "lake"), batch_of([a_record()]))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "records/side=ours/partner=../x/date=2026-11-18/a-0.parquet", "records/x", "/etc/passwd"]
)
def test_a_name_that_is_no_part_is_refused(lake: Lake, name: str) -> None:
    with pytest.raises(ValueError, match="no part of the lake"):
        lake.paths([name])


def an_outcome() -> Outcome:
    matches = [(1, "ours", "o1", "by_reference", None), (1, "theirs", "t1", "by_reference", None)]
    found = dict.fromkeys(BREAK_SCHEMA.names) | {"fingerprint": "f", "kind": "amount_mismatch", "ours": ["o3", "o4"], "theirs": ["t3"]}
    return Outcome(
        ours_rows=4,
        theirs_rows=2,
        matched={},
        pending_totals={},
        in_breaks={},
        matches=pa.Table.from_pylist([dict(zip(MATCH_SCHEMA.names, m, strict=True)) for m in matches], schema=MATCH_SCHEMA),
        pending=pa.Table.from_pylist([{"side": "ours", "record_id": "o2"}], schema=PENDING_SCHEMA),
        breaks=pa.Table.from_pylist([{**found, "pass": "by_amount"}], schema=BREAK_SCHEMA),
    )


def test_what_a_run_said_of_a_record_is_kept(lake: Lake) -> None:
    lake.write_outcome("nordbank-2026-11-20-abc", an_outcome())
    lake.write_outcome("nordbank-2026-11-20-abc", an_outcome())
    asked = [(Side.OURS, r) for r in ("o1", "o2", "o4", "t1", "nobody")] + [(Side.THEIRS, "t3")]

    assert lake.outcome_of("nordbank-2026-11-20-abc", asked) == {
        (Side.OURS, "o1"): (ReconciliationState.MATCHED, "by_reference"),
        (Side.OURS, "o2"): (ReconciliationState.PENDING, None),
        (Side.OURS, "o4"): (ReconciliationState.IN_BREAK, "by_amount"),
        (Side.THEIRS, "t3"): (ReconciliationState.IN_BREAK, "by_amount"),
    }
    assert lake.outcome_of("nordbank-2026-11-20-abc", []) == {}
    assert len(files_in(lake)) == 4


def test_a_match_that_no_longer_holds_is_not_said_by_the_run_that_carries_its_file_on(lake: Lake) -> None:
    lake.write_outcome("nordbank-1", an_outcome())
    (piece,) = lake.matches_of("nordbank-1")
    nothing = replace(an_outcome(), matches=MATCH_SCHEMA.empty_table())
    lake.write_outcome("nordbank-2", replace(nothing, carried=[piece]))
    lake.write_outcome("nordbank-3", replace(nothing, carried=[replace(piece, without=pa.array([1], pa.int64()))]))

    said = [lake.outcome_of(run_id, [(Side.OURS, "o1"), (Side.THEIRS, "t1")]) for run_id in ("nordbank-2", "nordbank-3")]

    matched = (ReconciliationState.MATCHED, "by_reference")
    assert said == [{(Side.OURS, "o1"): matched, (Side.THEIRS, "t1"): matched}, {}]


def test_what_another_run_carries_on_stays_when_a_run_of_the_same_name_comes_again(lake: Lake) -> None:
    lake.write_outcome("nordbank-1", an_outcome())
    (piece,) = lake.matches_of("nordbank-1")
    lake.write_outcome("nordbank-2", replace(an_outcome(), matches=MATCH_SCHEMA.empty_table(), carried=[piece]))
    lake.write_outcome("nordbank-1", replace(an_outcome(), matches=MATCH_SCHEMA.empty_table()))

    assert lake.outcome_of("nordbank-2", [(Side.OURS, "o1")]) == {(Side.OURS, "o1"): (ReconciliationState.MATCHED, "by_reference")}
    assert lake.outcome_of("nordbank-1", [(Side.OURS, "o1")]) == {}


def test_a_run_whose_outcome_is_gone_is_told(lake: Lake) -> None:
    with pytest.raises(WorldError, match="can't be read"):
        lake.outcome_of("nordbank-1", [(Side.OURS, "o1")])


def test_what_matching_has_not_asked_of_files_for_a_week_is_swept(lake: Lake) -> None:
    folder = lake.hashes / "question"
    folder.mkdir(parents=True)
    for name, days in (("asked", 6), ("forgotten", 8)):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (time.time() - days * 24 * 3600,) * 2)

    lake.sweep(set(), older_than_s=3600)

    assert [path.name for path in folder.iterdir()] == ["asked"]


def test_what_lies_in_the_lake_has_the_schema_of_records(lake: Lake) -> None:
    (part,) = write(lake, batch_of([a_record()]))

    assert pq.read_schema(lake.paths([part])[0]).equals(RECORD_SCHEMA)

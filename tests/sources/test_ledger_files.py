"""Our own exports, in CSV and Parquet: typed as declared, and every wrong value named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from source_builders import read_whole

from breakwater.errors import FileError
from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.records import CANONICAL_COLUMNS, Side
from breakwater.sources import files

RECORD = {
    **dict.fromkeys(CANONICAL_COLUMNS, ""),
    "record_id": "r1",
    "kind": "payment",
    "amount_minor": "1250",
    "currency": "EUR",
    "booked_on": "2026-11-19",
    "partner": "adyen",
    "ref_payment_id": "00012345678901234567890",
}
EVENT = {
    "event_id": "e1",
    "payment_id": "ORD-1",
    "partner": "adyen",
    "occurred_at": "2026-11-19T10:00:00+01:00",
    "state": "captured",
    "amount_minor": "1250",
    "currency": "EUR",
}
TYPES = {
    "amount_minor": pa.int64(),
    "fee_minor": pa.int64(),
    "original_amount_minor": pa.int64(),
    "booked_on": pa.date32(),
    "value_date": pa.date32(),
    "occurred_at": pa.timestamp("ns", tz="Europe/Berlin"),
}


def written(tmp_path: Path, *rows: dict[str, str], name: str = "ledger.csv") -> Path:
    path = tmp_path / name
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def as_parquet(tmp_path: Path, csv: Path, **types: pa.DataType) -> Path:
    path = tmp_path / "ledger.parquet"
    table = pacsv.read_csv(csv, convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(RECORD | EVENT, pa.string())))
    kinds = {**TYPES, **types}
    texts = {name: pa.array([value or None for value in table[name].to_pylist()], pa.string()) for name in table.column_names}
    nulls = {name: pa.nulls(table.num_rows) for name, kind in types.items() if pa.types.is_null(kind)}
    cast = {name: text.cast(kinds.get(name, pa.string())) for name, text in texts.items() if name not in nulls}
    pq.write_table(pa.table(cast | nulls), path)
    return path


def read_all(path: Path) -> None:
    reading = files.read(path, partner="ledger")
    list(reading.records)
    list(reading.events)


def refused(path: Path) -> FileError:
    with pytest.raises(FileError) as error:
        read_all(path)
    return error.value


def read_events(path: Path) -> list[dict[str, Any]]:
    reading = files.read(path, partner="ledger")
    assert list(reading.records) == []
    table = pa.Table.from_batches(list(reading.events), schema=EVENT_SCHEMA)
    table.validate(full=True)
    return table.to_pylist()


def test_records_are_typed_as_declared_and_never_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, {**RECORD, "ref_end_to_end_id": " NOTPROVIDED ", "ref_uetr": "u-1", "account": " A 1 ", "unknown": "x"})

    reading, [record] = read_whole(path, side=Side.THEIRS)

    assert (reading.format, reading.side, reading.logical_keys) == ("ledger-records", Side.OURS, ["ledger:ledger"])
    assert (record["amount_minor"], record["booked_on"], record["partner"]) == (1250, date(2026, 11, 19), "adyen")
    assert record["ref_payment_id"] == "00012345678901234567890"
    assert (record["ref_end_to_end_id"], record["ref_uetr"], record["account"]) == (None, "u-1", "A 1")
    assert (record["fee_minor"], record["value_date"], record["status"]) == (None, None, None)
    assert (record["source_file"], record["line"]) == ("ledger.csv", 2)
    assert reading.business_date == date(2026, 11, 19)


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path, RECORD, {**RECORD, "record_id": "r2", "amount_minor": "-5", "value_date": "2026-11-20"})
    parquet = as_parquet(tmp_path, csv, record_id=pa.dictionary(pa.int32(), pa.string()), account=pa.null(), currency=pa.large_string())

    _, from_csv = read_whole(csv, sha256="x")
    reading, from_parquet = read_whole(parquet, sha256="x")

    assert [{**r, "line": None} for r in from_csv] == [{**r, "line": None} for r in from_parquet]
    assert [(s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == [("EUR", 2, 1250, 5)]


def test_events_carry_their_moment_in_utc(tmp_path: Path) -> None:
    csv = written(tmp_path, EVENT, {**EVENT, "event_id": "e2", "occurred_at": "2026-11-19T09:00:00.25Z"}, name="events.csv")

    first, second = read_events(csv)

    assert first["occurred_at"] == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert second["occurred_at"] == datetime(2026, 11, 19, 9, 0, 0, 250_000, tzinfo=UTC)
    assert [e["occurred_at"] for e in read_events(as_parquet(tmp_path, csv))] == [first["occurred_at"], second["occurred_at"]]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"amount_minor": "12.50"}, "bad-amount", "ledger.csv line 3: 'amount_minor' can't be 12.50"),
        ({"amount_minor": "12.00"}, "bad-amount", "line 3"),
        ({"amount_minor": "0x10"}, "bad-amount", "line 3"),
        ({"amount_minor": ""}, "bad-amount", "line 3: 'amount_minor' is empty"),
        ({"amount_minor": "9223372036854775808"}, "bad-amount", "line 3"),
        ({"fee_minor": "1e2"}, "bad-amount", "line 3: 'fee_minor' can't be 1e2"),
        ({"booked_on": "19.11.2026"}, "bad-date", "line 3: 'booked_on' can't be 19.11.2026"),
        ({"booked_on": "2026-11-19T10:00:00"}, "bad-date", "line 3"),
        ({"booked_on": ""}, "bad-date", "line 3: 'booked_on' is empty"),
        ({"kind": "sale"}, "malformed", "line 3: 'kind' is a word nobody knows"),
        ({"currency": "eur"}, "malformed", "line 3: 'currency' is no currency"),
        ({"partner": ""}, "malformed", "line 3: 'partner' is empty"),
        ({"record_id": "r1"}, "malformed", "line 3: 'record_id' can't be r1, which stands in this file twice"),
        ({"original_currency": "USD"}, "malformed", "line 3: 'original_amount_minor' and 'original_currency' go together"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_column(tmp_path: Path, change: dict[str, str], code: str, said: str) -> None:
    error = refused(written(tmp_path, RECORD, {**RECORD, "record_id": "r2", **change}))

    assert error.code == code
    assert said in error.message


@pytest.mark.parametrize("moment", ["2026-11-19T10:00:00", "2026-11-19", "20261119T100000Z", "yesterday", ""])
def test_a_moment_without_an_offset_is_refused(tmp_path: Path, moment: str) -> None:
    error = refused(written(tmp_path, EVENT, {**EVENT, "event_id": "e2", "occurred_at": moment}, name="events.csv"))

    assert error.code == "bad-date"
    assert "line 3: 'occurred_at'" in error.message


def test_an_id_repeated_far_below_is_found(tmp_path: Path) -> None:
    rows = [{**RECORD, "record_id": f"r{n % 30_000}"} for n in range(30_001)]

    error = refused(as_parquet(tmp_path, written(tmp_path, *rows)))

    assert error.message == "ledger.parquet line 30001: 'record_id' can't be r0, which stands in this file twice."


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    without = {name: value for name, value in RECORD.items() if name not in ("partner", "ref_arn")}

    error = refused(written(tmp_path, without))

    assert error.message == "ledger.csv lacks the columns 'ref_arn', 'partner'."
    assert error.remedy == "Add them to the export of the ledger, empty where nothing is known: docs/partners.md lists them all."


@pytest.mark.parametrize(
    ("name", "kind"), [("amount_minor", pa.float64()), ("amount_minor", pa.string()), ("booked_on", pa.timestamp("us"))]
)
def test_a_parquet_column_of_another_type_is_refused(tmp_path: Path, name: str, kind: pa.DataType) -> None:
    error = refused(as_parquet(tmp_path, written(tmp_path, RECORD), **{name: kind}))

    assert (error.code, f"the column '{name}' is of the type {kind}" in error.message) == ("malformed", True)


def test_a_cut_parquet_file_is_truncated(tmp_path: Path) -> None:
    path = as_parquet(tmp_path, written(tmp_path, RECORD))
    path.write_bytes(path.read_bytes()[:-10])

    assert refused(path).code == "truncated"


@pytest.mark.parametrize("days", [2**31 - 1, -(2**31), 2_932_897, -719_163])
@pytest.mark.parametrize("name", ["booked_on", "value_date"])
def test_a_day_that_no_calendar_has_is_refused(tmp_path: Path, name: str, days: int) -> None:
    path = as_parquet(tmp_path, written(tmp_path, {**RECORD, "value_date": "2026-11-20"}))
    table = pq.read_table(path)
    damaged = pa.array([days], pa.int32()).cast(pa.date32())
    pq.write_table(table.set_column(table.schema.get_field_index(name), name, damaged), path)

    error = refused(path)

    assert error.code == "bad-date"
    assert error.message == f"ledger.parquet line 1: '{name}' lies outside of the years 1 to 9999."


@pytest.mark.parametrize("microseconds", [2**63 - 1, -(2**63), 253_402_300_800_000_000, -62_135_596_801_000_000])
def test_a_moment_that_no_clock_has_is_refused(tmp_path: Path, microseconds: int) -> None:
    path = as_parquet(tmp_path, written(tmp_path, EVENT))
    table = pq.read_table(path)
    damaged = pa.array([microseconds], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    pq.write_table(table.set_column(table.schema.get_field_index("occurred_at"), "occurred_at", damaged), path)

    error = refused(path)

    assert (error.code, error.message) == ("bad-date", "ledger.parquet line 1: 'occurred_at' lies outside of the years 1 to 9999.")


def test_the_last_day_of_all_is_a_day(tmp_path: Path) -> None:
    read_all(as_parquet(tmp_path, written(tmp_path, {**RECORD, "value_date": "9999-12-31"})))

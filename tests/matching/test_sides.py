"""Sides from CSV and Parquet: types are never guessed, and what does not fit is refused with its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matching_builders import AS_OF, Row, a_row, an_agreement, as_table, match_on_duckdb

from breakwater.errors import CallError
from breakwater.matching.sides import SCHEMA
from breakwater.model.runs import ByHand, Outcome


def write_csv(path: Path, rows: Sequence[Row], header: Sequence[str] = SCHEMA.names) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def match(ours: Path | list[Path], theirs: Path) -> Outcome:
    parts = ours if isinstance(ours, list) else [ours]
    return match_on_duckdb(ours=parts, theirs=[theirs], agreement=an_agreement(), as_of=AS_OF)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return write_parquet(tmp_path / "theirs.parquet", as_table([a_row("t1")]))


def test_csv_and_parquet_say_the_same(tmp_path: Path, theirs: Path) -> None:
    rows = [a_row("o1"), a_row("o2", -7, kind="refund", fee_minor=3, value_date=date(2026, 3, 11), account=" A ", status="x,y")]

    from_csv = match(write_csv(tmp_path / "ours.csv", rows), theirs)

    assert from_csv == match(write_parquet(tmp_path / "ours.parquet", as_table(rows)), theirs)


def test_a_reference_of_digits_stays_a_text(tmp_path: Path) -> None:
    rows = [a_row("o1", ref_payment_id="00012345678901234567890123")]
    other = [a_row("t1", ref_payment_id="12345678901234567890123")]

    found = match(write_csv(tmp_path / "o.csv", rows), write_csv(tmp_path / "t.csv", other))

    assert len(found.matches) == 0


def test_further_columns_in_any_order_and_blank_lines_are_fine(tmp_path: Path, theirs: Path) -> None:
    path = write_csv(tmp_path / "o.csv", [a_row("o1", remark='two\nlines, "quoted"', N="x")], ["remark", "N", *reversed(SCHEMA.names)])
    path.write_text("\ufeff" + path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    assert len(match(path, theirs).matches) == 2


def test_the_name_of_a_folder_says_nothing_about_its_records(tmp_path: Path, theirs: Path) -> None:
    (tmp_path / "currency=USD" / "amount_minor=7").mkdir(parents=True)

    found = match(write_parquet(tmp_path / "currency=USD" / "amount_minor=7" / "ours.parquet", as_table([a_row("o1")])), theirs)

    assert [(currency, totals.ours_minor) for currency, totals in found.matched.items()] == [("EUR", 100)]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"], ids=["no end of line", "one", "of Windows", "a blank line"])
def test_a_csv_file_with_nothing_but_a_header_is_an_empty_side(tmp_path: Path, theirs: Path, end: str) -> None:
    (tmp_path / "o.csv").write_bytes((",".join(SCHEMA.names) + end).encode())

    found = match(tmp_path / "o.csv", theirs)

    assert (found.ours_rows, [row["kind"] for row in found.breaks.to_pylist()]) == (0, ["missing_in_ledger"])


def test_a_side_of_several_parts_is_one_side(tmp_path: Path, theirs: Path) -> None:
    (tmp_path / "a[1]*").mkdir()
    parts = [write_parquet(tmp_path / "a[1]*" / f"it's {n}?.parquet", as_table([a_row(f"o{n}")])) for n in range(3)]

    found = match(parts, theirs)

    assert found.ours_rows == 3
    assert [row["ours"] for row in found.breaks.to_pylist()] == [["o1"], ["o2"]]


def test_a_record_id_in_two_parts_is_refused(tmp_path: Path, theirs: Path) -> None:
    parts = [write_parquet(tmp_path / f"part{n}.parquet", as_table([a_row("o0"), a_row(f"o{n}")][n - 1 :])) for n in (1, 2)]
    twice = [*parts, write_parquet(tmp_path / "part3.parquet", as_table([a_row("o9"), a_row("o2")]))]

    assert match(parts, theirs).ours_rows == 3
    with pytest.raises(CallError, match=r'part3.parquet row 2: record_id "o2" was there before'):
        match(twice, theirs)


def test_a_record_id_that_comes_twice_is_what_is_told_whatever_else_it_makes_go_wrong(tmp_path: Path) -> None:
    many = [a_row(f"o{n}", 1000 + n) for n in range(2001)]
    ours = write_parquet(tmp_path / "ours.parquet", as_table([*many, many[0]]))
    theirs = write_parquet(tmp_path / "theirs.parquet", as_table([a_row(f"t{n}", -1000 - n) for n in range(2000)]))

    with pytest.raises(CallError, match=r'ours.parquet row 2002: record_id "o0" was there before'):
        match(ours, theirs)


def test_a_record_id_that_comes_twice_is_refused_beside_an_empty_side(tmp_path: Path) -> None:
    ours = write_parquet(tmp_path / "ours.parquet", as_table([a_row("o1"), a_row("o1")]))

    with pytest.raises(CallError, match=r'ours.parquet row 2: record_id "o1" was there before'):
        match(ours, write_parquet(tmp_path / "theirs.parquet", as_table([])))


class Replacing(list[ByHand]):
    """No match by hand; but whoever asks for them finds another file of our side from then on."""

    def __init__(self, path: Path, by: Path) -> None:
        super().__init__()
        self._path, self._by = path, by

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[ByHand]:
        self._path.write_bytes(self._by.read_bytes())
        return super().__iter__()


def test_a_file_that_changes_while_it_is_compared_is_noticed(tmp_path: Path) -> None:
    rows, days = range(1, 11), [date(2026, 3, n) for n in range(1, 11)]
    ours, theirs, fewer = (tmp_path / name for name in ("ours.parquet", "theirs.parquet", "fewer.parquet"))
    for path, side, those in ((ours, "o", rows), (theirs, "t", rows), (fewer, "o", rows[:5])):
        write_parquet(path, as_table([a_row(f"{side}{n}", n, ref_payment_id=f"P{n}", booked_on=days[n - 1]) for n in those]))

    with pytest.raises(CallError, match="changed while it was compared"):
        match_on_duckdb(ours=[ours], theirs=[theirs], agreement=an_agreement(), as_of=AS_OF, by_hand=Replacing(ours, by=fewer))


def test_dictionaries_large_texts_null_columns_and_names_in_other_case_are_fine(tmp_path: Path, theirs: Path) -> None:
    table = as_table([a_row("o1", ref_arn="")])
    for name, column in (
        ("kind", table["kind"].dictionary_encode()),
        ("ref_payment_id", table["ref_payment_id"].cast(pa.large_string())),
        ("status", pa.nulls(1)),
        ("fee_minor", pa.nulls(1)),
    ):
        table = table.set_column(table.schema.get_field_index(name), name, column)
    table = table.add_column(0, "Amount_Minor", pa.array(["not this one"])).append_column("file_row_number", pa.array([7]))

    assert len(match(write_parquet(tmp_path / "o.parquet", table), theirs).matches) == 2


@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [
        ("amount_minor", pa.float64(), "column 'amount_minor' is double, and has to be a whole number of 64 bits"),
        ("amount_minor", pa.int32(), "column 'amount_minor' is int32"),
        ("booked_on", pa.string(), "column 'booked_on' is string, and has to be a date"),
        ("booked_on", pa.timestamp("us"), r"column 'booked_on' is timestamp\[us\]"),
    ],
)
def test_another_parquet_type_is_refused(tmp_path: Path, theirs: Path, column: str, kind: pa.DataType, sentence: str) -> None:
    table = as_table([a_row("o1")])
    table = table.set_column(table.schema.get_field_index(column), column, table[column].cast(kind))

    with pytest.raises(CallError, match=sentence):
        match(write_parquet(tmp_path / "o.parquet", table), theirs)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount_minor": "12.5"}, "line 4: amount_minor is '12.5', and has to be a whole number of 64 bits"),
        ({"amount_minor": "0x1F"}, "line 4: amount_minor is '0x1F'"),
        ({"amount_minor": "+5"}, "line 4: amount_minor is '\\+5'"),
        ({"amount_minor": " 5"}, "line 4: amount_minor is ' 5'"),
        ({"amount_minor": "9223372036854775808"}, "line 4: amount_minor is '9223372036854775808'"),
        ({"amount_minor": ""}, "line 4: amount_minor is empty"),
        ({"fee_minor": "n/a"}, "line 4: fee_minor is 'n/a'"),
        ({"booked_on": "10.03.2026"}, "line 4: booked_on is '10.03.2026', and has to be a date in the form 2026-04-30"),
        ({"value_date": "2026-02-30"}, "line 4: value_date is '2026-02-30'"),
        ({"booked_on": ""}, "line 4: booked_on is empty"),
        ({"value_date": "0000-01-01"}, "line 4: .* outside the years 1 to 9999"),
        ({"record_id": ""}, "line 4: record_id is empty"),
        ({"record_id": "o1"}, 'line 4: record_id "o1" was there before'),
        ({"kind": "Payment"}, "line 4: kind is 'Payment', which is none of .* Did you mean 'payment'"),
        ({"kind": ""}, "line 4: kind is empty"),
        ({"currency": "eur"}, "line 4: currency is 'eur', and has to be three letters A-Z"),
        ({"currency": ""}, "line 4: currency is empty"),
        ({"original_currency": "US1", "original_amount_minor": 1}, "line 4: original_currency is 'US1'"),
        ({"original_amount_minor": 1}, "line 4: original_amount_minor and original_currency have to be there both"),
        ({"original_currency": "USD"}, "line 4: original_amount_minor and original_currency have to be there both"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_line(tmp_path: Path, theirs: Path, changes: dict[str, Any], sentence: str) -> None:
    # The first record takes two lines, so the wrong one is on line 4.
    path = write_csv(tmp_path / "o.csv", [a_row("o1", status="two\nlines"), a_row("o2") | changes])

    with pytest.raises(CallError, match=f"o.csv {sentence}"):
        match(path, theirs)


def test_a_column_that_is_missing_is_named_with_what_it_may_be(tmp_path: Path, theirs: Path) -> None:
    header = ["ref_payment" if name == "ref_payment_id" else name for name in SCHEMA.names]

    with pytest.raises(CallError, match=r"o.csv has no column 'ref_payment_id'. Did you mean 'ref_payment'\?"):
        match(write_csv(tmp_path / "o.csv", [], header), theirs)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, theirs: Path) -> None:
    with pytest.raises(CallError, match=r"o\.csv has the column 'kind' twice"):
        match(write_csv(tmp_path / "o.csv", [], [*SCHEMA.names, "kind"]), theirs)


def test_files_that_cant_be_read_are_named(tmp_path: Path, theirs: Path) -> None:
    (tmp_path / "text.parquet").write_text("PAR1 this is not")
    (tmp_path / "latin.csv").write_bytes(b"record_id,\xfc\n")
    (tmp_path / "ragged.csv").write_text(",".join(SCHEMA.names) + "\no1,payment\n")
    (tmp_path / "empty.csv").write_text("")

    for name, sentence in (
        ("none.csv", "none.csv can't be read: No such file"),
        ("none.parquet", "none.parquet can't be read"),
        ("text.parquet", "text.parquet can't be read"),
        ("latin.csv", "latin.csv is not UTF-8 text"),
        ("ragged.csv", "ragged.csv can't be read: CSV parse error"),
        ("empty.csv", "empty.csv has no column 'record_id'"),
    ):
        with pytest.raises(CallError, match=sentence):
            match(tmp_path / name, theirs)


def test_a_parquet_file_that_is_damaged_inside_is_refused(tmp_path: Path, theirs: Path) -> None:
    pq.write_table(as_table([a_row(f"o{n:06}") for n in range(999)]), tmp_path / "o.parquet", compression="none", use_dictionary=False)
    damaged = bytearray((tmp_path / "o.parquet").read_bytes())
    damaged[100:3000] = b"\xff" * 2900
    (tmp_path / "o.parquet").write_bytes(damaged)

    with pytest.raises(CallError, match=r"o\.parquet can't be read: "):
        match(tmp_path / "o.parquet", theirs)


def test_a_parquet_file_that_is_damaged_where_no_pass_looks_at_first_is_refused_too(tmp_path: Path, theirs: Path) -> None:
    table = as_table([a_row(f"o{n:03}", ref_original="R" * 40) for n in range(99)] + [a_row("o999", kind="refund", ref_original="Q")])
    pq.write_table(table, tmp_path / "o.parquet", compression="none", use_dictionary=False)
    damaged = (tmp_path / "o.parquet").read_bytes().replace(b"R" * 40, b"\xff" * 40)
    (tmp_path / "o.parquet").write_bytes(damaged)

    with pytest.raises(CallError, match=r"o\.parquet can't be read: "):
        match(tmp_path / "o.parquet", theirs)


def test_a_side_without_parts_has_no_records(theirs: Path) -> None:
    found = match([], theirs)

    assert (found.ours_rows, found.theirs_rows) == (0, 1)

"""A folder that is called like a column is a folder: what is read is what stands in the files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lake_builders import a_record, batch_of

from breakwater.lake import overlays, records
from breakwater.lake.parts import Lake
from breakwater.model.records import Record, Side

SOURCE = Path(__file__).parents[2] / "src" / "breakwater"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "currency=USD" / "amount_minor=9" / "lake")


def written(lake: Lake, *some: Record, name: str) -> list[str]:
    return list(lake.write(iter([batch_of(some)]), content="records", side=Side.OURS, sha256=name * 64))


def test_money_is_that_of_the_record(lake: Lake) -> None:
    parts = written(lake, a_record(), name="a")

    assert records.money_of(lake, parts, [a_record().record_id]) == {a_record().record_id: (1250, "EUR")}
    assert [row["currency"] for row in records.named(lake, parts, [a_record().record_id], most=1)] == ["EUR"]


@pytest.mark.parametrize("held", [[], [a_record(record_id="other", partner="007")]], ids=["the first pull", "a later one"])
def test_what_is_laid_over_has_the_columns_and_words_of_its_file(lake: Lake, held: list[Record]) -> None:
    known = written(lake, *held, name="a")
    new = written(lake, a_record(partner="007"), name="b")

    (row,) = overlays.overlay(lake, new=new, held=known).records.to_pylist()

    assert (row["partner"], row["currency"], row["amount_minor"]) == ("007", "EUR", 1250)
    assert {"side", "date"}.isdisjoint(row)


def test_no_query_reads_columns_out_of_folder_names() -> None:
    """Of what DuckDB is asked here, whatever is not matching: that has tests of its own."""
    calls = [call for path in SOURCE.rglob("*.py") for call in re.findall(r"read_parquet\([^\n]*", path.read_text(encoding="utf-8"))]

    assert len(calls) > 40
    assert [call for call in calls if "hive_partitioning = false" not in call and "hive_types_autocast = false" not in call] == []

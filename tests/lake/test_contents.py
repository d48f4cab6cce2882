"""What stands in the records of a file, and in how many rows each field is missing."""

from __future__ import annotations

from pathlib import Path

from lake_builders import a_record, batch_of

from breakwater.lake.contents import FIELDS, contents
from breakwater.lake.parts import Lake
from breakwater.model.records import Side


def test_rows_missing_fields_and_codes_are_counted_part_by_part(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    first = [
        a_record(record_id="1", raw_code="SALE", raw_status="ok", fee_minor=3),
        a_record(record_id="2", raw_status="ok"),
        a_record(record_id="3", raw_code="SALE"),
    ]
    parts = lake.write(iter([batch_of(first)]), content="records", side=Side.THEIRS, sha256="a" * 64)
    parts += lake.write(iter([batch_of([a_record(partner="meridian")])]), content="records", side=Side.THEIRS, sha256="b" * 64)

    found = contents(lake, parts)

    rows, missing, codes = found[parts[0]]
    assert (rows, missing["fee_minor"], missing["raw_code"], missing["account"]) == (3, 2, 1, 3)
    assert codes == {"SALE": 2, "ok": 1}
    assert found[parts[1]] == (1, dict.fromkeys(FIELDS, 1), {})
    assert contents(lake, []) == {}

"""One record of a kept file as the partner wrote it, whatever the file is, without a card number."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from breakwater.errors import FileError
from breakwater.model.records import Side
from breakwater.sources import files
from breakwater.sources.raw_records import raw_record

FILES = Path(__file__).parents[1] / "files"


def text_file(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_line_of_text(tmp_path: Path) -> None:
    path = text_file(tmp_path, "\ufeffhead\r\none;4111111111111111;x\r\ntwo\r\n")

    assert raw_record(path, format="adyen-settlement", line=2) == "one;411111…1111;x"
    assert raw_record(path, format="adyen-settlement", line=3) == "two"
    assert raw_record(path, format="adyen-settlement", line=4) is None
    assert raw_record(path, format="adyen-settlement", line=0) is None


def test_a_row_of_our_own_names_its_columns(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, '\nrecord_id;kind;amount_minor;text\nL-1;payment;1200;"Ada; 4111111111111111"\nL-2;refund;-5;\nL-3;fee;1;x;y\n'
    )

    assert raw_record(path, format="ledger-records", line=3) == "record_id: L-1\nkind: payment\namount_minor: 1200\ntext: Ada; 411111…1111"
    assert raw_record(path, format="ledger-records", line=4) == "record_id: L-2\nkind: refund\namount_minor: -5"
    assert raw_record(path, format="ledger-records", line=5) == "L-3;fee;1;x;y"
    assert raw_record(path, format="ledger-records", line=6) is None


def test_a_statement_line_goes_on_until_the_next_one(tmp_path: Path) -> None:
    path = text_file(tmp_path, ":60F:C\n:61:one\nmore\n:86:about one\nand more\n:61:two\n:62F:C\n")

    assert raw_record(path, format="mt940", line=2) == ":61:one\nmore\n:86:about one\nand more"
    assert raw_record(path, format="mt940", line=6) == ":61:two"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("genkgo_camt053.v8.xml", "camt.053"),
        ("genkgo_camt054.v4.xml", "camt.054"),
        ("sr_pacs.002.001.12.xml", "pacs.002"),
        ("sr_pacs.004.001.11.xml", "pacs.004"),
        ("sr_pacs.008.001.08.xml", "pacs.008"),
        ("jejik_lbbw.txt", "mt940"),
        ("own_adyen_settlement.csv", "adyen-settlement"),
    ],
)
def test_every_record_of_a_published_file_is_found_where_its_line_says(name: str, format: str) -> None:
    reading = files.read(FILES / name, partner="nordbank", side=Side.THEIRS)
    rows = [row for batches in (reading.records, reading.events) for batch in batches for row in batch.to_pylist()]

    raw = [raw_record(FILES / name, format=format, line=row["line"]) or "" for row in rows]

    assert rows
    for row, text in zip(rows, raw, strict=True):
        references = [row[c] for c in ("ref_end_to_end_id", "ref_partner_id") if row[c]]
        assert text
        assert not references or any(reference in text for reference in references), (row, text)


def test_a_row_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"event_id": ["e1", "e2", "e3"], "reason": [None, "card 4111111111111111", None]}), path, row_group_size=2)

    assert raw_record(path, format="ledger-events", line=2) == '{\n "event_id": "e2",\n "reason": "card 411111…1111"\n}'
    assert raw_record(path, format="ledger-events", line=3) == '{\n "event_id": "e3"\n}'
    assert raw_record(path, format="ledger-events", line=4) is None


def an_archive(folder: Path, **members: str) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as written:
        for name, text in members.items():
            written.writestr(f"{name}.csv", text)
    return path


def test_a_line_of_the_only_file_in_an_archive(tmp_path: Path) -> None:
    archive = an_archive(tmp_path, x="head\none;4111111111111111\n")

    assert raw_record(archive, format="adyen-settlement", line=2) == "x.csv\none;411111…1111"
    assert raw_record(archive, format="adyen-settlement", line=3) is None


def test_of_several_files_in_an_archive_the_one_that_holds_the_record_is_shown(tmp_path: Path) -> None:
    archive = an_archive(tmp_path, x="head\nPSP-1;12\n", y="head\nPSP-2;13\n", z="head\n")

    assert raw_record(archive, format="adyen-settlement", line=2, names=["PAY-9", "PSP-2"]) == "y.csv\nPSP-2;13"


@pytest.mark.parametrize("names", [[], ["PSP-9"], ["PSP"]], ids=["none", "unknown", "in both"])
def test_where_the_file_in_an_archive_can_not_be_told_nothing_is_shown(tmp_path: Path, names: list[str]) -> None:
    archive = an_archive(tmp_path, x="head\nPSP-1;12\n", y="head\nPSP-2;13\n")

    assert raw_record(archive, format="adyen-settlement", line=2, names=names) is None


def test_a_clearing_message_is_a_line_for_each_element_without_its_card_number() -> None:
    path = FILES / "own_ipm_cp500_1014.ipm"
    (row, *_) = [row for batch in files.read(path, partner="scheme").records for row in batch.to_pylist()]

    text = raw_record(path, format="mastercard-ipm", line=row["line"]) or ""

    assert text.startswith("MTI 1240\nDE2 ")
    assert re.search(r"^DE2 [0-9]{6}\*+[0-9]{4}$", text, re.M)
    assert f"DE31 {row['ref_arn']}" in text
    assert re.search(r"^DE48 PDS[0-9]{4} ", text, re.M)
    assert raw_record(path, format="mastercard-ipm", line=10_000) is None


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"head\0\nline\n")

    assert raw_record(path, format="adyen-settlement", line=2) is None


def test_a_file_that_hides_something_is_refused_here_too(tmp_path: Path) -> None:
    path = text_file(tmp_path, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document><Ntry>&e;</Ntry></Document>')

    with pytest.raises(FileError):
        raw_record(path, format="camt.053", line=1)

"""Archives are read within bounds, or refused whole."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from source_builders import adyen, camt, entry, read_whole, statement

from breakwater.errors import FileError
from breakwater.model.records import Side
from breakwater.sources import files
from breakwater.sources.raw_records import raw_record

STATEMENT = camt(statement(entry("12.34"), id="A"))
REPORT = adyen({"Psp Reference": "PSP1", "Net Credit (NC)": "10.00"})


def archive(tmp_path: Path, members: dict[str, str | bytes]) -> Path:
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def refused(path: Path) -> FileError:
    with pytest.raises(FileError) as error:
        read_whole(path)
    return error.value


def test_every_member_is_read_in_order(tmp_path: Path) -> None:
    path = archive(tmp_path, {"in/b.xml": STATEMENT, "in/": b"", "__MACOSX/._b.xml": b"fork", "a.csv": REPORT})

    reading, records = read_whole(path)

    assert (reading.format, reading.side) == ("camt.053", Side.THEIRS)
    assert [s.id for s in reading.statements] == ["A", "77"]
    assert [r["amount_minor"] for r in records] == [1234, 1000]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "empty-file"),
        ({"a.xml": STATEMENT, "b.xml": b""}, "empty-file"),
        ({"a.xml": STATEMENT, "b.txt": b"hello"}, "unknown-format"),
        ({"a.xml": STATEMENT, "b.xml": STATEMENT[:-30]}, "truncated"),
        ({"a.xml": "<!DOCTYPE d>" + STATEMENT}, "unsafe-xml"),
        ({"../a.xml": STATEMENT}, "unsafe-archive"),
        ({"in/../../a.xml": STATEMENT}, "unsafe-archive"),
        ({"..\\a.xml": STATEMENT}, "unsafe-archive"),
        ({"/etc/a.xml": STATEMENT}, "unsafe-archive"),
        ({"C:\\a.xml": STATEMENT}, "unsafe-archive"),
        ({"a.xml": STATEMENT.replace("<Stmt>", "<Stmt>" + " " * 11_000_000)}, "unsafe-archive"),
        ({f"{n}.xml": STATEMENT for n in range(1001)}, "unsafe-archive"),
        ({"inner.zip": b"PK\x03\x04 and so on"}, "unsafe-archive"),
        ({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}, "unknown-format"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} members",
)
def test_one_bad_member_refuses_the_whole(tmp_path: Path, members: dict[str, str | bytes], code: str) -> None:
    assert refused(archive(tmp_path, members)).code == code


def test_our_ledger_and_a_partner_s_file_do_not_share_an_archive(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.xml": STATEMENT, "records.csv": "record_id,kind,amount_minor\n"})

    assert refused(path).message == "delivery.zip mixes our ledger with a partner's files."


def test_a_large_member_that_packs_like_a_report_is_no_bomb(tmp_path: Path) -> None:
    rows = [{"Psp Reference": f"PSP{n * 7919 % 1_000_003:07d}", "Net Credit (NC)": f"{n % 977}.{n % 100:02d}"} for n in range(110_000)]
    path = archive(tmp_path, {"report.csv": adyen(*rows)})

    reading, _ = read_whole(path)

    assert reading.statements[0].entries == 110_000


def test_a_cut_archive_is_truncated_and_a_damaged_one_malformed(tmp_path: Path) -> None:
    whole = archive(tmp_path, {"a.xml": STATEMENT * 3}).read_bytes()
    cut, damaged = tmp_path / "cut.zip", tmp_path / "damaged.zip"
    cut.write_bytes(whole[:-20])
    damaged.write_bytes(whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:])

    assert refused(cut).code == "truncated"
    assert refused(damaged).code == "malformed"


def test_a_locked_member_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.xml": STATEMENT})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)

    assert "password" in refused(path).message


def packed(tmp_path: Path, content: bytes, *, name: str = "statement.xml.gz") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_file_that_gzip_packed_is_read(tmp_path: Path) -> None:
    reading, records = read_whole(packed(tmp_path, gzip.compress(STATEMENT.encode())))

    assert (reading.format, [s.id for s in reading.statements]) == ("camt.053", ["A"])
    assert [r["amount_minor"] for r in records] == [1234]


def test_a_report_that_gzip_packed_twice_over_in_one_stream_is_one_file(tmp_path: Path) -> None:
    half = len(REPORT) // 2
    path = packed(tmp_path, gzip.compress(REPORT[:half].encode()) + gzip.compress(REPORT[half:].encode()), name="report.csv.gz")

    assert [r["amount_minor"] for r in read_whole(path)[1]] == [1000]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(gzip.compress(STATEMENT.encode())), "unsafe-archive"),
        (gzip.compress(b"PK\x03\x04 and so on"), "unsafe-archive"),
        (gzip.compress(STATEMENT.replace("<Stmt>", "<Stmt>" + " " * 11_000_000).encode()), "unsafe-archive"),
        (gzip.compress(STATEMENT.encode())[:-9], "truncated"),
        (gzip.compress(STATEMENT.encode())[:40] + b"?" + gzip.compress(STATEMENT.encode())[41:], "malformed"),
        (gzip.compress(STATEMENT.encode()) + b"and more", "malformed"),
        (gzip.compress(b""), "empty-file"),
        (gzip.compress(("<!DOCTYPE d>" + STATEMENT).encode()), "unsafe-xml"),
        (b"\x1f\x8b", "truncated"),
    ],
    ids=["gz in gz", "zip in gz", "bomb", "cut", "damaged", "goes on", "empty", "doctype", "nothing but its mark"],
)
def test_what_gzip_packed_is_read_within_bounds_or_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert refused(packed(tmp_path, content)).code == code


def test_a_clearing_file_that_gzip_packed_is_kept_without_its_card_numbers(tmp_path: Path) -> None:
    clear = (Path(__file__).parents[1] / "files" / "own_ipm_cp500_1014.ipm").read_bytes()
    path, copy = packed(tmp_path, gzip.compress(clear), name="clearing.ipm.gz"), tmp_path / "copy"

    files.MASKS["mastercard-ipm"](path, copy)

    assert [r["record_id"] for r in read_whole(copy)[1]] == [r["record_id"] for r in read_whole(path)[1]]
    text = raw_record(copy, format="mastercard-ipm", line=2) or ""
    assert "*" in next(line for line in text.splitlines() if line.startswith("DE2 "))
    assert clear not in copy.read_bytes()

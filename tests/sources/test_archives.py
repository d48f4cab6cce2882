"""Archives are read within bounds, or refused whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from source_builders import adyen, camt, entry, read_whole, statement

from breakwater.errors import FileError
from breakwater.model.records import Side

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

"""Files that can't be trusted are refused whole, with a code for machines and a sentence for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_builders import FILES, adyen, camt, entry, read_whole, statement

from breakwater.errors import CallError, FileError
from breakwater.sources import files

STATEMENT = camt(statement(entry("12.34"), entry("56.78")))
DECLARED = '<?xml version="1.0" encoding="{}"?>\n'


def refused(tmp_path: Path, content: bytes | str, **options: str) -> FileError:
    path = tmp_path / "delivery.dat"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(FileError) as error:
        read_whole(path, **options)
    assert error.value.remedy
    return error.value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"\n \r\n\t", "empty-file"),
        (b"\xef\xbb\xbf", "empty-file"),
        (b"hello, world\n1,2\n", "unknown-format"),
        (b"\x00\x01\x02\x03" * 100, "unknown-format"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "unknown-format"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "unknown-format"),
        (b"<html><head><title>502</title></head></html>", "unknown-format"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html/>', "unknown-format"),
        (b"<Document><CstmrCdtTrfInitn/></Document>", "malformed"),
        (b"<Document><FICdtTrf/></Document>", "unknown-format"),
        (b"<!doctype note>" + STATEMENT.encode(), "unsafe-xml"),
        (b'<?xml version="1.0"?><!-- x --><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + STATEMENT.encode(), "unsafe-xml"),
        (STATEMENT.replace("12.34", "&x;"), "malformed"),
        (STATEMENT + "and so on", "malformed"),
        (STATEMENT + "<trailing", "truncated"),
        (STATEMENT.replace("</Stmt>", "</Stnt>"), "malformed"),
        (STATEMENT + "<html>An error occurred</html>", "unknown-format"),
        (STATEMENT + STATEMENT[:-40], "truncated"),
    ],
)
def test_the_code_says_what_is_wrong(tmp_path: Path, content: bytes | str, code: str) -> None:
    assert refused(tmp_path, content).code == code


@pytest.mark.parametrize("keep", [0.35, 0.5, 0.75, 0.9, 0.99, 0.999])
def test_a_statement_cut_anywhere_is_truncated(tmp_path: Path, keep: float) -> None:
    assert refused(tmp_path, STATEMENT[: int(len(STATEMENT) * keep)]).code == "truncated"


def test_a_long_statement_cut_in_the_middle_is_truncated(tmp_path: Path) -> None:
    text = camt(statement(*[entry("1.00")] * 5_000))

    assert refused(tmp_path, text[: len(text) // 2]).code == "truncated"


@pytest.mark.parametrize(
    ("declared", "content"),
    [
        ("UTF-8", "Café".encode("latin-1")),
        ("UTF-16", b"Cafe"),
        ("US-ASCII", "Café".encode()),
        ("EBCDIC-CP-BE", b"Cafe"),
        ("base64", b"Cafe"),
    ],
)
def test_bytes_that_contradict_the_declaration_are_bad_encoding(tmp_path: Path, declared: str, content: bytes) -> None:
    text = STATEMENT.replace("ASR-1", "@").encode().replace(b"@", content, 1).replace(b"@", b"x")

    assert refused(tmp_path, DECLARED.format(declared).encode() + text).code == "bad-encoding"


@pytest.mark.parametrize(("mark", "encoding", "declared"), [(b"\xef\xbb\xbf", "utf-8", "ISO-8859-1"), (b"\xff\xfe", "utf-16-le", "UTF-8")])
def test_a_byte_order_mark_that_contradicts_the_declaration_is_bad_encoding(
    tmp_path: Path, mark: bytes, encoding: str, declared: str
) -> None:
    assert refused(tmp_path, mark + (DECLARED.format(declared) + STATEMENT).encode(encoding)).code == "bad-encoding"


@pytest.mark.parametrize(
    "content",
    [
        STATEMENT.encode("utf-16"),
        (DECLARED.format("UTF-16") + STATEMENT).encode("utf-16"),
        b"\xfe\xff" + (DECLARED.format("utf-16") + STATEMENT).encode("utf-16-be"),
        b"\xef\xbb\xbf" + (DECLARED.format("utf-8") + STATEMENT).encode(),
        (DECLARED.format("windows-1252") + STATEMENT.replace("ASR-1", "Müller")).encode("cp1252"),
        b"\r\n\r\n" + (DECLARED.format("UTF-8") + STATEMENT).replace("<Ntry>", "\r\n<Ntry>").encode(),
    ],
)
def test_encodings_that_say_what_they_are_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "statement.xml"
    path.write_bytes(content)

    assert [r["amount_minor"] for r in read_whole(path)[1]] == [1234, 5678]


ROW = {"Psp Reference": "PSP1", "Net Credit (NC)": "10.00"}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (adyen(ROW, {**ROW, "Net Credit (NC)": ""}), "bad-amount", "line 3: 'Net Credit (NC)' and 'Net Debit (NC)' are empty"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "1.005"}), "bad-amount", "line 3: 'Net Credit (NC)' '1.005'"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "1e3"}), "bad-amount", "line 3"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "0x10"}), "bad-amount", "line 3"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": ".-5"}), "bad-amount", "line 3"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "1 000"}), "bad-amount", "line 3"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "-5"}), "bad-amount", "line 3: 'Net Credit (NC)' is negative"),
        (adyen(ROW, {**ROW, "Net Credit (NC)": "9" * 25}), "bad-amount", "line 3"),
        (adyen(ROW, {**ROW, "Commission (NC)": "free"}), "bad-amount", "line 3: 'Commission (NC)' 'free'"),
        (adyen(ROW, {**ROW, "Net Currency": "XYZ"}), "bad-amount", "line 3: 'Net Currency' 'XYZ' is no currency"),
        (adyen(ROW, {**ROW, "Net Currency": ""}), "bad-amount", "line 3"),
        (
            adyen(ROW, {**ROW, "Creation Date": "2026-02-30 10:00:00"}),
            "bad-date",
            "line 3: 'Booking Date / Creation Date' '2026-02-30 10:00:00'",
        ),
        (adyen(ROW, {**ROW, "Creation Date": ""}), "bad-date", "line 3"),
        (adyen(ROW, ROW)[:-30], "truncated", "line 3 ends before the column 'Batch Number'"),
        (adyen(ROW, ROW).replace("\n", ",one cell more\n").replace("Number,one cell more", "Number"), "malformed", "line 2 has 17 cells"),
        (adyen(ROW, {**ROW, "Merchant Reference": '"never closed'}), "truncated", "ends inside of a quoted cell"),
        (adyen(ROW).replace("Batch Number", "Batch No"), "malformed", "lacks the column 'Batch Number'"),
        (adyen(ROW).replace("Creation Date", "Made"), "malformed", "lacks any of the date columns"),
        (adyen(ROW, {**ROW, "Merchant Reference": "Café"}).encode("latin-1"), "bad-encoding", "line 3 is not UTF-8"),
    ],
)
def test_a_report_names_the_line_that_is_wrong(tmp_path: Path, content: bytes | str, code: str, said: str) -> None:
    error = refused(tmp_path, content)

    assert error.code == code
    assert said in error.message


def test_a_wrong_line_is_named_beyond_blank_lines_and_line_ends_in_quotes(tmp_path: Path) -> None:
    text = (
        "\n\n"
        + adyen({**ROW, "Merchant Reference": '"two\nlines"'}, ROW).replace("PSP1", "PSP1", 1)
        + "\n"
        + adyen({**ROW, "Net Credit (NC)": "x"}).split("\n")[1]
    )

    assert "line 8: 'Net Credit (NC)' 'x'" in refused(tmp_path, text).message


def test_a_wrong_line_far_below_is_named(tmp_path: Path) -> None:
    line = adyen(ROW).split("\n")[1] + "\n"
    text = adyen(ROW) + line * 150_000 + line.replace("10.00", "10.001")

    assert "line 150003: 'Net Credit (NC)' '10.001'" in refused(tmp_path, text).message


def test_a_card_number_in_an_error_is_masked(tmp_path: Path) -> None:
    error = refused(tmp_path, adyen({**ROW, "Net Credit (NC)": "4111 1111 1111 1111"}))

    assert "4111 1111" not in error.message
    assert "411111…1111" in error.message


def test_a_format_that_is_asked_for_must_be_the_file_s(tmp_path: Path) -> None:
    assert refused(tmp_path, STATEMENT, format="camt.054").message == "delivery.dat is camt.053, not camt.054."
    assert refused(tmp_path, STATEMENT, format="adyen-settlement").code == "malformed"
    assert refused(tmp_path, adyen(ROW), format="camt.053").code == "malformed"
    with pytest.raises(CallError, match=r"Did you mean 'camt\.053'"):
        files.read(FILES / "own_camt053_bom.xml", partner="x", format="camt.53")


def test_the_format_is_found_by_content_and_never_by_name(tmp_path: Path) -> None:
    path = tmp_path / "settlement_detail_report_batch_1.csv"
    path.write_text(STATEMENT)

    assert files.detect_format(path) == "camt.053"

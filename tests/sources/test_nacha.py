"""NACHA files: entries, returns and notifications, each column that counts, and totals that must agree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flat_builders import ach, ach_entry, ach_return
from source_builders import read_all, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.sources.files import MASKS

ORIGINAL = "091000010000042"


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]]]:
    return read_whole(saved(tmp_path, text))


def saved(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "entries.ach"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(tmp_path: Path, text: str) -> FileError:
    with pytest.raises(FileError) as error:
        read_whole(saved(tmp_path, text))
    assert error.value.remedy
    return error.value


@pytest.mark.parametrize(
    ("code", "signed", "kind"),
    [
        ("22", 1000, "payment"),
        ("32", 1000, "payment"),
        ("24", 1000, "payment"),
        ("27", -1000, "payout"),
        ("37", -1000, "payout"),
        ("21", 1000, "payment"),
        ("55", -1000, "payout"),
    ],
)
def test_the_transaction_code_gives_the_direction(tmp_path: Path, code: str, signed: int, kind: str) -> None:
    reading, [record] = read(tmp_path, ach(("PPD", [ach_entry(1000, code=code)])))

    assert (record["amount_minor"], record["kind"], record["raw_status"], record["raw_code"]) == (signed, kind, code, "PPD")
    assert (reading.statements[0].credits_minor - reading.statements[0].debits_minor, reading.statements[0].currency) == (signed, "USD")


def test_references_and_dates_of_an_entry(tmp_path: Path) -> None:
    reading, [record] = read(tmp_path, ach(("CCD", [ach_entry(id="INVOICE-77", trace="121042880000009")]), settled="324"))
    [statement] = reading.statements

    assert (statement.id, statement.account, statement.references) == ("121042880000001", "231380104", ("121042880000009",))
    assert (record["ref_payment_id"], record["ref_partner_id"], record["ref_batch_id"]) == (
        "INVOICE-77",
        "121042880000009",
        "121042880000001",
    )
    assert (record["booked_on"], record["value_date"], record["account"]) == (date(2026, 11, 20), date(2026, 11, 20), "231380104")
    assert reading.logical_keys == ["nacha:031300012:0231380104:261119:A"]
    assert "Some Name" not in str(record)
    assert "744-5678" not in str(record)


@pytest.mark.parametrize(
    ("made", "settled", "day"), [("261230", "002", date(2027, 1, 2)), ("270102", "365", date(2026, 12, 31)), ("261230", "999", None)]
)
def test_the_settlement_day_is_of_the_nearest_year(tmp_path: Path, made: str, settled: str, day: date | None) -> None:
    _, [record] = read(tmp_path, ach(("PPD", [ach_entry()]), made=made, effective=made, settled=settled))

    assert record["value_date"] == day


@pytest.mark.parametrize("effective", ["      ", "000000", "000101", "261332"])
def test_without_a_plausible_effective_date_the_day_the_file_was_made_counts(tmp_path: Path, effective: str) -> None:
    reading, [record] = read(tmp_path, ach(("PPD", [ach_entry()]), effective=effective))

    assert record["booked_on"] == date(2026, 11, 19)
    assert [n.code for n in reading.notices] == ["date-missing"]


def test_a_return_points_to_the_entry_that_came_back(tmp_path: Path) -> None:
    _, [record] = read(tmp_path, ach(("PPD", [ach_entry(1000, code="26", addenda=1), ach_return("R01", ORIGINAL)]), settled="323"))

    assert (record["kind"], record["amount_minor"], record["raw_code"], record["status"]) == ("return", -1000, "R01", "returned")
    assert (record["ref_original"], record["ref_tx_id"], record["booked_on"]) == (ORIGINAL, None, date(2026, 11, 19))


def test_a_dishonored_return_names_the_return_and_the_original(tmp_path: Path) -> None:
    # 22-27 reserved, 28-35 bank, 36-38 reserved, 39-53 trace of the return, 54-56 its settlement day, 57-58 its reason, 59-79 information
    rest = " " * 6 + "12391871" + " " * 3 + "123918710000001" + "179" + "01" + "Untimely Return"
    _, [record] = read(tmp_path, ach(("PPD", [ach_entry(1000, code="21", addenda=1), ach_return("R68", ORIGINAL, rest=rest)])))

    assert (record["kind"], record["raw_code"], record["ref_original"], record["ref_tx_id"]) == (
        "return",
        "R68",
        ORIGINAL,
        "123918710000001",
    )


def test_a_contested_return_names_the_dishonored_return_and_the_original(tmp_path: Path) -> None:
    # 22-27 date returned, 28-35 bank, 36-38 original day, 39-53 return, 54-56 its day, 57-58 its reason, 59-73 dishonored return, 74-76 its
    # day, 77-78 its reason
    rest = "000167" + "12391871" + "164" + "779999990000301" + "165" + "01" + "889999990000301" + "166" + "67"
    lines = [
        ach_entry(1000, code="26", addenda=3),
        ach_return("R07", "099912340000015"),
        ach_return("R68", ORIGINAL),
        ach_return("R71", ORIGINAL, rest=rest),
    ]
    reading, [record] = read(tmp_path, ach(("PPD", lines)))

    assert (record["raw_code"], record["ref_original"], record["ref_tx_id"]) == ("R71", ORIGINAL, "889999990000301")
    assert reading.statements[0].details == 3


def test_a_notification_of_change_is_an_event_of_the_original(tmp_path: Path) -> None:
    correction = "798C01" + ORIGINAL + " " * 6 + "12104288" + f"{'1918171614':<44}" + "091012980000088\n"
    reading, records, events = read_all(saved(tmp_path, ach(("COR", [ach_entry(0, code="21", addenda=1), correction]))))
    [statement] = reading.statements

    assert records == []
    assert (statement.entries, statement.details, statement.credits_minor) == (1, 1, 0)
    assert [(e["payment_id"], e["state"], e["raw_code"], e["amount_minor"], e["occurred_at"]) for e in events] == [
        (ORIGINAL, "settled", "C01", 0, datetime(2026, 11, 19, tzinfo=UTC))
    ]
    assert "1918171614" not in str(events)


def test_a_returned_entry_without_money_is_an_event(tmp_path: Path) -> None:
    _, records, events = read_all(saved(tmp_path, ach(("PPD", [ach_entry(0, code="21", addenda=1), ach_return("R03", ORIGINAL)]))))

    assert records == []
    assert [(e["payment_id"], e["state"], e["raw_code"]) for e in events] == [(ORIGINAL, "returned", "R03")]


def test_an_international_entry_has_its_own_columns(tmp_path: Path) -> None:
    first = f"710ANN{100000:018}{'928383-23938':<22}{'BEK Enterprises':<35}{'':6}0000001\n"
    _, [record] = read(tmp_path, ach(("IAT", [ach_entry(id="9 11223344", addenda=1), first])))

    assert (record["ref_end_to_end_id"], record["ref_payment_id"]) == ("928383-23938", None)


@pytest.mark.parametrize("entry_class", ["SHR", "CIE", "POP"])
def test_where_the_identification_is_something_else_it_is_not_kept(tmp_path: Path, entry_class: str) -> None:
    _, [record] = read(tmp_path, ach((entry_class, [ach_entry(id="0722123456")])))

    assert record["ref_payment_id"] is None


def test_a_reversal_is_a_return(tmp_path: Path) -> None:
    assert read(tmp_path, ach(("PPD", [ach_entry()]), description="REVERSAL"))[1][0]["kind"] == "return"


def test_lines_may_be_longer_shorter_or_none_at_all(tmp_path: Path) -> None:
    text = ach(("PPD", [ach_entry(1000), ach_entry(500, code="27")]))
    _, plain = read(tmp_path, text)
    _, long = read(tmp_path, text.replace("\n", "    \r\n"))
    _, short = read(tmp_path, "\n".join(line.rstrip() for line in text.split("\n")))
    _, one_line = read(tmp_path, "".join(line.ljust(94) for line in text.split("\n")))
    _, without_filler = read(tmp_path, text.split("\n9999")[0])

    assert [r["amount_minor"] for r in plain] == [1000, -500]
    identities = [r["record_id"] for r in plain]
    assert all([r["record_id"] for r in again] == identities for again in (long, short, one_line, without_filler))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_names_may_be_in_any_alphabet_and_the_columns_hold(tmp_path: Path, encoding: str) -> None:
    text = ach(("PPD", [ach_entry(1000, id="INV-1")]))
    padded = {"utf-8": "Séme Nam", "latin-1": "Séme Name", "cp1252": "Séme Name"}[encoding]
    _, [record] = read_whole(saved(tmp_path, text.replace("Some Name", padded).encode(encoding)))

    assert (record["ref_partner_id"], record["amount_minor"]) == ("121042880000001", 1000)


def test_two_files_in_one(tmp_path: Path) -> None:
    reading, records = read(tmp_path, ach(("PPD", [ach_entry(1)])) + ach(("PPD", [ach_entry(2)]), made="261120"))

    assert [r["amount_minor"] for r in records] == [1, 2]
    assert len(set(reading.logical_keys)) == 2


def test_a_file_without_batches_is_empty_and_fine(tmp_path: Path) -> None:
    reading, records = read(tmp_path, ach())

    assert (reading.statements, records, reading.notices) == ([], [], [])


GOOD = ach(("PPD", [ach_entry(1000), ach_entry(250, code="27", addenda=1), "705" + "words".ljust(80) + "00010000002\n"]))
LINES = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (
            GOOD.replace("0000001000INV", "0000001001INV"),
            "control-total",
            "line 6: the batch's total of credits says 1000, but its entries come to 1001",
        ),
        (GOOD.replace("622231380104", "622231380204"), "control-total", "line 6: the batch's entry hash"),
        (GOOD.replace("622231380104", "627231380104"), "control-total", "line 6: the batch's total of debits"),
        (GOOD.replace(LINES[4], ""), "control-total", "line 5: the batch's count of entries and addenda says 3"),
        (GOOD.replace("9000001000001", "9000002000001"), "control-total", "line 7: the file control says 2 batches, but there are 1"),
        (GOOD.replace("900000100000100000003", "900000100000100000004"), "control-total", "line 7: the file's count"),
        (GOOD.replace("0000001000INV", "00000010O0INV"), "bad-amount", "line 3: the amount in columns 30-39 is no number"),
        (GOOD.replace("0000001000INV", "          INV"), "bad-amount", "line 3"),
        (GOOD.replace("622231380104", "62X231380104"), "malformed", "line 3: the transaction code"),
        (GOOD.replace("622231380104", "620231380104"), "malformed", "line 3: the transaction code 20 is neither"),
        (GOOD.replace(LINES[1], ""), "malformed", "line 2: a record of type 6 has no place here"),
        (GOOD.replace(LINES[2], "2" + LINES[2][1:]), "malformed", "line 3: there is no such record type"),
        (GOOD.replace("".join(LINES[2:4]), ""), "malformed", "line 3: a record of type 7 has no place here"),
        (GOOD.replace(LINES[5], ""), "truncated", "no batch control '8'"),
        (GOOD.replace(LINES[5], LINES[1]), "truncated", "no batch control '8'"),
        (GOOD.replace(LINES[6], ""), "truncated", "ends without a file control record '9'"),
        (GOOD.replace(LINES[6], LINES[6][:50] + "\n"), "truncated", "line 7: a record of type 9 ends at column 50"),
        ("".join(LINES[1:]), "truncated", "line 1: a record of type 5 stands without a file header '1'"),
        (GOOD + LINES[2], "malformed", "behind the file control"),
        (LINES[0] + GOOD, "truncated", "no file control '9' before this file header"),
        (ach(("PPD", [ach_entry()]), made="      ", effective="000000"), "bad-date", "line 2"),
        (ach(("ADV", [])), "control-total", "accounting advices (ADV)"),
        ("<html>101 </html>", "unknown-format", ""),
    ],
)
def test_what_is_wrong_is_named_without_quoting_it(tmp_path: Path, text: str, code: str, said: str) -> None:
    error = refused(tmp_path, text)

    assert (error.code, said in error.message) == (code, True), error.message
    assert "744-5678" not in error.message


@pytest.mark.parametrize("lines", range(1, 7))
def test_a_file_cut_behind_any_line_is_truncated(tmp_path: Path, lines: int) -> None:
    assert refused(tmp_path, "".join(LINES[:lines])).code == "truncated"


@pytest.mark.parametrize(
    ("control", "empty"),
    [(LINES[5], LINES[5][:4] + " " * 40 + LINES[5][44:]), (LINES[6], "9" + " " * 54 + "x\n")],
    ids=["batch", "file"],
)
def test_control_totals_that_are_absent_prove_nothing(tmp_path: Path, control: str, empty: str) -> None:
    assert [r["amount_minor"] for r in read(tmp_path, GOOD.replace(control, empty))[1]] == [1000, -250]


def test_the_archived_copy_covers_the_card_numbers_of_shared_network_entries_and_nothing_else(tmp_path: Path) -> None:
    card = f"{'4111111111111111':<22}"
    text = ach(("SHR", [ach_entry(1000).replace(f"{'Some Name':<22}", card)]), ("PPD", [ach_entry(500, trace="121042880000002")]))
    source, copy, one_line = saved(tmp_path, text), tmp_path / "copy.ach", tmp_path / "one-line.ach"
    one_line.write_text("".join(line.ljust(94) for line in text.split("\n")))

    MASKS["nacha"](source, copy)
    MASKS["nacha"](one_line, tmp_path / "one-line-copy.ach")

    assert copy.read_text() == text.replace("4111111111111111", "************1111")
    assert (tmp_path / "one-line-copy.ach").read_text() == one_line.read_text().replace("4111111111111111", "************1111")
    assert read_whole(copy, sha256="x")[1] == read_whole(source, sha256="x")[1]
    assert "4111111111111111" not in str(read_whole(source))

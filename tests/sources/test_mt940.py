"""SWIFT statements: what each field becomes, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flat_builders import mt940, mt942, mt_entry
from source_builders import read_all, read_whole

from breakwater.errors import FileError


def record_of(tmp_path: Path, entry: str, **changes: str) -> dict[str, Any]:
    [record] = records_of(tmp_path, mt940(entry, **changes))
    return record


def records_of(tmp_path: Path, text: str | bytes) -> list[dict[str, Any]]:
    return read_whole(saved(tmp_path, text))[1]


def saved(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "statement.sta"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(tmp_path: Path, text: str | bytes) -> FileError:
    with pytest.raises(FileError) as error:
        read_whole(saved(tmp_path, text))
    assert error.value.remedy
    return error.value


@pytest.mark.parametrize(
    ("mark", "signed", "kind"),
    [("C", 1000, "payment"), ("D", -1000, "payout"), ("RC", -1000, "return"), ("RD", 1000, "return"), ("CR", 1000, "payment")],
)
def test_the_mark_gives_direction_and_kind(tmp_path: Path, mark: str, signed: int, kind: str) -> None:
    record = record_of(tmp_path, mt_entry(1000, mark=mark))

    assert (record["amount_minor"], record["kind"], record["raw_status"]) == (signed, kind, mark.removesuffix("R"))


@pytest.mark.parametrize(
    ("entry", "kind", "raw_code"),
    [
        (mt_entry(mark="D", type="NCHG"), "fee", "NCHG"),
        (mt_entry(mark="D", type="NMSC", purpose="808?00Gebuehren?20Konto"), "fee", "NMSC/808"),
        (mt_entry(mark="D", type="NRTI"), "return", "NRTI"),
        (mt_entry(mark="D", type="NDDT", purpose="109?00RUECKLASTSCHRIFT?20EREF+E1"), "return", "NDDT/109"),
        (mt_entry(mark="C", type="NTRF", purpose="/RTRN/MS03//EREF/E1//REMI/USTD//x/"), "return", "NTRF/MS03"),
        (mt_entry(mark="C", type="S051"), "payment", "S051"),
    ],
)
def test_type_and_business_code_give_the_kind(tmp_path: Path, entry: str, kind: str, raw_code: str) -> None:
    record = record_of(tmp_path, entry)

    assert (record["kind"], record["raw_code"]) == (kind, raw_code)


def test_references_of_the_line_itself(tmp_path: Path) -> None:
    record = record_of(tmp_path, mt_entry(owner="ORDER-7", bank="BANK-9"))

    assert (record["ref_payment_id"], record["ref_partner_id"], record["ref_end_to_end_id"]) == ("ORDER-7", "BANK-9", None)


def test_structured_purpose_cut_at_27_letters_is_put_together_and_its_words_are_not_kept(tmp_path: Path) -> None:
    purpose = (
        "109?00SEPA RETOURE?109075/629?20EREF+A1.200080779.400143254\n?21.4961336 KREF+SEPA-DA202006?2201221740-P1 MREF+2"
        "?23SVWZ+RENT ANNA MAIER?32ANNA MAIER"
    )
    record = record_of(tmp_path, mt_entry(mark="D", type="NRTI", owner="KREF+", purpose=purpose))

    assert record["ref_end_to_end_id"] == "A1.200080779.400143254.4961336"
    assert record["ref_batch_id"] == "SEPA-DA20200601221740-P1"
    assert record["ref_original"] == "A1.200080779.400143254.4961336"
    assert "MAIER" not in str(record)


def test_a_marker_at_the_start_of_a_subfield_ends_the_value_before_it(tmp_path: Path) -> None:
    record = record_of(tmp_path, mt_entry(purpose="171?20KREF+SEPA-20210203175805-00?21154800-P1?22SVWZ+E-MOBILITY"))

    assert record["ref_batch_id"] == "SEPA-20210203175805-00154800-P1"


def test_words_behind_a_short_reference_are_not_part_of_it(tmp_path: Path) -> None:
    record = record_of(tmp_path, mt_entry(purpose="166?20EREF+INV-1?21Anna Maier says thanks"))

    assert record["ref_end_to_end_id"] == "INV-1"


@pytest.mark.parametrize(
    "purpose",
    [
        "/EREF/E2E-1//CNTP/NL32INGB0000012345/INGBNL2A/J.Janssen///REMI/USTD//words/",
        "/EREF/E2E-1/BENM//NAME/J.JANSSEN/REMI//ISDT/2013-07-11",
        "/TRTP/SEPA OVERBOEKING/IBAN/NL32INGB0000012345/EREF/E2E\n-1",
        "/PREF/M1//EREF/E2E-1/",
    ],
)
def test_slashed_references_end_at_the_next_word(tmp_path: Path, purpose: str) -> None:
    assert record_of(tmp_path, mt_entry(purpose=purpose))["ref_end_to_end_id"] == "E2E-1"


@pytest.mark.parametrize("absent", ["NOTPROVIDED", "notprovided"])
def test_notprovided_is_no_reference(tmp_path: Path, absent: str) -> None:
    assert record_of(tmp_path, mt_entry(purpose=f"166?20EREF+{absent}"))["ref_end_to_end_id"] is None


@pytest.mark.parametrize(
    ("valued", "entered", "booked_on", "value_date"),
    [
        ("261231", "0102", date(2027, 1, 2), date(2026, 12, 31)),
        ("270101", "1230", date(2026, 12, 30), date(2027, 1, 1)),
        ("261119", "", date(2026, 11, 19), date(2026, 11, 19)),
        ("261119", "    ", date(2026, 11, 19), date(2026, 11, 19)),
        ("270230", "0301", date(2027, 3, 1), date(2027, 2, 28)),
        ("270229", "0301", date(2027, 3, 1), date(2027, 2, 28)),
        ("280229", "0229", date(2028, 2, 29), date(2028, 2, 29)),
        ("981119", "1119", date(1998, 11, 19), date(1998, 11, 19)),
    ],
)
def test_the_year_of_the_entry_date_is_the_one_nearest_to_the_value_date(
    tmp_path: Path, valued: str, entered: str, booked_on: date, value_date: date
) -> None:
    record = record_of(tmp_path, mt_entry(valued=valued, entered=entered))

    assert (record["booked_on"], record["value_date"]) == (booked_on, value_date)


def in_currency(amount: str, currency: str) -> str:
    entry = f":61:261119C{amount}NTRFNONREF\n"
    return mt940(entry, opening=f":60F:C261118{currency}1,", closing=f":62F:C261119{currency}1,")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("5,", "EUR", 500),
        ("5,1", "EUR", 510),
        (",5", "EUR", 50),
        ("5,100", "EUR", 510),
        ("5,123", "KWD", 5123),
        ("5,", "JPY", 5),
        ("5,00", "JPY", 5),
    ],
)
def test_missing_decimals_are_zeros(tmp_path: Path, amount: str, currency: str, minor: int) -> None:
    [record] = records_of(tmp_path, in_currency(amount, currency))

    assert (record["amount_minor"], record["currency"]) == (minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency"), [("5", "EUR"), ("5.00", "EUR"), ("5,1234", "KWD"), ("5,1", "JPY"), ("-5,", "EUR"), (" 5,", "EUR")]
)
def test_an_amount_has_a_comma_and_no_more_decimals_than_its_currency(tmp_path: Path, amount: str, currency: str) -> None:
    assert refused(tmp_path, in_currency(amount, currency)).code == "bad-amount"


def test_the_original_amount_of_a_returned_debit_is_kept(tmp_path: Path) -> None:
    record = record_of(tmp_path, ":61:261119D12,35NRTINONREF//B1\n/OCMT/USD11,85//CHGS/EUR0,50/\n")

    assert (record["original_amount_minor"], record["original_currency"]) == (-1185, "USD")


def test_pages_are_statements_of_their_own_and_keep_their_identity_in_a_reissue(tmp_path: Path) -> None:
    first = mt940(mt_entry(1000, mark="D"), closing=":62M:C26111990,00")
    second = mt940(mt_entry(1000, mark="D"), opening=":60M:C261119EUR90,00", closing=":62F:C26111980,00")
    reading, records = read_whole(saved(tmp_path, first + second))
    _, again = read_whole(saved(tmp_path, "\x01\r\n:940:\r\n" + (first + second).replace("\n", "\r\n")))

    assert [(s.id, s.opening_minor, s.closing_minor, s.balanced) for s in reading.statements] == [
        ("STARTUMS/11/1", 10000, 9000, True),
        ("STARTUMS/11/1", 9000, 8000, True),
    ]
    assert len({r["record_id"] for r in records}) == 2
    assert [r["record_id"] for r in again] == [r["record_id"] for r in records]
    assert reading.notices == []
    assert reading.business_date == date(2026, 11, 19)


def test_a_statement_that_does_not_go_on_where_the_last_one_ended_is_told(tmp_path: Path) -> None:
    reading, _ = read_whole(
        saved(tmp_path, mt940() + mt940(number="12/1", opening=":60F:C261119EUR100,01", closing=":62F:C261119EUR100,01"))
    )

    assert [n.code for n in reading.notices] == ["chain-broken"]


def test_envelopes_and_dashes_are_no_structure(tmp_path: Path) -> None:
    text = "{1:F01ASNBNL21XXXX0000000000}{2:O940ASNBNL21XXXXN}{3:}{4:\n" + mt940(mt_entry(purpose="/MARF/MND\n-\nEV01//EREF/E1/")).replace(
        "\n-\n", "\n-}{5:}\n", -1
    )
    reading, [record] = read_whole(saved(tmp_path, text))

    assert reading.statements[0].closing_minor == 10000
    assert record["ref_end_to_end_id"] == "E1"


def test_a_time_of_day_cut_in_two_is_no_field(tmp_path: Path) -> None:
    [record] = records_of(tmp_path, mt940(mt_entry(purpose="106?20SVWZ+12-09-2014T16\n:26:37 Fo?21EREF+E1")))

    assert record["ref_end_to_end_id"] == "E1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_any_alphabet_a_bank_may_use(tmp_path: Path, encoding: str) -> None:
    [record] = records_of(tmp_path, mt940(mt_entry(owner="MÜLLER-1")).encode(encoding))

    assert record["ref_payment_id"] == "MÜLLER-1"


def test_a_lost_opening_balance_is_told(tmp_path: Path) -> None:
    reading, records = read_whole(saved(tmp_path, mt940(mt_entry(1000)).replace(":60F:C261118EUR100,00\n", "")))

    assert [n.code for n in reading.notices] == ["balance-missing"]
    assert records[0]["amount_minor"] == 1000


def test_a_card_number_as_account_is_masked_everywhere(tmp_path: Path) -> None:
    reading, [record] = read_whole(saved(tmp_path, mt940(mt_entry(), account="4111111111111111")))

    said = f"{reading.statements} {reading.logical_keys} {record}"
    assert "4111111111111111" not in said
    assert record["account"] == "411111…1111"


GOOD = mt940(mt_entry(1000, owner="A"), mt_entry(1000, mark="D", owner="B"))


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (GOOD.replace(":62F:C261119EUR100,00\n", ""), "truncated", "line 1: the statement 'STARTUMS/11/1' has no closing balance"),
        (GOOD.replace(":25:", ":25:X\n:25:"), "malformed", "line 3: ':25:' stands twice"),
        (GOOD.replace(":28C:", ":28:1\n:28C:"), "malformed", "line 4: ':28C:' stands twice"),
        (GOOD.replace(":60F:", ":60F:C261118EUR1,\n:60M:"), "malformed", "line 5: ':60M:' stands twice"),
        (GOOD.replace("-\n", ":62M:C261119EUR1,\n"), "malformed", "':62M:' stands twice"),
        (GOOD + ":61:261119C1,NTRFNONREF\n", "malformed", "line 9: an entry stands behind the closing balance"),
        (GOOD.replace(":61:261119", ":61:261332"), "bad-date", "line 5: the value date '261332' does not exist"),
        (GOOD.replace(":61:2611191119", ":61:2611191131"), "bad-date", "line 5: the entry date '1131' does not exist"),
        (GOOD.replace(":61:2611191119", ":61:2702280230"), "bad-date", "line 5: the entry date '0230' does not exist"),
        (GOOD.replace("C261118EUR", "C260230EUR"), "bad-date", "line 4: the balance date '260230' does not exist"),
        (GOOD.replace("C10,00", "C10.00"), "bad-amount", "line 5"),
        (GOOD.replace("C10,00", "C,"), "bad-amount", "line 5"),
        (GOOD.replace("C10,00", "C10,001"), "bad-amount", "line 5: the amount '10,001' is no amount in EUR"),
        (GOOD.replace("C10,00", "C" + "9" * 20 + ","), "bad-amount", "line 5"),
        (GOOD.replace("C10,00", "X10,00"), "malformed", "line 5: '2611191119X10,00NTRFA' says neither C nor D"),
        (GOOD.replace("EUR100,00", "XYZ100,00"), "bad-amount", "line 4: the balance is in 'XYZ', which is no currency"),
        (GOOD.replace("261118EUR", "261118USD"), "malformed", "the balance is in EUR, the statement in USD"),
        (GOOD.replace("EUR", ""), "bad-amount", "line 4: the balance has no currency"),
        (GOOD.replace(":60F:C", ":60F:X"), "malformed", "line 4"),
        ("<html><body>Please log in</body></html>", "unknown-format", "web page"),
        ("Dear customer,\nno statement today.\n", "unknown-format", ""),
        ("", "empty-file", ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, code: str, said: str) -> None:
    error = refused(tmp_path, text)

    assert error.code == code
    assert said.lower() in error.message.lower()


@pytest.mark.parametrize("lines", range(1, 7))
def test_a_statement_cut_behind_any_line_before_its_closing_balance_is_truncated(tmp_path: Path, lines: int) -> None:
    assert refused(tmp_path, "".join(GOOD.splitlines(keepends=True)[:lines])).code == "truncated"


def test_a_card_number_in_an_error_is_masked(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace(":60F:C", ":60F:4111 1111 1111 1111 "))

    assert "1111 1111 1111" not in error.message


def test_an_intraday_report_announces_and_moves_no_money(tmp_path: Path) -> None:
    text = mt942(
        mt_entry(1000, purpose="166?20EREF+E1", bank="B1"),
        mt_entry(500, mark="ED", owner="ORDER-2"),
        mt_entry(300),
        totals=":90C:2EUR13,\n:90D:0EUR0,\n",
    )
    reading, records, events = read_all(saved(tmp_path, text))
    [statement] = reading.statements

    assert records == []
    assert (reading.format, statement.currency, statement.entries, statement.pending_entries) == ("mt942", "EUR", 2, 1)
    assert (statement.credits_minor, statement.debits_minor, statement.opening_minor, statement.balanced) == (1300, 0, None, None)
    assert [(e["payment_id"], e["state"], e["amount_minor"], e["occurred_at"], e["ref_partner_id"]) for e in events] == [
        ("E1", "settled", 1000, datetime(2026, 11, 19, 11, tzinfo=UTC), "B1"),
        ("ORDER-2", "clearing", 500, datetime(2026, 11, 19, 11, tzinfo=UTC), None),
    ]
    assert reading.notices == []


@pytest.mark.parametrize(
    ("totals", "floor", "code"),
    [
        (":90C:2EUR10,\n", "EUR0,", "control-total"),
        (":90C:1EUR10,01\n", "EUR0,", "control-total"),
        (":90C:1USD10,\n", "EUR0,", "control-total"),
        (":90D:1EUR10,\n", "EUR0,", "control-total"),
        (":90C:1EUR\n", "EUR0,", "bad-amount"),
        (":90C:ten\n", "EUR0,", "bad-amount"),
        (":13D:2611312400+0100\n", "EUR0,", "bad-date"),
    ],
)
def test_totals_and_times_of_an_intraday_report_are_proven(tmp_path: Path, totals: str, floor: str, code: str) -> None:
    assert refused(tmp_path, mt942(mt_entry(1000), floor=floor, totals=totals)).code == code


def test_totals_may_count_what_is_only_expected(tmp_path: Path) -> None:
    text = mt942(mt_entry(1000), mt_entry(500, mark="EC"), totals=":90C:2EUR15,\n")

    assert read_whole(saved(tmp_path, text))[0].statements[0].credits_minor == 1000


def test_an_intraday_report_may_say_its_currency_only_in_its_totals(tmp_path: Path) -> None:
    text = mt942(mt_entry(1000), totals=":90C:1EUR10,\n").replace(":34F:EURD0,00\n", "").replace(":13D:2611191200+0100\n", "")

    assert read_whole(saved(tmp_path, text))[0].statements[0].currency == "EUR"

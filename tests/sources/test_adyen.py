"""How Adyen's settlement details report is understood."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from source_builders import ADYEN_COLUMNS, FILES, adyen, read_whole

from breakwater.model.records import record_id

SAMPLE = FILES / "own_adyen_settlement.csv"
ROW = {"Psp Reference": "PSP1", "Net Credit (NC)": "10.00"}


def test_each_line_by_its_kind() -> None:
    _, records = read_whole(SAMPLE)

    assert [(r["kind"], r["amount_minor"], r["fee_minor"], r["currency"], r["status"], r["raw_code"]) for r in records] == [
        ("payment", 10000, 150, "EUR", "settled", "Settled"),
        ("payment", 1958, 14, "EUR", "settled", "settled"),
        ("refund", -4000, None, "EUR", "refunded", "refunded"),
        ("chargeback", -500, 750, "EUR", "disputed", "Chargeback"),
        ("payment", 1000, 46, "USD", "settled", "Settled"),
        ("fee", -44, None, "EUR", None, "Fee"),
        ("adjustment", -1, None, "EUR", None, "SomethingNew"),
        ("payout", -6499, None, "EUR", "paid_out", "MerchantPayout"),
        ("payout", -954, None, "USD", "paid_out", "MerchantPayout"),
    ]


def test_references_point_to_the_payment_and_its_original() -> None:
    _, records = read_whole(SAMPLE)

    payment, _, refund, chargeback, *_ = records
    assert (payment["ref_payment_id"], payment["ref_partner_id"], payment["ref_batch_id"]) == ("ORD-1", "PSP0000000000001", "77")
    assert (payment["ref_original"], refund["ref_original"], chargeback["ref_original"]) == (None, "ORD-1", "ORD-3")
    assert payment["account"] == "AcmeEU"


def test_a_payout_carries_the_number_of_its_transfer_that_the_banks_statement_shows_too(tmp_path: Path) -> None:
    words = "TX4313726XT batch 4, AcmeEU"
    payout = {"Type": "MerchantPayout", "Modification Reference": words, "Net Debit (NC)": "10.00"}
    without = {"Type": "MerchantPayout", "Modification Reference": "batch 5, AcmeEU", "Net Debit (NC)": "1.00", "Batch Number": "5"}
    payment = {**ROW, "Modification Reference": words}

    path = tmp_path / "report.csv"
    path.write_text(adyen(payment, payout, without, delimiter=";"))

    _, records = read_whole(path)

    assert [(r["kind"], r["ref_payout_trace_id"]) for r in records] == [("payment", None), ("payout", "TX4313726XT"), ("payout", None)]


def test_a_converted_payment_keeps_its_original_amount() -> None:
    _, records = read_whole(SAMPLE)

    originals = [(r["original_amount_minor"], r["original_currency"]) for r in records]
    assert originals == [(None, None), (3158, "JPY"), *[(None, None)] * 7]


def test_dates_are_the_booking_date_else_the_creation_date() -> None:
    reading, records = read_whole(SAMPLE)

    assert (records[0]["booked_on"], records[0]["booked_at"]) == (date(2026, 11, 19), datetime(2026, 11, 19, 22, 59, 59, tzinfo=UTC))
    assert (records[5]["booked_on"], records[5]["booked_at"]) == (date(2026, 11, 20), datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    assert {r["value_date"] for r in records} == {None}
    assert reading.business_date == date(2026, 11, 20)


def test_an_unknown_zone_leaves_the_day_and_no_hour(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(adyen({**ROW, "TimeZone": "Mars"}))

    [record] = read_whole(path)[1]

    assert (record["booked_on"], record["booked_at"]) == (date(2026, 11, 19), None)


def test_lines_are_counted_as_an_editor_does() -> None:
    _, records = read_whole(SAMPLE)

    assert [r["line"] for r in records] == [4, 6, 7, 8, 9, 10, 11, 12, 13]


def test_a_word_nobody_knows_is_an_adjustment_and_told() -> None:
    reading, _ = read_whole(SAMPLE)

    assert [(n.code, n.message) for n in reading.notices] == [
        ("unknown-kind", "Unknown words in 'Type' were read as adjustment: 'somethingnew' (1).")
    ]


def test_statements_are_batch_by_merchant_by_currency(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    other = {**ROW, "Merchant Account": "AcmeUS", "Net Currency": "usd"}
    path.write_text(adyen(ROW, other, {**ROW, "Batch Number": "78"}, ROW, {**ROW, "Psp Reference": "", "Net Debit (NC)": "3"}))

    reading, _ = read_whole(path)

    assert [(s.id, s.account, s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == [
        ("77", "AcmeEU", "EUR", 3, 3000, 300),
        ("77", "AcmeUS", "USD", 1, 1000, 0),
        ("78", "AcmeEU", "EUR", 1, 1000, 0),
    ]
    assert reading.statements[0].references == ("PSP1", "PSP1")
    assert reading.logical_keys == ["adyen-settlement:AcmeEU:77", "adyen-settlement:AcmeUS:77", "adyen-settlement:AcmeEU:78"]


def test_ids_are_made_as_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(adyen({**ROW, "Modification Reference": "MOD1"}, ROW, ROW, {"Net Debit (NC)": "1", "Type": "Fee"}))

    _, records = read_whole(path)

    key = "adyen-settlement:AcmeEU:77"
    assert [r["record_id"] for r in records] == [
        record_id(key, "PSP1/MOD1", 0), record_id(key, "PSP1", 0), record_id(key, "PSP1", 1), record_id(key, "", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_columns_may_move_and_delimiters_vary(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "report.csv"
    path.write_text(adyen(ROW, delimiter=delimiter, columns=tuple(reversed(ADYEN_COLUMNS))).replace("\n", "\r\n"), newline="")

    [record] = read_whole(path)[1]

    assert (record["amount_minor"], record["ref_partner_id"]) == (1000, "PSP1")


@pytest.mark.parametrize(("text", "minor"), [("515", 51500), (".09", 9), ("7.", 700), ("8.850000000", 885), ("0", 0), ("+5", 500)])
def test_amounts_are_exact(tmp_path: Path, text: str, minor: int) -> None:
    path = tmp_path / "report.csv"
    path.write_text(adyen({**ROW, "Net Credit (NC)": text}))

    assert read_whole(path)[1][0]["amount_minor"] == minor


def test_each_currency_has_its_own_decimals(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    rows = [{**ROW, "Net Currency": code, "Net Credit (NC)": text} for code, text in (("JPY", "150.0"), ("KWD", "1.234"), ("EUR", "1.2"))]
    path.write_text(adyen(*rows))

    assert [r["amount_minor"] for r in read_whole(path)[1]] == [150, 1234, 120]


def test_a_report_without_rows_is_valid_and_empty(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(adyen())

    reading, records = read_whole(path)

    assert (reading.format, reading.statements, records) == ("adyen-settlement", [], [])

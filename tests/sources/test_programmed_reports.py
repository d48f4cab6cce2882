"""PayPal, Trustly, dLocal and Braintree: reports with record types, sections or objects, and the totals they prove themselves by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from report_builders import DLOCAL, PAYPAL, STL_ONLY, braintree, disbursed, dispute, dlocal, funding, item, paypal, sb, transaction, trustly
from source_builders import money_in_statements, money_of, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]]]:
    path = tmp_path / "report.csv"
    path.write_text(text)
    reading, records = read_whole(path)
    assert money_of(records) == money_in_statements(reading)
    assert all(any(r["record_id"].startswith(f"{key}/") for key in reading.logical_keys) for r in records)
    return reading, records


def refusal(tmp_path: Path, text: str) -> FileError:
    path = tmp_path / "report.csv"
    path.write_text(text)
    with pytest.raises(FileError) as refused:
        read_whole(path)
    assert refused.value.remedy
    return refused.value


def figures(reading: Reading) -> list[tuple[Any, ...]]:
    return [(s.id, s.account, s.currency, s.entries, s.pending_entries, s.credits_minor, s.debits_minor) for s in reading.statements]


def of(records: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record[name] for name in names) for record in records]


# PayPal


def test_paypal_counts_gross_and_fee_each_on_its_own_side(tmp_path: Path) -> None:
    rows = (
        sb(5200, -225, Transaction_ID="T1", Invoice_ID="O1"),
        sb(-134, 47, Transaction_ID="T2", Invoice_ID="O1", PayPal_Reference_ID="T1", Transaction_Event_Code="T1107"),
        sb(-100, Transaction_ID="T3", Transaction_Event_Code="T0400", Bank_Reference_ID="1047428557493"),
    )

    reading, records = read(tmp_path, paypal(*rows, footers='"SF","EUR",5200,234,47,225,"CR",0\n"RF","EUR",5200,234,47,225\n'))

    assert (reading.format, figures(reading)) == ("paypal-stl", [(None, "ACME", "EUR", 3, 0, 5247, 459)])
    assert reading.statements[0].references == ("T1", "T2", "T3")
    assert of(records, "kind", "amount_minor", "fee_minor", "status", "ref_payment_id", "ref_original", "ref_payout_trace_id") == [
        ("payment", 5200, 225, "settled", "O1", None, None),
        ("refund", -134, -47, "refunded", "O1", "O1", None),
        ("payout", -100, None, "paid_out", None, None, "1047428557493"),
    ]
    assert of(records, "booked_on", "booked_at")[0] == (date(2026, 11, 19), datetime(2026, 11, 19, 18, 0, 30, tzinfo=UTC))
    assert reading.logical_keys == ["paypal-stl:ACME:2026/11/19 00:00:00 -0800#01"]
    assert reading.columns == list(STL_ONLY[1:])


@pytest.mark.parametrize(
    ("currency", "hundredths", "minor"), [("JPY", 15000, 150), ("EUR", 15050, 15050), ("KWD", 100, 1000), ("JPY", 0, 0)]
)
def test_paypal_s_unit_is_a_hundredth_of_every_currency(tmp_path: Path, currency: str, hundredths: int, minor: int) -> None:
    reading, [record] = read(tmp_path, paypal(sb(hundredths, Gross_Transaction_Currency=currency)))

    assert (figures(reading)[0][5], record["amount_minor"], record["currency"]) == (minor, minor, currency)


def test_paypal_s_status_and_authorizations_are_pending_whatever_the_footers_count(tmp_path: Path) -> None:
    rows = [sb(100, -1, Transactional_Status=status) for status in "SFVDP"]
    rows += [sb(100, Transaction_Event_Code="T1300", Transactional_Status="S")]

    reading, records = read(tmp_path, paypal(*rows, columns=PAYPAL, footers='"SF","EUR",600,0,0,5\n"RF","EUR",200,0,0,2\n'))

    assert (reading.format, figures(reading)) == ("paypal-trr", [(None, "ACME", "EUR", 2, 4, 200, 2)])
    assert of(records, "raw_status", "raw_code") == [("S", "T0006"), ("F", "T0006")]


def test_each_account_of_a_paypal_report_has_its_statement(tmp_path: Path) -> None:
    one = paypal(sb(100), account="ONE")
    head, section = one.split('"SH"')
    section = '"SH"' + section.partition('"RC"')[0]

    reading, records = read(tmp_path, head + section + section.replace("ONE", "TWO").replace(",100,", ",7,") + '"RC",2\n"FF",2\n')

    assert figures(reading) == [(None, "ONE", "EUR", 1, 0, 100, 0), (None, "TWO", "EUR", 1, 0, 7, 0)]
    assert [r["account"] for r in records] == ["ONE", "TWO"]


def test_a_paypal_report_cut_out_by_hand_needs_no_end(tmp_path: Path) -> None:
    text = paypal(sb(100, Transaction_ID="T1"))
    by_hand = '"SH"' + text.partition('"SH"')[2].partition('"SC"')[0]

    assert figures(read(tmp_path, by_hand)[0]) == [(None, "ACME", "EUR", 1, 0, 100, 0)]
    only_rows = "CH" + by_hand.partition("CH")[2]
    assert figures(read(tmp_path, only_rows)[0]) == [(None, None, "EUR", 1, 0, 100, 0)]


def test_a_paypal_report_of_a_day_without_business_is_empty(tmp_path: Path) -> None:
    text = paypal(footers='"SF","EUR",0,0,0,0\n')

    assert figures(read(tmp_path, text)[0]) == []
    assert figures(read(tmp_path, "".join(line for line in text.splitlines(keepends=True) if not line.startswith("CH")))[0]) == []


ROW = sb(5200, -225)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (paypal(ROW, count=2), "control-total", "SC counts 2 rows, but there are 1"),
        (paypal(ROW, ROW).replace('"RC",2', '"RC",3'), "control-total", "RC counts 3 rows, but there are 2"),
        (paypal(ROW).replace('"FF",1', '"FF",0'), "control-total", "FF counts 0 rows, but there are 1"),
        (paypal(ROW, footers='"SF","EUR",5201,0,0,225\n'), "control-total", "the totals in EUR are 5201, 0, 0, 225"),
        (paypal(ROW, footers='"SF","EUR",5200,0,225,0\n'), "control-total", "but the rows add up to 5200, 0, 0, 225"),
        (paypal(ROW, footers='"RF","USD",1,0,0,0\n'), "control-total", "the totals in USD"),
        (paypal(ROW).replace('"FF",1\n', ""), "truncated", "before its last record, FF"),
        (paypal(ROW).partition("SB")[0], "truncated", "before its last record, FF"),
        (paypal(ROW).partition("5200")[0], "truncated", "line 5: the row ends before its column 'Gross Transaction Currency'"),
        (paypal(ROW) + "SB\n", "malformed", "after the end of the file"),
        (paypal(ROW).replace('"SC"', '"XX"'), "malformed", "no record type 'XX'"),
        (paypal(ROW).replace("\nSB", ",\nSB,,,,,,,,,,,,,,,,"), "malformed", "cells for"),
        (paypal(ROW).replace(",CR,5200", ",XR,5200"), "malformed", "neither CR nor DR"),
        (paypal(ROW).replace("Gross Transaction Amount", "Gross"), "malformed", "the columns Gross Transaction Amount are missing"),
        (paypal(ROW).replace(",5200,", ",52.00,"), "bad-amount", "no whole number of hundredths"),
        (paypal(ROW).replace(",5200,", ",,"), "bad-amount", "the gross amount is empty"),
        (paypal(sb(15050, Gross_Transaction_Currency="JPY")), "bad-amount", "'15050' is no amount this currency can have"),
        (paypal(sb(1, Gross_Transaction_Currency="XYZ")), "bad-amount", "'XYZ' is no currency"),
        (paypal(ROW).replace("2026/11/19 10:00:30", "2026/02/30 10:00:30"), "bad-date", "'2026/02/30 10:00:30 -0800' is no date"),
        (paypal(ROW).replace("2026/11/19 10:00:30 -0800", ""), "bad-date", "'' is no date"),
        ('"SH",a,b,ACME\n"SB",1\n', "malformed", "before the names of its columns"),
    ],
)
def test_what_refuses_a_paypal_report(tmp_path: Path, text: str, code: str, said: str) -> None:
    refused = refusal(tmp_path, text)

    assert (refused.code, said in refused.message) == (code, True), refused.message


def test_an_interactive_paypal_export_is_no_report(tmp_path: Path) -> None:
    assert refusal(tmp_path, "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net\n").code == "unknown-format"


def test_unknown_event_codes_are_adjustments_and_told(tmp_path: Path) -> None:
    reading, [record] = read(tmp_path, paypal(sb(100, Transaction_Event_Code="X9999")))

    assert record["kind"] == "adjustment"
    assert [n.message for n in reading.notices] == ["Unknown event codes were read as adjustment: 'X9999' (1)."]


# Trustly


def test_trustly_counts_items_with_their_fees_and_fundings_as_payouts(tmp_path: Path) -> None:
    records_of = (item("10.00", "-0.25", id="1"), item("-2.50", "0.10", id="2"), item("-1.00", id="3", type="Refund"), funding("6.35"))

    reading, records = read(tmp_path, trustly(*records_of, trail="L,3,6.50,1,6.35"))

    assert figures(reading) == [(None, "3618", "USD", 4, 0, 1010, 1010)]
    assert of(records, "kind", "amount_minor", "fee_minor", "ref_payment_id", "ref_partner_id", "ref_payout_trace_id", "ref_original") == [
        ("payment", 1000, 25, "ORD-1", "1", "TRACE1", None),
        ("return", -250, -10, "ORD-2", "2", "TRACE1", "802"),
        ("refund", -100, None, "ORD-3", "3", "TRACE1", "802"),
        ("payout", -635, None, None, "TRACE1", "TRACE1", None),
    ]


def test_a_reconciliation_report_has_transactions_without_fees(tmp_path: Path) -> None:
    reading, _ = read(tmp_path, trustly(transaction("5.00"), transaction("2.75", id="2"), trail="L,2,7.75,0.00"))

    assert figures(reading) == [(None, "3618", "USD", 2, 0, 775, 0)]


def test_a_negative_funding_comes_from_our_bank_account(tmp_path: Path) -> None:
    assert figures(read(tmp_path, trustly(item("-5.00"), funding("-5.00"), trail="L,1,-5.00,1,-5.00"))[0])[0][3:] == (2, 0, 500, 500)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (trustly(item("5.00"), trail="L,2,5.00"), "control-total"),
        (trustly(item("5.00"), trail="L,1,5.01"), "control-total"),
        (trustly(item("5.00"), funding("5.00"), trail="L,1,5.00,2,5.00"), "control-total"),
        (trustly(item("5.00"), funding("5.00"), trail="L,1,5.00,1,5.01"), "control-total"),
        (trustly(item("5.00"), funding("5.00"), trail="L,1,5.00,4.99"), "control-total"),
        (trustly(item("5.00"), trail=""), "truncated"),
        (trustly(item("5.00"), trail="L,1"), "truncated"),
        (trustly(item("5.00").rpartition(",")[0], trail="L,1,5.00"), "truncated"),
        (trustly(item("5.00"), trail="L,1,5.00\nL,1,5.00"), "malformed"),
        (trustly(item("5.00") + ",", trail="L,1,5.00"), "malformed"),
        (trustly("X,1", trail="L,0,0"), "malformed"),
        (trustly("H,P11KFUN", trail="L,0,0"), "malformed"),
        (trustly(item("5.005"), trail="L,1,5.00"), "bad-amount"),
        (trustly(item(""), trail="L,1,5.00"), "bad-amount"),
        (trustly(item("5", "free"), trail="L,1,5.00"), "bad-amount"),
        (trustly(item("5", currency="XYZ"), trail="L,1,5.00"), "bad-amount"),
        (trustly(item("5", processed="2026-02-30T00:00:00Z"), trail="L,1,5.00"), "bad-date"),
    ],
)
def test_what_refuses_a_trustly_report(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(tmp_path, text).code == code


# dLocal


def test_dlocal_adds_up_exactly_and_rounds_each_side_once(tmp_path: Path) -> None:
    rows = (
        {
            "GROSS_AMOUNT": "3.287193",
            "FEE_AMOUNT": "-0.068128",
            "NET_AMOUNT": "3.219065",
            "TRANSACTION_ID": "O1",
            "DLOCAL_TRANSACTION_ID": "R1",
        },
        {"GROSS_AMOUNT": "1.008571", "FEE_AMOUNT": "-0.022993", "NET_AMOUNT": "0.985578"},
        {"GROSS_AMOUNT": "1.00", "NET_AMOUNT": "1.00"},
        {"ROW_TYPE": "SETTLEMENT_FEE", "FEE_AMOUNT": "-80", "NET_AMOUNT": "-80"},
        {"ROW_TYPE": "REFUND", "GROSS_AMOUNT": "-0.004999", "NET_AMOUNT": "-0.004999", "TRANSACTION_ID": "O1"},
    )
    top = {"GROSS_TOTAL_AMOUNT": "5.29", "FEE_TOTAL_AMOUNT": "-80.091121", "NET_TOTAL_AMOUNT": "-74.81"}

    reading, records = read(tmp_path, dlocal(*rows, top=top))

    assert figures(reading) == [("642926", "648", "USD", 5, 0, 520, 8000)]  # 5.204643 and 80.004999
    assert of(records, "kind", "amount_minor", "fee_minor", "ref_payment_id", "ref_original", "ref_batch_id") == [
        ("payment", 329, 7, "O1", None, "642926"),
        ("payment", 100, 2, None, None, "642926"),
        ("payment", 100, 0, None, None, "642926"),
        ("fee", -8000, None, None, None, "642926"),
        ("refund", 0, 0, "O1", "O1", "642926"),
    ]


def test_dlocal_has_an_account_only_if_it_is_one(tmp_path: Path) -> None:
    reading, _ = read(tmp_path, dlocal({"NET_AMOUNT": 1}, {"NET_AMOUNT": 1, "MID": "649"}))

    assert figures(reading) == [("642926", None, "USD", 2, 0, 200, 0)]
    assert reading.columns[-len(DLOCAL) :] == list(DLOCAL)
    assert "TRANSFER_DATE" in reading.columns


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (dlocal({"NET_AMOUNT": 1}, top={"NUMBER_OF_ITEMS": 2}), "control-total"),
        (dlocal({"NET_AMOUNT": "1.000001"}, top={"NET_TOTAL_AMOUNT": "1.010002"}), "control-total"),
        (dlocal({"NET_AMOUNT": 1, "GROSS_AMOUNT": 1}, top={"GROSS_TOTAL_AMOUNT": "0.98"}), "control-total"),
        (dlocal({"NET_AMOUNT": 1, "FEE_AMOUNT": 1}, top={"FEE_TOTAL_AMOUNT": "-1"}), "control-total"),
        (dlocal({"NET_AMOUNT": "1.0000001"}), "bad-amount"),
        (dlocal({"NET_AMOUNT": ""}), "bad-amount"),
        (dlocal({"NET_AMOUNT": 1, "GROSS_AMOUNT": "much"}), "bad-amount"),
        (dlocal({"NET_AMOUNT": 1}, top={"SETTLEMENT_CURRENCY": "XYZ"}), "bad-amount"),
        (dlocal({"NET_AMOUNT": 1, "APPROVED_DATE": "2026-02-30 10:00:00"}), "bad-date"),
        (dlocal({"NET_AMOUNT": 1}).replace("NET_AMOUNT,STATUS", "NETTO,STATUS"), "malformed"),
        (dlocal({"NET_AMOUNT": 1, "USER_EMAIL": ",,,"}), "malformed"),
        ("\n".join(dlocal().splitlines()[:2]), "truncated"),
        (dlocal({"NET_AMOUNT": 1}).rpartition(",1,")[0], "truncated"),
    ],
)
def test_what_refuses_a_dlocal_report(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(tmp_path, text).code == code


def test_a_sum_within_one_minor_unit_of_its_total_agrees(tmp_path: Path) -> None:
    assert figures(read(tmp_path, dlocal({"NET_AMOUNT": "1.000001"}, top={"NET_TOTAL_AMOUNT": "1.010001"}))[0])[0][5] == 100


# Braintree


def test_braintree_s_disbursements_are_credits_and_disputes_go_by_their_state(tmp_path: Path) -> None:
    objects = (
        disbursed("30.10", amount={"value": "20.00", "currencyCode": "GBP"}),
        dispute("5.35", "LOST"), dispute("1.00", "OPEN", id="d2"), dispute("2.00", "WON", id="d3"), dispute("9.00", "EXPIRED"),
        disbursed("9.00", status="SETTLING"), disbursed("9.00", disbursementDetails={"amount": None}, amount={"currencyCode": "USD"}),
        disbursed("1500", currency="JPY"),
    )  # fmt: skip

    reading, records = read(tmp_path, braintree(*objects))

    assert figures(reading) == [(None, None, "USD", 4, 3, 3210, 635), (None, None, "JPY", 1, 0, 1500, 0)]
    assert of(records, "kind", "amount_minor", "status", "ref_payment_id", "ref_original", "raw_status") == [
        ("payment", 3010, "settled", "ORD-1", None, "SETTLED"),
        ("chargeback", -535, "dispute_lost", "ORD-1", "ORD-1", "LOST"),
        ("chargeback", -100, "disputed", "ORD-1", "ORD-1", "OPEN"),
        ("chargeback_reversal", 200, "dispute_won", "ORD-1", "ORD-1", "WON"),
        ("payment", 1500, "settled", "ORD-1", None, "SETTLED"),
    ]
    assert of(records, "original_amount_minor", "original_currency", "booked_on")[0] == (2000, "GBP", date(2026, 11, 19))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (braintree(disbursed("1.005")), "bad-amount"),
        (braintree(disbursed("")), "bad-amount"),
        (braintree(disbursed("1", currency="XYZ")), "bad-amount"),
        (braintree(dispute("x", "OPEN")), "bad-amount"),
        (braintree(disbursed("1")).replace("2026-11-19", "2026-02-30"), "bad-date"),
        (braintree(disbursed("1")) + "{}\n", "malformed"),
        (braintree(disbursed("1")) + "[1]\n", "malformed"),
        (braintree(disbursed("1")) + "{no json}\n", "malformed"),
        (braintree(disbursed("1"), disbursed("2"))[:-20], "truncated"),
        (braintree(disbursed("1")) + "[" * 100_000 + "\n", "malformed"),
    ],
)
def test_what_refuses_a_braintree_report(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(tmp_path, text).code == code


def test_an_amount_never_passes_through_a_float(tmp_path: Path) -> None:
    text = braintree(disbursed("@")).replace('"@"', "9007199254740993.01")

    assert figures(read(tmp_path, text)[0])[0][5] == 900719925474099301

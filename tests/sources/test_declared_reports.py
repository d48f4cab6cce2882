"""The providers' plain tables: what each layout makes of a report, one rule of reading after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from report_builders import (
    CHECKOUT,
    HONG_KONG,
    IN_STORE,
    STRIPE,
    accounting,
    antom,
    checkout,
    forex,
    in_store,
    stripe,
    table,
)
from source_builders import money_in_statements, money_of, read_all, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading


def read(tmp_path: Path, text: str | bytes) -> tuple[Reading, list[dict[str, Any]]]:
    path = tmp_path / "report.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    reading, records = read_whole(path)
    assert money_of(records) == money_in_statements(reading)
    return reading, records


def refusal(tmp_path: Path, text: str) -> FileError:
    path = tmp_path / "report.csv"
    path.write_text(text)
    with pytest.raises(FileError) as refused:
        read_whole(path)
    return refused.value


def figures(reading: Reading) -> list[tuple[Any, ...]]:
    return [(s.id, s.account, s.currency, s.entries, s.pending_entries, s.credits_minor, s.debits_minor) for s in reading.statements]


def of(records: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record[name] for name in names) for record in records]


# Adyen's payment accounting report


def test_only_record_types_that_move_money_are_booked(tmp_path: Path) -> None:
    booked = ("Settled", "refunded", "Chargeback", "SecondChargeback", "ChargebackReversed", "SettledReversed", "Fee", "MerchantPayout",
              "InvoiceDeduction", "DepositCorrection", "Balancetransfer")  # fmt: skip
    rows = [{"Record Type": word, "Payable (SC)": "1.00"} for word in booked]
    waiting = [{"Record Type": word, "Payable (SC)": "no amount"} for word in ("Received", "Authorised", "SentForSettle", "Refused")]

    reading, records = read(tmp_path, accounting(*rows, *waiting))

    assert figures(reading) == [(None, "AcmeEU", "EUR", 11, 4, 1100, 0)]
    assert len(records) == 11


def test_the_money_is_what_is_payable_by_its_sign(tmp_path: Path) -> None:
    reading, records = read(
        tmp_path,
        accounting(
            {"Payable (SC)": "9.50", "Commission (SC)": "0.30", "Markup (SC)": "0.20", "Psp Reference": "PSP1", "Merchant Reference": "O1"},
            {"Payable (SC)": "-23.87", "Record Type": "Chargeback", "Psp Reference": "PSP2", "Modification Psp Reference": "MOD2"},
        ),
    )

    assert figures(reading) == [(None, "AcmeEU", "EUR", 2, 0, 950, 2387)]
    assert of(records, "kind", "amount_minor", "fee_minor", "ref_tx_id") == [
        ("payment", 1000, 50, None),
        ("chargeback", -2387, None, "MOD2"),
    ]
    assert reading.statements[0].references == ("PSP1", "PSP2")
    assert of(records, "booked_on", "booked_at")[0] == (date(2026, 11, 19), datetime(2026, 11, 19, 9, tzinfo=UTC))


def test_a_row_without_a_settlement_currency_is_of_its_payment_currency(tmp_path: Path) -> None:
    reading, _ = read(
        tmp_path,
        accounting(
            {"Payable (SC)": "1"},
            {"Record Type": "Received", "Settlement Currency": "", "Payment Currency": "jpy"},
            {"Payable (SC)": "2", "Merchant Account": "AcmeUS"},
        ),
    )

    assert figures(reading) == [
        (None, "AcmeEU", "EUR", 1, 0, 100, 0),
        (None, "AcmeEU", "JPY", 0, 1, 0, 0),
        (None, "AcmeUS", "EUR", 1, 0, 200, 0),
    ]


def test_rows_that_move_no_money_are_events_of_their_payment(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    told = {"Psp Reference": "PSP1", "Merchant Reference": "O1", "Main Currency": "JPY", "Main Amount": "1500"}
    rows = [{**told, "Record Type": word} for word in ("Received", "Authorised", "SentForSettle", "SomethingNew", "Received")]
    nameless = {"Record Type": "Refused", "Merchant Reference": ""}
    path.write_text(accounting(*rows, nameless, {**told, "Record Type": "Error", "TimeZone": "Mars"}, {"Payable (SC)": "1"}))

    reading, records, events = read_all(path)

    assert figures(reading) == [(None, "AcmeEU", "EUR", 1, 7, 100, 0)]
    assert [(e["payment_id"], e["state"], e["raw_code"], e["amount_minor"], e["currency"], e["ref_partner_id"]) for e in events] == [
        ("O1", "submitted", "Received", 1500, "JPY", "PSP1"),
        ("O1", "authorized", "Authorised", 1500, "JPY", "PSP1"),
        ("O1", "clearing", "SentForSettle", 1500, "JPY", "PSP1"),
        ("O1", "unknown", "SomethingNew", 1500, "JPY", "PSP1"),
        ("O1", "submitted", "Received", 1500, "JPY", "PSP1"),
    ]
    assert len(records) == 1
    assert len({e["event_id"] for e in events}) == 5
    assert [n.message for n in reading.notices] == [
        "Words that are not known here, and count as unknown: 'SomethingNew' (1).",
        "1 rows about payments name no payment, so they can't be traced.",
        "1 rows about payments have no time, so they can't be traced.",
    ]


# Alipay's generations


def test_a_forex_settlement_goes_by_type_and_its_fees_come_back_with_refunds(tmp_path: Path) -> None:
    reading, records = read(
        tmp_path,
        forex(
            {"Amount": "100", "Fee": "1.2", "Settlement": "98.8", "Partner_transaction_id": "OUR1", "Transaction_id": "A1"},
            {"Amount": "50.0", "Fee": "0.6", "Settlement": "49.4", "Type": "R", "Partner_transaction_id": "OUR2", "Transaction_id": "A2"},
            {"Settlement": "9.99", "Status": "F", "Type": "R"},
        ),
    )

    assert reading.format == "alipay-settlement"
    assert figures(reading) == [(None, None, "HKD", 2, 1, 9880, 4940)]
    assert of(records, "kind", "amount_minor", "fee_minor", "status", "raw_status", "ref_payment_id", "ref_partner_id") == [
        ("payment", 10000, 120, "settled", "L", "OUR1", "A1"),
        ("refund", -5000, -60, "settled", "L", "OUR2", "A2"),
    ]
    assert of(records, "booked_on", "booked_at", "value_date")[0] == (
        date(2026, 11, 19), datetime(2026, 11, 19, 7, 36, tzinfo=UTC), date(2026, 11, 19),
    )  # fmt: skip


def test_with_the_same_header_what_is_not_settled_everywhere_is_a_transaction_file(tmp_path: Path) -> None:
    row = {"Settlement": "98.8", "Settlement_time": "2026-11-19 15:36:00"}

    assert read(tmp_path, forex(row, {"Settlement": "1"}, settled=False))[0].format == "alipay-transactions"
    assert read(tmp_path, forex(row, {"Settlement": "1"}))[0].format == "alipay-settlement"


def test_a_row_without_a_settlement_amount_is_refused_where_the_report_has_them(tmp_path: Path) -> None:
    refused = refusal(tmp_path, forex({"Settlement": "1"}, {"Amount": "2", "Fee": "0"}))

    assert (refused.code, refused.message) == (
        "bad-amount", "report.csv line 3: 'Settlement' is empty, so the row has no amount.",
    )  # fmt: skip


def test_in_store_transactions_are_the_amount_less_the_charge(tmp_path: Path) -> None:
    row = {"Transaction_amount": "100", "Charge_amount": "3", "Trans_currency": "TWD", "Trans_amount": "410"}
    types = ("PAYMENT", "REFUND", "REVERSAL", "CANCEL")

    reading, records = read(tmp_path, in_store(*({**row, "Transaction_type": word, "Transaction_id": word} for word in types)))

    assert reading.format == "alipay-transactions"
    assert figures(reading) == [(None, "2088000000000001", "HKD", 4, 0, 9700, 29100)]
    assert of(records, "kind", "amount_minor", "fee_minor", "original_amount_minor", "original_currency")[:2] == [
        ("payment", 10000, 300, 41000, "TWD"),
        ("refund", -10000, -300, -41000, "TWD"),
    ]
    assert {r["account"] for r in records} == {"2088000000000001"}


def test_the_count_in_the_first_line_is_of_all_rows(tmp_path: Path) -> None:
    row = {"Transaction_amount": "100", "Charge_amount": "3"}

    assert refusal(tmp_path, in_store(row, row, count=3)).code == "control-total"
    assert refusal(tmp_path, in_store(row, count=0)).message == "report.csv: its first line counts 0 rows, but there are 1."
    assert refusal(tmp_path, in_store(row).replace("Total_count:1", "Total_count:one")).code == "malformed"
    assert figures(read(tmp_path, in_store(row).replace("Total_count:1", "Total_count:"))[0])[0][3] == 1
    assert read(tmp_path, in_store())[0].statements == []


def test_hong_kong_writes_months_first_and_fills_the_settlement_later(tmp_path: Path) -> None:
    row = {
        "Partner_transaction_id": "R1", "Transaction_id": "T1", "Amount": "0.2", "Fee": "0.05", "Currency": "HKD",
        "Payment_time": "12/26/2026 0:55", "Product": "CASHIER_PAY", "Type": "REFUND",
    }  # fmt: skip
    settled = {**row, "Settlement": "-0.15", "Settlement_time": "1/7/2027 9:40", "Status": "SETTLED"}

    settlement, refunds = read(tmp_path, table(HONG_KONG, settled))
    transactions, made = read(tmp_path, table(HONG_KONG, {**row, "Status": "SUCCESS"}, {**settled, "Type": "PAYMENT"}))

    assert (settlement.format, figures(settlement)) == ("alipay-settlement", [(None, None, "HKD", 1, 0, 0, 15)])
    assert of(refunds, "booked_on", "amount_minor", "fee_minor") == [(date(2027, 1, 7), -20, -5)]
    assert (transactions.format, figures(transactions)) == ("alipay-transactions", [(None, None, "HKD", 2, 0, 15, 15)])
    assert of(made, "booked_on", "booked_at", "amount_minor") == [
        (date(2026, 12, 26), datetime(2026, 12, 25, 16, 55, tzinfo=UTC), -20),
        (date(2026, 12, 26), datetime(2026, 12, 25, 16, 55, tzinfo=UTC), 20),
    ]


def test_a_batch_file_names_its_batch_if_there_is_one_only(tmp_path: Path) -> None:
    columns = ("Settle_batch_no", "Settle_date", "Amount", "Fee", "Settlement", "Currency")
    first = {"Settle_batch_no": "5001 ", "Settle_date": "2026-11-19 15:36:00", "Amount": "852.40 ", "Fee": "8.52 ", "Settlement": "843.88 ",
             "Currency": "HKD"}  # fmt: skip

    assert figures(read(tmp_path, table(columns, first))[0]) == [("5001", None, "HKD", 1, 0, 84388, 0)]
    assert figures(read(tmp_path, table(columns, first, {**first, "Settle_batch_no": "5002"}))[0])[0][:4] == (None, None, "HKD", 2)


MIDNIGHT = "2026-11-19T00:00:00+08:00"


def test_the_detail_and_summary_files_of_the_global_platform(tmp_path: Path) -> None:
    detail = table(
        ("merchantId", "transType", "acquirementId", "originalAcquirementId", "settlementTime", "merchantTransId", "referenceId",
         "settlementAmount", "settlementCurrency", "commission"),
        {"merchantId": "M1", "transType": "PAYMENT", "acquirementId": "A1", "settlementTime": MIDNIGHT, "merchantTransId": "O1",
         "referenceId": "S1", "settlementAmount": "72.27", "settlementCurrency": "CNY", "commission": "0.73"},
        {"merchantId": "M1", "transType": "REFUND", "acquirementId": "A2", "originalAcquirementId": "A1", "settlementTime": MIDNIGHT,
         "referenceId": "S1", "settlementAmount": "-10", "settlementCurrency": "CNY", "commission": "0"},
    )  # fmt: skip
    columns = ("type", "settlementTime", "count", "settlementAmount", "settlementCurrency", "commission", "referenceId", "merchantId")
    paid, back, total = (
        {"type": word, "settlementTime": MIDNIGHT, "count": count, "settlementAmount": amount, "settlementCurrency": "CNY",
         "commission": "0", "referenceId": "S1", "merchantId": "M1"}
        for word, count, amount in (("PAYMENT", 120, "72.27"), ("REFUND", 3, "10.00"), ("TOTAL", 123, "62.27"))
    )  # fmt: skip

    _, records = read(tmp_path, detail)

    assert of(records, "amount_minor", "fee_minor", "ref_original", "booked_at")[1] == (
        -1000, 0, "A1", datetime(2026, 11, 18, 16, tzinfo=UTC),
    )  # fmt: skip
    assert figures(read(tmp_path, detail)[0]) == figures(read(tmp_path, table(columns, paid, back, total))[0])
    assert refusal(tmp_path, table(columns, paid, back, {**total, "settlementAmount": "62.28"})).code == "control-total"
    assert refusal(tmp_path, table(columns, paid, back, {**total, "count": 122})).code == "control-total"


BILL = """#支付宝账务明细查询
#账号：[20885117000000000156]
#-----------------------------------------账务明细列表----------------------------------------
账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,业务类型,备注
F1\t,A1\t,ORD-1\t,,2026-11-19 10:00:00,x,12.34,,100.00,在线支付\t,
F2\t,A1\t,ORD-1\t,,2026-11-19 11:00:00,x,,-2.34,97.66,交易退款\t,
#-----------------------------------------账务明细列表结束------------------------------------
#支出合计：1笔，共-2.34元
#导出时间：[2026年11月20日 10:51:08]
"""


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16"])
def test_a_mainland_bill_is_read_between_its_comments(tmp_path: Path, encoding: str) -> None:
    reading, records = read(tmp_path, BILL.encode(encoding))

    assert (reading.format, figures(reading)) == ("alipay-settlement", [(None, None, "CNY", 2, 0, 1234, 234)])
    assert of(records, "kind", "amount_minor", "ref_payment_id", "ref_partner_id", "line") == [
        ("payment", 1234, "ORD-1", "A1", 5), ("refund", -234, "ORD-1", "A1", 6),
    ]  # fmt: skip


def test_a_mainland_bill_ends_with_the_end_of_its_list(tmp_path: Path) -> None:
    assert refusal(tmp_path, BILL.partition("#-----------------------------------------账务明细列表结束")[0]).code == "truncated"


def test_a_mainland_business_bill_takes_the_service_fee_from_what_was_received(tmp_path: Path) -> None:
    text = (
        "#支付宝业务明细查询\n支付宝交易号,商户订单号,业务类型,创建时间,完成时间,订单金额（元）,商家实收（元）,服务费（元）\n"
        "A1,O1,交易,2026-11-19 10:00:00,2026-11-19 10:00:05,10,10.00,-0.06\n"
        "A1,O1,退款,2026-11-19 11:00:00,2026-11-19 11:00:05,-4,-4.00,0.02\n#----业务明细列表结束----\n"
    )

    reading, records = read(tmp_path, text.encode("gbk"))

    assert (reading.format, figures(reading)) == ("alipay-transactions", [(None, None, "CNY", 2, 0, 994, 398)])
    assert of(records, "amount_minor", "fee_minor", "ref_original") == [(1000, 6, None), (-400, -2, "O1")]


# Antom


def test_antom_counts_minor_units_by_sign_and_proves_its_total(tmp_path: Path) -> None:
    rows = (
        {"summaryType": "TOTAL", "count": 3, "settlementAmountValue": 725},
        {"summaryType": "PAYMENT", "count": 2, "settlementAmountValue": 1450, "feeAmountValue": -50},
        {"summaryType": "REFUND", "count": 1, "settlementAmountValue": -725, "feeAmountValue": 25},
    )

    reading, records = read(tmp_path, antom(*rows))

    assert figures(reading) == [("2026111900001", "1022188000000000001", "USD", 2, 0, 1450, 725)]
    assert of(records, "kind", "amount_minor", "fee_minor") == [("payment", 1500, 50), ("refund", -750, -25)]
    for wrong in ({"settlementAmountValue": 724}, {"count": 2}):
        assert refusal(tmp_path, antom({**rows[0], **wrong}, *rows[1:])).code == "control-total"


def test_a_total_over_items_counts_each_once(tmp_path: Path) -> None:
    items = [{"transactionType": "PAYMENT", "settlementAmountValue": 5}] * 2

    assert figures(read(tmp_path, antom({"summaryType": "TOTAL", "count": 2, "settlementAmountValue": 10}, *items))[0])[0][3:] == (
        2,
        0,
        10,
        0,
    )
    assert refusal(tmp_path, antom({"summaryType": "TOTAL", "count": 3, "settlementAmountValue": 10}, *items)).code == "control-total"


def test_antom_s_items_name_the_payment(tmp_path: Path) -> None:
    row = {"transactionId": "PAY1", "transactionRequestId": "OUR1", "transactionType": "PAYMENT", "transactionAmountValue": 18000,
           "transactionCurrency": "KRW", "settlementAmountValue": 1400, "feeAmountValue": -50}  # fmt: skip

    _, [record] = read(tmp_path, antom(row))

    assert of([record], "ref_payment_id", "ref_partner_id", "ref_batch_id", "original_amount_minor", "original_currency") == [
        ("OUR1", "PAY1", "2026111900001", 18000, "KRW"),
    ]  # fmt: skip
    assert record["booked_at"] == datetime(2026, 11, 19, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (antom({"settlementAmountValue": 5}, end=""), "truncated"),
        (antom(end=""), "truncated"),
        (antom({"settlementAmountValue": 5}, end="<EN"), "truncated"),
        (antom({"settlementAmountValue": 5}) + "more\n", "truncated"),
        (antom({"settlementAmountValue": "7.25"}), "bad-amount"),
        (antom({"settlementAmountValue": ""}), "bad-amount"),
    ],
)
def test_an_antom_file_without_its_end_or_with_decimals_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert refusal(tmp_path, text).code == code


@pytest.mark.parametrize("end", ["<END>", "<END>\r\n", "<END>,,,,\n\n", '"<END>"\n'])
def test_the_end_mark_is_a_line_of_its_own_and_an_empty_batch_is_no_error(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, antom(end=end))[0].statements == []
    assert figures(read(tmp_path, antom({"settlementAmountValue": "725.0"}, end=end))[0])[0][5] == 725


# Stripe


def test_stripe_s_payout_leaves_the_balance_whatever_its_sign(tmp_path: Path) -> None:
    rows = (
        {
            "net": "28.80",
            "gross": "30.00",
            "fee": "1.20",
            "balance_transaction_id": "txn_1",
            "automatic_payout_id": "po_1",
            "source_id": "ch_1",
        },
        {"net": "-10", "gross": "-10", "fee": "0", "reporting_category": "refund", "balance_transaction_id": "txn_2", "currency": "EUR"},
        {"net": "18.8", "reporting_category": "payout", "balance_transaction_id": "txn_3", "automatic_payout_id": "po_1"},
        {"net": "-1", "reporting_category": "payout_reversal", "balance_transaction_id": "txn_4"},
    )

    reading, records = read(tmp_path, stripe(*rows))

    assert reading.format == "stripe-payout"
    assert figures(reading) == [("po_1", None, "EUR", 4, 0, 2980, 2880)]
    assert reading.statements[0].references == ("txn_1", "txn_2", "txn_3", "txn_4")
    assert of(records, "kind", "amount_minor", "fee_minor", "status") == [
        ("payment", 3000, 120, "settled"),
        ("refund", -1000, 0, "refunded"),
        ("payout", -1880, None, "paid_out"),
        ("payout", 100, None, None),
    ]
    assert of(records, "booked_at", "value_date")[0] == (datetime(2026, 11, 18, 10, 11, 12, tzinfo=UTC), date(2026, 11, 19))


def test_two_payouts_have_no_common_id_and_each_is_a_logical_key(tmp_path: Path) -> None:
    reading, _ = read(tmp_path, stripe({"net": "1", "automatic_payout_id": "po_1"}, {"net": "2", "automatic_payout_id": "po_2"}))

    assert figures(reading) == [(None, None, "EUR", 2, 0, 300, 0)]
    assert reading.logical_keys == ["stripe-payout::po_1", "stripe-payout::po_2"]


def test_without_the_column_of_payouts_it_is_a_balance_report_named_by_its_first_row(tmp_path: Path) -> None:
    columns = tuple(name for name in STRIPE if name != "automatic_payout_id")

    reading, records = read(
        tmp_path, stripe({"net": "1", "balance_transaction_id": "txn_9"}, {"net": "-5", "currency": "jpy"}, columns=columns)
    )

    assert reading.format == "stripe-balance"
    assert figures(reading) == [(None, None, "EUR", 1, 0, 100, 0), (None, None, "JPY", 1, 0, 0, 5)]
    assert records[0]["record_id"] == "stripe-balance::2026-11-18.txn_9/txn_9/0"
    assert all(r["record_id"].startswith(f"{reading.logical_keys[0]}/") for r in records)


def test_what_the_customer_saw_is_the_original_unless_nobody_knows_its_currency(tmp_path: Path) -> None:
    rows = [{"net": "-9", "customer_facing_amount": "1500", "customer_facing_currency": code} for code in ("jpy", "eur", "usdc", "")]

    _, records = read(tmp_path, stripe(*rows))

    assert of(records, "original_amount_minor", "original_currency") == [(-1500, "JPY"), (None, None), (None, None), (None, None)]


# Checkout.com


def test_checkout_s_fees_are_the_difference_of_gross_and_net(tmp_path: Path) -> None:
    reading, records = read(
        tmp_path,
        checkout(
            {"Gross In Holding Currency": "50", "Net In Holding Currency": "48.5", "Payment ID": "pay_1", "Reference": "O1"},
            {"Type": "Refund", "Gross In Holding Currency": "-10.00000000", "Net In Holding Currency": "-10.25", "Reference": "O1"},
            {"Type": "Account Updater", "Gross In Holding Currency": "0", "Net In Holding Currency": "-0.2"},
            {"Net In Holding Currency": "1", "Currency Account ID": "ca_1"},
        ),
    )

    assert figures(reading) == [("PO1", "ent_acme", "EUR", 3, 0, 4850, 1045), ("PO1", "ca_1", "EUR", 1, 0, 100, 0)]
    assert of(records, "kind", "amount_minor", "fee_minor", "ref_original") == [
        ("payment", 5000, 150, None), ("refund", -1000, 25, "O1"), ("fee", -20, None, None), ("payment", 100, None, None),
    ]  # fmt: skip


def test_checkout_s_payouts_never_take_the_place_of_their_breakdown(tmp_path: Path) -> None:
    text = table(
        ("Client Entity ID", "Currency Account ID", "Holding Currency", "Payout ID", "Payout Date", "Payout Amount"),
        {"Client Entity ID": "ent_acme", "Currency Account ID": "ca_1", "Holding Currency": "EUR", "Payout ID": "PO1",
         "Payout Date": "2026-11-19T12:00:00.000", "Payout Amount": "79.50"},
    )  # fmt: skip

    reading, [record] = read(tmp_path, text)

    assert (reading.format, figures(reading)) == ("checkout-settlement", [("PO1", "ca_1", "EUR", 1, 0, 7950, 0)])
    assert (record["kind"], reading.logical_keys) == ("payout", ["checkout-settlement:payouts:ca_1:PO1"])


# All of them


REPORTS = {
    "adyen-accounting": accounting({"Payable (SC)": "@"}),
    "alipay-settlement": forex({"Settlement": "@"}),
    "alipay-transactions": in_store({"Transaction_amount": "@", "Charge_amount": "0"}),
    "antom-settlement": antom({"settlementAmountValue": "@"}),
    "stripe-balance": stripe({"net": "@"}, columns=STRIPE[:10]),
    "stripe-payout": stripe({"net": "@"}),
    "checkout-settlement": checkout({"Net In Holding Currency": "@"}),
}


@pytest.mark.parametrize("text", REPORTS.values(), ids=list(REPORTS))
@pytest.mark.parametrize("amount", ["", "1.005", "abc", "1,000", "1e3", "0x10", "--1", "9" * 30, "1 0"])
def test_an_amount_that_can_not_be_refuses_the_report(tmp_path: Path, text: str, amount: str) -> None:
    refused = refusal(tmp_path, text.replace("@", amount.replace(",", ";")))

    assert refused.code == "bad-amount"
    assert "report.csv line " in refused.message


@pytest.mark.parametrize(("format", "text"), REPORTS.items(), ids=list(REPORTS))
def test_a_report_with_nothing_in_it_is_valid(tmp_path: Path, format: str, text: str) -> None:
    header = "".join(line + "\n" for line in text.splitlines() if "@" not in line and not line.startswith("Partner:"))

    reading, records = read(tmp_path, header)

    assert (reading.format, reading.statements, records, reading.logical_keys) == (format, [], [], [])


@pytest.mark.parametrize("text", REPORTS.values(), ids=list(REPORTS))
def test_rows_too_long_and_dates_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    whole = text.replace("@", "1")
    line = next(line for line in text.splitlines() if "@" in line).replace("@", "1")

    assert refusal(tmp_path, whole.replace(line, line + ",,,||")).code == "malformed"
    for wrong in ("2026-02-30", "2026-13-19", "19.11.2026"):
        moved = whole.replace("2026-11-19", wrong).replace("2026-11-18", wrong)
        assert refusal(tmp_path, moved).code == "bad-date"


@pytest.mark.parametrize(("columns", "text"), [(CHECKOUT, checkout({"Net In Holding Currency": "1"})), (IN_STORE, in_store())])
def test_columns_may_stand_in_any_order(tmp_path: Path, columns: tuple[str, ...], text: str) -> None:
    moved = table(
        tuple(reversed(CHECKOUT)),
        {
            "Net In Holding Currency": "1",
            "Holding Currency": "EUR",
            "Payout ID": "PO1",
            "Client Entity ID": "e",
            "Processed On": "2026-11-18",
        },
    )

    assert figures(read(tmp_path, moved)[0]) == [("PO1", "e", "EUR", 1, 0, 100, 0)]

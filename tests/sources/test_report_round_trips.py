"""Providers' reports: whatever money is written into one comes out of it, with its dates and references."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_builders import (
    accounting,
    antom,
    braintree,
    checkout,
    disbursed,
    dispute,
    dlocal,
    forex,
    in_store,
    item,
    major,
    paypal,
    sb,
    stripe,
    trustly,
)
from source_builders import money_in_statements, money_of, read_whole

Line = dict[str, Any]
DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}
REFERENCE = st.text("ABCXYZabcxyz0123456789-+.:()'", min_size=1, max_size=35).filter(lambda text: text.upper() != "NOTPROVIDED")
LINE = st.fixed_dictionaries(
    {
        "minor": st.integers(min_value=-(10**12), max_value=10**12),
        "fee": st.integers(min_value=0, max_value=10**9),
        "currency": st.sampled_from(sorted(DECIMALS)),
        "day": st.integers(min_value=0, max_value=9999).map(lambda days: date(2010, 1, 1) + timedelta(days=days)),
        "ours": REFERENCE,
        "theirs": REFERENCE,
    }
)


def text(line: Line, minor: int) -> str:
    return major(minor, DECIMALS[line["currency"]])


def write_accounting(lines: list[Line]) -> str:
    return accounting(*(
        {"Payable (SC)": text(line, line["minor"]), "Commission (SC)": text(line, line["fee"]), "Settlement Currency": line["currency"],
         "Booking Date": f"{line['day']} 10:00:00", "Merchant Reference": line["ours"], "Psp Reference": line["theirs"]}
        for line in lines
    ))  # fmt: skip


def write_forex(lines: list[Line]) -> str:
    return forex(*(
        {"Settlement": text(line, abs(line["minor"])), "Fee": text(line, line["fee"]), "Currency": line["currency"],
         "Type": "P" if line["minor"] >= 0 else "R", "Settlement_time": f"{line['day']} 10:00:00", "Partner_transaction_id": line["ours"],
         "Transaction_id": line["theirs"]}
        for line in lines
    ))  # fmt: skip


def write_in_store(lines: list[Line]) -> str:
    return in_store(*(
        {"Transaction_amount": text(line, abs(line["minor"]) + line["fee"]), "Charge_amount": text(line, line["fee"]),
         "Currency": line["currency"], "Transaction_type": "PAYMENT" if line["minor"] >= 0 else "REFUND",
         "Payment_time": f"{line['day']:%m/%d/%Y} 1:02:03", "Partner_transaction_id": line["ours"], "Transaction_id": line["theirs"]}
        for line in lines
    ))  # fmt: skip


def write_antom(lines: list[Line]) -> str:
    rows = [
        {"settlementAmountValue": line["minor"], "feeAmountValue": -line["fee"], "settlementCurrency": line["currency"],
         "settlementTime": f"{line['day']}T10:00:00+08:00", "transactionRequestId": line["ours"], "transactionId": line["theirs"],
         "transactionType": "PAYMENT", "count": 1}
        for line in lines
    ]  # fmt: skip
    totals = [
        {"summaryType": "TOTAL", "settlementCurrency": code, "settlementAmountValue": sum(amounts), "count": len(amounts)}
        for code in DECIMALS for amounts in [[line["minor"] for line in lines if line["currency"] == code]]
    ]  # fmt: skip
    return antom(*totals, *rows)


def write_stripe(lines: list[Line]) -> str:
    return stripe(*(
        {"net": text(line, line["minor"]), "fee": text(line, line["fee"]), "currency": line["currency"].lower(),
         "created_utc": f"{line['day']} 23:59:59", "payment_intent_id": line["ours"], "source_id": line["theirs"],
         "reporting_category": "adjustment"}
        for line in lines
    ))  # fmt: skip


def write_checkout(lines: list[Line]) -> str:
    return checkout(*(
        {"Net In Holding Currency": text(line, line["minor"]), "Gross In Holding Currency": text(line, line["minor"] + line["fee"]),
         "Holding Currency": line["currency"], "Processed On": f"{line['day']}T10:00:00.000", "Reference": line["ours"],
         "Payment ID": line["theirs"]}
        for line in lines
    ))  # fmt: skip


def hundredths(line: Line, minor: int) -> int:
    """A unit of a hundredth can't say a tenth of a cent of a dinar."""
    return minor * 100 // 10 ** DECIMALS[line["currency"]]


def write_paypal(lines: list[Line]) -> str:
    rows = [
        sb(
            hundredths(line, line["minor"] + line["fee"]),
            -hundredths(line, line["fee"]),
            Gross_Transaction_Currency=line["currency"],
            Fee_Currency=line["currency"],
            Transaction_Completion_Date=f"{line['day']:%Y/%m/%d} 10:00:00 -0800",
            Invoice_ID=line["ours"],
            Transaction_ID=line["theirs"],
        )
        for line in lines
    ]
    return paypal(*rows)


def write_trustly(lines: list[Line]) -> str:
    items = [
        item(text(line, line["minor"] + line["fee"]), text(line, -line["fee"]), id=line["theirs"], currency=line["currency"],
             processed=f"{line['day']}T10:00:00Z").replace(f"ORD-{line['theirs']}", line["ours"])
        for line in lines
    ]  # fmt: skip
    return trustly(*items, trail=f"L,{len(lines)},")


def write_dlocal(lines: list[Line]) -> str:
    return dlocal(*(
        {"NET_AMOUNT": major(line["minor"]) + "0000", "FEE_AMOUNT": major(-line["fee"]), "APPROVED_DATE": f"{line['day']} 10:00:00",
         "TRANSACTION_ID": line["ours"], "DLOCAL_TRANSACTION_ID": line["theirs"]}
        for line in lines
    ))  # fmt: skip


def write_braintree(lines: list[Line]) -> str:
    return braintree(*(
        disbursed(text(line, line["minor"]), currency=line["currency"], id=line["theirs"], orderId=line["ours"], date=str(line["day"]))
        for line in lines
    ))  # fmt: skip


def as_written(line: Line) -> Line:
    return line


def without_fee(line: Line) -> Line:
    return {**line, "fee": 0}


def whole_cents(line: Line) -> Line:
    """PayPal's unit is a hundredth: dinars have a thousandth."""
    tenths = 10 if line["currency"] == "KWD" else 1
    return {**line, "minor": line["minor"] * tenths, "fee": line["fee"] * tenths}


def in_dollars(line: Line) -> Line:
    return {**line, "currency": "USD"}


def fee_with_its_payment(line: Line) -> Line:
    """A fee comes back with a refund."""
    return {**line, "fee": line["fee"] if line["minor"] >= 0 else -line["fee"]}


FORMATS: dict[str, tuple[Callable[[list[Line]], str], Callable[[Line], Line], Callable[[Line], Line]]] = {
    "adyen-accounting": (write_accounting, as_written, as_written),
    "alipay-settlement": (write_forex, as_written, fee_with_its_payment),
    "alipay-transactions": (write_in_store, as_written, fee_with_its_payment),
    "antom-settlement": (write_antom, as_written, as_written),
    "stripe-payout": (write_stripe, as_written, as_written),
    "checkout-settlement": (write_checkout, as_written, as_written),
    "paypal-stl": (write_paypal, whole_cents, as_written),
    "trustly-settlement": (write_trustly, as_written, as_written),
    "dlocal-settlement": (write_dlocal, in_dollars, as_written),
    "braintree-disbursement": (write_braintree, without_fee, as_written),
}


@pytest.mark.parametrize("format", FORMATS)
@settings(deadline=None, max_examples=40)
@given(drawn=st.lists(LINE, min_size=1, max_size=20))
def test_what_is_written_is_read(format: str, drawn: list[Line], tmp_path_factory: pytest.TempPathFactory) -> None:
    write, prepared, meant = FORMATS[format]
    lines = [prepared(line) for line in drawn]
    path = tmp_path_factory.getbasetemp() / f"{format}.csv"
    path.write_text(write(lines), encoding="utf-8")

    reading, records = read_whole(path)

    assert reading.format == format
    assert [
        (r["amount_minor"], r["fee_minor"] or 0, r["currency"], r["booked_on"], r["ref_payment_id"], r["ref_partner_id"]) for r in records
    ] == [
        (line["minor"] + wanted["fee"], wanted["fee"], line["currency"], line["day"], line["ours"], line["theirs"])
        for line in lines for wanted in [meant(line)]
    ]  # fmt: skip
    assert money_of(records) == money_in_statements(reading)
    assert len({r["record_id"] for r in records}) == len(lines)
    assert reading.business_date == max(line["day"] for line in lines)


@settings(deadline=None, max_examples=100)
@given(millionths=st.lists(st.integers(min_value=-(10**13), max_value=10**13), min_size=1, max_size=30))
def test_dlocal_s_records_hold_what_its_rounded_sums_hold(millionths: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "dlocal.csv"
    path.write_text(dlocal(*({"NET_AMOUNT": major(amount, 6)} for amount in millionths)))

    reading, records = read_whole(path)

    credit, debit = (sum(abs(a) for a in millionths if (a >= 0) == side) for side in (True, False))
    [statement] = reading.statements
    assert (statement.credits_minor, statement.debits_minor) == ((credit + 5000) // 10_000, (debit + 5000) // 10_000)
    assert sum(r["amount_minor"] - (r["fee_minor"] or 0) for r in records) == statement.credits_minor - statement.debits_minor
    assert all(abs(r["amount_minor"] * 10_000 - a) <= 10_000 for r, a in zip(records, millionths, strict=True))


def test_disputes_of_one_file_keep_their_own_ids(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "disputes.json"
    path.write_text(braintree(*(dispute("1.00", "OPEN") for _ in range(3))))

    assert len({r["record_id"] for r in read_whole(path)[1]}) == 3

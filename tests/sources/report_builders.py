"""Builders of small provider reports, written independently of the readers. Amounts are minor units of a currency with two decimals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def table(columns: Sequence[str], *rows: Mapping[str, Any], delimiter: str = ",") -> str:
    """A delimited report; what a row does not say is empty."""
    lines = [delimiter.join(columns)]
    lines += [delimiter.join(str(row.get(column, "")) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def major(minor: int, places: int = 2) -> str:
    """'-12.34' of -1234."""
    digits = str(abs(minor)).rjust(places + 1, "0")
    text = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
    return ("-" if minor < 0 else "") + text


ACCOUNTING = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Booking Date", "TimeZone", "Record Type", "Modification Psp Reference",
    "Main Currency", "Main Amount", "Payment Currency", "Settlement Currency", "Payable (SC)", "Commission (SC)", "Markup (SC)",
)  # fmt: skip


def accounting(*rows: Mapping[str, Any]) -> str:
    """An Adyen payment accounting report; each row is a settled payment in EUR unless it says otherwise."""
    usual = {"Merchant Account": "AcmeEU", "Booking Date": "2026-11-19 10:00:00", "TimeZone": "CET", "Record Type": "Settled"}
    return table(ACCOUNTING, *({**usual, "Settlement Currency": "EUR", **row} for row in rows))


FOREX = (
    "Partner_transaction_id", "Transaction_id", "Amount", "Rmb_amount", "Fee", "Settlement", "Rmb_settlement", "Currency", "Rate",
    "Payment_time", "Settlement_time", "Type", "Status", "Remarks",
)  # fmt: skip


def forex(*rows: Mapping[str, Any], settled: bool = True, first_line: str = "") -> str:
    """An Alipay forex settlement file, or the transaction file of the same header."""
    usual = {
        "Currency": "HKD",
        "Payment_time": "2026-11-18 10:00:00",
        "Settlement_time": "2026-11-19 15:36:00" if settled else "",
        "Type": "P",
        "Status": "L" if settled else "P",
    }
    return first_line + table(FOREX, *({**usual, **row} for row in rows), delimiter="|")


IN_STORE = (
    "Partner_transaction_id", "Transaction_id", "Transaction_amount", "Charge_amount", "Currency", "Payment_time", "Transaction_type",
    "Remark", "Trans_currency", "Trans_amount", "Trans_forex_rate",
)  # fmt: skip


def in_store(*rows: Mapping[str, Any], count: int | None = None) -> str:
    """An Alipay in-store transaction file with its first line; blank lines as in Alipay's own example."""
    usual = {"Currency": "HKD", "Payment_time": "2026-11-18 10:45:42", "Transaction_type": "PAYMENT"}
    first = f"Partner:2088000000000001|Payment_time: 2026-11-18|Total_count:{len(rows) if count is None else count}\n\n"
    return first + table(IN_STORE, *({**usual, **row} for row in rows), delimiter="|")


HONG_KONG = (
    "Partner_transaction_id", "Transaction_id", "Amount", "Fee", "Settlement", "Currency", "Payment_time", "Settlement_time", "Issue",
    "Product", "Type", "Status", "Remarks", "Original_partner_transaction_ID",
)  # fmt: skip
ANTOM = (
    "settlementBatchId", "customerId", "transactionId", "originalTransactionId", "transactionRequestId", "transactionType", "summaryType",
    "paymentTime", "settlementTime", "count", "transactionAmountValue", "transactionCurrency", "settlementAmountValue",
    "settlementCurrency", "feeAmountValue",
)  # fmt: skip


def antom(*rows: Mapping[str, Any], end: str = "<END>\n") -> str:
    """An Antom settlement file; amounts are minor units."""
    usual = {
        "settlementBatchId": "2026111900001",
        "customerId": "1022188000000000001",
        "settlementTime": "2026-11-19T10:00:00+08:00",
        "settlementCurrency": "USD",
    }
    return table(ANTOM, *({**usual, **row} for row in rows)) + end


STRIPE = (
    "balance_transaction_id", "created_utc", "available_on", "currency", "gross", "fee", "net", "reporting_category", "source_id",
    "payment_intent_id", "automatic_payout_id", "customer_facing_amount", "customer_facing_currency",
)  # fmt: skip


def stripe(*rows: Mapping[str, Any], columns: Sequence[str] = STRIPE) -> str:
    """A Stripe payout reconciliation report; without the column of payouts a balance report."""
    usual = {"created_utc": "2026-11-18 10:11:12", "available_on": "2026-11-19 00:00:00", "currency": "eur", "reporting_category": "charge"}
    return table(columns, *({**usual, **row} for row in rows))


CHECKOUT = (
    "Client Entity ID", "Currency Account ID", "Type", "Payment ID", "Reference", "Processed On", "Available On", "Holding Currency",
    "Payout ID", "Gross In Holding Currency", "Net In Holding Currency", "Processing Currency", "Gross In Processing Currency",
)  # fmt: skip


def checkout(*rows: Mapping[str, Any], columns: Sequence[str] = CHECKOUT) -> str:
    """A Checkout.com settlement breakdown."""
    usual = {
        "Client Entity ID": "ent_acme",
        "Type": "Charge",
        "Processed On": "2026-11-18T10:00:00.000",
        "Holding Currency": "EUR",
        "Payout ID": "PO1",
    }
    return table(columns, *({**usual, **row} for row in rows))


PAYPAL = (
    "CH", "Transaction ID", "Invoice ID", "PayPal Reference ID", "PayPal Reference ID Type", "Transaction Event Code",
    "Transaction Initiation Date", "Transaction Completion Date", "Transaction Debit or Credit", "Gross Transaction Amount",
    "Gross Transaction Currency", "Fee Debit or Credit", "Fee Amount", "Fee Currency", "Transactional Status", "Bank Reference ID",
)  # fmt: skip
STL_ONLY = tuple(name for name in PAYPAL if name != "Transactional Status")


def sb(gross: int, fee: int | None = None, **cells: Any) -> dict[str, Any]:
    """One row: signed hundredths of gross and, from our side, of fee (negative is what we pay)."""
    row = {
        "CH": "SB",
        "Transaction Event Code": "T0006",
        "Transaction Completion Date": "2026/11/19 10:00:30 -0800",
        "Transaction Debit or Credit": "CR" if gross >= 0 else "DR",
        "Gross Transaction Amount": abs(gross),
        "Gross Transaction Currency": "EUR",
        "Fee Currency": "EUR" if fee is not None else "",
        "Fee Debit or Credit": "" if fee is None else "CR" if fee >= 0 else "DR",
        "Fee Amount": "" if fee is None else abs(fee),
    }
    return {**row, **{name.replace("_", " "): cell for name, cell in cells.items()}}


def paypal(
    *rows: dict[str, Any], footers: str = "", columns: Sequence[str] = STL_ONLY, account: str = "ACME", count: int | None = None
) -> str:
    """A whole report of one section: headers, rows, `footers` of the section, and the counts."""
    n = len(rows) if count is None else count
    head = f'"RH",2026/11/20 03:00:00 -0800,A,{account},009\n"FH",01\n"SH",2026/11/19 00:00:00 -0800,2026/11/19 23:59:59 -0800,{account}\n'
    body = table(columns, *rows)
    return f'{head}{body}{footers}"SC",{n}\n"RC",{n}\n"FF",{n}\n'


def trustly(*records: str, trail: str) -> str:
    """A Trustly report of whole records."""
    head = "H,P11KFUN,1.0.0,2026-11-18T12:00:00.000Z,2026-11-19T12:00:00.000Z,3618,0001of0001"
    return "\n".join((head, *records, trail)) + "\n"


def item(
    amount: str,
    fee: str = "",
    *,
    id: str = "8086",
    type: str = "Capture",
    currency: str = "USD",
    processed: str = "2026-11-19T05:52:53.626Z",
) -> str:
    """An item of a funding report."""
    first = f"I,{id},2026-11-18T12:05:14.117Z,802,3618,Deferred,1,510,5314,ORD-{id},{type},Processed,2026-11-19T05:52:53.626Z,{processed}"
    return f"{first},{currency},{amount},TRACE1,AC118,BATCH1,Deposit,REF,ptx,{fee}"


def transaction(amount: str, *, id: str = "8086", currency: str = "USD") -> str:
    """A transaction of a reconciliation report."""
    first = f"T,{id},2026-11-18T12:05:14.117Z,802,3618,Deferred,1,510,5314,ORD-{id},Capture,Processed,2026-11-19T05:52:53.626Z"
    return f"{first},{currency},{amount},,,,,{currency},,No,ptx"


def funding(amount: str, *, trace: str = "TRACE1", currency: str = "USD") -> str:
    """A payout to our bank account."""
    return f"F,ProfitStars,,{trace},{currency},{amount},2026-11-19T12:00:00.000Z"


DLOCAL = (
    "ROW_TYPE", "MID", "CREATION_DATE", "APPROVED_DATE", "TRANSACTION_ID", "DLOCAL_TRANSACTION_ID", "GROSS_AMOUNT", "FEE_AMOUNT",
    "NET_AMOUNT", "STATUS", "USER_EMAIL",
)  # fmt: skip


def dlocal(*rows: Mapping[str, Any], top: Mapping[str, Any] | None = None) -> str:
    """A dLocal settlement report; `top` are values of its first header."""
    values = {
        "ROW_TYPE": "HEADER",
        "SETTLEMENT_CURRENCY": "USD",
        "NUMBER_OF_ITEMS": len(rows),
        "GROSS_TOTAL_AMOUNT": "",
        "FEE_TOTAL_AMOUNT": "",
        "NET_TOTAL_AMOUNT": "",
        "TRANSFER_DATE": "2026-11-19",
        "TRANSFER_ID": "642926",
        **(top or {}),
    }
    usual = {"ROW_TYPE": "PAYMENT", "MID": "648", "APPROVED_DATE": "2026-11-18 18:45:12", "GROSS_AMOUNT": 0, "FEE_AMOUNT": 0}
    return table(tuple(values), values) + table(DLOCAL, *({**usual, **row} for row in rows))


def disbursed(value: str, **fields: Any) -> dict[str, Any]:
    """A transaction that was paid out."""
    details = {"date": fields.pop("date", "2026-11-19"), "amount": {"value": value, "currencyCode": fields.pop("currency", "USD")}}
    return {
        "id": "tx1",
        "orderId": "ORD-1",
        "status": "SETTLED",
        "createdAt": "2026-11-18T22:58:37.000000Z",
        "disbursementDetails": details,
    } | fields


def dispute(value: str, status: str, **fields: Any) -> dict[str, Any]:
    """A dispute."""
    amount = {"value": value, "currencyCode": "USD"}
    transaction = {"orderId": "ORD-1"}
    return {
        "id": "d1",
        "type": "CHARGEBACK",
        "receivedDate": "2026-11-19",
        "status": status,
        "transaction": transaction,
        "amountDisputed": amount,
    } | fields


def braintree(*objects: Mapping[str, Any]) -> str:
    """A disbursement report."""
    return "".join(json.dumps(each) + "\n" for each in objects)

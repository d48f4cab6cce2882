"""Payment orders: what is ordered, proven against the totals the order carries, and each payment's first event."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from iso_builders import batch, collection, message, pain001, pain008, transfer
from source_builders import read_all

from breakwater.errors import FileError
from breakwater.model.files import Reading


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]], list[dict[str, Any]]]:
    path = tmp_path / "orders.xml"
    path.write_text(text, encoding="utf-8")
    return read_all(path)


def refused(tmp_path: Path, text: str) -> FileError:
    with pytest.raises(FileError) as error:
        read(tmp_path, text)
    return error.value


def test_an_order_to_pay_is_a_debit_of_our_account_and_no_money_yet(tmp_path: Path) -> None:
    header = "<NbOfTxs>2</NbOfTxs><CtrlSum>12.5</CtrlSum>"

    reading, records, events = read(tmp_path, pain001(batch(transfer("10.00"), transfer("2.50"), header=header), header=header))

    assert reading.format == "pain.001"
    assert [(s.id, s.account, s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == [
        ("BATCH-1", "DE89370400440532013000", "EUR", 2, 0, 1250)
    ]
    assert records == []
    assert [(e["payment_id"], e["state"], e["amount_minor"], e["currency"], e["occurred_at"]) for e in events] == [
        ("E2E-1", "created", 1000, "EUR", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("E2E-1", "created", 250, "EUR", datetime(2026, 11, 20, 5, tzinfo=UTC)),
    ]
    assert [e["event_id"] for e in events] == ["pain.001:MSG-1/BATCH-1/E2E-1/0", "pain.001:MSG-1/BATCH-1/E2E-1/1"]


def test_an_order_to_collect_is_a_credit(tmp_path: Path) -> None:
    reading, _, [event] = read(tmp_path, pain008(batch(collection("10.00"))))

    assert reading.format == "pain.008"
    assert [(s.account, s.credits_minor, s.debits_minor) for s in reading.statements] == [("50000970", 1000, 0)]
    assert (event["raw_code"], event["ref_end_to_end_id"]) == ("pain.008", "E2E-1")


def test_each_batch_and_currency_is_a_statement(tmp_path: Path) -> None:
    text = pain001(batch(transfer("1"), transfer("2", currency="JPY"), transfer("3.00"), id="A"), batch(transfer("4.00"), id="B"))

    reading, _, _ = read(tmp_path, text)

    assert [(s.id, s.currency, s.entries, s.debits_minor) for s in reading.statements] == [
        ("A", "EUR", 2, 400),
        ("A", "JPY", 1, 2),
        ("B", "EUR", 1, 400),
    ]


def test_the_control_sum_is_blind_to_currencies(tmp_path: Path) -> None:
    inside = batch(transfer("1.234", currency="KWD"), transfer("2", currency="JPY"), transfer("3.10"))

    reading, _, _ = read(tmp_path, pain001(inside, header="<CtrlSum>6.3340</CtrlSum>"))

    assert len(reading.statements) == 3


def test_an_equivalent_amount_counts_where_nothing_is_instructed(tmp_path: Path) -> None:
    equivalent = transfer().replace(
        '<InstdAmt Ccy="EUR">10.00</InstdAmt>', '<EqvtAmt><Amt Ccy="USD">7.00</Amt><CcyOfTrf>EUR</CcyOfTrf></EqvtAmt>'
    )

    reading, _, _ = read(tmp_path, pain001(batch(equivalent)))

    assert [(s.currency, s.debits_minor) for s in reading.statements] == [("USD", 700)]


def test_an_order_that_names_no_payment_is_told(tmp_path: Path) -> None:
    reading, _, events = read(tmp_path, pain001(batch(transfer(ids="<EndToEndId>NOTPROVIDED</EndToEndId>"))))

    assert events == []
    assert [(n.code, n.message) for n in reading.notices] == [
        ("event-not-kept", "Transactions that name no payment, and so can't be traced: 1.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        message("CstmrCdtTrfInitn", batch(transfer()), format="pain.001.001.12"),
        message("pain.001.001.02", batch(transfer()), format="pain.001.001.02"),
        message("CstmrCdtTrfInitn", batch(transfer())).replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"', ""),
        "<Envelope><AppHdr><MsgDefIdr>pain.001.001.09</MsgDefIdr></AppHdr>" + pain001(batch(transfer())) + "</Envelope>",
        pain001(batch(transfer())).replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:").replace("xmlns=", "xmlns:p="),
        pain001(batch(transfer("<![CDATA[10.00]]>"), day="<ReqdExctnDt>2026-11-23</ReqdExctnDt>")),
    ],
    ids=["v12", "v2", "no namespace", "wrapped", "prefixed", "cdata and plain day"],
)
def test_any_shape_of_the_message_says_the_same(tmp_path: Path, text: str) -> None:
    reading, _, [event] = read(tmp_path, text)

    assert reading.format == "pain.001"
    assert [(s.id, s.debits_minor) for s in reading.statements] == [("BATCH-1", 1000)]
    assert event["payment_id"] == "E2E-1"


def test_several_messages_in_one_file_are_each_proven(tmp_path: Path) -> None:
    one = "<NbOfTxs>1</NbOfTxs>"
    first, second = pain001(batch(transfer()), header=one), pain008(batch(collection(), id="B"), header=one)

    reading, _, events = read(tmp_path, f"{first}\n{second}")

    assert [(s.id, s.credits_minor, s.debits_minor) for s in reading.statements] == [("BATCH-1", 0, 1000), ("B", 1000, 0)]
    assert reading.logical_keys == ["pain.001:MSG-1", "pain.008:MSG-1"]
    assert len(events) == 2


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (pain001(batch(transfer()), header="<NbOfTxs>2</NbOfTxs>"), "control-total", "message MSG-1 announces 2 transactions and has 1"),
        (pain001(batch(transfer()), header="<NbOfTxs>one</NbOfTxs>"), "control-total", "announces one transactions"),
        (pain001(batch(transfer()), header="<CtrlSum>10.01</CtrlSum>"), "control-total", "do not add up to its control sum 10.01"),
        (pain001(batch(transfer()), header="<CtrlSum>10.00001</CtrlSum>"), "control-total", "'10.00001', is no sum"),
        (pain001(batch(transfer(), header="<NbOfTxs>0</NbOfTxs>")), "control-total", "batch BATCH-1 announces 0 transactions and has 1"),
        (pain001(batch(transfer(), header="<CtrlSum>1</CtrlSum>")), "control-total", "batch BATCH-1"),
        (pain001(batch(transfer("10.005"))), "bad-amount", "transaction 1, '10.005' EUR"),
        (pain001(batch(transfer("ten"))), "bad-amount", "transaction 1"),
        (pain001(batch(transfer("-1.00"))), "bad-amount", "transaction 1"),
        (pain001(batch(transfer(""))), "bad-amount", "transaction 1"),
        (pain001(batch(transfer(currency="XYZ"))), "bad-amount", "'XYZ', which is no currency"),
        (pain001(batch(transfer(), day="<ReqdExctnDt>2026-02-30</ReqdExctnDt>")), "bad-date", "requested day of batch BATCH-1"),
        (pain001(batch(transfer())).replace("2026-11-20T06", "2026-11-31T06"), "bad-date", "creation time of message MSG-1"),
        (pain001(batch(transfer())).replace("MSG-1", ""), "malformed", "a pain.001 has no message id"),
        (pain001(batch(transfer(), id="")), "malformed", "in no batch (PmtInf) with an id"),
        (pain001(transfer()), "malformed", "in no batch"),
        (pain001(batch()), "malformed", "BATCH-1 holds no transaction"),
        (pain001(), "malformed", "MSG-1 holds no transaction"),
        (pain001(batch(transfer())).replace("GrpHdr", "GroupHdr"), "malformed", "outside of a message with a header"),
        (pain001(batch(transfer()))[:-30], "truncated", "ends in the middle"),
        (pain001(batch(transfer())).replace("</PmtId>", "</PmtIt>"), "malformed", "is not XML"),
        ("<!DOCTYPE x>" + pain001(batch(transfer())), "unsafe-xml", "DOCTYPE"),
    ],
)
def test_what_can_not_be_trusted_refuses_the_whole_file(tmp_path: Path, text: str, code: str, said: str) -> None:
    error = refused(tmp_path, text)

    assert error.code == code
    assert said in error.message
    assert error.remedy


def test_an_order_cut_anywhere_is_refused(tmp_path: Path) -> None:
    text = pain001(batch(transfer(), transfer("2.50"), header="<NbOfTxs>2</NbOfTxs>"))

    codes = {refused(tmp_path, text[:cut]).code for cut in range(1, len(text))}

    assert codes <= {"truncated", "malformed", "unknown-format"}


def test_absent_and_empty_totals_prove_nothing(tmp_path: Path) -> None:
    reading, _, _ = read(tmp_path, pain001(batch(transfer(), header="<NbOfTxs/>"), header="<CtrlSum></CtrlSum>"))

    assert len(reading.statements) == 1

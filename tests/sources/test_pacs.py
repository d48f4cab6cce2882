"""Interbank payments and returns: money towards us, proven against the totals their message carries."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from iso_builders import message, pacs002, pacs004, pacs008, returned, settled, status
from source_builders import money_in_statements, money_of, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading

TOTAL = '<TtlIntrBkSttlmAmt Ccy="EUR">{}</TtlIntrBkSttlmAmt>'
RETURNED_TOTAL = '<TtlRtrdIntrBkSttlmAmt Ccy="EUR">{}</TtlRtrdIntrBkSttlmAmt>'


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]]]:
    path = tmp_path / "interbank.xml"
    path.write_text(text, encoding="utf-8")
    return read_whole(path)


def refused(tmp_path: Path, text: str) -> FileError:
    with pytest.raises(FileError) as error:
        read(tmp_path, text)
    return error.value


def test_a_credit_transfer_is_money_towards_us(tmp_path: Path) -> None:
    ids = "<InstrId>I</InstrId><EndToEndId>E2E-1</EndToEndId><TxId>TX-1</TxId><UETR>8a562c67-ca16-48ba-b074-65581be6f001</UETR>"
    header = "<NbOfTxs>1</NbOfTxs><CtrlSum>10</CtrlSum>" + TOTAL.format("10.00") + "<IntrBkSttlmDt>2026-11-23</IntrBkSttlmDt>"

    reading, [record] = read(tmp_path, pacs008(settled(ids=ids), header=header))

    assert [(s.id, s.account, s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == [
        ("MSG-1", None, "EUR", 1, 1000, 0)
    ]
    assert (record["kind"], record["amount_minor"], record["currency"]) == ("payment", 1000, "EUR")
    assert (record["ref_end_to_end_id"], record["ref_tx_id"], record["ref_partner_id"]) == ("E2E-1", "TX-1", "TX-1")
    assert (record["ref_uetr"], record["ref_batch_id"]) == ("8a562c67-ca16-48ba-b074-65581be6f001", "MSG-1")
    assert (record["booked_on"], record["value_date"]) == (date(2026, 11, 23), date(2026, 11, 23))
    assert (record["record_id"], record["ref_original"]) == ("pacs.008:MSG-1/TX-1/0", None)
    assert (reading.business_date, reading.logical_keys) == (date(2026, 11, 23), ["pacs.008:MSG-1"])


def test_a_return_refers_to_the_payment_it_undoes(tmp_path: Path) -> None:
    ids = "<RtrId>RTR-1</RtrId><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><OrgnlTxId>TX-1</OrgnlTxId><OrgnlUETR>u-1</OrgnlUETR>"
    extra = "<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Ada has moved</AddtlInf></RtrRsnInf>"
    header = RETURNED_TOTAL.format("9.50") + "<IntrBkSttlmDt>2026-11-20</IntrBkSttlmDt>"

    reading, [record] = read(tmp_path, pacs004(returned("9.50", ids=ids, extra=extra), header=header))

    assert [(s.entries, s.credits_minor) for s in reading.statements] == [(1, 950)]
    assert (record["kind"], record["amount_minor"], record["raw_code"]) == ("return", 950, "AC04")
    assert (record["ref_original"], record["ref_end_to_end_id"], record["ref_tx_id"]) == ("E2E-1", "E2E-1", "TX-1")
    assert (record["ref_partner_id"], record["ref_uetr"]) == ("RTR-1", "u-1")
    assert "Ada" not in str(record)


def test_a_return_of_a_payment_without_end_to_end_id_refers_to_its_transaction(tmp_path: Path) -> None:
    ids = "<OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId><OrgnlTxId>TX-1</OrgnlTxId>"

    _, [record] = read(tmp_path, pacs004(returned(ids=ids)))

    assert (record["ref_original"], record["ref_end_to_end_id"]) == ("TX-1", None)


def test_each_currency_of_a_message_is_a_statement(tmp_path: Path) -> None:
    text = pacs008(settled("1.00"), settled("2", currency="JPY"), settled("3.00"), header="<CtrlSum>6.0</CtrlSum>" + TOTAL.format("4"))

    reading, records = read(tmp_path, text)

    assert [(s.id, s.currency, s.entries, s.credits_minor) for s in reading.statements] == [
        ("MSG-1", "EUR", 2, 400),
        ("MSG-1", "JPY", 1, 2),
    ]
    assert money_of(records) == money_in_statements(reading)


def test_a_transaction_has_its_own_settlement_day_else_its_messages_else_the_day_it_was_made(tmp_path: Path) -> None:
    own = settled(extra="<IntrBkSttlmDt>2026-11-25</IntrBkSttlmDt>")

    _, [first, second] = read(tmp_path, pacs008(own, settled()))
    _, [third] = read(tmp_path, pacs008(settled(), header=""))

    assert [(r["booked_on"].day, r["value_date"] and r["value_date"].day) for r in (first, second, third)] == [
        (25, 25),
        (20, 20),
        (20, None),
    ]


def test_a_converted_payment_keeps_what_was_instructed(tmp_path: Path) -> None:
    _, [record] = read(tmp_path, pacs008(settled(extra='<InstdAmt Ccy="JPY">1580</InstdAmt>')))

    assert (record["amount_minor"], record["original_amount_minor"], record["original_currency"]) == (1000, 1580, "JPY")


def test_an_instructed_amount_in_the_same_currency_is_no_conversion(tmp_path: Path) -> None:
    _, [record] = read(tmp_path, pacs008(settled("9.50", extra='<InstdAmt Ccy="EUR">10.00</InstdAmt>')))

    assert (record["amount_minor"], record["original_amount_minor"], record["original_currency"]) == (950, None, None)


def test_transfers_and_returns_may_share_a_file_and_a_bulk(tmp_path: Path) -> None:
    bulk = f"<Bulk>{pacs008(settled(), id='A')}{pacs004(returned('2.00'), id='B')}</Bulk>"

    reading, records = read(tmp_path, bulk + pacs008(settled("4.00"), id="C"))

    assert reading.format == "pacs.008"
    assert [(s.id, s.credits_minor) for s in reading.statements] == [("A", 1000), ("B", 200), ("C", 400)]
    assert [r["kind"] for r in records] == ["payment", "return", "payment"]


def test_the_same_message_sent_twice_in_a_file_has_ids_of_its_own(tmp_path: Path) -> None:
    _, records = read(tmp_path, pacs008(settled(), settled()) + pacs008(settled()))

    assert len({r["record_id"] for r in records}) == 3


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (pacs008(settled(), header="<NbOfTxs>3</NbOfTxs>"), "control-total", "announces 3 transactions and has 1"),
        (pacs008(settled(), header="<CtrlSum>9.99</CtrlSum>"), "control-total", "control sum 9.99"),
        (pacs008(settled(), header=TOTAL.format("10.01")), "control-total", "do not add up to its TtlIntrBkSttlmAmt"),
        (pacs008(settled(currency="USD"), header=TOTAL.format("10.00")), "control-total", "TtlIntrBkSttlmAmt"),
        (pacs008(settled(), header=TOTAL.format("10,00")), "bad-amount", "total of message MSG-1"),
        (pacs004(returned(), header=RETURNED_TOTAL.format("1")), "control-total", "TtlRtrdIntrBkSttlmAmt"),
        (pacs004(header="<NbOfTxs>5</NbOfTxs><GrpRtr>true</GrpRtr>"), "control-total", "announces 5 transactions and has 0"),
        (pacs004(), "malformed", "holds no transaction"),
        (pacs008(settled("")), "bad-amount", "transaction 1"),
        (pacs008(settled(), settled("1.001")), "bad-amount", "transaction 2, '1.001' EUR"),
        (pacs008(settled(), header="<IntrBkSttlmDt>2026-13-01</IntrBkSttlmDt>"), "bad-date", "settlement day"),
        (pacs008(settled(), header="").replace("<CreDtTm>2026-11-20T06:00:00+01:00</CreDtTm>", ""), "bad-date", "no settlement day"),
        (pacs008(settled(), id=""), "malformed", "a pacs.008 has no message id"),
        (pacs008(settled()) + pacs002(status()), "malformed", "mixes a pacs.002 with pacs.008 and pacs.004"),
        (message("FICdtTrf", settled()) + pacs008(settled()), "malformed", "mixes 'FICdtTrf' with"),
        (message("FICdtTrf", settled(), format="pacs.009.001.08"), "unknown-format", ""),
        (pacs008(settled()) + message("FICdtTrf", settled()), "malformed", "mixes 'FICdtTrf' with"),
        (pacs008(settled()) + pacs008(settled())[:-1], "truncated", ""),
    ],
)
def test_what_can_not_be_trusted_refuses_the_whole_file(tmp_path: Path, text: str, code: str, said: str) -> None:
    error = refused(tmp_path, text)

    assert error.code == code
    assert said in error.message

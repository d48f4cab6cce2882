"""Status reports and recalls: events of the payments they name, and a word about the groups they name only as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from iso_builders import camt056, message, pacs002, pain002, status
from source_builders import read_all

from breakwater.errors import FileError
from breakwater.model.files import Reading


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]]]:
    path = tmp_path / "statuses.xml"
    path.write_text(text, encoding="utf-8")
    reading, records, events = read_all(path)
    assert records == []
    return reading, events


def group(status: str = "", *, reason: str = "", id: str = "ORDER-1") -> str:
    """The whole original message."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    given = f"<GrpSts>{status}</GrpSts>" if status else ""
    return f"<OrgnlGrpInfAndSts><OrgnlMsgId>{id}</OrgnlMsgId>{given}{why}</OrgnlGrpInfAndSts>"


def of_batch(*transactions: str, status: str = "", id: str = "BATCH-1") -> str:
    """One batch of the original message."""
    given = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{id}</OrgnlPmtInfId>{given}{''.join(transactions)}</OrgnlPmtInfAndSts>"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("RCVD", "submitted"),
        ("PATC", "pending_action"),
        ("ACTC", "accepted"),
        ("ACCP", "accepted"),
        ("ACFC", "accepted"),
        ("ACWC", "accepted"),
        ("ACSP", "clearing"),
        ("ACPD", "clearing"),
        ("PDNG", "on_hold"),
        ("ACSC", "settled"),
        ("ACCC", "settled"),
        ("RJCT", "rejected"),
        ("CANC", "canceled"),
    ],
)
def test_each_status_code_has_one_meaning(tmp_path: Path, code: str, state: str) -> None:
    reading, [event] = read(tmp_path, pacs002(status(code)))

    assert (event["state"], event["raw_code"]) == (state, code)
    assert reading.notices == []


@pytest.mark.parametrize(("code", "raw"), [("ACWP", "ACWP"), ("PART", "PART"), ("acsc", "acsc"), ("", None)])
def test_a_status_that_is_not_known_is_unknown_and_told(tmp_path: Path, code: str, raw: str | None) -> None:
    reading, [event] = read(tmp_path, pacs002(status(code)))

    assert (event["state"], event["raw_code"]) == ("unknown", raw)
    assert [(n.code, n.message) for n in reading.notices] == [
        ("unknown-status", f"Status codes that are not known here and count as unknown: {raw or 'none'} (1).")
    ]


def test_a_report_on_orders_moves_no_money_and_names_its_payments(tmp_path: Path) -> None:
    ids = "<OrgnlInstrId>I-1</OrgnlInstrId><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>"
    amount = '<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">10.00</InstdAmt></Amt><Dbtr><Nm>Ada</Nm></Dbtr></OrgnlTxRef>'
    rejected = status("RJCT", ids=ids, reason="AC04", extra=amount)

    reading, [event] = read(tmp_path, pain002(group(), of_batch(rejected)))

    assert reading.format == "pain.002"
    assert [(s.id, s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == [("MSG-1", None, 1, 0, 0)]
    assert event["event_id"] == "pain.002:MSG-1/E2E-1/0"
    assert (event["payment_id"], event["ref_end_to_end_id"], event["reason"]) == ("E2E-1", "E2E-1", "AC04")
    assert (event["ref_instruction_id"], event["ref_batch_id"]) == ("I-1", "BATCH-1")
    assert (event["amount_minor"], event["currency"]) == (1000, "EUR")
    assert event["occurred_at"] == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert "Ada" not in str(event)


def test_a_payment_is_named_by_its_transaction_where_it_has_no_end_to_end_id(tmp_path: Path) -> None:
    ids = "<OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId><OrgnlTxId>TX-1</OrgnlTxId>"

    _, [event] = read(tmp_path, pacs002(status(ids=ids)))

    assert (event["payment_id"], event["ref_end_to_end_id"], event["ref_partner_id"]) == ("TX-1", None, "TX-1")
    assert (event["ref_tx_id"], event["ref_batch_id"]) == ("TX-1", None)
    assert (event["amount_minor"], event["currency"]) == (0, "XXX")


@pytest.mark.parametrize(
    ("text", "raw", "reason"),
    [
        (pain002(group("RJCT", reason="AM10"), of_batch(status("ACCP"))), "ACCP", "AM10"),
        (pain002(group("RJCT", reason="AM10"), of_batch(status(""))), "RJCT", "AM10"),
        (pain002(group("PART"), of_batch(status("", reason="AC01"), status="RJCT")), "RJCT", "AC01"),
        (pacs002(group("ACSC"), status("")), "ACSC", None),
        (
            pacs002(
                group("ACSC", id="A"), group("RJCT", id="B"), status("", extra="<OrgnlGrpInf><OrgnlMsgId>B</OrgnlMsgId></OrgnlGrpInf>")
            ),
            "RJCT",
            None,
        ),
    ],
)
def test_a_payment_without_a_status_has_that_of_its_group(tmp_path: Path, text: str, raw: str, reason: str | None) -> None:
    _, [event] = read(tmp_path, text)

    assert (event["raw_code"], event["reason"]) == (raw, reason)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pain002(group("RJCT", reason="AM10")), "ORDER-1 RJCT (AM10)"),
        (pain002(group(), of_batch(status="ACCP")), "BATCH-1 ACCP"),
        (camt056("<OrgnlGrpInfAndCxl><OrgnlMsgId>M-9</OrgnlMsgId></OrgnlGrpInfAndCxl>"), "M-9 camt.056"),
    ],
)
def test_a_status_of_a_whole_group_is_told_and_names_no_payment(tmp_path: Path, text: str, said: str) -> None:
    reading, events = read(tmp_path, text)

    assert events == []
    assert [s.entries for s in reading.statements] == [0]
    assert [(n.code, n.message) for n in reading.notices] == [
        ("group-status", f"Said of whole groups, without naming their payments: {said}.")
    ]


def test_a_recall_is_a_return_requested(tmp_path: Path) -> None:
    first = (
        "<TxInf><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><OrgnlTxId>TX-1</OrgnlTxId>"
        '<OrgnlIntrBkSttlmAmt Ccy="EUR">10.00</OrgnlIntrBkSttlmAmt><CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn></CxlRsnInf></TxInf>'
    )
    second = "<TxInf><OrgnlTxId>TX-2</OrgnlTxId><CxlRsnInf><Rsn><Prtry>card 4111111111111111</Prtry></Rsn></CxlRsnInf></TxInf>"

    reading, events = read(tmp_path, camt056(first, second))

    assert reading.format == "camt.056"
    assert [(s.id, s.currency, s.entries) for s in reading.statements] == [("CXL-1", None, 2)]
    assert [(e["payment_id"], e["state"], e["raw_code"], e["reason"], e["amount_minor"]) for e in events] == [
        ("E2E-1", "return_requested", "camt.056", "FRAD", 1000),
        ("TX-2", "return_requested", "camt.056", "card 411111…1111", 0),
    ]


def test_a_report_without_a_time_is_read_but_not_traced(tmp_path: Path) -> None:
    reading, events = read(tmp_path, pacs002(status()).replace("<CreDtTm>2026-11-20T06:00:00+01:00</CreDtTm>", ""))

    assert [s.entries for s in reading.statements] == [1]
    assert events == []
    assert [n.message for n in reading.notices] == ["Transactions that have no time, and so can't be traced: 1."]


def test_a_time_without_a_zone_is_taken_as_utc(tmp_path: Path) -> None:
    _, [event] = read(tmp_path, pacs002(status()).replace("06:00:00+01:00", "06:00:00"))

    assert event["occurred_at"] == datetime(2026, 11, 20, 6, tzinfo=UTC)


def test_text_inside_cdata_is_text(tmp_path: Path) -> None:
    reading, _ = read(tmp_path, pacs002(status()).replace("MSG-1", "<![CDATA[ <GrpHdr> ]]>"))

    assert [s.id for s in reading.statements] == ["<GrpHdr>"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (pacs002(status()).replace("MSG-1", " "), "malformed"),
        (camt056("<TxInf/>").replace("CXL-1", ""), "malformed"),
        (pain002().replace("GrpHdr", "Header"), "malformed"),
        (message("FIToFIPmtStsRpt", status()).replace("T06:00", "x06:00"), "bad-date"),
        (pacs002(status(extra='<OrgnlTxRef><IntrBkSttlmAmt Ccy="EUR">ten</IntrBkSttlmAmt></OrgnlTxRef>')), "bad-amount"),
        (pacs002(status())[:-20], "truncated"),
        ("<html><body>502</body></html>", "unknown-format"),
    ],
)
def test_what_can_not_be_trusted_refuses_the_whole_file(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(FileError) as error:
        read(tmp_path, text)

    assert error.value.code == code

"""camt.052 and camt.054: what the bank announces is told as events of the payments it names, and never counted as money."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from source_builders import balance, camt, detail, entry, money_of, read_all, statement

from breakwater.errors import FileError
from breakwater.model.files import Reading

NAMED = "<EndToEndId>E2E-1</EndToEndId><UETR>u-1</UETR>"


def notification(*entries: str) -> str:
    """A camt.054."""
    text = camt(statement(*entries), namespace="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08")
    return text.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("<Stmt>", "<Ntfctn>").replace("</Stmt>", "</Ntfctn>")


def report(*entries: str) -> str:
    """A camt.052."""
    text = camt(statement(*entries), namespace="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08")
    return text.replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("<Stmt>", "<Rpt>").replace("</Stmt>", "</Rpt>")


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]], list[dict[str, Any]]]:
    path = tmp_path / "notification.xml"
    path.write_text(text, encoding="utf-8")
    return read_all(path)


@pytest.mark.parametrize(
    ("text", "format"), [(notification(entry(details=detail(NAMED))), "camt.054"), (report(entry(details=detail(NAMED))), "camt.052")]
)
def test_an_announced_entry_is_an_event_and_its_figures_are_told(tmp_path: Path, text: str, format: str) -> None:
    reading, records, [event] = read(tmp_path, text)

    assert reading.format == format
    assert [(s.entries, s.details, s.credits_minor, s.references) for s in reading.statements] == [(1, 1, 1000, ("ASR-1",))]
    assert records == []
    assert (event["payment_id"], event["ref_uetr"], event["ref_partner_id"]) == ("E2E-1", "u-1", "ASR-1")
    assert (event["state"], event["raw_code"], event["amount_minor"], event["currency"]) == ("settled", "BOOK", 1000, "EUR")
    assert event["occurred_at"] == datetime(2026, 11, 19, tzinfo=UTC)
    assert event["event_id"] == f"{format}:CH9300762011623852957:STMT-1/ASR-1/0"


def test_every_name_of_a_payment_is_kept(tmp_path: Path) -> None:
    names = f"{NAMED}<TxId>T-1</TxId><InstrId>I-1</InstrId><PmtInfId>B-1</PmtInfId>"

    _, _, [event] = read(tmp_path, notification(entry(details=detail(names))))

    assert (event["ref_tx_id"], event["ref_instruction_id"], event["ref_batch_id"]) == ("T-1", "I-1", "B-1")


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (entry(details=detail(NAMED), direction="DBIT"), "settled", None),
        (entry(details=detail(NAMED), status="<Sts>PDNG</Sts>"), "clearing", None),
        (entry(details=detail(NAMED), code="RCDT/RRTN"), "returned", None),
        (entry(details=detail(NAMED, extra="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")), "returned", "AC04"),
    ],
)
def test_what_became_of_the_payment(tmp_path: Path, given: str, state: str, reason: str | None) -> None:
    _, _, [event] = read(tmp_path, notification(given))

    assert (event["state"], event["reason"], event["amount_minor"]) == (state, reason, 1000)


@pytest.mark.parametrize(
    "given",
    [
        entry(details=detail(NAMED), status="<Sts><Cd>INFO</Cd></Sts>"),
        entry(details=detail(NAMED), status="<Sts><Cd>FUTR</Cd></Sts>"),
        entry(details=detail(NAMED), code="MDOP/CHRG"),
        entry(details=detail("<EndToEndId>NOTPROVIDED</EndToEndId>")),
        entry(),
    ],
    ids=["information", "future", "charge", "unnamed", "no details"],
)
def test_what_is_no_event_of_a_payment(tmp_path: Path, given: str) -> None:
    reading, records, events = read(tmp_path, notification(given))

    assert (records, events, reading.notices) == ([], [], [])


def test_an_entry_status_that_is_not_known_is_unknown_and_told(tmp_path: Path) -> None:
    reading, _, [event] = read(tmp_path, notification(entry(details=detail(NAMED), status="<Sts>ODD</Sts>")))

    assert event["state"] == "unknown"
    assert [n.message for n in reading.notices] == ["Status codes that are not known here and count as unknown: ODD (1)."]


def test_each_payment_of_a_batch_has_its_own_event(tmp_path: Path) -> None:
    details = detail("<EndToEndId>A</EndToEndId>", amount='<Amt Ccy="EUR">3.10</Amt>') + detail("<EndToEndId>B</EndToEndId>")

    _, _, events = read(tmp_path, notification(entry("10.00", details=details)))

    assert [(e["payment_id"], e["amount_minor"], e["currency"]) for e in events] == [("A", 310, "EUR"), ("B", 0, "XXX")]


def test_a_notification_behind_a_statement_is_told_and_counts_nothing(tmp_path: Path) -> None:
    text = camt(statement(entry("10.00", details=detail(NAMED)))) + notification(entry("10.00", details=detail(NAMED)))

    reading, records, events = read(tmp_path, text)

    assert [(s.id, s.credits_minor) for s in reading.statements] == [("STMT-1", 1000), ("STMT-1", 1000)]
    assert money_of(records) == {"EUR": 1000}
    assert [e["payment_id"] for e in events] == ["E2E-1"]


def test_a_statement_behind_a_notification_is_refused_rather_than_lost(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"begins with a notification and goes on with a camt\.053") as refused:
        read(tmp_path, notification(entry()) + camt(statement(entry())))

    assert refused.value.code == "malformed"


def test_more_details_than_memory_should_hold_keep_their_order_and_money(tmp_path: Path) -> None:
    details = "".join(detail(f"<EndToEndId>E{n}</EndToEndId>", amount=f'<Amt Ccy="EUR">{n}.00</Amt>') for n in range(12_000))
    text = camt(
        statement(entry(f"{sum(range(12_000))}.00", details=details), entry("1.00", details=detail("<EndToEndId>last</EndToEndId>")))
    )

    reading, records, _ = read(tmp_path, text)

    assert [(s.entries, s.details) for s in reading.statements] == [(2, 12_001)]
    assert [(r["ref_end_to_end_id"], r["amount_minor"]) for r in records] == [(f"E{n}", n * 100) for n in range(12_000)] + [("last", 100)]


def test_the_first_version_of_the_statement_is_known(tmp_path: Path) -> None:
    text = camt(statement(entry(), balances=balance("OPBD", "0") + balance("CLBD", "10"))).replace("BkToCstmrStmt", "BkToCstmrStmtV01")

    reading, records, _ = read(tmp_path, text.replace("camt.053.001.08", "x"))

    assert (reading.format, len(records), reading.notices) == ("camt.053", 1, [])


def test_a_reference_is_shown_as_the_bank_wrote_it(tmp_path: Path) -> None:
    reading, [record], _ = read(tmp_path, camt(statement(entry(reference="<NtryRef>N1</NtryRef><AcctSvcrRef>NOTPROVIDED</AcctSvcrRef>"))))

    assert reading.statements[0].references == ("NOTPROVIDED",)
    assert record["ref_partner_id"] == "N1"

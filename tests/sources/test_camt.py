"""How a bank statement in XML is understood: kinds, signs, dates, references, and whether entry or detail counts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from source_builders import balance, camt, detail, entry, money_in_statements, read_whole, statement

from breakwater.errors import FileError


def records_of(tmp_path: Path, *entries: str) -> list[dict[str, Any]]:
    path = tmp_path / "statement.xml"
    path.write_text(camt(statement(*entries)), encoding="utf-8")
    return read_whole(path)[1]


def code_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "statement.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        read_whole(path)
    return refused.value.code


@pytest.mark.parametrize(
    ("direction", "code", "extra", "kind", "amount_minor"),
    [
        ("CRDT", "RCDT/ESCT", "", "payment", 1000),
        ("DBIT", "ICDT/ESCT", "", "payout", -1000),
        ("DBIT", "IDDT/UPDD", "", "return", -1000),
        ("CRDT", "ICDT/RRTN", "", "return", 1000),
        ("CRDT", "RCDT/ESCT", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", "return", 1000),
        ("DBIT", "MDOP/CHRG", "", "fee", -1000),
        ("DBIT", "MDOP/COMM", "", "fee", -1000),
        ("CRDT", "MCOP/INTR", "", "fee", 1000),
        # The charge for a return is a charge.
        ("DBIT", "RDDT/CHRG", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", "fee", -1000),
    ],
)
def test_kind_and_sign(tmp_path: Path, direction: str, code: str, extra: str, kind: str, amount_minor: int) -> None:
    [record] = records_of(tmp_path, entry("10.00", direction=direction, code=code, details=detail(extra=extra)))

    assert (record["kind"], record["amount_minor"]) == (kind, amount_minor)
    assert (record["raw_code"], record["raw_status"], record["status"]) == (f"PMNT/{code}", "BOOK", "settled")


def test_a_reversal_indicator_never_turns_the_sign(tmp_path: Path) -> None:
    [record] = records_of(tmp_path, entry("10.00", direction="DBIT", status="<RvslInd>true</RvslInd><Sts>BOOK</Sts>"))

    assert record["amount_minor"] == -1000


def test_references_find_their_columns(tmp_path: Path) -> None:
    references = (
        "<MsgId>MSG-1</MsgId><AcctSvcrRef>TX-ASR</AcctSvcrRef><PmtInfId>PAY-INF-1</PmtInfId><EndToEndId>E2E-1</EndToEndId>"
        "<UETR>8a562c67-ca16-48ba-b074-65581be6f001</UETR><TxId>TX-1</TxId>"
    )

    [record] = records_of(tmp_path, entry(details=detail(references)))

    assert record["ref_end_to_end_id"] == "E2E-1"
    assert record["ref_uetr"] == "8a562c67-ca16-48ba-b074-65581be6f001"
    assert record["ref_tx_id"] == "TX-1"
    assert record["ref_partner_id"] == "TX-ASR"
    assert record["ref_batch_id"] == "PAY-INF-1"
    assert record["ref_original"] is None
    assert record["record_id"] == "camt.053:CH9300762011623852957:STMT-1/ASR-1/0"


def test_not_provided_is_no_reference(tmp_path: Path) -> None:
    [record] = records_of(tmp_path, entry(details=detail("<EndToEndId>NOTPROVIDED</EndToEndId>")))

    assert record["ref_end_to_end_id"] is None


def test_a_batch_is_one_record_for_each_detail_when_they_add_up(tmp_path: Path) -> None:
    batch = "<Btch><PmtInfId>BATCH-9</PmtInfId></Btch>"
    details = detail("<EndToEndId>A</EndToEndId>", amount='<Amt Ccy="EUR">3.1</Amt>') + detail(
        "<EndToEndId>B</EndToEndId>", amount='<AmtDtls><TxAmt><Amt Ccy="EUR">6.90</Amt></TxAmt></AmtDtls>'
    )

    records = records_of(tmp_path, entry("10.00", direction="DBIT", details=batch + details))

    assert [(r["amount_minor"], r["ref_end_to_end_id"], r["ref_batch_id"]) for r in records] == [
        (-310, "A", "BATCH-9"),
        (-690, "B", "BATCH-9"),
    ]
    assert len({r["record_id"] for r in records}) == 2


@pytest.mark.parametrize(
    "second",
    ['<Amt Ccy="EUR">6.91</Amt>', '<Amt Ccy="CHF">6.90</Amt>', '<Amt Ccy="EUR">six</Amt>', ""],
    ids=["a cent too much", "other currency", "no number", "no amount"],
)
def test_details_that_do_not_explain_the_entry_leave_it_whole(tmp_path: Path, second: str) -> None:
    details = detail("<EndToEndId>A</EndToEndId>", amount='<Amt Ccy="EUR">3.10</Amt>') + detail("<EndToEndId>B</EndToEndId>", amount=second)

    [record] = records_of(tmp_path, entry("10.00", details=details))

    assert (record["amount_minor"], record["ref_end_to_end_id"], record["ref_partner_id"]) == (1000, None, "ASR-1")


def test_a_converted_payment_keeps_its_original_amount(tmp_path: Path) -> None:
    details = detail("<EndToEndId>A</EndToEndId>", amount='<Amt Ccy="JPY">1580</Amt>')

    [record] = records_of(tmp_path, entry("10.00", direction="DBIT", details=details))

    assert (record["amount_minor"], record["currency"]) == (-1000, "EUR")
    assert (record["original_amount_minor"], record["original_currency"]) == (-1580, "JPY")


def test_dates_come_from_dates_and_from_date_times(tmp_path: Path) -> None:
    zoned = entry(booked="<BookgDt><DtTm>2026-11-19T00:15:00+01:00</DtTm></BookgDt>")
    nanoseconds = entry(booked="<BookgDt><Dt>2026-11-19T00:00:00.000000000</Dt></BookgDt>", valued="")
    undated = entry(booked="", valued="")

    first, second, third = records_of(tmp_path, zoned, nanoseconds, undated)

    assert (first["booked_on"], first["booked_at"]) == (date(2026, 11, 19), datetime(2026, 11, 18, 23, 15, tzinfo=UTC))
    assert (first["value_date"], second["value_date"]) == (date(2026, 11, 20), None)
    assert (second["booked_on"], second["booked_at"]) == (date(2026, 11, 19), None)
    assert third["booked_on"] == date(2026, 11, 20), "without a date of its own, an entry has its statement's"


def test_a_moment_that_can_not_be_told_in_utc_still_has_its_day(tmp_path: Path) -> None:
    [record] = records_of(tmp_path, entry(booked="<BookgDt><DtTm>0001-01-01T00:00:00+01:00</DtTm></BookgDt>"))

    assert (record["booked_on"], record["booked_at"]) == (date(1, 1, 1), None)


def test_an_unexplained_batch_keeps_what_all_its_details_share(tmp_path: Path) -> None:
    batch = "<Btch><MsgId>BATCH-9</MsgId></Btch>"
    returned, sent = detail(extra="<RtrInf/>"), detail()

    all_returned, some_returned = records_of(
        tmp_path, entry(details=batch + returned + returned), entry(details=batch + returned + sent, reference="")
    )

    assert (all_returned["kind"], all_returned["ref_batch_id"]) == ("return", "BATCH-9")
    assert (some_returned["kind"], some_returned["ref_batch_id"]) == ("payment", "BATCH-9")


def test_pending_entries_are_counted_and_make_no_records(tmp_path: Path) -> None:
    path = tmp_path / "statement.xml"
    path.write_text(
        camt(statement(entry("1.00"), entry("2.00", status="<Sts>PDNG</Sts>"), entry("3.00", status="<Sts><Cd>INFO</Cd></Sts>")))
    )

    reading, records = read_whole(path)

    assert [s.pending_entries for s in reading.statements] == [2]
    assert [r["amount_minor"] for r in records] == [100]


def test_free_text_is_not_kept(tmp_path: Path) -> None:
    extra = "<RltdPties><Dbtr><Nm>Ada Lovelace</Nm></Dbtr></RltdPties><RmtInf><Ustrd>for the engine</Ustrd></RmtInf>"

    [record] = records_of(tmp_path, entry(details=detail(extra=extra)))

    assert "Ada" not in str(record)
    assert "engine" not in str(record)


@pytest.mark.parametrize(
    "text",
    [
        camt(statement(entry("12.34"))),
        camt(statement(entry("12.34")), namespace="urn:iso:std:iso:20022:tech:xsd:camt.053.001.13"),
        camt(statement(entry("12.34"))).replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', ""),
        camt(statement(entry("12.34"))).replace("</", "</c:").replace("<", "<c:").replace("<c:/c:", "</c:").replace("xmlns=", "xmlns:c="),
        "<message><AppHdr><BizMsgIdr>1</BizMsgIdr></AppHdr>" + camt(statement(entry("12.34"))) + "</message>",
        "\n\n<!-- <BkToCstmrAcctRpt> -->" + camt(statement(entry("12<!-- ! -->.34"))),
        camt(statement(entry("<![CDATA[12.34]]>"))),
        camt(statement(entry(" 12.340000 "))),
    ],
    ids=["v8", "v13", "no namespace", "prefixed", "wrapped", "comments", "cdata", "zeros and blanks"],
)
def test_any_shape_of_the_message_says_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "statement.xml"
    path.write_text(text, encoding="utf-8")

    reading, records = read_whole(path)

    assert reading.format == "camt.053"
    assert [r["amount_minor"] for r in records] == [1234]


def test_several_documents_in_one_file_are_all_read(tmp_path: Path) -> None:
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    path = tmp_path / "two.xml"
    first = camt(statement(entry("1.00"), id="A"), declaration=declaration)
    path.write_text(
        f"{first}\n\n{camt(statement(entry('2.00'), id='B'), declaration=declaration)}\n{camt(statement(entry('3.00'), id='B'))}"
    )

    reading, records = read_whole(path)

    assert [s.id for s in reading.statements] == ["A", "B", "B"]
    assert money_in_statements(reading) == {"EUR": 600}
    assert len({r["record_id"] for r in records}) == 3, "the same statement twice in a file still has unique records"
    assert reading.logical_keys == ["camt.053:CH9300762011623852957:A", "camt.053:CH9300762011623852957:B"]


def test_balances_are_proven_and_their_day_is_the_business_date(tmp_path: Path) -> None:
    path = tmp_path / "statement.xml"
    balances = balance("PRCD", "100.00") + balance("OPAV", "7") + balance("CLBD", "2.50", day="2026-11-18", direction="DBIT")
    path.write_text(camt(statement(entry("102.50", direction="DBIT"), balances=balances)))

    reading, _ = read_whole(path)

    assert [(s.opening_minor, s.closing_minor, s.balanced) for s in reading.statements] == [(10000, -250, True)]
    assert reading.notices == []
    assert reading.business_date == date(2026, 11, 18)


def test_a_statement_that_does_not_add_up_is_told_and_read(tmp_path: Path) -> None:
    path = tmp_path / "statement.xml"
    path.write_text(camt(statement(entry("1.00"), balances=balance("OPBD", "5.00") + balance("CLBD", "6.01"))))

    reading, records = read_whole(path)

    assert [(n.code, n.message) for n in reading.notices] == [("balance-mismatch", "STMT-1 (EUR) does not add up.")]
    assert len(records) == 1


def test_a_sequence_number_is_part_of_what_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "statement.xml"
    path.write_text(camt(statement(entry(), header="<StmtPgntn><PgNb>2</PgNb></StmtPgntn><ElctrncSeqNb>17</ElctrncSeqNb>")))

    reading, _ = read_whole(path)

    assert reading.logical_keys == ["camt.053:CH9300762011623852957:STMT-1:17:page 2"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (entry("12.345"), "bad-amount"),
        (entry("12..34"), "bad-amount"),
        (entry("1,50"), "bad-amount"),
        (entry("-1.50"), "bad-amount"),
        (entry("+1.50"), "bad-amount"),
        (entry("1e3"), "bad-amount"),
        (entry("٣"), "bad-amount"),
        (entry(""), "bad-amount"),
        (entry("1.5", currency="JPY"), "bad-amount"),
        (entry("1.5", currency="XYZ"), "bad-amount"),
        (entry("9" * 30), "bad-amount"),
        (entry(status="<Sts>PDNG</Sts>", amount="x"), "bad-amount"),
        (entry(booked="<BookgDt><Dt>2026-02-30</Dt></BookgDt>"), "bad-date"),
        (entry(valued="<ValDt><Dt>19.11.2026</Dt></ValDt>"), "bad-date"),
        (entry(valued="<ValDt><Dt></Dt></ValDt>"), "bad-date"),
        (entry(valued="<ValDt><Dt>2026-W47-4</Dt></ValDt>"), "bad-date"),
        (entry(valued="<ValDt><Dt>2026-11-199</Dt></ValDt>"), "bad-date"),
        (balance("CLBD", "1.00", day="2026-13-01"), "bad-date"),
        (balance("CLBD", "1.001"), "bad-amount"),
        (entry(direction=""), "malformed"),
        ("<Id/>", "malformed"),
    ],
)
def test_what_can_not_be_trusted_refuses_the_whole_file(tmp_path: Path, bad: str, code: str) -> None:
    text = camt(statement(entry(), bad)).replace("<Id>STMT-1</Id>", "" if bad == "<Id/>" else "<Id>STMT-1</Id>")

    assert code_of(tmp_path, text) == code

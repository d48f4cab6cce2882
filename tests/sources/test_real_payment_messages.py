"""What real published payment messages say, figure by figure."""

from __future__ import annotations

from typing import Any

import pytest
from source_builders import FILES, money_in_statements, money_of, read_all

# file: format, [(id, account, currency, entries, credits, debits)], [(payment, state, raw code, reason)]
EXPECTED: dict[str, tuple[str, list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "gs_pain001_001_08.xml": (
        "pain.001",
        [("test-160620", "50000970", "GBP", 1, 0, 1000)],
        [("test-160620", "created", "pain.001", None)],
    ),
    "moov_sepa_payment.xml": (
        "pain.001",
        [("201708230001", "LT007180000000000000", "EUR", 1, 0, 9999)],
        [("EndToEndId0001", "created", "pain.001", None)],
    ),
    "postfinance_pain002-chdd-cor1.xml": ("pain.002", [("20180313375204216308259", None, None, 0, 0, 0)], []),
    "postfinance_pain002-epo_a.xml": ("pain.002", [("20180326375204011685776", None, None, 0, 0, 0)], []),
    "prowide_pacs.002-CDATA.xml": ("pacs.002", [("0c070cd114934bf398e6a16d81b2d129", None, None, 0, 0, 0)], []),
    "sr_pacs.002.001.12.xml": ("pacs.002", [("MSG-STATUS-001", None, None, 1, 0, 0)], [("E2E-ORIG-001", "settled", "ACSC", "AB05")]),
    "sr_pacs.004.001.11.xml": ("pacs.004", [("MSG-RTR-001", None, "EUR", 1, 100000, 0)], []),
    "sr_pacs.008.001.08.xml": ("pacs.008", [("MSG-CORE-TEST", None, "EUR", 1, 100000, 0)], []),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_message_says_exactly_this(name: str) -> None:
    format, statements, events = EXPECTED[name]

    reading, _, found = read_all(FILES / name)

    assert reading.format == format
    assert [(s.id, s.account, s.currency, s.entries, s.credits_minor, s.debits_minor) for s in reading.statements] == statements
    assert [(e["payment_id"], e["state"], e["raw_code"], e["reason"]) for e in found] == events


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith(("sr_pacs.004", "sr_pacs.008"))])
def test_the_records_hold_the_money_of_the_statements(name: str) -> None:
    reading, records, _ = read_all(FILES / name)

    assert money_of(records) == money_in_statements(reading)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("postfinance_pain002-chdd-cor1.xml", "PmtInfId-CHDD-1 ACCP"),
        ("postfinance_pain002-epo_a.xml", "MsgId-005 RJCT (AM10)"),
        ("prowide_pacs.002-CDATA.xml", "UNKNOWN RJCT (118)"),
    ],
)
def test_a_status_of_a_whole_group_is_told(name: str, said: str) -> None:
    reading, _, _ = read_all(FILES / name)

    assert [n.message for n in reading.notices] == [f"Said of whole groups, without naming their payments: {said}."]

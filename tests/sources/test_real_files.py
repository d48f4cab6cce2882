"""What real published files say, figure by figure."""

from __future__ import annotations

from typing import Any

import pytest
from source_builders import FILES, money_in_statements, money_of, read_all, read_whole

from breakwater.errors import FileError

# file: [(id, account, currency, entries, details, pending, credits, debits, opening, closing)], balance notices
EXPECTED: dict[str, tuple[list[tuple[Any, ...]], set[str]]] = {
    "genkgo_camt052.v8.xml": ([("AAAASESS-FP-ACCR001", "CH2801234000123456789", "SEK", 1, 0, 0, 0, 20000000, None, None)], set()),
    "bsp_multicurrency.xml": (
        [
            ("GOLDEN-MULTI-EUR", "DE89370400440532013000", "EUR", 2, 2, 0, 125050, 50025, 1000000, 1075025),
            ("GOLDEN-MULTI-USD", "US-ACCT-0099", "USD", 1, 1, 0, 0, 9999, 250000, 240001),
        ],
        set(),
    ),
    "genkgo_camt053.v2.five.decimals.xml": (
        [("253EURNL26VAYB8060476890", "NL26VAYB8060476890", "EUR", 1, 1, 0, 885, 0, 1815, 2705)],
        {"balance-mismatch"},
    ),
    "genkgo_camt053.v2.multi.statement.xml": (
        [
            ("253EURNL26VAYB8060476890", "NL26VAYB8060476890", "EUR", 1, 1, 0, 885, 0, 1815, 2700),
            ("254EURNL26VAYB8060476890", "NL26VAYB8060476890", "EUR", 1, 1, 0, 0, 700, 2700, 2000),
        ],
        set(),
    ),
    # The closing balance is in another currency than the statement: it does not count.
    "genkgo_camt053.v8.xml": (
        [("253EURNL26VAYB8060476890", "NL26VAYB8060476890", "EUR", 1, 1, 0, 885, 0, 1815, None)],
        {"balance-missing"},
    ),
    "genkgo_camt054.v4.xml": ([("AAAASESS-FP-ACCR001", "CH2801234000123456789", "SEK", 1, 3, 0, 0, 20000000, None, None)], set()),
    # One entry in another currency makes a second statement, without balances.
    "gs_camt053_001_02.xml": (
        [
            ("258158850", "DD01100056869", "USD", 14, 14, 0, 10000, 4000, -84368620, -84666515),
            ("258158850", "DD01100056869", "EUR", 1, 1, 0, 0, 2906, None, None),
        ],
        {"balance-mismatch", "balance-missing"},
    ),
    "prowide_camt.053.001.07.xml": ([("SDFSDF", "2345234534", "USD", 0, 0, 0, 0, 0, None, None)], {"balance-missing"}),
    "postfinance_camt.054-Credit.xml": (
        [("20190424375204223076553", "CH2909000000250094239", "CHF", 1, 1, 0, 150000, 0, None, None)],
        set(),
    ),
    "postfinance_camt.054-Debit.xml": ([("20190424375204222704047", "CH2909000000250094239", "CHF", 1, 1, 0, 0, 91300, None, None)], set()),
    "own_camt053_bom.xml": ([("ODD-BOM", "CH9300762011623852957", "EUR", 2, 2, 0, 10000, 4055, 100000, 105945)], set()),
    "own_camt053_latin1.xml": ([("ODD-L1", "CH9300762011623852957", "EUR", 2, 2, 0, 10000, 4055, 100000, 105945)], set()),
    "own_adyen_settlement.csv": (
        [
            ("77", "AcmeEU", "EUR", 7, 0, 0, 11794, 11794, None, None),
            ("77", "AcmeEU", "USD", 2, 0, 0, 954, 954, None, None),
        ],
        set(),
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_says_exactly_this(name: str) -> None:
    reading, _ = read_whole(FILES / name)

    statements = [
        (
            s.id,
            s.account,
            s.currency,
            s.entries,
            s.details,
            s.pending_entries,
            s.credits_minor,
            s.debits_minor,
            s.opening_minor,
            s.closing_minor,
        )
        for s in reading.statements
    ]
    assert statements == EXPECTED[name][0]
    assert {n.code for n in reading.notices if n.code.startswith("balance")} == EXPECTED[name][1]


@pytest.mark.parametrize("name", [name for name in EXPECTED if "camt052" not in name and "camt054" not in name and "camt.054" not in name])
def test_the_records_hold_the_money_of_the_statements(name: str) -> None:
    reading, records = read_whole(FILES / name)

    assert +money_of(records) == +money_in_statements(reading)
    assert -money_of(records) == -money_in_statements(reading)


@pytest.mark.parametrize("name", EXPECTED)
def test_ids_are_unique_and_stay_when_the_file_is_read_again(name: str) -> None:
    first = [record["record_id"] for record in read_whole(FILES / name)[1]]
    second = [record["record_id"] for record in read_whole(FILES / name, sha256="0" * 64)[1]]

    assert first == second
    assert len(set(first)) == len(first)


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("genkgo_camt052.v8.xml", []),
        (
            "genkgo_camt054.v4.xml",
            [("UXC06170000006PI00001EE00001", 310), ("UXC06170000006PI00001EE00002", 320), ("UXC06170000006PI00001EE00002", 320)],
        ),
        ("postfinance_camt.054-Credit.xml", []),
        ("postfinance_camt.054-Debit.xml", [("20190424001255000100006", 91300)]),
    ],
)
def test_notifications_are_events_and_never_money(name: str, events: list[tuple[str, int]]) -> None:
    _, records, found = read_all(FILES / name)

    assert records == []
    assert [(e["payment_id"], e["amount_minor"]) for e in found] == events


def test_a_message_without_a_statement_is_malformed() -> None:
    with pytest.raises(FileError, match="holds no statement") as refused:
        read_whole(FILES / "genkgo_camt053.v2.wrong.xml")

    assert refused.value.code == "malformed"


def test_the_bank_s_word_for_a_reject_is_a_return_with_its_original() -> None:
    _, records = read_whole(FILES / "gs_camt053_001_02.xml")

    first = records[0]
    assert (first["kind"], first["amount_minor"], first["ref_original"]) == ("return", 1000, "GSGWGDNCTAHQM8")
    assert first["ref_batch_id"] == "RP/GS/CTFILERP0002/CTBA0003"
    assert first["raw_code"] == "ACH Credit Reject"


def test_the_network_and_the_source_file_are_on_every_record() -> None:
    _, records = read_whole(FILES / "own_camt053_bom.xml", network="sepa", sha256="f" * 64)

    assert {(r["partner"], r["network"], r["source_file"], r["line"]) for r in records} == {
        ("nordbank", "sepa", "f" * 64, 1),
        ("nordbank", "sepa", "f" * 64, 2),
    }

"""What real published flat files say, figure by figure."""

from __future__ import annotations

from typing import Any

import pytest
from source_builders import FILES, money_in_statements, money_of, read_all, read_whole

from breakwater.errors import FileError

# file: [(id, account, currency, entries, details, credits, debits, opening, closing)], notices
EXPECTED: dict[str, tuple[list[tuple[Any, ...]], list[str]]] = {
    "jejik_commerzbank.txt": (
        [("01LGX08DLMWH5GWA/00143/1", "25040066/0123456789", "EUR", 1, 0, 0, 1235, 0, 0)],
        ["balance-mismatch"],
    ),
    "jejik_lbbw.txt": ([("LBBW/1", "12345678/1324357", "EUR", 2, 0, 1, 1, 0, 0)], []),
    "wolph_cmxl_mt940.sta": (
        [
            ("131110/27/01", "45050050/76198810", "DEM", 11, 0, 4939674, 4930944, 8434974, 8443704),
            ("1234567/5/1", "10020030/1234567", "EUR", 2, 0, 300000, 80000, 218795, 438795),
            ("TELEWIZORY S.A./00084/001", "BPHKPLPK/320000546101", "PLN", 3, 0, 2004000, 1000000, 4000000, 5004000),
        ],
        [],
    ),
    "wolph_jejik_abnamro.sta": (
        [
            ("ABN AMRO BANK NV/19321/1", "517852257", "EUR", 8, 0, 0, 32144, 323628, 87684),
            ("ABN AMRO BANK NV/19322/1", "517852257", "EUR", 2, 0, 0, 2449, 287684, 184975),
        ],
        ["chain-broken", "balance-mismatch"],
    ),
    # Two pages of one statement, then another account; the closing balances lack their currency.
    "wolph_self-provided_raphaelm.sta": (
        [
            ("STARTUMS/1/1", "1222333444", "DEM", 6, 0, 10500000, 0, 0, 10500000),
            ("STARTUMS/1/1", "1222333444", "DEM", 2, 0, 4000000, 0, 10500000, 14500000),
            ("STARTUMS/2/1", "3346780111", "DEM", 1, 0, 0, 5000000, 14500000, 9500000),
        ],
        [],
    ),
    "wolph_mBank_mt942.sta": ([("ST170119CYC/0001/1/1", "PL29114010810000267002001002", "PLN", 3, 0, 3, 0, None, None)], []),
    "moov_sample1.txt": (
        [
            ("060317", "10200123456", "CAD", 11, 0, 208500, 208500, None, None),
            ("060317", "10200123456", "CAD", 6, 0, 111500, 111500, None, None),
        ],
        [],
    ),
    "moov_ccd-debit.ach": ([("031300010000001", "231380104", "USD", 2, 0, 0, 500125, None, None)], []),
    "moov_cor-read.ach": ([("121042880000001", "121042882", "USD", 1, 1, 0, 0, None, None)], []),
    "moov_iat-mixedCreditDebit.ach": ([("231380100000001", "123456789", "USD", 2, 18, 100000, 100000, None, None)], []),
    "moov_ppd-mixedDebitCredit.ach": ([("121042880000001", "121042882", "USD", 3, 0, 200000000, 200000000, None, None)], []),
    "moov_return-WEB.ach": (
        [
            ("091000010000001", "123456789", "USD", 1, 1, 0, 12354, None, None),
            ("021000020000002", "123456789", "USD", 1, 1, 4565, 0, None, None),
        ],
        ["date-missing"],
    ),
    "own_ipm_cp500_1014.ipm": ([("0012611190000000999900001", "00000009999", "EUR", 2, 0, 12345, 2345, None, None)], []),
}
MANY = ["moov_sample3.txt", "wolph_ASNB_mt940.txt"]
OF_MONEY = [*sorted(EXPECTED.keys() - {"wolph_mBank_mt942.sta"}), *MANY]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_says_exactly_this(name: str) -> None:
    reading, _ = read_whole(FILES / name)

    statements = [
        (s.id, s.account, s.currency, s.entries, s.details, s.credits_minor, s.debits_minor, s.opening_minor, s.closing_minor)
        for s in reading.statements
    ]
    assert (statements, [n.code for n in reading.notices]) == EXPECTED[name]


def test_fifteen_accounts_in_lines_of_any_length() -> None:
    reading, records = read_whole(FILES / "moov_sample3.txt")

    assert [(s.entries, s.closing_minor) for s in reading.statements if s.entries] == [
        (6, -3600),
        (2, -86406),
        (6, 610315),
        (4, -78759),
        (8, 27595),
    ]
    assert (len(reading.statements), len(records)) == (15, 26)
    assert all(s.balanced for s in reading.statements)


def test_thirty_one_statements_in_their_envelopes() -> None:
    reading, _ = read_whole(FILES / "wolph_ASNB_mt940.txt")

    assert [s.id for s in reading.statements] == [f"0000000000/{day}/1" for day in range(1, 32)]
    assert all(s.balanced for s in reading.statements)
    assert reading.notices == []


@pytest.mark.parametrize("name", OF_MONEY)
def test_the_records_hold_the_money_of_the_statements(name: str) -> None:
    reading, records = read_whole(FILES / name)

    assert +money_of(records) == +money_in_statements(reading)
    assert -money_of(records) == -money_in_statements(reading)


@pytest.mark.parametrize("name", OF_MONEY)
def test_ids_are_unique_and_stay_when_the_file_is_read_again(name: str) -> None:
    first = [record["record_id"] for record in read_whole(FILES / name)[1]]
    second = [record["record_id"] for record in read_whole(FILES / name, sha256="0" * 64)[1]]

    assert first == second
    assert len(set(first)) == len(first)


def test_an_entry_behind_the_closing_balance_is_malformed() -> None:
    with pytest.raises(FileError, match="line 38: an entry stands behind the closing balance") as refused:
        read_whole(FILES / "wolph_self-provided_multiline.sta")

    assert refused.value.code == "malformed"


def test_a_returned_direct_debit_names_what_came_back() -> None:
    [record] = read_whole(FILES / "jejik_commerzbank.txt")[1]

    assert (record["kind"], record["amount_minor"], record["raw_code"]) == ("return", -1235, "NRTI/109")
    assert record["ref_original"] == "A1.200080779.400143254.4961336"
    assert record["ref_payment_id"] is None


def test_a_notification_of_change_is_an_event() -> None:
    _, records, [event] = read_all(FILES / "moov_cor-read.ach")

    assert records == []
    assert (event["payment_id"], event["state"], event["raw_code"]) == ("121042880000001", "settled", "C01")

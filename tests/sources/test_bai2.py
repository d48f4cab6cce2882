"""BAI2: records across and inside of lines, what each becomes, and totals that must agree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flat_builders import bai2, bai2_account
from source_builders import read_all, read_whole

from breakwater.errors import FileError
from breakwater.model.files import Reading


def read(tmp_path: Path, text: str) -> tuple[Reading, list[dict[str, Any]]]:
    return read_whole(saved(tmp_path, text))


def saved(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "balances.txt"
    path.write_text(text, newline="")
    return path


def refused(tmp_path: Path, text: str) -> FileError:
    with pytest.raises(FileError) as error:
        read_whole(saved(tmp_path, text))
    assert error.value.remedy
    return error.value


def one(*transactions: str, total: int, balances: str = "") -> str:
    return bai2(bai2_account(*transactions, balances=balances, total=total), total=total)


def test_balances_transactions_and_references(tmp_path: Path) -> None:
    text = one(
        "16,195,1000,V,261118,1200,BANK-1,OWN-1,Incoming, wire / from nobody\n88,EREF: E2E-1\n88,CREF: IMAD-7\n88,DBNM: ANNA MAIER\n",
        "16,475,400,,,CHK-1,/\n",
        "16,890,,,,,only words, no money/\n",
        balances="010,5000,,,015,5600,,,040,5600,,",
        total=5000 + 5600 + 5600 + 1000 + 400,
    )
    reading, records = read(tmp_path, text)
    [statement] = reading.statements
    first, second = records

    assert (statement.id, statement.account, statement.currency, statement.entries) == ("261119", "123456789", "USD", 2)
    assert (statement.credits_minor, statement.debits_minor, statement.opening_minor, statement.closing_minor) == (1000, 400, 5000, 5600)
    assert statement.balanced is True
    assert (first["amount_minor"], first["booked_on"], first["value_date"]) == (1000, date(2026, 11, 19), date(2026, 11, 18))
    assert (first["ref_partner_id"], first["ref_payment_id"], first["ref_end_to_end_id"], first["ref_network_id"]) == (
        "BANK-1", "OWN-1", "E2E-1", "IMAD-7",
    )  # fmt: skip
    assert (second["amount_minor"], second["kind"], second["raw_code"], second["ref_payment_id"]) == (-400, "payout", "475", "CHK-1")
    assert "MAIER" not in str(records)
    assert reading.business_date == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("code", "kind", "signed"),
    [
        ("142", "payment", 1000),
        ("451", "payout", -1000),
        ("257", "return", 1000),
        ("557", "return", -1000),
        ("698", "fee", -1000),
        ("354", "fee", 1000),
    ],
)
def test_type_codes_give_kind_and_direction(tmp_path: Path, code: str, kind: str, signed: int) -> None:
    _, [record] = read(tmp_path, one(f"16,{code},1000,,B,OWN-1,/\n", total=1000))

    assert (record["kind"], record["amount_minor"]) == (kind, signed)
    assert record["ref_original"] == {"return": "OWN-1"}.get(kind)


@pytest.mark.parametrize(
    "transaction",
    [
        "16,142,1000,S,100,200,700,BANK-1,OWN-1,text/\n",
        "16,142,1000,V,261120,,BANK-1,OWN-1,text/\n",
        "16,142,1000,V,,,BANK-1,OWN-1,text/\n",
        "16,142,1000,D,3,0,100,1,200,2,700,BANK-1,OWN-1,text/\n",
        "16,142,1000,0,BANK-1,OWN-1,text/\n",
        "16,142,1000,Z,BANK-1,OWN-1\n",
        "16,142,1000,S,100/\n88,200,700/\n88,BANK-1,OWN-1/\n88,text\n88,more, text/\n",
        "16,142,1000,,BANK-1,OWN-1,a text of\nseveral lines with 12/16,500 and / in it/\n",
    ],
)
def test_every_funds_type_takes_its_fields(tmp_path: Path, transaction: str) -> None:
    _, [record] = read(tmp_path, one(transaction, total=1000))

    assert (record["amount_minor"], record["ref_partner_id"], record["ref_payment_id"]) == (1000, "BANK-1", "OWN-1")


def test_a_record_may_be_continued_between_any_two_of_its_fields(tmp_path: Path) -> None:
    text = bai2(
        "03,123,,010,+4350000,,,040/\n88,2830000,,/\n88,015,-72,15,D,3,0,20000000,1/\n88,30000000,3,20000000/\n49,+7179928,5/\n",
        total=7179928,
    )
    reading, _ = read(tmp_path, text)

    assert (reading.statements[0].opening_minor, reading.statements[0].closing_minor) == (4350000, -72)


def test_several_records_may_share_a_line(tmp_path: Path) -> None:
    text = one("16,142,1000,,A,,PAYPAL  PPD/\n", "16,451,250,Z,B,,08/18/23 x/\n", balances="010,0,,", total=1250)
    _, apart = read(tmp_path, text)
    _, together = read(tmp_path, text.replace("/\n", "/   ").replace("98,", "\n98,"))
    _, tight = read(tmp_path, text.replace("/\n", "/"))

    assert [r["amount_minor"] for r in apart] == [1000, -250]
    assert [r["record_id"] for r in together] == [r["record_id"] for r in tight] == [r["record_id"] for r in apart]


def test_the_currency_is_the_account_s_else_the_group_s_else_the_dollar(tmp_path: Path) -> None:
    text = bai2(bai2_account(currency="JPY"), bai2_account(number="2"), currency="EUR")
    other = bai2(bai2_account(), currency="")

    assert [s.currency for s in read(tmp_path, text)[0].statements] == ["JPY", "EUR"]
    assert [s.currency for s in read(tmp_path, other)[0].statements] == ["USD"]


def test_an_interim_report_announces_and_moves_no_money(tmp_path: Path) -> None:
    account = bai2_account("16,142,1000,,BANK-1,OWN-1,/\n", "16,142,7,,,,/\n", total=1007)
    reading, records, events = read_all(saved(tmp_path, bai2(account, modifier="3", total=1007)))

    assert records == []
    assert reading.statements[0].credits_minor == 1007
    assert [(e["payment_id"], e["amount_minor"], e["state"], e["occurred_at"]) for e in events] == [
        ("OWN-1", 1000, "settled", datetime(2026, 11, 19, tzinfo=UTC))
    ]
    assert [n.code for n in reading.notices] == ["not-counted"]


@pytest.mark.parametrize("status", ["2", "4"])
def test_a_deleted_or_test_group_leaves_nothing(tmp_path: Path, status: str) -> None:
    account = bai2_account("16,142,1000,,BANK-1,OWN-1,/\n", total=1000)
    reading, records, events = read_all(saved(tmp_path, bai2(account, status=status, total=1000)))

    assert (records, events) == ([], [])
    assert "a deletion or a test" in reading.notices[0].message


GOOD = one("16,142,1000,,A,,one/\n", "16,451,250,,B,,two/\n", balances="010,500,,,015,1250,,", total=3000)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (
            GOOD.replace("16,142,1000", "16,142,1001"),
            "control-total",
            "line 6: the account's control total says 3000, but its amounts add up to 3001",
        ),
        (GOOD.replace("49,3000", "49,+3001"), "control-total", "line 6: the account's"),
        (GOOD.replace("98,3000", "98,-3000"), "control-total", "line 7: the group's"),
        (GOOD.replace("99,3000", "99,0"), "control-total", "line 8: the file's"),
        (GOOD.replace("99,3000,1,11/\n", ""), "truncated", "ends without the file's trailer"),
        (GOOD.replace("49,3000,3/\n", ""), "truncated", "no trailer '49'"),
        (GOOD.replace("98,3000,1,9/\n", ""), "truncated", "no trailer '98'"),
        (GOOD + GOOD.replace("99,3000,1,11/\n", ""), "truncated", "ends without"),
        (GOOD.replace("16,451", "17,451"), "malformed", "line 5: '17,451,250,,B,,two/' is no BAI2 record"),
        (GOOD.replace("one/\n", "one\n17,451,1,/\n"), "malformed", "line 5"),
        (GOOD.replace("one/\n", "one/\n88:EREF: 1\n"), "malformed", "line 5: '88:EREF: 1' is no BAI2 record"),
        (GOOD.replace("one/\n", "one\n88:EREF: 1\n"), "malformed", "line 5: '88:EREF: 1'"),
        (GOOD.replace("one/\n", "one/\nmore words/\n"), "malformed", "line 5"),
        (GOOD.replace("16,142,1000,,", "16,142,1000,X,"), "malformed", "line 4: 'X' is no funds type"),
        (GOOD.replace("16,142,", "16,1a2,"), "malformed", "line 4: '1a2' is no type code"),
        (GOOD.replace("49,3000,3/\n", "49,3000,3/\n16,142,1,/\n"), "malformed", "a record '16' has no place here"),
        (GOOD.replace("16,142,1000", "16,142,10.00"), "bad-amount", "line 4: the amount '10.00'"),
        (GOOD.replace("16,142,1000", "16,142,"), "bad-amount", "line 4: a transaction of type 142 has no unsigned amount"),
        (GOOD.replace("16,142,1000", "16,142,-1000"), "bad-amount", "line 4"),
        (GOOD.replace("16,142,1000", "16,142," + "9" * 25), "bad-amount", "line 4"),
        (GOOD.replace("010,500", "010,5e2"), "bad-amount", "line 3"),
        (GOOD.replace("1,261119,2359", "1,261332,2359"), "bad-date", "line 2: the as-of date '261332' does not exist"),
        (GOOD.replace("1,261119,2359", "1,,2359"), "bad-date", "line 2"),
        (GOOD.replace("16,142,1000,,", "16,142,1000,V,260230,,"), "bad-date", "line 4: the value date '260230' does not exist"),
        (GOOD.replace("2359,USD", "2359,XYZ"), "bad-amount", "'XYZ', which is no currency"),
        (GOOD + "and so on", "malformed", "line 9: something stands behind"),
        ("<html>01,a,b,261119,</html>", "unknown-format", ""),
        ("00,0004,12345,060321,0829,001,80,1,2/\n", "unknown-format", ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, code: str, said: str) -> None:
    error = refused(tmp_path, text)

    assert (error.code, said in error.message) == (code, True), error.message


@pytest.mark.parametrize("lines", range(1, 8))
def test_a_report_cut_behind_any_line_is_truncated(tmp_path: Path, lines: int) -> None:
    assert refused(tmp_path, "".join(GOOD.splitlines(keepends=True)[:lines])).code == "truncated"


def test_control_totals_that_are_absent_prove_nothing(tmp_path: Path) -> None:
    text = GOOD.replace("49,3000", "49,").replace("98,3000", "98,").replace("99,3000", "99,")

    assert [r["amount_minor"] for r in read(tmp_path, text)[1]] == [1000, -250]


def test_a_card_number_as_account_is_masked_everywhere(tmp_path: Path) -> None:
    text = bai2(bai2_account("16,142,5,,,,/\n", number="4111111111111111", total=5), total=5)
    reading, records = read(tmp_path, text)

    assert "4111111111111111" not in f"{reading.statements} {reading.logical_keys} {records}"

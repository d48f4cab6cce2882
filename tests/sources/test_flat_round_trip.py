"""Whatever money goes into a flat file comes out of it: random entries are written by the builders and read back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flat_builders import ach, ach_entry, ach_return, bai2, bai2_account, ipm_file, mt940, mt_entry, presentment, six, swift_amount
from hypothesis import given, settings
from hypothesis import strategies as st
from source_builders import money_in_statements, money_of, read_whole

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}
NUMERIC = {"EUR": "978", "JPY": "392", "KWD": "414", "USD": "840"}
REFERENCE = st.text("ABCXYZabcxyz0123456789.:()'", min_size=2, max_size=15)
DAY = st.integers(min_value=0, max_value=9999).map(lambda days: date(2010, 1, 1) + timedelta(days=days))
LINE = st.fixed_dictionaries(
    {
        "minor": st.integers(min_value=1, max_value=10**10 - 1),
        "credit": st.booleans(),
        "days": st.integers(min_value=-150, max_value=150),
        "owner": REFERENCE,
        "bank": REFERENCE,
        "end_to_end_id": st.text("ABCXYZ0123456789-.", min_size=1, max_size=35),
    }
)
LINES = st.lists(LINE, max_size=20)


def signed(line: dict[str, Any]) -> int:
    return (1 if line["credit"] else -1) * int(line["minor"])


def wrapped(text: str, width: int) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def structured(end_to_end_id: str) -> str:
    """A German purpose: the reference in subfields of 27 letters, words behind it, all in lines of 65."""
    marked = f"EREF+{end_to_end_id}"
    cut = [marked[at : at + 27] for at in range(0, len(marked), 27)]
    return wrapped("166?00TEXT" + "".join(f"?{20 + n}{part}" for n, part in enumerate(cut)) + f"?{20 + len(cut)}SVWZ+SOME WORDS", 65)


@settings(deadline=None)
@given(lines=LINES, day=DAY, currency=st.sampled_from(sorted(DECIMALS)), opening=st.integers(-(10**12), 10**12), slashed=st.booleans())
def test_a_swift_statement_gives_back_its_entries(
    lines: list[dict[str, Any]], day: date, currency: str, opening: int, slashed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    closing = opening + sum(map(signed, lines))
    places = DECIMALS[currency]
    purpose = {True: lambda text: wrapped(f"/EREF/{text}//REMI/USTD//WORDS/", 65), False: structured}[slashed]
    entries = [
        mt_entry(
            line["minor"],
            mark="C" if line["credit"] else "D",
            valued=six(day),
            entered=f"{day + timedelta(days=line['days']):%m%d}",
            places=places,
            owner=line["owner"],
            bank=line["bank"],
            purpose=purpose(line["end_to_end_id"]),
        )
        for line in lines
    ]
    first = f":60F:{'C' if opening >= 0 else 'D'}{six(day)}{currency}{swift_amount(abs(opening), places)}"
    last = f":62F:{'C' if closing >= 0 else 'D'}{six(day)}{currency}{swift_amount(abs(closing), places)}"
    path = tmp_path_factory.getbasetemp() / "round-trip.sta"
    path.write_text(mt940(*entries, opening=first, closing=last), encoding="utf-8")

    reading, records = read_whole(path)

    assert [(r["amount_minor"], r["currency"], r["booked_on"], r["value_date"]) for r in records] == [
        (signed(line), currency, day + timedelta(days=line["days"]), day) for line in lines
    ]
    assert [(r["ref_payment_id"], r["ref_partner_id"], r["ref_end_to_end_id"]) for r in records] == [
        (line["owner"], line["bank"], line["end_to_end_id"]) for line in lines
    ]
    assert (reading.statements[0].opening_minor, reading.statements[0].closing_minor) == (opening, closing)
    assert reading.statements[0].balanced is True
    assert money_of(records)[currency] == money_in_statements(reading)[currency]
    assert len({r["record_id"] for r in records}) == len(lines)


@settings(deadline=None)
@given(
    lines=LINES,
    day=DAY,
    currency=st.sampled_from(sorted(DECIMALS)),
    funds=st.sampled_from(["", "0", "Z", "V", "S", "D"]),
    cut=st.booleans(),
)
def test_a_balance_report_gives_back_its_transactions(
    lines: list[dict[str, Any]], day: date, currency: str, funds: str, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    asked = {"V": f",{six(day)},1200", "S": ",1,,3", "D": ",2,0,1,1,2"}.get(funds, "")
    behind = {True: "/\n88,", False: ","}[cut]
    transactions = [
        f"16,{'142' if line['credit'] else '451'},{line['minor']},{funds}{asked}{behind}{line['bank']},{line['owner']},some, words/\n"
        for line in lines
    ]
    total = sum(line["minor"] for line in lines)
    path = tmp_path_factory.getbasetemp() / "round-trip.bai"
    path.write_text(bai2(bai2_account(*transactions, total=total), day=six(day), currency=currency, total=total), encoding="utf-8")

    reading, records = read_whole(path)

    assert [(r["amount_minor"], r["currency"], r["booked_on"], r["ref_payment_id"], r["ref_partner_id"]) for r in records] == [
        (signed(line), currency, day, line["owner"], line["bank"]) for line in lines
    ]
    assert {r["value_date"] for r in records} <= {day if funds == "V" else None}
    assert reading.statements[0].credits_minor - reading.statements[0].debits_minor == sum(map(signed, lines))
    assert len({r["record_id"] for r in records}) == len(lines)


@settings(deadline=None)
@given(batches=st.lists(LINES, max_size=4), day=DAY, came_back=st.booleans())
def test_an_ach_file_gives_back_its_entries(
    batches: list[list[dict[str, Any]]], day: date, came_back: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    code = {True: ("21", "26"), False: ("22", "27")}[came_back]
    lines = [line for batch in batches for line in batch]
    written = [
        (
            "PPD",
            [
                record
                for n, line in enumerate(batch)
                for record in (
                    ach_entry(
                        line["minor"], code=code[not line["credit"]], id=line["owner"], trace=f"12104288{n:07}", addenda=int(came_back)
                    ),
                    *([ach_return("R02", f"09100001{n:07}")] if came_back else []),
                )
            ],
        )
        for batch in batches
    ]
    path = tmp_path_factory.getbasetemp() / "round-trip.ach"
    path.write_text(ach(*written, made=six(day), effective=six(day)), encoding="utf-8")

    reading, records = read_whole(path)

    assert [(r["amount_minor"], r["booked_on"], r["ref_payment_id"]) for r in records] == [
        (signed(line), day, line["owner"]) for line in lines
    ]
    assert [r["ref_partner_id"][8:] for r in records] == [f"{n:07}" for batch in batches for n, _ in enumerate(batch)]
    assert {bool(r["ref_original"]) for r in records} <= {came_back}
    assert money_of(records)["USD"] == money_in_statements(reading)["USD"]
    assert len({r["record_id"] for r in records}) == len(lines)


@settings(deadline=None)
@given(
    lines=LINES, day=DAY, currency=st.sampled_from(sorted(DECIMALS)), encoding=st.sampled_from(["cp500", "latin-1"]), blocked=st.booleans()
)
def test_a_clearing_file_gives_back_its_messages(
    lines: list[dict[str, Any]], day: date, currency: str, encoding: str, blocked: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages = [
        presentment(
            line["minor"],
            DE3="000000" if line["credit"] else "200000",
            DE31=f"{n:023}",
            DE63=line["owner"],
            DE49=NUMERIC[currency],
            PDS0148=f"{NUMERIC[currency]}{DECIMALS[currency]}",
        )
        for n, line in enumerate(lines)
    ]
    path = tmp_path_factory.getbasetemp() / "round-trip.ipm"
    path.write_bytes(ipm_file(*messages, encoding=encoding, blocked=blocked, file_id=f"001{six(day)}0000000999900001"))

    reading, records = read_whole(path)

    assert [(r["amount_minor"], r["currency"], r["booked_on"], r["ref_arn"], r["ref_network_id"]) for r in records] == [
        (signed(line), currency, day, f"{n:023}", line["owner"]) for n, line in enumerate(lines)
    ]
    assert money_of(records)[currency] == money_in_statements(reading)[currency]
    assert len({r["record_id"] for r in records}) == len(lines)

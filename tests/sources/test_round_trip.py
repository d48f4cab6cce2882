"""Whatever money goes into a file comes out of it: random records are written by the builders and read back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_builders import adyen, camt, detail, entry, money_in_statements, money_of, read_whole, statement

from breakwater.model.money import exponent, major_text, minor_from_major
from breakwater.sources import columns

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}
MINOR = st.integers(min_value=0, max_value=10**15)
REFERENCE = st.text("ABCXYZabcxyz0123456789-+.:()'", min_size=1, max_size=35).filter(lambda text: text.upper() != "NOTPROVIDED")
DAY = st.integers(min_value=0, max_value=9999).map(lambda days: date(2010, 1, 1) + timedelta(days=days))
LINE = st.fixed_dictionaries(
    {
        "minor": MINOR,
        "currency": st.sampled_from(sorted(DECIMALS)),
        "credit": st.booleans(),
        "day": DAY,
        "reference": REFERENCE,
        "fee": MINOR,
    }
)
DAY_LATER = timedelta(days=1)
LINES = st.lists(LINE, max_size=30)


def major(line: dict[str, Any], name: str = "minor") -> str:
    return major_text(line[name], DECIMALS[line["currency"]])


def signed(line: dict[str, Any]) -> int:
    return (1 if line["credit"] else -1) * int(line["minor"])


@settings(deadline=None)
@given(lines=LINES)
def test_a_statement_gives_back_its_entries(lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    entries = [
        entry(
            major(line),
            currency=line["currency"],
            direction="CRDT" if line["credit"] else "DBIT",
            booked=f"<BookgDt><Dt>{line['day']}</Dt></BookgDt>",
            valued=f"<ValDt><Dt>{line['day'] + timedelta(days=1)}</Dt></ValDt>",
            details=detail(f"<EndToEndId>{line['reference']}</EndToEndId>"),
        )
        for line in lines
    ]
    path = tmp_path_factory.getbasetemp() / "round-trip.xml"
    path.write_text(camt(statement(*entries)), encoding="utf-8")

    reading, records = read_whole(path)

    assert [
        (r["amount_minor"], r["currency"], r["booked_on"], r["value_date"], r["ref_end_to_end_id"]) for r in records
    ] == [
        (signed(line), line["currency"], line["day"], line["day"] + DAY_LATER, line["reference"])
        for line in lines
    ]  # fmt: skip
    assert money_of(records) == money_in_statements(reading)
    assert len({r["record_id"] for r in records}) == len(lines)


@settings(deadline=None)
@given(lines=LINES)
def test_a_settlement_report_gives_back_its_lines(lines: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [
        {
            "Psp Reference": line["reference"],
            "Merchant Reference": line["reference"],
            "Net Currency": line["currency"],
            "Net Credit (NC)" if line["credit"] else "Net Debit (NC)": major(line),
            "Commission (NC)": major(line, "fee"),
            "Creation Date": f"{line['day']} 12:34:56",
            "Type": "Settled" if line["credit"] else "Refunded",
        }
        for line in lines
    ]
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    path.write_text(adyen(*rows), encoding="utf-8")

    reading, records = read_whole(path)

    assert [
        (r["amount_minor"], r["fee_minor"], r["currency"], r["booked_on"], r["ref_partner_id"], r["ref_payment_id"]) for r in records
    ] == [
        (
            signed(line) + line["fee"],
            line["fee"], line["currency"], line["day"], line["reference"], line["reference"],
        )
        for line in lines
    ]  # fmt: skip
    assert money_of(records) == money_in_statements(reading)
    assert len({r["record_id"] for r in records}) == len(lines)


class _BlamedError(Exception):
    pass


def blame(row: int, text: str) -> Any:
    raise _BlamedError(row, text)


@settings(deadline=None, max_examples=300)
@given(
    text=st.one_of(st.text("0123456789.-+ex _,", max_size=12), st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,8}", fullmatch=True)),
    code=st.sampled_from(sorted(DECIMALS)),
)
def test_a_column_of_amounts_reads_each_as_money_does(text: str, code: str) -> None:
    """The fast way and the exact way agree on every text, accepted or refused. Reports may leave out the zero before the point."""
    written_out = re.sub(r"^([+-]?)\.(?=[0-9])", r"\g<1>0.", text)
    try:
        wanted: int | None = minor_from_major(written_out, exponent(code))
    except ValueError:
        wanted = None
    fits = wanted is not None and abs(wanted) < 2**63

    try:
        [read] = columns.minor_units(pa.array([text]), pa.array([exponent(code)]), blame).to_pylist()
    except _BlamedError:
        read = None

    assert read == (wanted if fits else None)

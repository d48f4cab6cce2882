"""A partner whose report is declared by a layout of our own: it is taken in, and a corrected issue takes its place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from arriving import AGREEMENT, SETTINGS, Clock, amounts_of, deliver, files_of, records_of

from breakwater import config
from breakwater.app import Breakwater
from breakwater.errors import CallError
from breakwater.steps.ingest import Arrival

LAYOUT = """
format = "acme-psp"
header = ["Payout", "Order", "Net"]
statement = { id = "Payout", currency = "Currency" }
money = { net = "Net" }
dates = { booked = "Day" }
line = { reference = ["Order"] }
references = { ref_payment_id = "Order" }
kind = { otherwise = "payment" }
"""
REPORT = "Day,Payout,Order,Currency,Net\n2026-11-23,P-77,ORD-1,EUR,9.70\n2026-11-23,P-77,ORD-2,EUR,1.00\n"


def a_company_with_a_layout(folder: Path, clock: Clock) -> Breakwater:
    settings = SETTINGS.format(
        drop='drop = "inbox/nordbank"',
        ledger='drop = "inbox/ledger"',
        expected='due = "07:00", deadline = "08:30"',
        live_from=date(2026, 11, 23),
    )
    (folder / "nordbank.toml").write_text(AGREEMENT)
    (folder / "acme.toml").write_text(LAYOUT)
    path = folder / "breakwater.toml"
    path.write_text(settings.replace('"camt.053"', '"acme-psp"') + '[[layouts]]\nfile = "acme.toml"\n')
    return Breakwater(config.load(path, environment={}), now=clock, settle_s=0)


@pytest.fixture
def company(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    opened = a_company_with_a_layout(tmp_path, clock)
    with contextlib.closing(opened.database):
        yield opened


def test_a_declared_report_is_taken_in_and_re_issued(company: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "monday.csv", REPORT)
    assert company.ingest_new() == [Arrival.INGESTED]
    before = [record["record_id"] for record in records_of(company)]

    deliver(tmp_path, "monday-corrected.csv", REPORT.replace("1.00", "1.50"))

    assert company.ingest_new() == [Arrival.INGESTED]
    assert amounts_of(company) == [970, 150]
    assert [record["record_id"] for record in records_of(company)] == before
    assert [file.format for file in files_of(company)] == ["acme-psp"]


def test_a_layout_that_is_wrong_stops_what_takes_files_in_by_name(company: Breakwater, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(LAYOUT.replace("booked", "bookd"))

    with pytest.raises(CallError, match=r"The layout acme\.toml is wrong: 'bookd' is no entry of \[dates\]\. Did you mean 'booked'\?"):
        _ = company.deliveries

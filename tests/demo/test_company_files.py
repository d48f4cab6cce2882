"""The partners' files of the demo company: statements that chain, batches that net to zero, and the one that did not come."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from lxml import etree

from breakwater.demo.company import Company
from breakwater.model.money import minor_from_major

MONDAY_MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)
JANUARY_2 = datetime(2027, 1, 2, 9, 15, tzinfo=UTC)
Build = Callable[..., Company]


def reports(of: Company) -> dict[Path, list[dict[str, str]]]:
    paths = sorted((of.folder / "inbox" / "meridian").iterdir())
    return {path: list(csv.DictReader(path.open(encoding="utf-8"))) for path in paths}


def statements(of: Company) -> list[etree._Element]:
    paths = sorted((of.folder / "inbox" / "nordbank").iterdir())
    return [etree.parse(path).getroot().find(".//{*}Stmt") for path in paths]


def signed_minor(element: etree._Element) -> int:
    sign = {"CRDT": 1, "DBIT": -1}[element.findtext("{*}CdtDbtInd") or ""]
    return sign * minor_from_major(element.findtext("{*}Amt") or "", 2)


def balance(statement: etree._Element, code: str) -> int:
    return next(signed_minor(b) for b in statement.findall("{*}Bal") if b.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd") == code)


def net_minor(row: dict[str, str]) -> int:
    return minor_from_major(row["Net Credit (NC)"] or "0", 2) - minor_from_major(row["Net Debit (NC)"] or "0", 2)


def test_bank_statements_add_up_and_chain_without_a_gap(company: Build, now: datetime) -> None:
    found = statements(company(now))

    assert len(found) > 12
    for statement in found:
        assert balance(statement, "OPBD") + sum(map(signed_minor, statement.findall("{*}Ntry"))) == balance(statement, "CLBD")
    for earlier, later in pairwise(found):
        assert balance(earlier, "CLBD") == balance(later, "OPBD")
        assert int(earlier.findtext("{*}ElctrncSeqNb") or "") + 1 == int(later.findtext("{*}ElctrncSeqNb") or "")


def test_bank_references_are_unique(company: Build, now: datetime) -> None:
    references = [entry.findtext("{*}AcctSvcrRef") for s in statements(company(now)) for entry in s.findall("{*}Ntry")]

    assert len(set(references)) == len(references)


def test_each_batch_nets_to_zero_with_its_payout(company: Build, now: datetime) -> None:
    built = company(now)
    left_out = [c["scope"] for c in built.truth["partners"]["meridian"]["causes"] if c["kind"] == "batch_missing"]
    lost = {(scope["date"].replace("-", "_"), scope["account"]) for scope in left_out}
    for path, rows in reports(built).items():
        left = Counter[str]()
        for row in rows:
            left[row["Merchant Account"]] += net_minor(row)
        there = {account: 0 for account in ("HarbourEU", "HarbourUK") if (path.stem[-10:], account) not in lost}
        assert left == there, path.name
        assert Counter(row["Type"] for row in rows)["MerchantPayout"] == len(there)


def test_gross_less_fees_is_net_in_every_report_row(company: Build, now: datetime) -> None:
    settled = [
        r for rows in reports(company(now)).values() for r in rows if r["Type"] == "Settled" and r["Gross Currency"] == r["Net Currency"]
    ]

    assert len(settled) > 300
    for row in settled:
        fees = sum(
            minor_from_major(row[name] or "0", 2) for name in ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
        )
        assert minor_from_major(row["Gross Credit (GC)"], 2) - fees == net_minor(row)


def test_the_statement_that_did_not_come_is_the_latest_due(company: Build, now: datetime) -> None:
    built = company(now)
    late = built.late_file
    came = {path.stem[-8:] for path in (built.folder / "inbox" / "nordbank").iterdir()}

    assert (late.partner, late.stream) == ("nordbank", "statement")
    assert late.deadline_at < now < late.deadline_at + timedelta(days=6)
    assert f"{late.business_date:%Y%m%d}" not in came
    assert max(came) < f"{late.business_date:%Y%m%d}"


def test_on_monday_morning_the_statement_of_thursday_is_late(company: Build) -> None:
    late = company(MONDAY_MORNING).late_file

    assert (late.business_date, late.due_on) == (date(2026, 11, 19), date(2026, 11, 20))
    assert late.deadline_at == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


def test_after_new_year_the_statement_of_new_years_eves_eve_is_late(company: Build) -> None:
    late = company(JANUARY_2).late_file

    assert (late.business_date, late.due_on) == (date(2026, 12, 30), date(2026, 12, 31))

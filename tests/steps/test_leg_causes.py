"""What did not arrive waits for a file that did not come: the files of both ends of a leg are known to the causes of its breaks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from legs_company import BANK, DAY, LEG, LEG_SETTINGS, PSP, SETTINGS, LegsCompany, breaks_of, of_payout, worked

from breakwater.app import Breakwater
from breakwater.model.causes import Cause, CauseKind
from breakwater.store import causes
from breakwater.views.causes import sentence

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 19)
NEXT_DAY = DAY + timedelta(days=1)
ELSEWHERE = 90_000  # a batch number that no test uses


def business_days() -> list[date]:
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    return [day for day in days if day.weekday() < 5]


def live_since_october(folder: Path, *, legs: str = LEG_SETTINGS) -> LegsCompany:
    company = LegsCompany(folder, legs=legs)
    settings = folder / "breakwater.toml"
    settings.write_text(settings.read_text().replace("live_from = 2026-01-01", f"live_from = {FIRST}"))
    return company


def statements_but(company: LegsCompany, *left_out: date) -> None:
    """The bank's statement of each business day, without a credit."""
    for n, day in enumerate(day for day in business_days() if day not in left_out):
        company.statement(100 + n, day=day)


def reports_but(company: LegsCompany, *left_out: date) -> None:
    """The PSP's report of each business day, each with a batch whose payout is at the bank on that day."""
    for n, day in enumerate(day for day in business_days() if day not in left_out):
        company.batch(ELSEWHERE + n, 100, day=day)


def causes_of(bot: Breakwater) -> list[Cause]:
    with bot.database.reading() as tx:
        return [c for c in causes.causes(tx, partner=LEG) if c.active]


def test_a_payout_that_is_not_at_the_bank_is_explained_by_the_statement_that_did_not_come(tmp_path: Path, database_url: str) -> None:
    company = live_since_october(tmp_path / "company")
    company.batch(55, 120_000)
    statements_but(company, NEXT_DAY)

    with company.bot(database_url) as bot:
        worked(bot)
        (cause,) = causes_of(bot)

        assert (cause.kind, cause.scope, cause.value_minor) == (
            CauseKind.FILE_MISSING,
            {"side": "theirs", "date": DAY.isoformat()},
            {"EUR": 120_000},
        )
        assert (cause.evidence["stream"], cause.evidence["file_date"]) == ("statement", NEXT_DAY.isoformat())
        said = "the Nordbank statement of 11 Nov 2026 did not arrive, where what is dated 10 Nov 2026 would stand"
        assert said in sentence(cause, partner_name="Meridian → Nordbank")

        company.statement(55, of_payout(55, 120_000), day=NEXT_DAY)
        worked(bot)
        assert (causes_of(bot), breaks_of(bot)) == ([], [])


def test_a_credit_without_a_payout_is_explained_by_the_report_that_did_not_come(tmp_path: Path, sqlite_url: str) -> None:
    company = live_since_october(tmp_path / "company")
    reports_but(company, DAY)
    for n, day in enumerate(business_days()):
        number = ELSEWHERE + n if day < DAY else ELSEWHERE + n - 1
        company.statement(100 + n, of_payout(55, 120_000) if day == DAY else of_payout(number, 100), day=day)

    with company.bot(sqlite_url) as bot:
        worked(bot)
        (cause,) = causes_of(bot)

    assert (cause.scope, cause.evidence["stream"]) == ({"side": "ours", "date": DAY.isoformat()}, "settlement")
    assert "the Meridian settlement of 10 Nov 2026 did not arrive" in sentence(cause, partner_name="Meridian → Nordbank")


def test_a_payout_that_is_lost_though_every_file_came_has_no_cause(tmp_path: Path, sqlite_url: str) -> None:
    company = live_since_october(tmp_path / "company")
    company.batch(55, 120_000)
    statements_but(company)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert [b.amount_minor for b in breaks_of(bot)] == [120_000]
        assert causes_of(bot) == []


def test_a_file_of_another_stream_or_far_from_its_window_explains_nothing(tmp_path: Path, sqlite_url: str) -> None:
    accounts = (
        SETTINGS[SETTINGS.rindex("[[partners.files]]") :].replace("inbox/nordbank", "inbox/accounts").replace('"statement"', '"accounts"')
    )
    named = LEG_SETTINGS.replace('partner = "nordbank",', 'partner = "nordbank", stream = "statement",')
    company = live_since_october(tmp_path / "company", legs=accounts + named)
    company.batch(55, 120_000)
    statements_but(company, DAY + timedelta(days=7))  # and none of the other stream

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert [b.amount_minor for b in breaks_of(bot)] == [120_000]
        assert causes_of(bot) == []


@pytest.mark.parametrize("partner", [PSP, BANK])
def test_a_partners_own_causes_know_its_own_files_alone(tmp_path: Path, sqlite_url: str, partner: str) -> None:
    company = live_since_october(tmp_path / "company")
    company.ledger("lost", company.booked("lost", "payment", 4_400, DAY, partner=partner, ref_batch_id="99", ref_end_to_end_id="99"))
    statements_but(company, *([DAY] if partner == PSP else []))
    reports_but(company, *([DAY] if partner == BANK else []))

    with company.bot(sqlite_url) as bot:
        worked(bot)
        with bot.database.reading() as tx:
            found = [c for c in causes.causes(tx, partner=partner) if c.active]

    assert found == []

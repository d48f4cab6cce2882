"""Did the money reach our bank? What /payment says of a payment, its batch and its payout, through the real readers and runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from legs_company import DAY, LEG, NOW, Credit, LegsCompany, breaks_of, of_payout, worked

from breakwater.app import Breakwater
from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.expectations import Holder, holder
from breakwater.model.payment_batches import Batch
from breakwater.model.payments import MoneyState, PaymentTrace, ReconciliationState
from breakwater.model.records import Side
from breakwater.views.payment_forms import question_for
from breakwater.views.payment_lists import batch
from breakwater.views.payments import payment_answer

NAMES = {"meridian": "Meridian", "nordbank": "Nordbank"}
IN_TIME = NOW - timedelta(days=8)  # two business days after the payout


@pytest.fixture
def company(tmp_path: Path) -> LegsCompany:
    made = LegsCompany(tmp_path / "company")
    made.batch(55, 120_000)
    return made


def traced(bot: Breakwater, reference: str) -> PaymentTrace:
    found = bot.tracing.look_up(reference, now=NOW)
    assert isinstance(found, PaymentTrace)
    return found


def said(bot: Breakwater, reference: str, *, now: Any = NOW) -> str:
    """What a person reads."""
    found = bot.tracing.look_up(reference, now=NOW)
    if isinstance(found, Batch):
        return str(batch(found, partner_names=NAMES).payload())
    assert isinstance(found, PaymentTrace)
    return str(payment_answer(found, partner_names=NAMES, expected=bot.tracing.expected(found, now=now)).payload())


def states(arrivals: Sequence[Arrival]) -> list[tuple[ArrivalState, int, date]]:
    return [(a.state, a.amount_minor, a.due_on) for a in arrivals]


def test_a_payment_whose_payout_arrived_is_on_our_account(company: LegsCompany, database_url: str) -> None:
    company.statement(1, of_payout(55, 120_000), day=DAY + timedelta(days=1))

    with company.bot(database_url) as bot:
        worked(bot)
        found = traced(bot, "pay-55")

        assert states(found.arrivals) == [(ArrivalState.ARRIVED, 120_000, date(2026, 11, 13))]
        assert (found.money, holder(found), bot.tracing.expected(found, now=NOW)) == (MoneyState.PAID_OUT, Holder.OUR_ACCOUNT, None)
        assert "at Nordbank on 11 Nov 2026 `MERIDIAN-55`" in said(bot, "pay-55")


def test_one_whose_payout_has_time_left_is_on_its_way(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url, now=IN_TIME) as bot:
        worked(bot)
        found = traced(bot, "pay-55")
        expected = bot.tracing.expected(found, now=IN_TIME)

        assert states(found.arrivals) == [(ArrivalState.EXPECTED, 120_000, date(2026, 11, 13))]
        assert (found.money, holder(found)) == (MoneyState.IN_TRANSIT, Holder.ON_ITS_WAY)
        assert expected
        assert (expected.by.date(), expected.overdue) == (date(2026, 11, 13), None)
        assert "not at Nordbank yet, due by 13 Nov 2026" in said(bot, "pay-55", now=IN_TIME)


def test_one_whose_payout_never_arrived_is_nowhere_and_late(company: LegsCompany, database_url: str) -> None:
    with company.bot(database_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)
        found = traced(bot, "pay-55")
        expected = bot.tracing.expected(found, now=NOW)

        assert states(found.arrivals) == [(ArrivalState.MISSING, 120_000, date(2026, 11, 13))]
        assert (found.money, holder(found)) == (MoneyState.IN_TRANSIT, Holder.NOT_ARRIVED)
        assert expected
        assert expected.overdue_days == 5
        answer = said(bot, "pay-55")
        assert "*Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · *not at Nordbank*, it was due by 13 Nov 2026" in answer
        assert brk.id in answer


def test_the_batch_and_its_payout_say_the_same(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)

        assert "*not at Nordbank*, it was due by 13 Nov 2026" in said(bot, "55")
        payout = traced(bot, brk.ours[0])
        assert [b.id for b in payout.breaks] == [brk.id]
        assert "Payout reported by Meridian, not at Nordbank" in said(bot, brk.ours[0])


def test_a_payout_is_found_in_a_report_that_goes_on_long_after_it(tmp_path: Path, sqlite_url: str) -> None:
    company = LegsCompany(tmp_path / "other")
    company.reports((7, 50_000, date(2026, 6, 1)), (8, 90_000, DAY))

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert states(traced(bot, "pay-7").arrivals) == [(ArrivalState.MISSING, 50_000, date(2026, 6, 4))]


def test_what_arrived_otherwise_is_there_and_says_so(company: LegsCompany, sqlite_url: str) -> None:
    company.statement(1, of_payout(55, 119_000), day=DAY + timedelta(days=1))

    with company.bot(sqlite_url) as bot:
        worked(bot)
        found = traced(bot, "pay-55")

        assert [a.state for a in found.arrivals] == [ArrivalState.DIFFERS]
        assert (found.money, holder(found)) == (MoneyState.PAID_OUT, Holder.OUR_ACCOUNT)
        assert "at Nordbank on 11 Nov 2026, *not as it was reported*: EUR 1,190.00 `MERIDIAN-55`" in said(bot, "pay-55")


def test_a_credit_at_the_bank_says_whose_payout_it_is(company: LegsCompany, sqlite_url: str) -> None:
    company.statement(1, of_payout(55, 120_000), Credit(end_to_end_id="E2E-1", minor=900), day=DAY + timedelta(days=1))
    company.transfer("E2E-1", 900)

    with company.bot(sqlite_url) as bot:
        worked(bot)
        found = traced(bot, "MERIDIAN-55")

        assert {e.reconciliation for e in found.evidence if e.side is Side.THEIRS} == {ReconciliationState.MATCHED}
        assert states(found.arrivals) == [(ArrivalState.ARRIVED, 120_000, date(2026, 11, 13))]
        assert traced(bot, "E2E-1").arrivals == ()


def test_the_provider_is_asked_without_a_word_of_the_bank(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        worked(bot)
        found = traced(bot, "pay-55")

        question = question_for(found, expected=bot.tracing.expected(found, now=NOW))

    assert "the payout's arrival at our bank, due by 13 Nov" in question
    assert "ordbank" not in question


def test_without_a_leg_nothing_is_said_of_arrivals(tmp_path: Path, sqlite_url: str) -> None:
    company = LegsCompany(tmp_path / "other", legs="")
    company.batch(55, 120_000)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert LEG not in bot.config.partners
        assert traced(bot, "pay-55").arrivals == ()

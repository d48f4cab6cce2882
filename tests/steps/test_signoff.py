"""A period is prepared, signed by another person, and watched: late matches, re-issued files and reopened breaks are told, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from break_work import ADA, AUTHORITY, BEN, PEOPLE
from sqlalchemy import select
from tiny_company import PARTNER, Payment, TinyCompany, breaks_of

from breakwater.app import Breakwater
from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.periods import Month, month_named
from breakwater.model.signoff import Amount, PeriodFigures, SignOffState
from breakwater.sandbox.messages import words_of
from breakwater.steps import breaks as break_steps
from breakwater.steps import signoff as steps
from breakwater.steps.breaks import Click
from breakwater.store import audit, signoffs
from breakwater.store.tables import delivery

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_1 = datetime(2026, 12, 1, 9, tzinfo=UTC)
EVE = Actor(id="U0EVE", role=Role.APPROVER, name="Eve")
OTHER_ADA = Actor(id="U0ADA2", role=Role.APPROVER, name="Ada")
PAID = [
    Payment(reference="P1", minor=1_000),
    Payment(reference="P2", minor=250),
    Payment(reference="OLD", minor=77, day=date(2026, 10, 30)),
]
UNPAID = Payment(reference="LATE", minor=900)


class Company:
    """A company in December, whose November was reconciled: two payments matched, one missing at the partner."""

    def __init__(self, bot: Breakwater, files: TinyCompany, now: Callable[[], datetime]) -> None:
        self.bot, self.files, self.now = bot, files, now
        self.partner = bot.config.partners[PARTNER]

    def figures(self, month: Month = NOVEMBER) -> PeriodFigures:
        return self.bot.period_books.figures(self.partner, [month])[month]

    def prepare(self, actor: Actor = ADA, month: Month = NOVEMBER, now: datetime | None = None) -> int:
        figures = self.figures(month)
        with self.bot.database.transaction() as tx:
            return steps.prepare(tx, actor=actor, partner=self.partner, month=month, figures=figures, now=now or self.now()).revision

    def sign(self, actor: Actor = BEN, revision: int = 1, month: Month = NOVEMBER) -> None:
        with self.bot.database.transaction() as tx:
            given: dict[str, Any] = {"figures": self.figures(month), "authority": AUTHORITY, "revision": revision}
            steps.sign(tx, actor=actor, partner=self.partner, month=month, now=self.now(), **given)

    def watch(self) -> int:
        return steps.watch(self.bot.database, self.bot.period_books, partners=self.bot.config.partners, now=self.now())

    def state(self) -> SignOffState:
        with self.bot.database.reading() as tx:
            (found,) = signoffs.sign_offs(tx, partners=[PARTNER])
            return found.state

    def said(self) -> list[str]:
        table = delivery.outbox
        with self.bot.database.reading() as tx:
            rows = tx.execute(select(table.c.payload).where(table.c.key.like("signoff:%:news")).order_by(table.c.id))
            return [words_of(row.payload["blocks"]) for row in rows]

    def card(self) -> str:
        table = delivery.outbox
        with self.bot.database.reading() as tx:
            query = select(table.c.payload).where(table.c.about == f"signoff:{PARTNER}:2026-11").order_by(table.c.id.desc()).limit(1)
            return str(tx.execute(query).scalar_one()["blocks"])


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[Company]:
    files = TinyCompany(tmp_path / "company")
    files.ledger("november", *PAID, UNPAID)
    files.report("november", *PAID)
    moments = count()

    def now() -> datetime:
        return DECEMBER_1 + timedelta(seconds=next(moments))

    with files.bot(database_url, now=now) as bot:
        bot.ingest_new()
        bot.reconcile_all()
        yield Company(bot, files, now)


def test_the_figures_are_those_of_the_month_alone(company: Company) -> None:
    figures = company.figures()

    assert figures.matched_ours == {"EUR": Amount(count=2, value_minor=1_250)} == figures.matched_theirs
    assert figures.open_breaks == {"EUR": Amount(count=1, value_minor=900)}
    assert company.figures(OCTOBER).matched_ours == {"EUR": Amount(count=1, value_minor=77)}
    assert company.figures(OCTOBER).open_breaks == {}


def test_one_prepares_another_signs_and_the_figures_are_frozen(company: Company) -> None:
    company.prepare()
    company.sign()

    with company.bot.database.transaction() as tx:
        found = signoffs.sign_off_of(tx, partner=PARTNER, period="2026-11")
        assert found
        assert (found.state, found.prepared_by, found.reviewed_by) == (SignOffState.SIGNED, ADA.id, BEN.id)
        assert found.figures == company.figures()
        assert [e.action for e in audit.entries(tx, found.name)] == ["sign_off_prepared", "signed_off"]
        assert audit.verify(tx) == []
    assert company.said() == ["✅ <@U0BEN> signed off what <@U0ADA> had prepared. The figures are frozen."]
    assert company.watch() == 0


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        (PEOPLE[Role.OPERATOR], "You need the role 'approver' to sign a period off"),
        (Actor(id=ADA.id, role=Role.ADMIN), "You prepared this yourself"),
        (OTHER_ADA, "You prepared this with your other account, <@U0ADA>"),
    ],
)
def test_who_can_not_sign(company: Company, actor: Actor, said: str) -> None:
    company.prepare()

    with pytest.raises(RefusedError, match=said):
        company.sign(actor)

    assert company.state() is SignOffState.PREPARED


def test_what_moved_since_it_was_prepared_is_not_signed(company: Company) -> None:
    company.prepare()
    company.files.report("late", UNPAID, batch=78)
    company.bot.ingest_new()
    company.bot.reconcile_all()

    with pytest.raises(RefusedError, match="no longer those that were prepared"):
        company.sign()

    with pytest.raises(RefusedError, match="older state"):
        company.sign(revision=9)


def test_a_period_that_is_not_over_and_a_signed_one_are_not_prepared(company: Company) -> None:
    with pytest.raises(RefusedError, match="2026-11 is not over yet"):
        company.prepare(now=datetime(2026, 11, 30, 22, tzinfo=UTC))
    with pytest.raises(RefusedError, match="'operator' to prepare"):
        company.prepare(PEOPLE[Role.VIEWER])
    company.prepare()
    company.sign()

    with pytest.raises(RefusedError, match="signed off, and nothing has changed since"):
        company.prepare()
    with pytest.raises(RefusedError, match="is signed already by <@U0BEN>"):
        company.sign(EVE, revision=2)


def test_a_month_in_which_nothing_happened_is_not_prepared(company: Company) -> None:
    with pytest.raises(RefusedError, match="nothing in 2026-09 of Meridian to sign"):
        company.prepare(month=Month(2026, 9))
    with company.bot.database.reading() as tx:
        assert signoffs.sign_offs(tx, partners=[PARTNER]) == []


def test_a_month_from_before_the_partner_went_live_is_neither_signed_nor_listed(company: Company) -> None:
    company.prepare(month=OCTOBER)
    company.prepare()
    company.partner = replace(company.partner, live_from=date(2026, 11, 5))

    with pytest.raises(RefusedError, match="Meridian is live since 2026-11-05, and 2026-10 lies before that"):
        company.prepare(month=OCTOBER)
    with pytest.raises(RefusedError, match="lies before that"):
        company.sign(month=OCTOBER)
    with company.bot.database.reading() as tx:
        listed = steps.standing(tx, partners={PARTNER: company.partner})
    assert [s.period for s in listed] == ["2026-11"]


def test_a_declined_one_says_why_and_can_be_prepared_again(company: Company) -> None:
    company.prepare()
    with company.bot.database.transaction() as tx:
        steps.decline(tx, actor=BEN, partner=company.partner, month=NOVEMBER, revision=1, reason="What is LATE?", now=DECEMBER_1)

    assert company.state() is SignOffState.DECLINED
    assert company.said() == ["<@U0BEN> does not sign this, <@U0ADA>:\nWhat is LATE?"]
    assert company.prepare() == 3
    company.sign(revision=3)
    assert company.state() is SignOffState.SIGNED


def test_a_late_match_is_told_once_with_what_it_changed(company: Company) -> None:
    company.prepare()
    company.sign()
    company.files.report("late", UNPAID, batch=78)
    company.bot.ingest_new()
    company.bot.reconcile_all()

    assert [company.watch(), company.watch()] == [1, 0]

    told = company.said()[-1]
    assert told.startswith("⚠️ <@U0ADA> <@U0BEN>: 2026-11 of Meridian changed since sign-off")
    assert "matched, our side: 2, *EUR 12.50* → 3, *EUR 21.50*" in told
    assert "open breaks: 1, *EUR 9.00* → 0, *EUR 0.00*" in told
    assert "1 break matched late" in told
    assert "⚠️ *Sign-off 2026-11 of Meridian*" in company.card()


def test_a_reissued_file_is_told_of_once_it_is_reconciled(company: Company) -> None:
    company.prepare()
    company.sign()
    assert company.watch() == 0
    company.files.report("november-again", PAID[0])
    company.bot.ingest_new()

    assert company.watch() == 0
    company.bot.reconcile_all()
    assert company.watch() == 1

    told = company.said()[-1]
    assert "matched, their side: 2, *EUR 12.50* → 1, *EUR 10.00*" in told
    assert "1 file came" in told


def test_what_came_since_the_run_changes_no_figure_of_it_whoever_asks_first(company: Company) -> None:
    company.prepare()
    company.sign()
    was = company.figures()
    company.files.report("november-again", PAID[0])
    company.bot.ingest_new()
    restarted = steps.PeriodBooks(company.bot.database, company.bot.lake)

    assert restarted.figures(company.partner, [NOVEMBER]) == {NOVEMBER: was}
    assert steps.watch(company.bot.database, restarted, partners=company.bot.config.partners, now=company.now()) == 0


def test_a_reopened_break_is_told_and_so_is_its_end(company: Company) -> None:
    brk = breaks_of(company.bot.database)["LATE"]
    click: dict[str, Any] = {"break_id": brk.id, "partners": company.bot.config.partners}
    with company.bot.database.transaction() as tx:
        break_steps.resolve(tx, Click(actor=ADA, revision=1, now=company.now(), **click), reason="Paid twice.")
    company.prepare()
    company.sign()
    with company.bot.database.transaction() as tx:
        break_steps.reopen(tx, Click(actor=BEN, revision=2, now=company.now(), **click), reason="It was not.")
    assert company.watch() == 1
    with company.bot.database.transaction() as tx:
        break_steps.resolve(tx, Click(actor=BEN, revision=3, now=company.now(), **click), reason="It was.")

    assert company.watch() == 1

    *_, changed, again = company.said()
    assert "open breaks: 0, *EUR 0.00* → 1, *EUR 9.00*\nSince then: 1 break opened again" in changed
    assert again == "✅ <@U0ADA> <@U0BEN>: 2026-11 of Meridian is again as it was signed off."


def test_a_changed_period_can_be_signed_anew(company: Company) -> None:
    company.prepare()
    company.sign()
    company.files.report("late", UNPAID, batch=78)
    company.bot.ingest_new()
    company.bot.reconcile_all()
    company.watch()

    revision = company.prepare(ADA)
    company.sign(BEN, revision=revision)

    assert company.watch() == 0
    assert company.state() is SignOffState.SIGNED


def test_what_nobody_prepared_can_not_be_signed(company: Company) -> None:
    with pytest.raises(NotFoundError, match="Nobody has prepared 2026-11"):
        company.sign()


@pytest.mark.parametrize("word", ["2026-13", "2026-1", "10-2026", "october", "0026-10", "2026-10-01", "²026-10"])
def test_what_is_no_month(word: str) -> None:
    with pytest.raises(RefusedError, match="is not a month"):
        month_named(word, example="")


def test_a_month_has_all_its_days() -> None:
    assert [(str(m), m.first.day, m.last.day) for m in (Month(2028, 2), Month(2026, 12))] == [("2028-02", 1, 29), ("2026-12", 1, 31)]

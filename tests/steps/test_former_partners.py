"""A partner or a leg taken out of the settings: what it left open stays on every list, is worked there, and is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from break_work import ADA, AUTHORITY, BEN, a_proposal
from legs_company import BANK, DAY, LEG, LEG_SETTINGS, NOW, PSP, Credit, LegsCompany, breaks_of, run_of, worked
from sqlalchemy import select
from tiny_company import PARTNER, Payment, TinyCompany

from breakwater.app import Breakwater
from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM
from breakwater.model.break_filters import read_filter
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.digests import Subscription
from breakwater.model.incidents import Incident, Severity
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.steps.digest import compose, subscribed
from breakwater.steps.former import tell_of_former
from breakwater.steps.home import home_of
from breakwater.steps.reconcile import state_of
from breakwater.store import audit, break_lists, reads, writes
from breakwater.store.tables import delivery
from breakwater.views import digests as digest_views
from breakwater.views.recon import reconciliation

OPS = "C0PAYOPS"
EVERYBODY = Subscription(id="daily", channel=OPS, cron="0 8 * * *", time_zone=ZoneInfo("UTC"))


@pytest.fixture
def company(tmp_path: Path) -> LegsCompany:
    """A payout that did not arrive, and a credit at the bank that nobody booked: a break of the leg and one of the bank."""
    made = LegsCompany(tmp_path / "company")
    made.batch(55, 120_000)
    made.statement(1, Credit(end_to_end_id="E2E-1", minor=900), day=DAY + timedelta(days=1))
    return made


def without(company: LegsCompany, *tables: str) -> None:
    """Take these tables out of the settings."""
    settings = company.folder / "breakwater.toml"
    for table in tables:
        assert table in settings.read_text()
        settings.write_text(settings.read_text().replace(table, ""))


def bank_of(company: LegsCompany) -> str:
    """The table of the bank among the settings."""
    text = (company.folder / "breakwater.toml").read_text()
    return text[text.index('[[partners]]\nid = "nordbank"') : text.index(LEG_SETTINGS)]


def click(bot: Breakwater, brk: Break, actor: Any) -> Click:
    return Click(actor=actor, break_id=brk.id, revision=brk.revision, partners=bot.partners, now=NOW)


def listed(bot: Breakwater, *words: str, asker: str = ADA.id) -> list[str]:
    wanted = read_filter(words, partners=bot.partners, asker_id=asker)
    with bot.database.reading() as tx:
        found, _ = break_lists.filtered(tx, wanted, today={p.id: p.business_date(NOW) for p in bot.partners.values()}, limit=10)
    return [b.id for b in found]


def homes_partners(bot: Breakwater) -> list[tuple[str, int]]:
    with bot.database.reading() as tx:
        page = home_of(tx, actor=BEN, partners=bot.partners, authority=AUTHORITY, now=NOW)
    return [(s.partner_name, sum(f.count for f in s.active.values())) for s in page.partners]


def digest_of(bot: Breakwater) -> str:
    with bot.database.reading() as tx:
        chosen = subscribed(EVERYBODY, bot.partners)
        made = compose(tx, subscription=EVERYBODY, scheduled_at=NOW, partners=chosen, volumes=[], now=NOW)
    return str(digest_views.digest(made).payload())


def told(bot: Breakwater) -> list[Mapping[str, Any]]:
    with bot.database.reading() as tx:
        rows = tx.execute(select(delivery.outbox).where(delivery.outbox.c.key.like("former:%")).order_by(delivery.outbox.c.id))
        return [dict(row) for row in rows.mappings()]


def test_a_break_of_a_leg_taken_out_stays_on_every_list_and_is_worked_to_its_end(company: LegsCompany, database_url: str) -> None:
    with company.bot(database_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)
        with bot.database.transaction() as tx:
            proposed = steps.propose(tx, click(bot, brk, ADA), proposal=a_proposal(amount_minor=brk.amount_minor))
    without(company, LEG_SETTINGS)

    with company.bot(database_url) as bot:
        worked(bot)

        assert bot.partners[LEG].is_former
        assert brk.id in listed(bot)
        assert listed(bot, LEG) == [brk.id]
        assert (f"{LEG} (no longer configured)", 1) in homes_partners(bot)
        with bot.database.reading() as tx:
            assert [b.id for b in break_lists.proposed(tx, partners=bot.partners, limit=10)] == [brk.id]
        said = digest_of(bot)
        assert "(1 of partners no longer configured)" in said
        assert f"*{LEG} (no longer configured)*: 1, *EUR 1,200.00*" in said
        with bot.database.transaction() as tx:
            steps.decline(tx, click(bot, proposed, BEN), reason="Ask them first.")
            current = reads.break_by_id(tx, brk.id)
            assert current
            steps.resolve(tx, click(bot, current, ADA), reason="It came by another way.")
            assert audit.verify(tx) == []
        assert listed(bot, LEG) == []
        assert LEG not in str(homes_partners(bot))
        assert LEG not in digest_of(bot)


def test_the_bank_of_a_leg_taken_out_with_it_leaves_both_to_be_worked(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        worked(bot)
        of_leg, of_bank = breaks_of(bot)[0], breaks_of(bot, BANK)[0]
    without(company, bank_of(company), LEG_SETTINGS)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert {of_leg.id, of_bank.id} <= set(listed(bot))
        with bot.database.transaction() as tx:
            acknowledged = steps.acknowledge(tx, click(bot, of_bank, ADA))
        assert listed(bot, "mine") == [of_bank.id]
        assert acknowledged.state is BreakState.ACKNOWLEDGED
        with pytest.raises(RefusedError, match="can't be reconciled"):
            bot.runs.rerun(bot.partners[BANK], as_of=None, actor=replace(BEN, role=SYSTEM.role))


def test_its_cards_are_kept_up_to_date_where_they_are(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)
        with bot.database.transaction() as tx:
            values = {"about": brk.id, "channel": "C0CARDS", "ts": "1.1", "revision": 1, "audience_kind": "internal", "audience_id": ""}
            tx.execute(delivery.card.insert().values(**values))
    without(company, LEG_SETTINGS)

    with company.bot(sqlite_url) as bot:
        assert bot.partners[LEG].internal_channels == (OPS, "C0CARDS")


def test_the_team_is_told_once_what_was_left_open(company: LegsCompany, database_url: str) -> None:
    with company.bot(database_url) as bot:
        worked(bot)
        assert tell_of_former(bot.database, partners=bot.partners, channel=OPS, now=NOW) == []
    without(company, LEG_SETTINGS)

    with company.bot(database_url) as bot:
        (left,) = tell_of_former(bot.database, partners=bot.partners, channel=OPS, now=NOW)
        tell_of_former(bot.database, partners=bot.partners, channel=OPS, now=NOW)

        assert (left.partner.id, left.breaks.count, left.breaks.value_minor) == (LEG, 1, {"EUR": 120_000})
        (message,) = told(bot)
        assert (message["channel"], message["audience_kind"]) == (OPS, "internal")
        assert f"*{LEG}* is no longer configured, but left 1 break worth *EUR 1,200.00*" in message["payload"]["blocks"][0]["text"]["text"]


def test_an_open_incident_of_one_that_is_gone_can_still_be_ended(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot, bot.database.transaction() as tx:
        open_one = Incident(
            id="INC-0001", partner=BANK, title="Late", severity=Severity.SEV2, opened_at=NOW, opened_by=ADA.id, summary="", partner_text=""
        )
        writes.insert_incident(tx, open_one, actor=ADA, now=NOW)
    without(company, bank_of(company), LEG_SETTINGS)

    with company.bot(sqlite_url) as bot:
        assert bot.partners[BANK].is_former
        with bot.database.reading() as tx:
            assert [i.id for i in home_of(tx, actor=ADA, partners=bot.partners, authority=AUTHORITY, now=NOW).incidents] == ["INC-0001"]


def test_a_partner_with_nothing_open_is_missed_by_nobody(company: LegsCompany, sqlite_url: str) -> None:
    company.statement(2, Credit(end_to_end_id="MERIDIAN-55", minor=120_000), day=DAY + timedelta(days=1))
    with company.bot(sqlite_url) as bot:
        worked(bot)
        assert (breaks_of(bot), run_of(bot).matched["EUR"].ours_rows) == ([], 1)
    without(company, LEG_SETTINGS)

    with company.bot(sqlite_url) as bot:
        assert LEG not in str(homes_partners(bot))
        assert tell_of_former(bot.database, partners=bot.partners, channel=OPS, now=NOW) == []


def test_what_is_taken_back_into_the_settings_goes_on_as_if_nothing_had_been(company: LegsCompany, sqlite_url: str) -> None:
    settings = company.folder / "breakwater.toml"
    as_it_was = settings.read_text()
    with company.bot(sqlite_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)
    without(company, LEG_SETTINGS)
    with company.bot(sqlite_url) as bot:
        worked(bot)
        assert [b.id for b in breaks_of(bot)] == [brk.id]
    settings.write_text(as_it_was)

    company.statement(2, Credit(end_to_end_id="MERIDIAN-55", minor=120_000), day=DAY + timedelta(days=1))
    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert (bot.partners[LEG].is_former, breaks_of(bot)) == (False, [])


# --- other names ---


def of_partner(bot: Breakwater) -> list[Break]:
    with bot.database.reading() as tx:
        return reads.active_breaks(tx, partner=PARTNER, limit=10)


def test_an_agreement_of_another_name_takes_its_breaks_along(database_url: str, tmp_path: Path) -> None:
    company = TinyCompany(tmp_path / "company")
    company.ledger("records", Payment(reference="GONE", minor=9_900), Payment(reference="AWAY", minor=700))
    company.report("report-1", Payment(reference="FINE"), batch=1)
    with company.bot(database_url) as bot:
        worked(bot)
        before = of_partner(bot)
    agreement = company.folder / "meridian.toml"
    agreement.write_text(agreement.read_text().replace('name = "meridian"', 'name = "meridian-2027"'))
    company.report("report-2", Payment(reference="AWAY", minor=700), batch=2)

    with company.bot(database_url) as bot:
        worked(bot)

        kept = of_partner(bot)
        assert [b.id for b in kept] == [b.id for b in before if "AWAY" not in b.references]
        assert {(b.agreement, b.opened_at) for b in kept} == {("meridian-2027", NOW)}
        with bot.database.transaction() as tx:
            assert audit.verify(tx) == []
            (renamed,) = audit.entries(tx, PARTNER)
        assert (renamed.action, renamed.detail) == ("agreement_renamed", {"agreement": ["meridian", "meridian-2027"], "breaks": 3})


def test_a_partner_of_another_id_takes_along_what_it_still_sees_and_closes_nothing_else(database_url: str, tmp_path: Path) -> None:
    company = TinyCompany(tmp_path / "company")
    company.ledger("records", Payment(reference="GONE", minor=9_900))
    company.report("report-1", Payment(reference="EXTRA", minor=800), batch=1)
    with company.bot(database_url) as bot:
        worked(bot)
        gone, extra = of_partner(bot)
        assert (gone.kind, extra.kind) == (BreakKind.MISSING_AT_PARTNER, BreakKind.MISSING_IN_LEDGER)
    settings = company.folder / "breakwater.toml"
    settings.write_text(settings.read_text().replace('id = "meridian"', 'id = "meridian-eu"'))

    with company.bot(database_url) as bot:
        worked(bot)

        assert [b.id for b in of_partner(bot)] == [gone.id]
        assert bot.partners[PARTNER].is_former
        with bot.database.reading() as tx:
            (followed,) = reads.active_breaks(tx, partner="meridian-eu", limit=10)
        assert (followed.id, followed.opened_at) == (extra.id, extra.opened_at)


def test_recon_shows_what_was_left_open_with_its_word(company: LegsCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        worked(bot)
    without(company, LEG_SETTINGS)

    with company.bot(sqlite_url) as bot, bot.database.reading() as tx:
        from_all = [steps_state(tx, bot, name) for name in (PSP, BANK, LEG)]
        shown = str(reconciliation([*from_all, from_all[0]]).payload())

    assert "of 3 partners and 1 leg (1 no longer configured), worth EUR 9.00, and EUR 1,200.00 in legs" in shown
    assert "Payout reported by Meridian, not at Nordbank: 1" in shown
    assert f"*{LEG} (no longer configured)*: 1 break worth *EUR 1,200.00*" in shown
    assert "It is reconciled no longer, so nothing closes them but people." in shown


def steps_state(tx: Any, bot: Breakwater, name: str) -> Any:
    partner = bot.partners[name]
    return state_of(tx, partner=partner, today=partner.business_date(NOW))

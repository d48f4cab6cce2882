"""A payout in the PSP's report must arrive at the bank: settlement reports and statements as they come, through the readers to breaks."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from legs_company import BANK, DAY, LEG, LEG_SETTINGS, NOW, PSP, SETTINGS, Credit, LegsCompany, breaks_of, of_payout, run_of, worked

from breakwater.errors import CallError
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.digests import Subscription
from breakwater.steps import digest
from breakwater.store import reads, sending
from breakwater.views.breaks import break_card
from breakwater.views.digests import digest as digest_view

NEXT_DAY = DAY + timedelta(days=1)
ALL = (LEG, BANK, PSP)


@pytest.fixture
def company(tmp_path: Path) -> LegsCompany:
    return LegsCompany(tmp_path / "company")


def test_a_payout_that_arrived_is_matched_in_its_leg_and_nowhere_else(company: LegsCompany, database_url: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, of_payout(55, 120_000), Credit(end_to_end_id="E2E-1", minor=900), day=NEXT_DAY)
    company.transfer("E2E-1", 900)

    with company.bot(database_url) as bot:
        worked(bot)

        leg, bank, psp = (run_of(bot, partner) for partner in ALL)
        assert (leg.ours_rows, leg.theirs_rows) == (1, 1)
        assert (leg.matched["EUR"].ours_minor, leg.matched["EUR"].theirs_minor) == (120_000, 120_000)
        assert (bank.ours_rows, bank.theirs_rows, bank.matched["EUR"].theirs_minor) == (1, 1, 900)
        assert (psp.ours_rows, psp.theirs_rows, psp.matched["EUR"].theirs_rows) == (2, 2, 2)
        assert [breaks_of(bot, agreement) for agreement in ALL] == [[], [], []]


def test_a_payout_waits_while_its_window_is_open_and_is_a_break_after_it(company: LegsCompany, database_url: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, Credit(end_to_end_id="E2E-1", minor=900), day=NEXT_DAY)
    company.transfer("E2E-1", 900)

    with company.bot(database_url, now=NOW - timedelta(days=8)) as bot:  # two business days after the payout
        worked(bot)
        assert run_of(bot).pending["EUR"].ours_minor == 120_000
        assert breaks_of(bot) == []

    with company.bot(database_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)

    assert (brk.kind, brk.amount_minor, brk.partner, brk.agreement) == (BreakKind.MISSING_AT_PARTNER, 120_000, LEG, LEG)
    assert "55" in brk.references


@pytest.mark.parametrize(
    ("credits", "kind", "amount_minor"),
    [
        ([of_payout(55, 119_900)], BreakKind.AMOUNT_MISMATCH, 100),
        ([of_payout(55, 120_000, reference="A"), of_payout(55, 120_000, reference="B")], BreakKind.DUPLICATE_AT_PARTNER, 120_000),
        ([of_payout(55, 120_000), of_payout(56, 777)], BreakKind.MISSING_IN_LEDGER, 777),
    ],
    ids=["short", "twice", "of a payout nobody reported"],
)
def test_what_is_wrong_at_the_bank_is_a_break_of_the_leg_alone(
    company: LegsCompany, sqlite_url: str, credits: list[Credit], kind: BreakKind, amount_minor: int
) -> None:
    company.batch(55, 120_000)
    company.statement(1, *credits, day=NEXT_DAY)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert [(b.kind, b.amount_minor) for b in breaks_of(bot)] == [(kind, amount_minor)]
        assert (breaks_of(bot, BANK), breaks_of(bot, PSP)) == ([], [])


def test_several_payouts_in_one_credit_are_explained_by_a_netting_pass(company: LegsCompany, sqlite_url: str) -> None:
    company.batch(55, 120_000)
    company.batch(56, 30_000)
    company.statement(1, Credit(end_to_end_id="MERIDIAN-99", minor=150_000), day=NEXT_DAY)
    leg = company.folder / "leg.toml"
    leg.write_text(f'{leg.read_text()}[[passes]]\nname = "together"\ntype = "netting"\nbucket = ["account"]\n')

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert breaks_of(bot) == []
        assert (run_of(bot).matched["EUR"].ours_rows, run_of(bot).matched["EUR"].theirs_rows) == (2, 1)


def test_the_leg_runs_again_when_a_file_of_either_side_comes_and_closes_what_arrived(company: LegsCompany, database_url: str) -> None:
    company.batch(55, 120_000)
    with company.bot(database_url) as bot:
        worked(bot)
        (brk,) = breaks_of(bot)
        first = run_of(bot).id
        bot.reconcile_all()
        assert run_of(bot).id == first

        company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
        worked(bot)
        second = run_of(bot)
        assert (second.changes.closed, second.changes.files_in, breaks_of(bot)) == (1, 1, [])

        company.batch(56, 5_000)
        worked(bot)
        assert (run_of(bot).id != second.id, [b.amount_minor for b in breaks_of(bot)]) == (True, [5_000])
        assert brk.id not in {b.id for b in breaks_of(bot)}


def test_what_is_not_of_the_provider_stays_with_the_bank(company: LegsCompany, sqlite_url: str) -> None:
    company.statement(1, Credit(end_to_end_id="MERIDIAN-5x", minor=100), Credit(end_to_end_id="XMERIDIAN-5", minor=200), day=NEXT_DAY)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert sorted(b.amount_minor for b in breaks_of(bot, BANK)) == [100, 200]
        assert run_of(bot).theirs_rows == 0


@pytest.mark.parametrize(("from_too", "to_too", "psp_rows", "bank_rows"), [(False, False, 1, 0), (False, True, 1, 1), (True, True, 2, 1)])
def test_who_else_compares_the_records_of_a_leg_is_for_the_settings_to_say(
    tmp_path: Path, sqlite_url: str, from_too: bool, to_too: bool, psp_rows: int, bank_rows: int
) -> None:
    said = LEG_SETTINGS.replace('"meridian" }', f'"meridian", own_agreement_too = {str(from_too).lower()} }}')
    said = said.replace('+)" } }', f'+)" }}, own_agreement_too = {str(to_too).lower()} }}')
    company = LegsCompany(tmp_path / "company", legs=said)
    company.report(55, 120_000)
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)

    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert (run_of(bot, PSP).theirs_rows, run_of(bot, BANK).theirs_rows) == (psp_rows, bank_rows)
        assert (run_of(bot).ours_rows, run_of(bot).theirs_rows) == (1, 1)


def test_a_leg_that_names_a_stream_leaves_the_other_files_of_the_partner_alone(tmp_path: Path, database_url: str) -> None:
    of_accounts = SETTINGS.replace("inbox/nordbank", "inbox/accounts").replace('"statement"', '"accounts"')
    of_accounts = of_accounts[of_accounts.rindex("[[partners.files]]") :]
    named = LEG_SETTINGS.replace('partner = "nordbank",', 'partner = "nordbank", stream = "statement",')
    company = LegsCompany(tmp_path / "company", legs=of_accounts + named)
    company.batch(55, 120_000)
    company.batch(56, 30_000)
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
    company.statement(2, of_payout(56, 30_000), day=NEXT_DAY)
    (company.folder / "inbox" / "accounts").mkdir()
    (company.folder / "inbox" / BANK / "statement-2.xml").rename(company.folder / "inbox" / "accounts" / "statement-2.xml")

    with company.bot(database_url) as bot:
        worked(bot)

        assert [(b.kind, b.amount_minor) for b in breaks_of(bot)] == [(BreakKind.MISSING_AT_PARTNER, 30_000)]
        assert [(b.kind, b.amount_minor) for b in breaks_of(bot, BANK)] == [(BreakKind.MISSING_IN_LEDGER, 30_000)]


def refused_once_it_is_a_leg(company: LegsCompany, url: str) -> str:
    """What is said at the start once the settings have the leg."""
    (company.folder / "breakwater.toml").write_text(SETTINGS + LEG_SETTINGS)
    with pytest.raises(CallError) as refused, company.bot(url):
        pass
    assert "another id" in refused.value.remedy
    return refused.value.message


def test_a_leg_that_is_called_as_our_ledger_calls_a_partner_is_refused_at_the_start(tmp_path: Path, database_url: str) -> None:
    company = LegsCompany(tmp_path / "company", legs="")
    company.ledger("of-it", company.booked("of-it", "payment", 700, DAY, partner=LEG))
    with company.bot(database_url) as bot:
        worked(bot)

    assert f"Our ledger has records of a partner '{LEG}', and a leg has the same id" in refused_once_it_is_a_leg(company, database_url)


def test_a_leg_that_is_called_as_a_partner_that_sent_files_is_refused_at_the_start(tmp_path: Path, sqlite_url: str) -> None:
    table = SETTINGS[SETTINGS.rindex("[[partners]]") :].replace("nordbank", LEG).replace("C0NORDBANK", "C0OTHER")
    company = LegsCompany(tmp_path / "company", legs=table)
    (company.folder / f"{LEG}.toml").write_text((company.folder / "nordbank.toml").read_text().replace('"nordbank"', f'"{LEG}"'))
    company.statement(1, Credit(end_to_end_id="X", minor=5))
    (company.folder / "inbox" / BANK).rename(company.folder / "inbox" / LEG)
    with company.bot(sqlite_url) as bot:
        worked(bot)

    assert f"There are files of a partner '{LEG}', and a leg has the same id" in refused_once_it_is_a_leg(company, sqlite_url)


def test_a_card_of_a_leg_is_shown_to_us_alone(company: LegsCompany, sqlite_url: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, of_payout(55, 119_900), day=NEXT_DAY)

    with company.bot(sqlite_url) as bot:
        worked(bot)
        with bot.database.transaction() as tx:
            rows = sending.claim(tx, now=NOW, lease_s=60, limit=100)

    cards = [row for row in rows if row.about and row.about.startswith("B-")]
    assert {(row.channel, str(row.audience)) for row in cards} == {("C0CARDS", "internal")}


@pytest.mark.parametrize("asked", [BANK, PSP])
def test_the_digest_of_one_partner_tells_of_its_legs_and_of_no_other_partner(company: LegsCompany, database_url: str, asked: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, Credit(end_to_end_id="unknown", minor=5_500), day=NEXT_DAY)
    company.ledger("lost", company.booked("lost", "payment", 4_400, DAY, partner=PSP, ref_batch_id="99"))
    about = Subscription(id="one", channel="C0SEPA", cron="0 8 * * *", time_zone=ZoneInfo("UTC"), partners=(asked,))

    with company.bot(database_url) as bot:
        worked(bot)
        chosen = digest.subscribed(about, bot.config.partners)
        with bot.database.reading() as tx:
            made = digest.compose(tx, subscription=about, scheduled_at=NOW, partners=chosen, volumes=(), now=NOW)

    told = str(digest_view(made).payload())
    assert [p.id for p in chosen] == [asked, LEG]
    assert "Meridian → Nordbank*: 1, *EUR 1,200.00*" in told
    assert {minor for minor in ("EUR 55.00", "EUR 44.00") if minor in told} == {{BANK: "EUR 55.00", PSP: "EUR 44.00"}[asked]}


def test_a_leg_that_is_taken_out_of_the_settings_gives_its_records_back(company: LegsCompany, sqlite_url: str) -> None:
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
    with company.bot(sqlite_url) as bot:
        worked(bot)
        assert (breaks_of(bot, BANK), len(breaks_of(bot))) == ([], 1)

    settings = company.folder / "breakwater.toml"
    settings.write_text(settings.read_text().replace(LEG_SETTINGS, ""))
    with company.bot(sqlite_url) as bot:
        worked(bot)

        assert [b.amount_minor for b in breaks_of(bot, BANK)] == [120_000]


def test_a_break_of_a_bank_whose_record_a_leg_takes_is_not_said_to_match_and_comes_back_with_it(tmp_path: Path, database_url: str) -> None:
    company = LegsCompany(tmp_path / "company", legs="")
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
    with company.bot(database_url) as bot:
        worked(bot)
        (was,) = breaks_of(bot, BANK)

    settings = company.folder / "breakwater.toml"
    settings.write_text(settings.read_text() + LEG_SETTINGS)
    with company.bot(database_url) as bot:
        worked(bot)
        with bot.database.reading() as tx:
            now = reads.break_by_id(tx, was.id)
        assert now
        assert (now.state, now.resolution) == (BreakState.RESOLVED, "withdrawn")
        assert "is compared here no longer" in str(break_card(now, partner_name="Nordbank").payload())
        assert [b.amount_minor for b in breaks_of(bot)] == [120_000]

    settings.write_text(settings.read_text().replace(LEG_SETTINGS, ""))
    with company.bot(database_url) as bot:
        worked(bot)
        assert [(b.id, b.opened_at) for b in breaks_of(bot, BANK)] == [(was.id, was.opened_at)]


def test_what_legs_took_of_files_that_no_longer_count_leaves_the_lake(company: LegsCompany, sqlite_url: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
    with company.bot(sqlite_url) as bot:
        worked(bot)
        made = sorted((bot.lake.root / "legs").rglob("*.parquet"))
        old = made[0].with_name(f"{'0' * 64}-{'1' * 16}-0.parquet")
        old.write_bytes(made[0].read_bytes())
        for path in (*made, old):
            os.utime(path, (0, 0))
        bot.tidy()
        left = sorted((bot.lake.root / "legs").rglob("*.parquet"))

    assert old not in left
    assert left


def test_what_the_last_run_was_given_stays_until_the_next_one_has_been_compared_with_it(company: LegsCompany, sqlite_url: str) -> None:
    company.batch(55, 120_000)
    company.statement(1, of_payout(55, 120_000), day=NEXT_DAY)
    with company.bot(sqlite_url) as bot:
        worked(bot)
        for path in (bot.lake.root / "legs").rglob("*.parquet"):
            os.utime(path, (0, 0))

    settings = company.folder / "breakwater.toml"
    settings.write_text(settings.read_text().replace("MERIDIAN-(?P", "OTHER-(?P"))
    with company.bot(sqlite_url) as bot:
        bot.tidy()
        bot.reconcile_all()

        changed = run_of(bot).changes
        assert (changed.matches, changed.matches_value_minor) == (1, {"EUR": 120_000})
        assert [b.amount_minor for b in (*breaks_of(bot), *breaks_of(bot, BANK))] == [120_000, 120_000]

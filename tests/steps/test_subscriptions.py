"""Digests that people ask for: begun and ended by whoever may, told about what was asked for, once, and only where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tiny_company import NOW, OPS, TinyCompany, outbox_of

from breakwater.app import Breakwater
from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.digests import Subscription
from breakwater.model.findings import Finding, FindingKind, acknowledge, recover
from breakwater.steps import digest
from breakwater.steps import subscriptions as steps
from breakwater.store import audit, writes
from breakwater.store import subscriptions as store
from breakwater.store.database import Database
from breakwater.store.tables import delivery

ADA, BRUNO, VERA = Actor("U0ADA", Role.OPERATOR), Actor("U0BRUNO", Role.OPERATOR), Actor("U0VERA", Role.VIEWER)
WANTED = Subscription(id="", channel=OPS, cron="0 8 * * *", time_zone=ZoneInfo("Europe/Berlin"))
MINE = replace(WANTED, channel="D0ADA", person="U0ADA")


@pytest.fixture
def company(tmp_path: Path) -> TinyCompany:
    return TinyCompany(tmp_path / "company")


@pytest.fixture
def bot(company: TinyCompany, database_url: str) -> Iterator[Breakwater]:
    with company.bot(database_url) as made:
        yield made


def begin(bot: Breakwater, wanted: Subscription = WANTED, *, actor: Actor = ADA, now: datetime = NOW) -> Subscription:
    with bot.database.transaction() as tx:
        return steps.subscribe(tx, actor=actor, wanted=wanted, partners=bot.config.partners, now=now)


def end(bot: Breakwater, one: Subscription, *, actor: Actor, now: datetime = NOW) -> None:
    with bot.database.transaction() as tx:
        steps.unsubscribe(tx, actor=actor, subscription_id=one.id, now=now)


def a_finding(finding_id: str, *, at_risk_minor: int | None = 100_000, **changes: Any) -> Finding:
    found = Finding(
        id=finding_id, kind=FindingKind.VOLUME_DROP, partner="meridian", scope="meridian · EUR", since=NOW - timedelta(hours=3),
        summary=f"Payments of {finding_id} fell.", expected="100", seen="40", next_step="Look.", at_risk_minor=at_risk_minor,
        currency="EUR",
        found_at=NOW - timedelta(hours=2),
    )  # fmt: skip
    return replace(found, **changes)


def keep(database: Database, *findings: Finding) -> None:
    with database.transaction() as tx:
        for found in findings:
            assert writes.open_finding(tx, found, actor=SYSTEM, now=NOW)


def composed(bot: Breakwater, subscription: Subscription) -> list[str]:
    with bot.database.reading() as tx:
        said = digest.compose(
            tx, subscription=subscription, scheduled_at=NOW, partners=list(bot.config.partners.values()), volumes=[], now=NOW
        )
    return [f.id for f in said.findings]


def payloads(database: Database) -> list[dict[str, Any]]:
    with database.reading() as tx:
        return list(tx.scalars(select(delivery.outbox.c.payload).order_by(delivery.outbox.c.id)))


# Begun and ended


def test_a_digest_is_begun_listed_and_ended_and_each_is_audited(bot: Breakwater) -> None:
    one = begin(bot)

    with bot.database.reading() as tx:
        assert steps.visible(tx, actor=VERA, configured=()) == [one]
    end(bot, one, actor=BRUNO)

    with bot.database.reading() as tx:
        assert steps.visible(tx, actor=ADA, configured=()) == []
        assert [(e.actor_id, e.action) for e in audit.entries(tx, one.id)] == [("U0ADA", "subscribed"), ("U0BRUNO", "unsubscribed")]
    with pytest.raises(NotFoundError, match="ended already"):
        end(bot, one, actor=BRUNO)


def test_just_the_same_digest_is_not_begun_twice_but_again_after_it_was_ended(bot: Breakwater) -> None:
    one = begin(bot)
    with pytest.raises(RefusedError, match="just this digest"):
        begin(bot, actor=BRUNO)
    end(bot, one, actor=ADA)

    assert begin(bot, actor=BRUNO).id == one.id


def test_a_viewer_subscribes_for_themselves_alone(bot: Breakwater) -> None:
    with pytest.raises(RefusedError, match="You need the role 'operator' to subscribe a channel"):
        begin(bot, actor=VERA)
    with pytest.raises(RefusedError, match="one's own"):
        begin(bot, MINE, actor=VERA)

    assert begin(bot, replace(MINE, channel="D0VERA", person="U0VERA"), actor=VERA).person == "U0VERA"


def test_what_somebody_gets_in_direct_messages_is_seen_and_ended_by_them_alone(bot: Breakwater) -> None:
    one = begin(bot, MINE)

    with bot.database.reading() as tx:
        assert steps.visible(tx, actor=BRUNO, configured=()) == []
        with pytest.raises(NotFoundError):
            steps.known(tx, actor=BRUNO, subscription_id=one.id, configured=())
    with pytest.raises(RefusedError, match="ended by the one who reads it"):
        end(bot, one, actor=BRUNO)


@pytest.mark.parametrize("wrong", [{"partners": ("nobody",)}, {"metrics": ("weather",)}, {"partners": ()}])
def test_a_digest_about_nothing_we_know_is_refused(bot: Breakwater, wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="about nothing we know"):
        begin(bot, replace(WANTED, **wrong))


# What it tells


def test_it_tells_of_its_metrics_and_from_its_amount_up_the_dearest_first(bot: Breakwater) -> None:
    keep(
        bot.database,
        a_finding("F-SMALL", at_risk_minor=99_999),
        a_finding("F-LARGE", at_risk_minor=500_000),
        a_finding("F-JUST", at_risk_minor=100_000),
        a_finding("F-UNKNOWN", at_risk_minor=None),
        a_finding("F-APPROVALS", kind=FindingKind.APPROVAL_DROP),
        a_finding("F-OUTAGE", at_risk_minor=200_000, is_outage=True),
        a_finding("F-ALL", partner="*", at_risk_minor=300_000),
        a_finding("F-OTHER", partner="nordbank"),
    )
    wanted = replace(WANTED, metrics=("volume",), least_minor={"EUR": 100_000})

    assert composed(bot, wanted) == ["F-OUTAGE", "F-LARGE", "F-ALL", "F-JUST", "F-UNKNOWN"]
    assert "F-SMALL" in composed(bot, WANTED)
    assert composed(bot, replace(WANTED, metrics=("files",))) == []


def test_the_next_digest_tells_what_changed_since(bot: Breakwater) -> None:
    one = begin(bot)
    keep(bot.database, a_finding("F-1"), a_finding("F-2"))
    post = {"subscription": one, "partners": bot.config.partners}
    assert digest.post(bot.database, bot.traffic, scheduled_at=NOW, now=NOW, **post)  # type: ignore[arg-type]
    later = NOW + timedelta(days=1)
    with bot.database.transaction() as tx:
        writes.save_finding(tx, recover(a_finding("F-1"), now=later), was=a_finding("F-1"), actor=SYSTEM, now=later)
        writes.save_finding(
            tx, acknowledge(a_finding("F-2"), by="U0ADA", now=later), was=a_finding("F-2"), actor=ADA, now=later, action="acknowledge"
        )
    keep(bot.database, a_finding("F-3", since=NOW))

    assert digest.post(bot.database, bot.traffic, scheduled_at=later, now=later, **post)  # type: ignore[arg-type]

    first, second = payloads(bot.database)
    assert "Since" not in str(first["blocks"])
    assert "1 new finding · 1 finding over (1 recovered)" in str(second["blocks"])


def test_four_thousand_findings_are_cut_and_counted_and_there_is_a_file_of_them(bot: Breakwater) -> None:
    one = begin(bot)
    keep(bot.database, *(a_finding(f"F-{n:04}") for n in range(4_000)))

    assert digest.post(bot.database, bot.traffic, subscription=one, scheduled_at=NOW, partners=bot.config.partners, now=NOW)

    (payload,) = payloads(bot.database)
    assert "4,000 findings" in payload["text"]
    assert "3,992 more" in str(payload["blocks"])
    assert "All findings as a file" in str(payload["blocks"])
    with bot.database.reading() as tx:
        assert len(digest.open_findings(tx, subscription=one, partners=bot.config.partners)) == 4_000


# When it comes


def posted(bot: Breakwater) -> list[str]:
    return [key.rpartition(":digest:")[0] or key for key, _, _ in outbox_of(bot.database) if key.startswith("digest:")]


def test_a_digest_on_business_days_leaves_holidays_out(company: TinyCompany, sqlite_url: str) -> None:
    clock = [datetime(2026, 12, 24, 9, tzinfo=UTC)]
    with company.bot(sqlite_url, now=lambda: clock[0]) as bot:
        one = begin(bot, replace(WANTED, calendar="TARGET2"))
        for day in (24, 25, 26, 27, 28):
            clock[0] = datetime(2026, 12, day, 9, tzinfo=UTC)
            bot.post_digests()

        assert posted(bot) == [f"digest:{one.id}:2026-12-{day}T07:00:00+00:00" for day in (24, 28)]


def test_a_clock_that_jumps_back_and_forth_posts_each_digest_once(company: TinyCompany, sqlite_url: str) -> None:
    clock = [NOW]
    with company.bot(sqlite_url, now=lambda: clock[0]) as bot:
        one = begin(bot, now=NOW - timedelta(days=2))
        for hours in (0, 5, -1, 24, -24, 3, 24, 48, 24):
            clock[0] = NOW + timedelta(hours=hours)
            bot.post_digests()

        assert posted(bot) == [f"digest:{one.id}:2026-11-{day}T07:00:00+00:00" for day in (20, 21, 19, 22)]


def test_one_that_was_ended_comes_no_more(bot: Breakwater) -> None:
    one = begin(bot, now=NOW - timedelta(days=1))
    end(bot, one, actor=ADA)

    assert bot.post_digests() == 0


DUE = NOW - timedelta(minutes=90)  # 08:00 in Berlin


def test_one_begun_after_its_time_comes_the_next_day(company: TinyCompany, database_url: str) -> None:
    clock = [NOW]
    with company.bot(database_url, now=lambda: clock[0]) as bot:
        one = begin(bot)
        at_once = bot.post_digests()
        clock[0] = DUE + timedelta(days=1)

        assert (at_once, bot.post_digests()) == (0, 1)
        assert posted(bot) == [f"digest:{one.id}:2026-11-21T07:00:00+00:00"]


@pytest.mark.parametrize(("begun_at", "count"), [(DUE, 1), (DUE + timedelta(seconds=1), 0)], ids=["just in time", "a second late"])
def test_the_first_time_of_one_is_the_one_it_is_begun_at_or_before(bot: Breakwater, begun_at: datetime, count: int) -> None:
    begin(bot, now=begun_at)

    assert bot.post_digests() == count


def test_one_that_was_ended_and_is_begun_again_makes_up_for_nothing(bot: Breakwater) -> None:
    one = begin(bot, now=NOW - timedelta(days=2))
    end(bot, one, actor=ADA, now=DUE - timedelta(hours=1))
    begin(bot, actor=BRUNO)

    assert bot.post_digests() == 0


def test_one_begun_anew_at_an_earlier_hour_comes_the_next_day(bot: Breakwater) -> None:
    one = begin(bot, replace(WANTED, cron="0 18 * * *"), now=NOW - timedelta(days=2))
    end(bot, one, actor=ADA)
    begin(bot, replace(WANTED, cron="30 7 * * *"))

    assert bot.post_digests() == 0


def test_what_was_told_is_forgotten_with_a_post_that_did_not_happen(bot: Breakwater) -> None:
    one = begin(bot)
    digest.post(bot.database, bot.traffic, subscription=one, scheduled_at=NOW, partners=bot.config.partners, now=NOW)

    assert not digest.post(bot.database, bot.traffic, subscription=one, scheduled_at=NOW, partners=bot.config.partners, now=NOW)
    with bot.database.reading() as tx:
        told = store.last_told(tx, one.id)
    assert told is not None
    assert told.scheduled_at == NOW

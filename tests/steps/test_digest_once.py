"""A digest is posted once: by racing processes, after a crash, and in the nights when the clocks change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tiny_company import NOW, OPS, TinyCompany, outbox_of

from breakwater.app import Breakwater
from breakwater.model.digests import Subscription
from breakwater.steps import digest
from breakwater.store.database import Connection, Database, open_database

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = Subscription(id="daily", channel=OPS, cron="0 8 * * *", time_zone=BERLIN, partners=("*",))
SETTINGS = '[[digests]]\nchannel = "C0PAYOPS"\ncron = "{cron}"\ntime_zone = "Europe/Berlin"\n'


@pytest.fixture
def company(tmp_path: Path) -> TinyCompany:
    return TinyCompany(tmp_path / "company")


@pytest.fixture
def bot(company: TinyCompany, database_url: str) -> Iterator[Breakwater]:
    with company.bot(database_url) as made:
        yield made


def post(bot: Breakwater, database: Database) -> bool:
    return digest.post(database, bot.traffic, subscription=DAILY, scheduled_at=NOW, partners=bot.config.partners, now=NOW)


def digests(database: Database) -> list[str]:
    return [key for key, _, _ in outbox_of(database) if key.startswith("digest:")]


def test_of_processes_that_tick_at_once_one_posts(bot: Breakwater, database_url: str) -> None:
    together = threading.Barrier(4)

    def tick(database: Database) -> bool:
        together.wait(timeout=120)
        return post(bot, database)

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        processes = [stack.enter_context(contextlib.closing(open_database(database_url))) for _ in range(4)]
        posted = list(pool.map(tick, processes))

    assert sorted(posted) == [False, False, False, True]
    assert digests(bot.database) == [f"digest:daily:{NOW.isoformat()}"]


def test_a_digest_that_is_out_is_not_composed_again(bot: Breakwater) -> None:
    assert post(bot, bot.database)

    assert not digest.post(bot.database, Unread(), subscription=DAILY, scheduled_at=NOW, partners=bot.config.partners, now=NOW)


class Unread:
    """Payments that nobody may look at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the payments were asked for {name}")


class Died(BaseException):
    """Stands for the end of a process."""


class Dying(Database):
    """A database whose process dies right before each commit."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as tx:
            yield tx
            raise Died


def test_a_crash_between_claim_and_commit_leaves_the_digest_to_the_next_tick(bot: Breakwater) -> None:
    with pytest.raises(Died):
        post(bot, Dying(bot.database._engine))
    nothing = digests(bot.database)

    assert post(bot, bot.database)
    assert not post(bot, bot.database)
    assert (nothing, len(digests(bot.database))) == ([], 1)


def ticks(first: datetime, *, hours: int, every_minutes: int) -> list[datetime]:
    return [first + timedelta(minutes=n) for n in range(0, hours * 60, every_minutes)]


@pytest.mark.parametrize(
    ("cron", "first", "posted"),
    [
        ("30 2 * * *", datetime(2026, 10, 24, 22, tzinfo=UTC), ["2026-10-25T00:30:00+00:00"]),  # 02:30 happens twice: the first counts
        ("30 2 * * *", datetime(2027, 3, 27, 23, tzinfo=UTC), ["2027-03-28T01:30:00+00:00"]),  # 02:30 does not happen: 03:30 is as late
        ("0 8 * * *", datetime(2026, 10, 24, 22, tzinfo=UTC), ["2026-10-25T07:00:00+00:00"]),
        ("0 8 * * *", datetime(2027, 3, 27, 23, tzinfo=UTC), ["2027-03-28T06:00:00+00:00"]),
    ],
    ids=["twice", "never", "after autumn", "after spring"],
)
def test_the_nights_of_the_clock_changes_have_one_digest_each(
    company: TinyCompany, sqlite_url: str, cron: str, first: datetime, posted: list[str]
) -> None:
    with (company.folder / "breakwater.toml").open("a") as settings:
        settings.write(SETTINGS.format(cron=cron))
    clock = [first]

    with company.bot(sqlite_url, now=lambda: clock[0]) as bot:
        for now in ticks(first, hours=12, every_minutes=5):
            clock[0] = now
            bot.post_digests()

        assert digests(bot.database) == [f"digest:{bot.config.subscriptions[0].id}:{at}" for at in posted]


@pytest.mark.parametrize(
    ("first", "posted"),
    [
        pytest.param(datetime(2026, 10, 24, 22, tzinfo=UTC), ["2026-10-25T07:00:00+00:00", "2026-10-26T07:00:00+00:00"], id="autumn"),
        pytest.param(datetime(2027, 3, 27, 23, tzinfo=UTC), ["2027-03-28T06:00:00+00:00", "2027-03-29T06:00:00+00:00"], id="spring"),
    ],
)
def test_two_processes_whose_clocks_disagree_post_each_digest_once(
    company: TinyCompany, database_url: str, first: datetime, posted: list[str]
) -> None:
    """One is 70 minutes ahead, and the other one begins again in between."""
    with (company.folder / "breakwater.toml").open("a") as settings:
        settings.write(SETTINGS.format(cron="0 8 * * *"))
    clock = [first]

    with company.bot(database_url, now=lambda: clock[0] + timedelta(minutes=70)) as ahead:
        for day in (0, 1):
            with company.bot(database_url, now=lambda: clock[0]) as other:
                for now in ticks(first + timedelta(days=day), hours=24, every_minutes=30):
                    clock[0] = now
                    other.post_digests()
                    ahead.post_digests()

        assert digests(ahead.database) == [f"digest:{ahead.config.subscriptions[0].id}:{at}" for at in posted]


def test_a_bot_that_was_away_in_the_morning_posts_once_when_it_is_back(company: TinyCompany, sqlite_url: str) -> None:
    with (company.folder / "breakwater.toml").open("a") as settings:
        settings.write(SETTINGS.format(cron="*/30 6-8 * * *"))
    clock = [datetime(2026, 11, 20, 9, tzinfo=UTC)]

    with company.bot(sqlite_url, now=lambda: clock[0]) as bot:
        assert [bot.post_digests() for _ in range(3)] == [1, 0, 0]
        assert digests(bot.database) == [f"digest:{bot.config.subscriptions[0].id}:2026-11-20T07:30:00+00:00"]

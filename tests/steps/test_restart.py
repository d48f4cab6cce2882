"""A process that dies anywhere and is started again ends where an undisturbed one does."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from run_builders import Desk
from tiny_company import NOW, PARTNER, Payment, TinyCompany, everything, lake_files

from breakwater.store.database import Connection, Database


def build(folder: Path) -> TinyCompany:
    """Payments that agree, two that do not, a file that can't be trusted, and a report that was issued twice."""
    company = TinyCompany(folder)
    company.ledger("records-1", Payment(reference="P1"), Payment(reference="P2"), Payment(reference="MISSING", minor=9900))
    company.ledger("records-2", Payment(reference="P3"))
    company.report("report-1", Payment(reference="P1"), batch=1)
    company.report("report-2", Payment(reference="P2", minor=700), batch=2)
    company.report("report-2-again", Payment(reference="P2", minor=900), batch=2)
    company.report("report-3", Payment(reference="P3"), Payment(reference="UNKNOWN", minor=5500), batch=3)
    company.garbage("nonsense")
    return company


@pytest.fixture
def company(tmp_path: Path) -> TinyCompany:
    return build(tmp_path / "company")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], set[str]]:
    """What is kept, and what lies in the lake, after a run in which nothing went wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    company = build(folder / "company")
    with company.bot(f"sqlite:///{folder / 'breakwater.db'}") as bot:
        bot.work()
        return everything(bot.database), lake_files(company.folder / "var")


PLACES = [
    "file read, parts not yet in place",
    "parts written, file not yet kept",
    "files kept, not yet reconciled",
    "outcome written, run not yet kept",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_process_killed_at_its_worst_is_made_up_for(
    company: TinyCompany, undisturbed: tuple[dict[str, Any], set[str]], database_url: str, place: str
) -> None:
    script = Path(__file__).with_name("dying_process.py")
    died = subprocess.run([sys.executable, script, company.folder, database_url, place], timeout=300)

    with company.bot(database_url) as bot:
        before = everything(bot.database)
        bot.work()
        after = everything(bot.database)
        bot.work()
        again = everything(bot.database)

    assert died.returncode == -signal.SIGKILL
    assert before != after
    assert after == again == undisturbed[0]
    assert lake_files(company.folder / "var") == undisturbed[1]


def test_a_run_that_carries_matches_on_and_is_killed_leaves_the_one_before_and_is_made_up_for(tmp_path: Path, database_url: str) -> None:
    company = TinyCompany(tmp_path / "company")
    company.ledger("records-1", *(Payment(reference=f"P{n}") for n in range(9)))
    company.report("report-1", *(Payment(reference=f"P{n}") for n in range(8)), batch=1)
    with company.bot(database_url) as bot:
        bot.work()
        first = bot.runs.history(bot.config.partners[PARTNER], limit=1)[0]
    company.report("report-2", Payment(reference="P8"), Payment(reference="P1", minor=700), batch=2)
    script = Path(__file__).with_name("dying_process.py")
    died = subprocess.run([sys.executable, script, company.folder, database_url, "outcome written, run not yet kept"], timeout=300)

    with company.bot(database_url) as bot:
        desk = Desk(company, bot, [NOW])
        kept = bot.runs.history(desk.partner, limit=9)
        bot.work()
        second = bot.runs.history(desk.partner, limit=1)[0]

        assert died.returncode == -signal.SIGKILL
        assert kept == [first]
        assert second.looked_at == 5  # P8 of both sides, P1 of ours and twice of theirs
        assert len(bot.lake.matches_of(second.id)) == 2
        desk.assert_as_a_whole_run(second, tmp_path)


class Died(BaseException):
    """Stands for the end of a process."""


class DyingDatabase(Database):
    """A database whose process dies at the end of its n-th transaction, before the commit."""

    def __init__(self, engine: Any, *, at: int) -> None:
        super().__init__(engine)
        self.left = at

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.left -= 1
        with super().transaction() as tx:
            yield tx
            if self.left == 0:
                raise Died


TRANSACTIONS = 24  # a pass over the company has fewer: see test_the_sweep_covers_a_whole_pass


@pytest.mark.parametrize("n", range(1, TRANSACTIONS))
def test_wherever_a_pass_is_cut_off_at_a_commit_the_next_one_completes_it(
    company: TinyCompany, undisturbed: tuple[dict[str, Any], set[str]], sqlite_url: str, n: int
) -> None:
    with company.bot(sqlite_url) as bot, contextlib.suppress(Died):
        bot.database = DyingDatabase(bot.database._engine, at=n)
        bot.work()

    with company.bot(sqlite_url) as bot:
        bot.work()
        assert everything(bot.database) == undisturbed[0]
    assert lake_files(company.folder / "var") == undisturbed[1]


def test_the_sweep_covers_a_whole_pass(company: TinyCompany, sqlite_url: str) -> None:
    with company.bot(sqlite_url) as bot:
        bot.database = database = DyingDatabase(bot.database._engine, at=TRANSACTIONS)
        bot.work()

    assert 0 < database.left < TRANSACTIONS / 2

"""What a later run does to the breaks people work on: they keep their life, and their one card says how they stand."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from tiny_company import AGREEMENT, DAY, NOW, PARTNER, Payment, TinyCompany

from breakwater.app import Breakwater
from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.runs import Run
from breakwater.steps import breaks as steps
from breakwater.steps.reconcile import CARDS_PER_RUN, reconcile
from breakwater.steps.run_breaks import follow
from breakwater.store import audit, partner_states, reads, sending, writes
from breakwater.store.database import Database, open_database
from breakwater.views.breaks import break_card

ADA = Actor(id="U0ADA", role=Role.OPERATOR, name="Ada")
BEN = Actor(id="U0BEN", role=Role.OPERATOR, name="Ben")


class Team:
    """The company, its bot, and a clock that goes on with each pass."""

    def __init__(self, company: TinyCompany, bot: Breakwater, clock: list[datetime]) -> None:
        self.company, self.bot, self._clock = company, bot, clock

    def run(self) -> None:
        """An hour later: new files, then a run."""
        self._clock[0] += timedelta(hours=1)
        self.bot.ingest_new()
        self.bot.reconcile_all()

    def of(self, reference: str) -> list[Break]:
        """The breaks of a payment, the oldest first, the active one last."""
        with self.bot.database.transaction() as tx:
            found = reads.breaks_of_agreement(tx, agreement=PARTNER).values()
        return sorted((b for b in found if reference in b.references), key=lambda b: (b.active, b.opened_at))

    def acknowledge(self, brk: Break, *, by: Actor = ADA) -> Break:
        with self.bot.database.transaction() as tx:
            return acknowledge(tx, brk, by=by, bot=self.bot, now=self._clock[0])

    def resolve(self, brk: Break) -> None:
        """Somebody explains it; there is no step for this move yet."""
        done = replace(brk, state=BreakState.RESOLVED, resolution="explained", resolved_at=self._clock[0], revision=brk.revision + 1)
        with self.bot.database.transaction() as tx:
            writes.save_break(tx, done, was=brk, action="resolve", actor=ADA, now=self._clock[0])

    def sent(self) -> list[tuple[str, str, str]]:
        """Everything that waits leaves for Slack: what each card is about, whether it was posted or edited, and its words."""
        return [(about, how, words) for about, how, words in self.left() if about]

    def left(self) -> list[tuple[str, str, str]]:
        """The same with the messages that are about no break."""
        gone: list[tuple[str, str, str]] = []
        with self.bot.database.transaction() as tx:
            while rows := sending.claim(tx, now=self._clock[0], lease_s=60, limit=100):
                for row in rows:
                    gone.append((row.about or "", "edited" if row.card_ts else "posted", row.payload["text"]))
                    sending.sent(tx, row_id=row.id, ts=row.card_ts or f"1700.{row.id}", now=self._clock[0])
        return gone

    def actions(self, brk: Break) -> list[str]:
        with self.bot.database.transaction() as tx:
            assert audit.verify(tx) == []
            return [e.action for e in audit.entries(tx, brk.id)]


def acknowledge(tx: Any, brk: Break, *, by: Actor, bot: Breakwater, now: datetime) -> Break:
    click = steps.Click(actor=by, break_id=brk.id, revision=brk.revision, partners=bot.config.partners, now=now)
    return steps.acknowledge(tx, click)


@contextlib.contextmanager
def a_team(folder: Path, url: str) -> Iterator[Team]:
    """Three payments: one agrees, one is missing at the partner, one has another amount there."""
    company, clock = TinyCompany(folder), [NOW]
    company.ledger("records", Payment(reference="FINE"), Payment(reference="GONE", minor=9900), Payment(reference="SHORT", minor=5000))
    company.report("report-1", Payment(reference="FINE"), Payment(reference="SHORT", minor=4000), batch=1)
    with company.bot(url, now=lambda: clock[0]) as bot:
        team = Team(company, bot, clock)
        team.run()
        yield team


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[Team]:
    with a_team(tmp_path / "company", database_url) as made:
        yield made


def test_a_new_material_break_gets_one_card(team: Team) -> None:
    (gone,), (short,) = team.of("GONE"), team.of("SHORT")

    assert (gone.kind, gone.amount_minor, gone.state) == (BreakKind.MISSING_AT_PARTNER, 9900, BreakState.OPEN)
    assert (short.kind, short.amount_minor) == (BreakKind.AMOUNT_MISMATCH, 1000)
    assert [(about, how) for about, how, _ in team.sent()] == [(gone.id, "posted"), (short.id, "posted")]


def test_new_breaks_without_a_card_are_counted_below_those_with_one(team: Team) -> None:
    team.left()
    off = [137, 911, 402, 1733, 268, 3019, 655, 60, 25]  # the last two are below what is material, 1.00
    ours = [Payment(reference=f"OFF-{n}", minor=20_000 + 7 * n, day=DAY - timedelta(days=n % 4)) for n in range(len(off))]
    team.company.ledger("more", *ours)
    team.company.report("report-2", *(replace(p, minor=p.minor - by) for p, by in zip(ours, off, strict=True)), batch=2)

    team.run()

    *cards, (about, how, words) = team.left()
    assert len(cards) == CARDS_PER_RUN
    assert (about, how) == ("", "posted")
    assert words == "Meridian: and 4 more new breaks worth EUR 4.90."


def test_what_breaks_again_without_a_card_has_one_or_is_counted(team: Team) -> None:
    off = [3019, 1733, 911, 655, 402, 268, 137, 60, 25]  # five have a card, the last two are below what is material
    ours = [Payment(reference=f"OFF-{n}", minor=20_000 + 7 * n, day=DAY - timedelta(days=n % 4)) for n in range(len(off))]
    theirs = [replace(p, minor=p.minor - by) for p, by in zip(ours, off, strict=True)]
    team.company.ledger("more", *ours)
    team.company.report("report-2", *theirs, batch=2)
    team.run()
    team.company.report("report-2b", *ours, batch=2)
    team.run()
    team.left()
    team.company.report("report-2c", *reversed(theirs), batch=2)

    team.run()

    left = team.left()
    (sixth,), (seventh,) = team.of("OFF-5"), team.of("OFF-6")
    assert [how for _, how, _ in left].count("edited") == CARDS_PER_RUN
    assert {about for about, how, _ in left if how == "posted"} == {sixth.id, seventh.id, ""}
    assert "Meridian: and 2 more breaks open again worth EUR 0.85." in [words for about, _, words in left if not about]


def test_where_every_new_break_has_its_card_nothing_is_added(team: Team) -> None:
    assert [about for about, _, _ in team.left() if not about] == []


def test_a_break_keeps_its_owner_and_its_card_over_later_runs(team: Team) -> None:
    (gone,) = team.of("GONE")
    team.sent()
    team.acknowledge(gone)
    team.company.report("report-2", Payment(reference="NEW", minor=300), batch=2)

    team.run()

    (now,) = team.of("GONE")
    assert (now.id, now.state, now.owner_id, now.opened_at) == (gone.id, BreakState.ACKNOWLEDGED, ADA.id, gone.opened_at)
    new = team.of("NEW")[0]
    assert [(about, how) for about, how, _ in team.sent()] == [(gone.id, "edited"), (new.id, "posted")]
    assert team.actions(gone) == ["open", "acknowledge"]


def test_a_run_that_changes_nothing_says_nothing(team: Team) -> None:
    team.sent()

    team.run()

    assert team.sent() == []


def test_a_break_is_closed_when_the_missing_side_arrives_and_opened_again_when_a_reissue_takes_it_back(team: Team) -> None:
    (gone,) = team.of("GONE")
    team.sent()
    team.acknowledge(gone)
    team.company.report("report-2", Payment(reference="GONE", minor=9900), batch=2)
    team.run()
    (closed,) = team.of("GONE")
    told = team.sent()

    team.company.report("report-2-again", Payment(reference="OTHER", minor=50), batch=2)
    team.run()
    (again,) = team.of("GONE")

    assert (closed.id, closed.state, closed.resolution, closed.owner_id) == (gone.id, BreakState.RESOLVED, "matched_late", ADA.id)
    assert [(about, how) for about, how, _ in told] == [(gone.id, "edited")]
    assert (again.id, again.state, again.owner_id, again.opened_at) == (gone.id, BreakState.OPEN, None, gone.opened_at)
    assert [(about, how) for about, how, _ in team.sent()] == [(gone.id, "edited")]
    assert team.actions(gone) == ["open", "acknowledge", "auto_close", "reopen"]


def test_a_break_that_turns_into_another_kind_hands_its_owner_and_age_on(team: Team) -> None:
    (gone,) = team.of("GONE")
    team.sent()
    team.acknowledge(gone)
    team.sent()
    team.company.report("report-2", Payment(reference="GONE", minor=9000), batch=2)

    team.run()

    was, heir = team.of("GONE")
    assert (was.id, was.state, was.resolution) == (gone.id, BreakState.RESOLVED, f"became {heir.id}")
    assert (heir.kind, heir.amount_minor) == (BreakKind.AMOUNT_MISMATCH, 900)
    assert (heir.state, heir.owner_id, heir.opened_at) == (BreakState.ACKNOWLEDGED, ADA.id, gone.opened_at)
    assert sorted((about, how) for about, how, _ in team.sent()) == sorted([(gone.id, "edited"), (heir.id, "posted")])


def test_a_break_that_turns_back_into_its_earlier_kind_still_has_its_owner(team: Team) -> None:
    (gone,) = team.of("GONE")
    team.company.report("report-2", Payment(reference="GONE", minor=9000), batch=2)
    team.run()
    team.acknowledge(team.of("GONE")[-1])
    team.company.report("report-2-again", Payment(reference="OTHER", minor=50), batch=2)

    team.run()

    between, now = team.of("GONE")
    assert (now.id, now.state, now.owner_id, now.opened_at) == (gone.id, BreakState.ACKNOWLEDGED, ADA.id, gone.opened_at)
    assert between.resolution == f"became {gone.id}"


def test_a_break_that_waits_again_since_its_window_was_made_longer_says_so_and_comes_back_after_it(
    database_url: str, tmp_path: Path
) -> None:
    company, clock = TinyCompany(tmp_path / "company"), [NOW]
    company.ledger("records", Payment(reference="GONE", minor=9900))
    with company.bot(database_url, now=lambda: clock[0]) as bot:
        Team(company, bot, clock).run()
        (gone,) = Team(company, bot, clock).of("GONE")

    (company.folder / "meridian.toml").write_text(AGREEMENT.replace("after = 2", "after = 20"))
    with company.bot(database_url, now=lambda: clock[0]) as bot:
        team = Team(company, bot, clock)
        team.run()
        (waits,) = team.of("GONE")
        assert (waits.state, waits.resolution) == (BreakState.RESOLVED, "waits_again")
        assert "within its window again" in break_card(waits, partner_name="Meridian").blocks[0]["text"]["text"]
        with bot.database.transaction() as tx:
            closed = audit.entries(tx, gone.id)[-1]
            assert (closed.action, closed.detail["resolution"]) == ("auto_close", [None, "waits_again"])
            assert partner_states.matched_late(tx, agreement=PARTNER) == []

        clock[0] += timedelta(days=40)
        team.run()

        (again,) = team.of("GONE")
        assert (again.id, again.state, again.opened_at) == (gone.id, BreakState.OPEN, gone.opened_at)
        assert team.actions(gone) == ["open", "auto_close", "reopen"]


def test_two_breaks_that_become_one_both_say_which(team: Team) -> None:
    team.company.ledger("more", Payment(reference="ONE", minor=600), Payment(reference="TWO", minor=700))
    team.run()
    first, second = sorted((*team.of("ONE"), *team.of("TWO")), key=lambda b: b.id)
    merged = replace(first, id="B-MERGED", fingerprint="merged", ours=(*first.ours, *second.ours))

    with team.bot.database.transaction() as tx:
        followed = follow(
            tx,
            [merged],
            known={b.fingerprint: b for b in (first, second)},
            opening=frozenset(),
            explain=lambda gone: {b.id: merged.id for b in gone},
            partner=team.bot.config.partners[PARTNER],
            now=NOW,
        )

    assert [(b.id, b.resolution) for b in followed.closed] == [(first.id, "became B-MERGED"), (second.id, "became B-MERGED")]
    assert "its records are now in `B-MERGED`" in break_card(followed.closed[1], partner_name="Meridian").blocks[0]["text"]["text"]


def test_what_people_resolved_stays_resolved_until_it_changes(team: Team) -> None:
    (short,) = team.of("SHORT")
    team.resolve(short)
    team.company.report("report-2", Payment(reference="NEW", minor=300), batch=2)
    team.run()
    (still,) = team.of("SHORT")
    team.company.report("report-1-again", Payment(reference="FINE"), Payment(reference="SHORT", minor=4500), batch=1)

    team.run()

    (again,) = team.of("SHORT")
    assert (still.state, still.resolution) == (BreakState.RESOLVED, "explained")
    assert (again.state, again.amount_minor) == (BreakState.OPEN, 500)


def test_a_break_whose_figures_change_keeps_its_name_and_life(team: Team) -> None:
    (short,) = team.of("SHORT")
    team.sent()
    team.acknowledge(short)
    team.sent()
    team.company.report("report-1-again", Payment(reference="FINE"), Payment(reference="SHORT", minor=4500), batch=1)

    team.run()

    (now,) = team.of("SHORT")
    assert (now.id, now.amount_minor, now.state, now.owner_id) == (short.id, 500, BreakState.ACKNOWLEDGED, ADA.id)
    ((about, how, words),) = team.sent()
    assert (about, how) == (short.id, "edited")
    assert "EUR 5.00" in words


def test_a_click_on_a_card_from_before_the_run_changes_nothing(team: Team) -> None:
    (short,) = team.of("SHORT")
    team.company.report("report-1-again", Payment(reference="FINE"), Payment(reference="SHORT", minor=4500), batch=1)
    team.run()

    with pytest.raises(RefusedError, match="older state"):
        team.acknowledge(short)

    assert team.of("SHORT")[0].state is BreakState.OPEN


# --- at the very same moment ---


@pytest.fixture
def postgres_team(postgres_url: str, tmp_path: Path) -> Iterator[Team]:
    with a_team(tmp_path / "company", postgres_url) as made:
        yield made


@contextlib.contextmanager
def meanwhile(database: Database, statement: str, deed: Any) -> Iterator[None]:
    """Do something from elsewhere, once, right before the first statement on this database that begins like this."""
    left = [deed]

    def before(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if left and " ".join(sql.split()).startswith(statement):
            left.pop()()

    event.listen(database._engine, "before_cursor_execute", before)
    yield
    event.remove(database._engine, "before_cursor_execute", before)
    assert not left


@pytest.mark.real("postgresql")
@pytest.mark.parametrize(
    ("minor", "resolution", "heirs"),
    [(9900, "matched_late", []), (9000, "became", [(BreakState.ACKNOWLEDGED, "U0ADA")])],
    ids=["explained", "of another kind"],
)
def test_an_acknowledgement_that_comes_between_a_runs_look_and_its_change_is_kept(
    postgres_team: Team, postgres_url: str, minor: int, resolution: str, heirs: list[Any]
) -> None:
    team = postgres_team
    (gone,) = team.of("GONE")
    team.sent()
    team.company.report("report-2", Payment(reference="GONE", minor=minor), batch=2)

    with contextlib.closing(open_database(postgres_url)) as elsewhere:

        def click() -> None:
            with elsewhere.transaction() as tx:
                acknowledge(tx, gone, by=ADA, bot=team.bot, now=NOW)

        with meanwhile(team.bot.database, "SELECT breaks.id, breaks.revision", click):
            team.run()

    was = next(b for b in team.of("GONE") if b.id == gone.id)
    assert (was.state, was.owner_id, was.revision) == (BreakState.RESOLVED, ADA.id, gone.revision + 2)
    assert (was.resolution or "").startswith(resolution)
    assert [(b.state, b.owner_id) for b in team.of("GONE") if b.id != gone.id] == heirs
    assert team.actions(gone) == ["open", "acknowledge", "auto_close"]
    assert [how for about, how, _ in team.sent() if about == gone.id] == ["edited"]


@pytest.mark.real("postgresql")
def test_a_restated_break_that_was_acknowledged_meanwhile_has_both(postgres_team: Team, postgres_url: str) -> None:
    team = postgres_team
    (short,) = team.of("SHORT")
    team.company.report("report-1-again", Payment(reference="FINE"), Payment(reference="SHORT", minor=4500), batch=1)

    with contextlib.closing(open_database(postgres_url)) as elsewhere:

        def click() -> None:
            with elsewhere.transaction() as tx:
                acknowledge(tx, short, by=ADA, bot=team.bot, now=NOW)

        with meanwhile(team.bot.database, "SELECT breaks.id, breaks.revision", click):
            team.run()

    (now,) = team.of("SHORT")
    assert (now.state, now.owner_id, now.amount_minor) == (BreakState.ACKNOWLEDGED, ADA.id, 500)


@pytest.mark.real("postgresql")
def test_a_click_overtaken_by_a_run_says_so_and_changes_nothing(postgres_team: Team, postgres_url: str) -> None:
    team = postgres_team
    (gone,) = team.of("GONE")
    team.company.report("report-2", Payment(reference="GONE", minor=9900), batch=2)

    with contextlib.closing(open_database(postgres_url)) as elsewhere:

        def click() -> None:
            with elsewhere.transaction() as tx:
                acknowledge(tx, gone, by=BEN, bot=team.bot, now=NOW)

        with meanwhile(elsewhere, "UPDATE breaks", team.run), pytest.raises(RefusedError, match=r"resolved"):
            click()

    (now,) = team.of("GONE")
    assert (now.state, now.owner_id) == (BreakState.RESOLVED, None)


@pytest.mark.real("postgresql")
def test_of_two_processes_that_run_at_once_one_brings_its_run_in_and_the_other_leaves_it(postgres_team: Team, postgres_url: str) -> None:
    team, together = postgres_team, threading.Barrier(2)
    team.company.report("report-2", Payment(reference="NEW", minor=300), Payment(reference="GONE", minor=9900), batch=2)
    team.bot.ingest_new()
    partner = team.bot.config.partners[PARTNER]

    def run(database: Database) -> Run | None:
        def rematch(**given: Any) -> Any:
            found = team.bot.rematch(**given)
            together.wait(timeout=120)
            return found

        return reconcile(
            database,
            team.bot.lake,
            partner=partner,
            terms=team.bot.terms[PARTNER],
            rematch=rematch,
            as_of=partner.business_date(NOW),
            now=NOW + timedelta(hours=2),
        )

    with contextlib.closing(open_database(postgres_url)) as elsewhere, ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, [team.bot.database, elsewhere]))

    assert sorted(run is None for run in runs) == [False, True]
    assert [b.state for b in team.of("NEW")] == [BreakState.OPEN]
    assert team.actions(team.of("GONE")[0]) == ["open", "auto_close"]

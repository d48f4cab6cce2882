"""A bot whose PSP did not send a batch: eight payments of one day and shop are missing, and one more that has nothing to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tiny_company import NOW, PARTNER, SETTINGS, Payment, TinyCompany

from breakwater.app import Breakwater
from breakwater.model.access import Actor, Role
from breakwater.model.breaks import Break
from breakwater.model.causes import Cause
from breakwater.steps.breaks import Click, resolve
from breakwater.steps.cause_work import CauseClick
from breakwater.steps.reasons import reasons_of
from breakwater.store import audit, causes, reads, sending
from breakwater.store.database import Database

ADA = Actor(id="U0ADA", role=Role.OPERATOR, name="Ada")
BEN = Actor(id="U0BEN", role=Role.OPERATOR, name="Ben")
EVE = Actor(id="U0EVE", role=Role.VIEWER, name="Eve")
BEFORE = date(2026, 11, 9)
LOST = [Payment(reference=f"LOST-{n}", minor=1_000 + n) for n in range(8)]
FINE = [Payment(reference=f"FINE-{n}", minor=2_000 + n, day=BEFORE) for n in range(12)]
ALONE = Payment(reference="ALONE", minor=9_900, day=BEFORE)


@dataclass
class Desk:
    """The company, its bot, and a clock that goes on with each pass."""

    company: TinyCompany
    bot: Breakwater
    clock: list[datetime]

    @property
    def database(self) -> Database:
        return self.bot.database

    def run(self) -> None:
        """An hour later: new files, then a run."""
        self.clock[0] += timedelta(hours=1)
        self.bot.ingest_new()
        self.bot.reconcile_all()

    def run_with_more(self) -> None:
        """A run that has something new to look at, which is of another day."""
        self.company.ledger(f"more-{self.clock[0]:%H}", Payment(reference=f"MORE-{self.clock[0]:%H}", minor=1_100, day=BEFORE))
        self.run()

    def causes(self) -> list[Cause]:
        with self.database.reading() as tx:
            return causes.causes(tx, partner=PARTNER)

    def causes_of_last_run(self) -> list[Cause]:
        with self.database.reading() as tx:
            return causes.causes_of_last_run(tx, agreement=PARTNER)

    def under_no_cause(self) -> int:
        with self.database.reading() as tx:
            return reasons_of(tx, partner=self.bot.config.partners[PARTNER], today=self.clock[0].date()).alone

    def resolve(self, *some: Break) -> None:
        partners, now = self.bot.config.partners, self.clock[0]
        with self.database.transaction() as tx:
            for brk in some:
                click = Click(actor=BEN, break_id=brk.id, revision=brk.revision, partners=partners, now=now)
                resolve(tx, click, reason="Known here.")

    def under(self, cause: Cause) -> list[Break]:
        with self.database.reading() as tx:
            return causes.breaks_under(tx, cause.id)

    def alone(self) -> Break:
        with self.database.reading() as tx:
            found = reads.breaks_of_agreement(tx, agreement=PARTNER).values()
        return next(b for b in found if ALONE.reference in b.references)

    def click(self, cause: Cause, by: Actor = ADA, **changes: Any) -> CauseClick:
        given = {"actor": by, "cause_id": cause.id, "revision": cause.revision, "partners": self.bot.config.partners, "now": self.clock[0]}
        return CauseClick(**{**given, **changes})

    def sent(self) -> list[tuple[str, str, str]]:
        """Everything that waits leaves for Slack: what it is about, whether it was posted, edited or replied, and its words."""
        gone: list[tuple[str, str, str]] = []
        with self.database.transaction() as tx:
            while rows := sending.claim(tx, now=self.clock[0], lease_s=60, limit=100):
                for row in rows:
                    how = "replied" if row.thread_about else "edited" if row.card_ts else "posted"
                    gone.append((row.about or row.thread_about or "", how, row.payload["text"]))
                    sending.sent(tx, row_id=row.id, ts=row.card_ts or f"1700.{row.id}", now=self.clock[0])
        return gone

    def detail(self, about: str) -> Mapping[str, Any]:
        """What the last audit row of something says beside who, when and what."""
        with self.database.transaction() as tx:
            return audit.entries(tx, about)[-1].detail

    def actions(self, about: str) -> list[str]:
        with self.database.transaction() as tx:
            assert audit.verify(tx) == []
            return [e.action for e in audit.entries(tx, about)]


@contextmanager
def a_desk(folder: Path, url: str, *, settings: str = SETTINGS) -> Iterator[Desk]:
    """A desk after the first run."""
    company, clock = TinyCompany(folder), [NOW]
    (folder / "breakwater.toml").write_text(settings)
    company.ledger("records", *FINE, *LOST, ALONE)
    company.report("report-1", *FINE, batch=1)
    with company.bot(url, now=lambda: clock[0]) as bot:
        desk = Desk(company, bot, clock)
        desk.run()
        yield desk

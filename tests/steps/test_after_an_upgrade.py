"""A version that can use nothing of what was kept replays nine weeks once, and tells nobody again what was told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from tiny_company import outbox_of
from traffic_at_work import START, AtWork

from breakwater.detection.series import HOUR
from breakwater.lake.parts import Lake
from breakwater.model.access import Actor, Role
from breakwater.model.findings import FindingKind, FindingState
from breakwater.steps import feedback
from breakwater.steps.feedback import Answered
from breakwater.steps.traffic import Traffic
from breakwater.store import reads
from breakwater.store.database import Database

BEFORE = 31 * 24  # hours before anything happens
DOWN = range(BEFORE + 2, BEFORE + 6)  # payments in EUR
REASONS = range(BEFORE + 4, BEFORE + 20)  # declines in GBP
REFUNDS = range(BEFORE + 6, BEFORE + 20)  # in EUR
ADA = Actor("U0ADA", Role.OPERATOR)


def happen(at_work: AtWork, first: int, after: int) -> None:
    """The events of some hours."""
    random, hours = np.random.default_rng(first), np.arange(first, after)
    for currency, per_hour in (("EUR", 60), ("GBP", 40)):
        euros = currency == "EUR"
        tried = random.poisson(np.where(np.isin(hours, DOWN) & euros, 0.1, 1.0) * per_hour)
        more = 0.07 * (np.isin(hours, REASONS) & (not euros))
        shares = {"51": 0.06 - more / 2, "05": 0.06 - more / 2, "91": 0.004 + more}
        declined = {("failed", code): random.binomial(tried, share) for code, share in shares.items()}
        approved = tried - np.minimum(sum(declined.values()), tried)
        refunded = random.poisson(np.where(np.isin(hours, REFUNDS) & euros, 6.0, 0.3))
        counts = {("created", None): tried, ("authorized", None): approved, ("refunded", None): refunded}
        at_work.happen(counts | declined, first=first, currency=currency)


def upgrade(at_work: AtWork) -> None:
    """The process ends, and one of another version begins, that keeps its own."""
    shutil.rmtree(at_work.lake.root / "watch")
    at_work.traffic = Traffic(at_work.database, Lake(at_work.lake.root), partners=at_work.partners)


def states(database: Database) -> dict[FindingKind, FindingState]:
    with database.reading() as tx:
        return {f.kind: f.state for f in reads.findings(tx, state=None, limit=100)}


def answered(at_work: AtWork, kind: FindingKind, *, hour: int) -> Answered:
    """A click on the card of the finding of this kind."""
    with at_work.database.reading() as tx:
        (finding,) = [f for f in reads.findings(tx, limit=100) if f.kind is kind]
    return Answered(
        actor=ADA, finding_id=finding.id, revision=finding.revision, partners=at_work.partners, channel="C0PAYOPS",
        now=START + hour * HOUR + HOUR / 2,
    )  # fmt: skip


def test_what_was_told_is_not_told_again_by_a_replay(database: Database, tmp_path: Path) -> None:
    at_work = AtWork(database, Lake(tmp_path / "lake"))
    happen(at_work, 0, BEFORE)
    at_work.look(hour=BEFORE - 1)

    def goes_on(first: int, after: int) -> dict[FindingKind, FindingState]:
        """Some hours pass, then another version begins."""
        happen(at_work, first, after)
        at_work.look(hour=after - 1)
        before, told = states(database), outbox_of(database)
        upgrade(at_work)
        at_work.look(hour=after - 1)
        assert (states(database), outbox_of(database)) == (before, told)
        return before

    assert goes_on(BEFORE, BEFORE + 5) == {FindingKind.VOLUME_DROP: FindingState.OPEN}
    assert goes_on(BEFORE + 5, BEFORE + 12) == {
        FindingKind.VOLUME_DROP: FindingState.RECOVERED,
        FindingKind.DECLINE_REASONS: FindingState.OPEN,
        FindingKind.REFUNDS_UP: FindingState.OPEN,
    }
    with database.transaction() as tx:
        feedback.acknowledge(tx, answered(at_work, FindingKind.DECLINE_REASONS, hour=BEFORE + 11))
        feedback.false_positive(tx, answered(at_work, FindingKind.REFUNDS_UP, hour=BEFORE + 11))
    assert goes_on(BEFORE + 12, BEFORE + 15) == {
        FindingKind.VOLUME_DROP: FindingState.RECOVERED,
        FindingKind.DECLINE_REASONS: FindingState.OPEN,
        FindingKind.REFUNDS_UP: FindingState.FALSE_POSITIVE,
    }

"""From events in the lake to a card: refunds that rise, what they are worth, and what a digest about them says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny_company import outbox_of
from traffic_at_work import START, AtWork

from breakwater.detection.series import HOUR
from breakwater.lake.parts import Lake
from breakwater.model.digests import METRIC_OF, Metric
from breakwater.model.findings import FindingKind
from breakwater.store.database import Database

DAYS = 28
HOURS = DAYS * 24 + 12


def test_refunds_that_rise_have_a_card_with_what_the_extra_ones_are_worth(database: Database, tmp_path: Path) -> None:
    at_work = AtWork(database, Lake(tmp_path / "lake"))
    tried = np.full(HOURS, 20)
    in_the_morning = (np.arange(HOURS) % 24 == 9).astype(int)
    at_work.happen({("created", None): tried, ("authorized", None): tried, ("refunded", None): 8 * in_the_morning}, first=0)
    assert at_work.look(hour=HOURS - 1) == []
    more = {("created", None): tried[:13], ("authorized", None): tried[:13], ("refunded", None): np.full(13, 5)}
    at_work.happen(more, first=HOURS)

    (found,) = at_work.look(hour=HOURS + 12)

    assert found.kind is FindingKind.REFUNDS_UP
    assert METRIC_OF[found.kind] is Metric.REFUNDS
    assert found.summary == (
        "Refunds at Meridian in EUR are 8.9 times the usual: 68 in 15 hours, about 7.7 expected."
        " The extra ones are worth about EUR 2,412.84."
    )
    assert (found.at_risk_minor, found.currency) == (241_284, "EUR")
    assert [key for key, _, _ in outbox_of(database)] == [f"finding:{found.id}:C0PAYOPS:1"]


def test_events_dated_far_ahead_take_no_room_and_hide_nothing(database: Database, tmp_path: Path) -> None:
    at_work = AtWork(database, Lake(tmp_path / "lake"))
    tried = np.full(HOURS, 20)
    happened = {("created", None): tried, ("authorized", None): tried, ("refunded", None): tried // 20}
    at_work.happen(happened, first=0)
    at_work.happen({what: counts[:1] for what, counts in happened.items()}, first=30 * 365 * 24)

    assert at_work.look(hour=HOURS - 1) == []

    live = at_work.traffic.known(now=START + HOUR * HOURS)
    assert live is not None
    assert live.panel.hours < 2 * HOURS
    assert live.counts["attempts"].sum() == tried.sum()


def test_what_can_not_be_watched_beside_the_payments_is_known_after_a_pass(database: Database, tmp_path: Path) -> None:
    at_work = AtWork(database, Lake(tmp_path / "lake"))
    tried, rare = np.full(HOURS, 20), np.zeros(HOURS, dtype=int)
    rare[::97] = 1
    at_work.happen(
        {("created", None): tried, ("authorized", None): tried - rare, ("failed", "51"): rare, ("disputed", None): rare}, first=0
    )

    at_work.look(hour=HOURS - 1)

    assert [said.text for said in at_work.traffic.unmonitored] == [
        "Refunds of Meridian are not watched yet: that begins 17 days after the first that is known.",
        "Chargebacks of Meridian are not monitorable at this size: about 2 a week are usual, and fewer than about 5 a day or 8 in 3 days"
        " look like chance.",
    ]

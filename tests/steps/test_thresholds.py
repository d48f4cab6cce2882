"""A threshold that is missed is one finding, told once; it is over when the state is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from causes_at_work import ALONE, LOST, Desk, a_desk
from tiny_company import PARTNER, SETTINGS

from breakwater import config
from breakwater.errors import CallError
from breakwater.model.findings import Finding, FindingState
from breakwater.model.partners import Partner
from breakwater.steps.thresholds import end_unwatched
from breakwater.store import reads
from breakwater.store.database import Database

THRESHOLDS = SETTINGS.replace('agreement = "meridian.toml"', 'agreement = "meridian.toml"\nthresholds = { clearing = "99.5" }')


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "company", database_url, settings=THRESHOLDS) as made:
        yield made


def findings(database: Database) -> list[Finding]:
    with database.reading() as tx:
        return reads.findings(tx, partner=PARTNER, state=None, limit=10)


def test_a_state_below_its_threshold_is_a_finding_with_what_it_is_worth(desk: Desk) -> None:
    (found,) = findings(desk.database)

    assert found.summary == "Meridian in EUR: clearing is 72.86 %, below 99.50 %."
    assert found.seen == "72.86 % of EUR 660.60"
    assert (found.at_risk_minor, found.currency) == (sum(p.minor for p in LOST) + 9_900, "EUR")
    assert [text for about, how, text in desk.sent() if about == f"finding:{found.id}" and how == "posted"] != []


def test_it_is_told_once_and_recovers_when_the_records_have_come(desk: Desk) -> None:
    desk.sent()
    desk.company.report("report-2", *LOST, batch=2)
    desk.run()
    assert [f.state for f in findings(desk.database)] == [FindingState.OPEN]
    assert [about for about, _, _ in desk.sent() if about.startswith("finding:")] == []
    desk.company.report("report-3", ALONE, batch=3)

    desk.run()

    (found,) = findings(desk.database)
    assert (found.state, found.seen) == (FindingState.RECOVERED, "100 % of EUR 839.88")
    assert [how for about, how, _ in desk.sent() if about == f"finding:{found.id}"] == ["edited"]


def unwatched(desk: Desk) -> dict[str, Partner]:
    """The partners of settings in which the threshold is another one."""
    partner = desk.bot.config.partners[PARTNER]
    return {PARTNER: replace(partner, thresholds=(("completeness", 990_000),))}


@pytest.mark.parametrize("settings", [lambda _: {}, unwatched], ids=["the partner is gone", "the threshold is gone"])
def test_what_nothing_looks_at_any_more_is_over_and_says_so(desk: Desk, settings: Callable[[Desk], dict[str, Partner]]) -> None:
    desk.sent()

    ended = end_unwatched(desk.database, partners=settings(desk), now=desk.clock[0])

    (found,) = findings(desk.database)
    assert (found, found.state) == (ended[0], FindingState.RECOVERED)
    assert found.summary.endswith("below 99.50 %. No threshold looks at this any more.")
    assert [how for about, how, _ in desk.sent() if about == f"finding:{found.id}"] == ["edited"]
    assert end_unwatched(desk.database, partners=settings(desk), now=desk.clock[0]) == []


def test_what_a_threshold_looks_at_stays_open(desk: Desk) -> None:
    assert end_unwatched(desk.database, partners=desk.bot.config.partners, now=desk.clock[0]) == []
    assert [f.state for f in findings(desk.database)] == [FindingState.OPEN]


def test_a_threshold_that_is_no_share_is_refused_with_an_example(tmp_path: Path) -> None:
    settings = SETTINGS.replace('agreement = "meridian.toml"', 'agreement = "meridian.toml"\nthresholds = { clearing = "101" }')
    (tmp_path / "breakwater.toml").write_text(settings)

    with pytest.raises(CallError, match=r"'101' is no share; write per cent with at most 4 decimals, like '99.5'"):
        config.load(tmp_path / "breakwater.toml", environment={})


@pytest.mark.parametrize(("name", "nearest"), [("clearings", "clearing"), ("complete", "completeness")])
def test_a_measure_nobody_knows_is_refused_with_the_nearest(name: str, nearest: Any, tmp_path: Path) -> None:
    settings = SETTINGS.replace('agreement = "meridian.toml"', f'agreement = "meridian.toml"\nthresholds = {{ {name} = "99" }}')
    (tmp_path / "breakwater.toml").write_text(settings)

    with pytest.raises(CallError, match=f"Did you mean '{nearest}'"):
        config.load(tmp_path / "breakwater.toml", environment={})

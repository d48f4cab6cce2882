"""The card of a cause names the finding that tells of the same, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from causes_at_work import Desk, a_desk
from tiny_company import DAY, PARTNER

from breakwater.detection.files import id_of_late
from breakwater.model.access import SYSTEM
from breakwater.model.causes import Cause, CauseKind
from breakwater.model.findings import Finding, FindingKind, recover
from breakwater.steps.cause_findings import finding_beside
from breakwater.store import writes


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "company", database_url) as made:
        yield made


def beside(desk: Desk, cause: Cause, *findings: Finding) -> str | None:
    with desk.database.transaction() as tx:
        for finding in findings:
            writes.open_finding(tx, finding, actor=SYSTEM, now=desk.clock[0])
        found = finding_beside(tx, cause, partner=desk.bot.config.partners[PARTNER])
    return found.id if found else None


def a_finding(desk: Desk, **changes: Any) -> Finding:
    given: dict[str, Any] = {
        "id": "F-1",
        "kind": FindingKind.FILE_MISSING,
        "partner": PARTNER,
        "scope": PARTNER,
        "since": desk.clock[0] - timedelta(hours=3),
        "summary": "It is missing.",
        "expected": "",
        "seen": "",
        "next_step": "",
        "found_at": desk.clock[0],
    }
    return Finding(**{**given, **changes})


def test_a_missing_file_is_known_by_its_finding_while_that_is_open(desk: Desk) -> None:
    (cause,) = desk.causes()
    late = a_finding(desk, id=id_of_late(PARTNER, cause.evidence["stream"], DAY))

    assert beside(desk, cause) is None
    assert beside(desk, cause, late) == late.id

    with desk.database.transaction() as tx:
        writes.save_finding(tx, recover(late, now=desk.clock[0]), was=late, actor=SYSTEM, now=desk.clock[0])
    assert beside(desk, cause) is None


def test_other_fees_are_known_by_the_drift_of_fees_in_their_currency(desk: Desk) -> None:
    (missing,) = desk.causes()
    fees = replace(missing, kind=CauseKind.FEE_SCHEDULE, scope={"kind": "payment", "currency": "EUR"})
    elsewhere = a_finding(desk, id="F-2", kind=FindingKind.FEE_DRIFT, place=(("partner", PARTNER), ("currency", "JPY")))
    here = a_finding(desk, id="F-3", kind=FindingKind.FEE_DRIFT, place=(("partner", PARTNER), ("currency", "EUR")))

    assert beside(desk, fees, elsewhere) is None
    assert beside(desk, fees, here) == "F-3"


def test_another_rate_is_known_by_the_drift_between_the_same_two_currencies(desk: Desk) -> None:
    (missing,) = desk.causes()
    rate = replace(missing, kind=CauseKind.FX_RATE, scope={"sold": "GBP", "bought": "EUR"})
    between = {
        name: a_finding(
            desk,
            id=name,
            kind=FindingKind.RATE_DRIFT,
            place=(("partner", PARTNER), ("currency", "EUR"), ("original currency", original)),
        )
        for name, original in (("F-USD", "USD"), ("F-GBP", "GBP"))
    }

    assert beside(desk, rate, between["F-USD"]) is None
    assert beside(desk, rate, between["F-GBP"]) == "F-GBP"

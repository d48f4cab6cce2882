"""What a finding about payments says of files that are odd at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.model.findings import Finding, FindingKind
from breakwater.steps.detect import at_the_same_time

SINCE = datetime(2026, 11, 24, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_finding(summary: str, *, since: datetime, kind: FindingKind = FindingKind.FILE_LATE, partner: str = "meridian") -> Finding:
    return Finding(
        id=f"F-{summary}", kind=kind, partner=partner, scope=partner, since=since, summary=summary, expected="", seen="", next_step=""
    )  # fmt: skip


DROP = a_finding("Payments are 81% below normal.", since=SINCE, kind=FindingKind.VOLUME_DROP)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ([], ""),
        ([11], "At the same time: the file 11 hours on is late."),
        ([-20, 9], "At the same time: the file 9 hours on is late."),
        ([-24 * 7], ""),
        ([30], ""),
    ],
    ids=["none", "one", "the nearest", "a week before", "more than a day later"],
)
def test_a_file_is_named_if_it_is_odd_since_about_the_same_time(hours: list[int], told: str) -> None:
    files = [a_finding(f"the file {n} hours on is late.", since=SINCE + n * HOUR) for n in hours]

    assert at_the_same_time(DROP, files) == told


def test_a_file_of_another_partner_says_nothing() -> None:
    assert not at_the_same_time(DROP, [a_finding("the statement is late.", since=SINCE, partner="nordbank")])

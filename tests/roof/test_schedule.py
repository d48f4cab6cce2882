"""When digests are due: in their own time zone, over both DST changes, caught up once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from breakwater.schedule import last_due

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T07:00:00", "2026-11-24T07:00:00"),  # 08:00 in Berlin, to the second
        ("2026-11-24T07:00:01", "2026-11-24T07:00:00"),
        ("2026-11-24T12:59:00", "2026-11-24T07:00:00"),  # late, but within the six hours that are caught up
        ("2026-07-06T06:00:00", "2026-07-06T06:00:00"),  # summer time: 08:00 is 06:00 UTC
        ("2026-03-30T06:30:00", "2026-03-30T06:00:00"),  # the Monday after the clocks went forward
        ("2026-10-26T07:30:00", "2026-10-26T07:00:00"),  # the Monday after they went back
    ],
)
def test_a_digest_at_eight_is_due_at_eight_in_its_own_time_zone(now: str, due: str) -> None:
    assert last_due("0 8 * * mon-fri", time_zone=BERLIN, now=utc(now)) == utc(due)


@pytest.mark.parametrize("now", ["2026-11-24T06:59:59", "2026-11-24T13:00:01", "2026-11-22T07:00:00"])
def test_nothing_is_due_before_its_time_after_six_hours_or_at_the_weekend(now: str) -> None:
    assert last_due("0 8 * * mon-fri", time_zone=BERLIN, now=utc(now)) is None


def test_many_missed_times_are_caught_up_once() -> None:
    due = last_due("*/5 * * * *", time_zone=BERLIN, now=utc("2026-11-24T10:03:00"))

    assert due == utc("2026-11-24T10:00:00")


def test_an_hour_that_happens_twice_has_one_digest_for_each_of_its_instants() -> None:
    dues = {last_due("30 2 * * *", time_zone=BERLIN, now=utc("2026-10-25T00:00:00") + timedelta(minutes=5 * n)) for n in range(36)}

    assert len(dues - {None}) == 1


def test_an_hour_that_does_not_happen_still_has_its_digest() -> None:
    due = last_due("30 2 * * *", time_zone=BERLIN, now=utc("2026-03-29T04:00:00"))

    assert due is not None
    assert due.astimezone(BERLIN).date().isoformat() == "2026-03-29"

"""Office hours: what passes at a desk, over nights, weekends, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.calendar import named_calendar
from breakwater.model.office_hours import OfficeHours

BERLIN = OfficeHours(calendar=named_calendar("TARGET2"), time_zone=ZoneInfo("Europe/Berlin"), opens=time(9), closes=time(18))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "passed_at"),
    [
        ("2026-11-20T08:30", 8, "2026-11-20T16:30"),  # within a Friday
        ("2026-11-20T08:30", 9, "2026-11-23T08:30"),  # over the weekend: half an hour is left for Monday
        ("2026-11-21T12:00", 1, "2026-11-23T09:00"),  # begun on a Saturday
        ("2026-11-20T03:00", 1, "2026-11-20T09:00"),  # begun before the office opens
        ("2026-11-20T20:00", 1, "2026-11-23T09:00"),  # begun after it closed
        ("2026-12-24T16:00", 2, "2026-12-28T09:00"),  # Christmas, and a weekend behind it
        ("2026-10-23T15:00", 2, "2026-10-26T09:00"),  # clocks went back meanwhile
        ("2026-11-20T08:30", 90, "2026-12-04T08:30"),  # two weeks
    ],
)
def test_hours_pass_only_at_the_desk(start: str, hours: int, passed_at: str) -> None:
    assert BERLIN.after(utc(start), timedelta(hours=hours)) == utc(passed_at)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-20T08:00", True),
        ("2026-11-20T07:59", False),
        ("2026-11-20T17:00", False),
        ("2026-11-21T12:00", False),
        ("2026-12-25T12:00", False),
        ("2026-07-20T07:00", True),  # in summer the office opens earlier by UTC
    ],
)
def test_when_somebody_is_there(at: str, is_open: bool) -> None:
    assert BERLIN.is_open(utc(at)) is is_open


@given(
    start=st.integers(0, 365 * 24 * 60).map(lambda minutes: utc("2026-01-01T00:00") + timedelta(minutes=minutes)),
    first_min=st.integers(1, 3_000),
    more_min=st.integers(1, 3_000),
)
def test_two_spans_after_each_other_are_one_long_one(start: datetime, first_min: int, more_min: int) -> None:
    first, more = timedelta(minutes=first_min), timedelta(minutes=more_min)

    assert BERLIN.after(BERLIN.after(start, first), more) == BERLIN.after(start, first + more)


def test_a_span_without_end_is_refused() -> None:
    with pytest.raises(ValueError):
        BERLIN.after(utc("2026-11-20T08:00"), timedelta(days=10_000))

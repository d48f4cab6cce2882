"""Business days against a count that walks day by day, and the holidays of TARGET2."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.model.calendar import BusinessCalendar, age_band, named_calendar, parse_weekend

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
CALENDARS = st.builds(
    BusinessCalendar,
    weekend=st.frozensets(st.integers(0, 6), max_size=3),
    holidays=st.frozensets(DAYS, max_size=20),
)
TARGET2 = named_calendar("TARGET2")


def walked(calendar: BusinessCalendar, first: date, last: date) -> int:
    """Business days after `first` up to and including `last`, one by one."""
    return sum(calendar.is_business_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


@given(calendar=CALENDARS, first=DAYS, days=st.integers(0, 400))
def test_between_counts_what_walking_counts(calendar: BusinessCalendar, first: date, days: int) -> None:
    last = first + timedelta(days=days)

    assert calendar.between(first, last) == walked(calendar, first, last)
    assert calendar.between(last, first) == -walked(calendar, first, last)


@given(calendar=CALENDARS, day=DAYS, n=st.integers(-60, 60).filter(bool))
def test_shift_goes_so_many_business_days(calendar: BusinessCalendar, day: date, n: int) -> None:
    """Back from a day that is no business day, the first step only reaches the business day before it."""
    there = calendar.shift(day, n)

    assert calendar.is_business_day(there)
    assert (there > day) == (n > 0)
    assert calendar.between(day, there) == n + (1 if n < 0 and not calendar.is_business_day(day) else 0)


@given(calendar=CALENDARS, day=DAYS)
def test_shift_by_none_is_the_day_or_the_next_business_day(calendar: BusinessCalendar, day: date) -> None:
    there = calendar.shift(day, 0)

    assert there >= day
    assert calendar.is_business_day(there)
    assert walked(calendar, day - timedelta(days=1), there) == 1


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        pytest.param(date(2026, 11, 20), date(2026, 11, 23), 1, id="Friday to Monday"),
        pytest.param(date(2026, 11, 20), date(2026, 11, 21), 0, id="Friday to Saturday"),
        pytest.param(date(2026, 4, 2), date(2026, 4, 7), 1, id="over Easter"),
        pytest.param(date(2026, 12, 31), date(2027, 1, 4), 1, id="over New Year"),
    ],
)
def test_bankers_count(first: date, last: date, days: int) -> None:
    assert TARGET2.between(first, last) == days


@pytest.mark.parametrize(
    "day",
    [date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25), date(2024, 12, 26), date(2038, 4, 23)],
)
def test_target2_is_closed(day: date) -> None:
    """New Year, Good Friday, Easter Monday, Labour Day, Christmas, and nothing else."""
    assert day.weekday() < 5
    assert not TARGET2.is_business_day(day)


@pytest.mark.parametrize("day", [date(2026, 5, 14), date(2026, 5, 25), date(2023, 10, 3), date(2026, 12, 24), date(2026, 12, 31)])
def test_target2_works_on_national_holidays(day: date) -> None:
    assert TARGET2.is_business_day(day)


def test_other_calendars_by_name() -> None:
    assert not named_calendar("DE").is_business_day(date(2023, 10, 3))
    assert named_calendar("weekends").is_business_day(date(2026, 1, 1))
    assert not named_calendar("weekends").is_business_day(date(2026, 11, 21))


@pytest.mark.parametrize("name", ["target2", "EUROPE", "de", "", "DE "])
def test_an_unknown_calendar_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=f"'{name}'"):
        named_calendar(name)


def test_weekends_by_name() -> None:
    assert parse_weekend(["fri", "sat"]) == {4, 5}
    with pytest.raises(KeyError, match="saturday"):
        parse_weekend(["saturday"])


def test_a_week_without_a_business_day_is_refused() -> None:
    with pytest.raises(ValueError, match="a week without a business day"):
        BusinessCalendar(weekend=frozenset(range(7)))


@pytest.mark.parametrize(
    ("age_days", "band"),
    [
        (-3, "T+0–2"), (0, "T+0–2"), (2, "T+0–2"), (3, "T+3–5"), (5, "T+3–5"),
        (6, "T+6–30"), (30, "T+6–30"), (31, "T+31–60"), (60, "T+31–60"), (61, "T+61+"), (900, "T+61+"),
    ],
)  # fmt: skip
def test_ages_have_bands(age_days: int, band: str) -> None:
    assert age_band(age_days) == band

"""Demo companies, each built once per run: no test changes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest

from breakwater.demo.company import Company, build

PAYMENTS = 2_000
NOWS = (
    datetime(2026, 11, 23, 6, tzinfo=UTC),  # a Monday morning
    datetime(2026, 11, 28, 12, tzinfo=UTC),  # a Saturday
    datetime(2027, 1, 2, 9, 15, tzinfo=UTC),
    datetime(2026, 10, 26, 6, 30, tzinfo=UTC),  # the clocks went back the day before
    datetime(2027, 3, 30, 8, 45, 0, 500, tzinfo=UTC),  # after Easter, when the clocks went forward
)


@pytest.fixture(params=NOWS, ids=lambda now: f"{now:%a-%d-%b}")
def now(request: pytest.FixtureRequest) -> datetime:
    """A time to build a company at."""
    found: datetime = request.param
    return found


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Company]:
    """company(now, payments=…): a company in a folder of its own."""

    @cache
    def built(now: datetime, payments: int = PAYMENTS) -> Company:
        return build(tmp_path_factory.mktemp("company"), now=now, payments=payments)

    return built

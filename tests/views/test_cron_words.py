"""Cron times as people read them."""

from __future__ import annotations

import pytest

from breakwater.views.cron_words import cron_words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 8 * * *", "every day at 08:00"),
        ("5 8 * * mon-fri", "Monday to Friday at 08:05"),
        ("0 8,12,17 * * MON,thu", "Monday and Thursday at 08:00, 12:00 and 17:00"),
        ("30 * * * *", "every day every hour at :30"),
        ("*/15 * * * mon-fri", "Monday to Friday every 15 minutes"),
        ("0 8 1 * *", "at its own times"),
        ("0-30 8 * * *", "at its own times"),
        ("0 8-10 * * *", "at its own times"),
        ("0 8 * * mon-wed,fri", "at its own times"),
    ],
)
def test_a_cron_time_is_said_in_words_or_not_at_all(cron: str, words: str) -> None:
    assert cron_words(cron) == words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 8 * * *", "on business days of TARGET2 at 08:00"),
        ("0 8 * * mon", "Monday on business days of TARGET2 at 08:00"),
        ("0 8 1 * *", "at its own times on business days of TARGET2"),
    ],
)
def test_business_days_are_named(cron: str, words: str) -> None:
    assert cron_words(cron, calendar="TARGET2") == words

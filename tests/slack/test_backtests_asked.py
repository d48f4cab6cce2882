"""How many days a backtest is asked for: said plainly where it is none, or more than are replayed."""

from __future__ import annotations

import pytest

from breakwater.errors import RefusedError
from breakwater.slack.backtests import days_asked


@pytest.mark.parametrize(("word", "days"), [("1d", 1), ("30D", 30), ("45d", 45)])
def test_days_are_read(word: str, days: int) -> None:
    assert days_asked(["nordbank", word]) == days


@pytest.mark.parametrize("word", ["46d", "300d", "99999999999d"])
def test_more_days_than_are_replayed_are_refused_with_the_most(word: str) -> None:
    with pytest.raises(RefusedError) as refused:
        days_asked(["nordbank", word])

    assert refused.value.message == "A backtest covers 45 days at most."
    assert refused.value.remedy == "For example `/anomalies backtest nordbank 45d`."


@pytest.mark.parametrize("words", [[], ["nordbank"], ["nordbank", "0d"], ["nordbank", "30"], ["nordbank", "30d", "more"]])
def test_no_days_are_refused_with_an_example(words: list[str]) -> None:
    with pytest.raises(RefusedError, match="takes a partner and a number of days"):
        days_asked(words)

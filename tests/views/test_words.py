"""How we say things."""

from __future__ import annotations

import pytest
from view_examples import NOW

from breakwater.views.words import amounts, channel, moment, money, number, person, plural, share


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "nothing due"), (5, 5, "100 %"), (99_999, 100_000, "99.9 %"), (0, 7, "0.0 %"), (1, 3, "33.3 %")],
)
def test_a_share_is_never_rounded_up_to_everything(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (123_456, "EUR", "*EUR 1,234.56*"),
        (1_235, "JPY", "*JPY 1,235*"),
        (-500, "KWD", "*KWD -0.500*"),
        (7, "X<Y", "*X&lt;Y 7 (minor units)*"),
    ],
)
def test_money_is_bold_and_knows_its_currency(minor: int, currency: str, said: str) -> None:
    assert money(minor, currency) == said


def test_amounts_of_several_currencies_stand_beside_each_other() -> None:
    assert amounts({"EUR": 1_200, "JPY": 900}) == "*EUR 12.00* + *JPY 900*"
    assert amounts(dict.fromkeys(("EUR", "USD", "GBP", "SEK", "NOK", "DKK"), 100)).endswith("+ 2 more currencies")
    assert amounts({}) == "nothing"


def test_a_moment_is_shown_in_the_readers_zone_with_utc_to_fall_back_on() -> None:
    assert moment(NOW) == "<!date^1795504320^{date_short_pretty} {time}|2026-11-24 07:12 UTC>"


def test_only_a_real_id_becomes_a_mention() -> None:
    assert person("U0ADA") == "<@U0ADA>"
    assert person("system") == "Breakwater"
    assert person(None) == "nobody"
    assert person("U1> <!channel") == "U1&gt; &lt;!channel"
    assert channel("C0SEPA") == "<#C0SEPA>"
    assert channel("#sepa <!here>") == "#sepa &lt;!here&gt;"


def test_counts_read_as_they_are_said() -> None:
    assert plural(1, "break") == "1 break"
    assert plural(4_000, "break") == "4,000 breaks"
    assert number(1204.0) == "1,204"
    assert number(92.13) == "92.1"

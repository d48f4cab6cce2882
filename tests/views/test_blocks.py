"""Slack's limits and escaping, for any text whatever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_limits import accept

from breakwater.views import blocks
from breakwater.views.blocks import Message, bold, button, code, context, cut, escape, fit, header, listing, section, with_our_tokens, word

ANY_TEXT = st.text(alphabet=st.sampled_from(list("aZ9 &<>@!#*`_~|^\n\t\u202e😀é")) | st.characters(), max_size=9_000)


@given(ANY_TEXT)
def test_no_block_is_ever_over_its_limit(text: str) -> None:
    accept(Message(text=escape(text) or "-", blocks=(section(escape(text)), header(text), context(escape(text)))))


@given(ANY_TEXT)
def test_a_word_is_one_line_without_a_token(text: str) -> None:
    shown = word(text)

    assert "\n" not in shown
    assert re.search(r"[<>`*]|&(?!amp;|lt;|gt;)", shown) is None


@given(ANY_TEXT, st.integers(min_value=40, max_value=200))
def test_a_cut_never_leaves_half_an_entity_or_token(text: str, limit: int) -> None:
    shown = cut(escape(text), limit)

    assert len(shown) <= limit
    assert re.search(r"&(?!amp;|lt;|gt;)", shown) is None


def test_a_cut_says_how_much_is_missing() -> None:
    assert cut("x" * 500, 80) == "x" * 61 + "… (+439 characters)"
    assert cut("x" * 5_000, 80) == "x" * 59 + "… (+4,941 characters)"


def test_a_cut_keeps_a_date_token_whole_or_drops_it() -> None:
    token = "<!date^1795504320^{date_short_pretty} {time}|2026-11-24 07:12 UTC>"

    assert "<" not in cut("a" * 50 + token + "b" * 200, 100)


def test_mentions_are_only_text() -> None:
    assert escape("<!channel> & <@U123>") == "&lt;!channel&gt; &amp; &lt;@U123&gt;"
    assert "@here" not in escape("@here you are")


def test_an_amount_can_not_be_made_to_read_backwards() -> None:
    assert word("EUR \u202e00.1 RUE") == "EUR 00.1 RUE"


def test_a_name_can_not_end_the_bold_around_it() -> None:
    assert bold("a* b") == "*a∗ b*"


def test_a_reference_is_copied_as_it_stands() -> None:
    assert code("E2E/2026*11_24") == "`E2E/2026*11_24`"
    assert code("a`b") == "`a'b`"


def test_our_own_sentences_keep_people_and_times_but_no_broadcast() -> None:
    said = with_our_tokens("<@U0ADA> was first at <!date^1795504320^{time}|07:12 UTC> in <#C0SEPA> <!channel> <!subteam^S1>")

    assert said.startswith("<@U0ADA> was first at <!date^1795504320^{time}|07:12 UTC> in <#C0SEPA> &lt;!channel&gt; &lt;!subteam^S1&gt;")


def test_a_list_says_how_many_more_there_are_and_where() -> None:
    shown = listing([f"line {n}" for n in range(4_000)], most=3, rest="`/recon breaks`")

    assert shown == "line 0\nline 1\nline 2\n_… and 3,997 more: `/recon breaks`_"


def test_a_list_of_long_lines_stays_within_its_limit_and_counts_what_it_dropped() -> None:
    shown = listing(["x" * 1_000] * 10, most=10, rest="")

    assert len(shown) <= blocks.SECTION_TEXT
    assert shown.endswith("_… and 8 more_")


def test_fit_counts_what_it_left_out_and_keeps_the_last_block() -> None:
    message = Message(text="t", blocks=(*(section(f"part {n}") for n in range(80)), context("source and time")))

    fitted = fit(message, rest="Ask for one partner.")

    accept(fitted)
    assert len(fitted.blocks) == 50
    assert fitted.blocks[-1] == context("source and time")
    assert fitted.blocks[-2] == context("_32 more parts did not fit into this message. Ask for one partner._")
    assert fitted.blocks[47] == section("part 47")


def test_fit_respects_the_limit_of_all_text_together() -> None:
    message = Message(text="t", blocks=(*(section("x" * 2_900) for _ in range(8)), context("source and time")))

    fitted = fit(message)

    accept(fitted)
    assert "4 more parts" in str(fitted.blocks[-2])


def test_fit_changes_nothing_that_fits() -> None:
    message = Message(text="t", blocks=(section("a"), context("b")))

    assert fit(message) == message


def test_a_button_that_could_not_come_back_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 2000 characters"):
        button("a", "Press", {"break_id": "x" * 2_000, "revision": 1})


def test_a_button_carries_its_value_as_json() -> None:
    assert button("break_acknowledge", "Acknowledge", {"break_id": "B-1", "revision": 3})["value"] == '{"break_id":"B-1","revision":3}'

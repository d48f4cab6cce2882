"""Sign-off on the screen: each state, what changed, and with far too many currencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from view_examples import LONG, NASTY, NOW, a_state

from breakwater.model.signoff import ROWS, Amount, PeriodFigures, SignOff, SignOffState, differences, figures_of
from breakwater.views import signoff as views
from breakwater.views.recon import reconciliation

FIGURES = PeriodFigures(
    run_id="nordbank-2026-11-30-1b3e373295c6",
    matched_ours={"EUR": Amount(count=10_234, value_minor=123_456_700), "JPY": Amount(count=12, value_minor=9_000)},
    matched_theirs={"EUR": Amount(count=10_234, value_minor=123_456_700), "JPY": Amount(count=12, value_minor=9_000)},
    open_breaks={"EUR": Amount(count=3, value_minor=1_500), "KWD": Amount(count=1, value_minor=12_500)},
    written_off={"EUR": Amount(count=1, value_minor=1_250)},
)
LATER = replace(
    FIGURES, run_id="later", matched_theirs={**FIGURES.matched_theirs, "EUR": Amount(count=10_235, value_minor=123_457_700)}, open_breaks={}
)
SEVEN = {
    code: Amount(count=n, value_minor=10**12) for n, code in enumerate(("EUR", "USD", "GBP", "JPY", "KWD", "CHF", "SEK", "NOK", "DKK"))
}


def a_sign_off(word: str = "U0ADA", **changes: Any) -> SignOff:
    signoff = SignOff(
        partner="nordbank", period="2026-11", state=SignOffState.PREPARED, revision=1, figures=FIGURES, prepared_by=word, prepared_at=NOW
    )
    return replace(signoff, **changes)


SIGNED = {"state": SignOffState.SIGNED, "reviewed_by": "U0BEN", "reviewed_at": NOW}
CHANGED = {**SIGNED, "now": LATER, "changed_at": NOW}
HAPPENED = {"files": 1, "auto_close": 2, "reopen": 1, "acknowledge": 9}
MESSAGES: Mapping[str, Callable[[str], Any]] = {
    "offer": lambda word: views.offer(FIGURES, partner_id="nordbank", partner_name=word, period="2026-11"),
    "running": lambda word: views.running(FIGURES, partner_name=word, period="2026-11", last=date(2026, 11, 30)),
    "prepared_said": lambda word: views.prepared(a_sign_off(word), partner_name=word, shown_in="C0BANKS"),
    "prepared_said_without_channel": lambda word: views.prepared(a_sign_off(word), partner_name=word, shown_in=None),
    "prepared": lambda word: views.card(a_sign_off(word), partner_name=word),
    "signed": lambda word: views.card(a_sign_off(word, **SIGNED), partner_name=word),
    "changed": lambda word: views.card(a_sign_off(word, **CHANGED), partner_name=word),
    "declined": lambda word: views.card(a_sign_off(word, **{**SIGNED, "state": SignOffState.DECLINED}), partner_name=word),
    "news_signed": lambda word: views.signed(a_sign_off(word, **SIGNED), partner_name=word),
    "news_declined": lambda word: views.declined(a_sign_off(word, **SIGNED), reason=word),
    "news_changed": lambda word: views.changed(a_sign_off(word, **CHANGED), happened=HAPPENED, partner_name=word),
    "news_again": lambda word: views.changed(a_sign_off(word, **SIGNED), happened={}, partner_name=word),
    "list": lambda word: views.sign_off_list([a_sign_off(word, **CHANGED), a_sign_off(word)], partner_names={"nordbank": word}),
    "list_empty": lambda word: views.sign_off_list([], partner_names={}),
    "in_recon": lambda word: reconciliation([a_state(changed_periods=(a_sign_off(word, **CHANGED),))]),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("Nordbank")

    accept(message)
    golden(f"signoff_{name}", message.payload())


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))


def test_many_currencies_and_periods_are_cut_and_said_so() -> None:
    many = PeriodFigures(run_id="r", **dict.fromkeys(ROWS, SEVEN))
    other = PeriodFigures(run_id="s")
    card = views.card(a_sign_off(figures=many, **{**CHANGED, "now": other}), partner_name="Nordbank")
    listed = views.sign_off_list([a_sign_off(period=f"{2000 + n}-01") for n in range(60)], partner_names={})

    accept(card)
    accept(listed)
    accept(views.changed(a_sign_off(figures=many, **{**CHANGED, "now": other}), happened=HAPPENED, partner_name=LONG))
    assert "and 3 more currencies" in card.blocks[0]["text"]["text"]
    assert "… and 30 more" in card.blocks[1]["text"]["text"]
    assert "36 more periods not shown." in listed.blocks[1]["elements"][0]["text"]


def test_the_form(golden: Callable[[str, Any], None]) -> None:
    view = views.decline_form(partner="nordbank", period="2026-11", revision=1, channel="C0SEPA")

    accept_modal(view)
    golden("signoff_decline_form", view)


def test_figures_survive_being_kept() -> None:
    assert figures_of(FIGURES.to_json()) == FIGURES


def test_differences_are_named_row_by_row() -> None:
    found = differences(FIGURES, LATER)

    assert [(d.row, d.currency, d.now.count - d.before.count) for d in found] == [
        ("matched_theirs", "EUR", 1),
        ("open_breaks", "EUR", -3),
        ("open_breaks", "KWD", -1),
    ]
    assert differences(FIGURES, replace(FIGURES, run_id="another")) == []

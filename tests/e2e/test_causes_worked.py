"""A cause is found, taken and looked into, end to end: the card, its thread, and the buttons below `/recon`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from breakwater.cli.demo import Demo
from breakwater.sandbox import Message, Person
from breakwater.store import causes

OPERATIONS, CARDS = "C0PAYOPS", "C0CARDS"
# The mark-up of the demo is 184.6; five amounts rounded to cents blur it.
MARK_UP = re.compile("are one cause: Meridian converts USD/EUR 18[3-6] basis points below the agreed rate")
Told = Callable[[Person, str, Callable[[], object]], str]


def answer(demo: Demo, person: Person, deed: Callable[[], object]) -> Message:
    """What a person is told privately after a deed."""
    before = len(person.private(OPERATIONS))
    deed()
    told: tuple[Message, ...] = demo.sandbox.wait_for(lambda: person.private(OPERATIONS)[before:])
    return told[0]


def recon(demo: Demo, person: Person) -> Message:
    return answer(demo, person, lambda: person.command("/recon", "meridian", channel=OPERATIONS))


def shown(demo: Demo, look: Callable[[], Any]) -> Any:
    return demo.sandbox.wait_for(look)


def test_a_cause_is_acknowledged_with_all_its_breaks(demo: Demo) -> None:
    devi = demo.sandbox.person("U0DEVI")
    card = shown(demo, lambda: next((m for m in demo.sandbox.messages(CARDS) if MARK_UP.search(m.words)), None))

    devi.click(card, "Acknowledge all")

    news = shown(demo, lambda: next((m for m in demo.sandbox.thread(CARDS, card.ts) if "followed" in m.words), None))
    assert news.words == "<@U0DEVI> acknowledged this. 5 breaks followed."
    shown(demo, lambda: next((m for m in demo.sandbox.messages(CARDS) if m.ts == card.ts and "Acknowledged* by" in m.words), None))
    with demo.bot.database.reading() as tx:
        (cause,) = (c for c in causes.causes(tx, partner="meridian") if c.kind == "fx_rate")
        under = causes.breaks_under(tx, cause.id)
    assert {(b.state, b.owner_id) for b in under} == {("acknowledged", devi.id)}


def test_recon_leads_with_the_cause_and_how_the_partner_stands(demo: Demo) -> None:
    told = recon(demo, demo.sandbox.person("U0ADA"))

    assert MARK_UP.search(told.words)
    assert "clearing *9" in told.words
    assert {"Show card", "Breaks", "Files", "Compare with yesterday", "Trend", "Show SQL / CSV"} <= set(told.buttons)


def test_the_trend_is_a_picture_for_the_one_who_asked(demo: Demo) -> None:
    ada = demo.sandbox.person("U0ADA")
    told = recon(demo, ada)

    chart = answer(demo, ada, lambda: ada.click(told, "Trend"))

    assert [
        block["alt_text"].startswith("Value of Meridian that is not cleared") for block in chart.blocks if block["type"] == "image"
    ] == [True]


def test_the_query_behind_the_figures_is_shown_and_the_days_sent_as_csv(demo: Demo) -> None:
    ada = demo.sandbox.person("U0ADA")
    told = recon(demo, ada)

    ada.click(told, "Show SQL / CSV")
    form = shown(demo, ada.view)
    ada.submit(form)

    assert "FROM records LEFT JOIN held USING (side, record_id)" in form.words
    assert shown(demo, lambda: [m for m in demo.sandbox.messages(ada.direct()) if m.files])


def test_what_is_compared_with_is_the_business_day_before(demo: Demo) -> None:
    ada = demo.sandbox.person("U0ADA")
    told = recon(demo, ada)

    compared = answer(demo, ada, lambda: ada.click(told, "Compare with yesterday"))

    assert "Meridian was not reconciled as of" in compared.words
    assert any(label.startswith("Reconcile ") for label in compared.buttons)


def test_a_run_asked_for_again_says_what_differs(demo: Demo) -> None:
    devi = demo.sandbox.person("U0DEVI")
    told = recon(demo, devi)

    begun = answer(demo, devi, lambda: devi.click(told, "Run again"))
    again = demo.sandbox.wait_for(lambda: next((m for m in devi.private(OPERATIONS) if "everything matched again" in m.words), None))

    assert "⏳ Matching everything of Meridian" in begun.words
    assert "Run again" in told.buttons
    assert "Meridian" in again.words

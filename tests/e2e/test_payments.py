"""A payment is looked up and worked with, end to end: lists, evidence, watching, an incident, a question to the partner."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from breakwater.cli.demo import Demo
from breakwater.sandbox import Message, Person
from breakwater.sandbox.modals import View
from breakwater.store import watches

OPERATIONS, SHARED = "C0PAYOPS", "C0NORDBANK"


@pytest.fixture
def ada(demo: Demo) -> Person:
    return demo.sandbox.person("U0ADA")


def reference(demo: Demo, story: str) -> str:
    return next(s.reference for s in demo.company.showcases if s.story == story)


def answer(demo: Demo, person: Person, deed: Callable[[], object]) -> Message:
    before = len(person.private(OPERATIONS))
    deed()
    found: tuple[Message, ...] = demo.sandbox.wait_for(lambda: person.private(OPERATIONS)[before:])
    return found[0]


def ask(demo: Demo, person: Person, text: str) -> Message:
    return answer(demo, person, lambda: person.command("/payment", text, channel=OPERATIONS))


def modal(demo: Demo, person: Person, words: str) -> View:
    found: View = demo.sandbox.wait_for(lambda: person.view() if person.view() and words in person.view().words else None)
    return found


def test_a_near_miss_is_offered_and_one_click_shows_it(demo: Demo, ada: Person) -> None:
    whole = reference(demo, "transfer settled")

    offered = ask(demo, ada, whole[:16])
    shown = answer(demo, ada, lambda: ada.click(offered, "Show"))

    assert "Did you mean one of these?" in offered.words
    assert whole in shown.words
    assert "Settled" in shown.words


def test_a_full_card_number_is_refused_and_told_why(demo: Demo, ada: Person) -> None:
    refused = ask(demo, ada, "4111 1111 1111 1111")

    assert "411111…1111 looks like a full card number" in refused.words
    assert "1111 1111" not in refused.words


def test_a_batch_is_a_click_away_and_adds_up(demo: Demo, ada: Person) -> None:
    shown = ask(demo, ada, reference(demo, "card settled"))
    batch = next(label for label in shown.buttons if label.startswith("Batch "))

    sheet = answer(demo, ada, lambda: ada.click(shown, batch))

    assert "adds up" in sheet.words


def test_evidence_opens_with_the_raw_record(demo: Demo, ada: Person) -> None:
    whole = reference(demo, "transfer settled")
    shown = ask(demo, ada, whole)

    ada.click(shown, "Evidence")
    evidence = modal(demo, ada, "Ntry")

    assert "NORDBANK_CAMT053" in evidence.words
    assert whole in evidence.words
    ada.close(evidence)


def test_a_watched_payment_that_moves_is_told_in_a_direct_message(demo: Demo, ada: Person) -> None:
    shown = ask(demo, ada, reference(demo, "on its way"))

    begun = answer(demo, ada, lambda: ada.click(shown, "Watch"))
    listed = ask(demo, ada, "watching")
    with demo.bot.database.transaction() as tx:  # as if it had been elsewhere when they were told last
        [watch] = watches.watches(tx, user_id=ada.id)
        watches.moved(tx, watch, position="elsewhere", processing=watch.processing, now=watch.since)
    demo.bot.work()
    told = demo.sandbox.wait_for(lambda: [m for m in demo.sandbox.messages(ada.direct()) if "moved" in m.words])
    ended = answer(demo, ada, lambda: ada.click(listed, "Stop watching"))

    assert "I write to you when" in begun.words
    assert watch.payment_id in listed.words
    assert [watch.payment_id in m.words for m in told] == [True]
    assert "no longer watch" in ended.words
    assert "You watch no payment" in ask(demo, ada, "watching").words


def test_the_partner_is_asked_only_after_a_preview(demo: Demo, ada: Person) -> None:
    shown = ask(demo, ada, reference(demo, "on hold"))
    before = len(demo.sandbox.messages(SHARED))

    ada.click(shown, "Ask the partner")
    form = modal(demo, ada, "Text for the partner")
    ada.submit(form)
    preview = modal(demo, ada, "will see this in")
    waiting = len(demo.sandbox.messages(SHARED))
    ada.submit(preview)
    asked = demo.sandbox.wait_for(lambda: demo.sandbox.messages(SHARED)[before:])

    assert waiting == before
    assert "Please tell us where this payment is" in asked[-1].words
    assert "EndToEndId: HRB" in asked[-1].words
    assert "led_" not in asked[-1].words
    shown_again = ask(demo, ada, reference(demo, "on hold"))
    assert "INC-" in shown_again.words


def test_a_viewer_can_look_but_not_open_an_incident(demo: Demo) -> None:
    emil = demo.sandbox.person("U0EMIL")
    shown = ask(demo, emil, reference(demo, "missing"))

    refused = answer(demo, emil, lambda: emil.click(shown, "Open incident"))

    assert "In a break" in shown.words
    assert "You need the role 'operator'" in refused.words


def test_csv_and_sql_go_into_direct_messages(demo: Demo, ada: Person) -> None:
    shown = ask(demo, ada, reference(demo, "refunded"))

    said = answer(demo, ada, lambda: ada.click(shown, "SQL and CSV"))

    assert "direct messages" in said.words
    assert sum(len(m.files) for m in demo.sandbox.messages(ada.direct())) >= 2

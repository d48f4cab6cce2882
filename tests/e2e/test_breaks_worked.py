"""A break is worked by several people, end to end: buttons, menu, forms, a second person, and what the thread tells."""

from __future__ import annotations

from collections.abc import Callable

from breakwater.cli.demo import Demo
from breakwater.sandbox import Message, Person
from breakwater.sandbox.modals import View
from breakwater.store import audit

SEPA, CARDS = "C0SEPA", "C0CARDS"
Told = Callable[[Person, str, Callable[[], object]], str]
PROPOSAL = {
    "Reason": "Bank charge",
    "Suspense account": "1799",
    "What it does to us": "We lose it: the account is debited",
    "Evidence": "ticket 12",
    "What a second person should know": "They keep it.",
}


def fresh_card(demo: Demo, channel: str) -> Message:
    """A card nobody has touched."""
    card: Message = demo.sandbox.wait_for(
        lambda: next((m for m in demo.sandbox.messages(channel) if "Acknowledge" in m.buttons and not m.edited_ts), None)
    )
    return card


def as_it_is_now(demo: Demo, card: Message, words: str) -> Message:
    """The card once it shows these words."""
    found: Message = demo.sandbox.wait_for(
        lambda: next((m for m in demo.sandbox.messages(card.channel) if m.ts == card.ts and words in m.words), None)
    )
    return found


def form_of(demo: Demo, person: Person, title: str) -> View:
    found: View = demo.sandbox.wait_for(lambda: person.view() if person.view() and person.view().title == title else None)
    return found


def news(demo: Demo, card: Message, words: str) -> str:
    found: Message = demo.sandbox.wait_for(
        lambda: next((m for m in demo.sandbox.thread(card.channel, card.ts) if words in m.words and m.ts != card.ts), None)
    )
    return found.words


def test_a_break_goes_from_open_to_written_off_by_two_people(demo: Demo, told: Told) -> None:
    devi, ada = demo.sandbox.person("U0DEVI"), demo.sandbox.person("U0ADA")
    card = fresh_card(demo, CARDS)
    devi.click(card, "Acknowledge")
    card = as_it_is_now(demo, card, "Acknowledged")
    devi.click(card, "Propose…")
    form = form_of(demo, devi, "Propose")

    devi.submit(form, {**PROPOSAL, "Evidence": ""})
    wrong = demo.sandbox.wait_for(devi.view)
    devi.submit(wrong, PROPOSAL)

    proposed = as_it_is_now(demo, card, "waiting for a second person")
    assert "proposes a write-off" in news(demo, card, "proposes")
    assert "second person" in told(devi, CARDS, lambda: devi.click(proposed, "Approve"))
    ada.click(proposed, "Approve")
    done = as_it_is_now(demo, card, "Written off")
    assert "Approved by <@U0ADA>" in done.words
    assert "approved a write-off" in news(demo, card, "approved")
    assert list(done.buttons) == ["Reopen…"]
    with demo.bot.database.transaction() as tx:
        assert audit.verify(tx) == []


def test_a_break_is_asked_about_given_away_snoozed_and_resolved(demo: Demo) -> None:
    bruno, devi = demo.sandbox.person("U0BRUNO"), demo.sandbox.person("U0DEVI")
    card = fresh_card(demo, SEPA)
    bruno.click(card, "Acknowledge")
    card = as_it_is_now(demo, card, "Acknowledged")

    bruno.click(card, "Partner was asked…")
    bruno.submit(form_of(demo, bruno, "Partner was asked"), {"What you asked them": "Where is it?"})
    card = as_it_is_now(demo, card, "Waiting for the partner")
    assert "Where is it?" in news(demo, card, "asked the partner")

    bruno.click(card, "break_more", choose="Assign to somebody…")
    bruno.submit(form_of(demo, bruno, "Assign to somebody"), {"Who has it from now on": devi.id})
    card = as_it_is_now(demo, card, "owner <@U0DEVI>")
    assert "gave this to <@U0DEVI>" in news(demo, card, "gave this")

    devi.click(card, "break_more", choose="Comment or link…")
    devi.submit(form_of(demo, devi, "Comment or link"), {"Comment": "Known.", "Belongs to it": "INC-0042"})
    card = as_it_is_now(demo, card, "Linked: `INC-0042`")

    devi.click(card, "break_more", choose="Snooze…")
    devi.submit(form_of(demo, devi, "Snooze"))
    card = as_it_is_now(demo, card, "Snoozed until")

    devi.click(card, "Resolve…")
    devi.submit(form_of(demo, devi, "Resolve"), {"Why it is explained": "Came with the next statement."})
    card = as_it_is_now(demo, card, "Resolved")
    assert "Came with the next statement." in card.words


def test_a_form_left_open_while_somebody_else_moved_on_changes_nothing(demo: Demo) -> None:
    bruno, devi = demo.sandbox.person("U0BRUNO"), demo.sandbox.person("U0DEVI")
    card = fresh_card(demo, SEPA)
    bruno.click(card, "break_more", choose="Resolve…")
    form = form_of(demo, bruno, "Resolve")
    devi.click(card, "Acknowledge")
    as_it_is_now(demo, card, "Acknowledged")
    before = len(bruno.private(SEPA))

    bruno.submit(form, {"Why it is explained": "Too late."})

    (answer,) = demo.sandbox.wait_for(lambda: bruno.private(SEPA)[before:])
    assert "showed an older state" in answer.words
    assert "<@U0DEVI> moved it last" in answer.words
    assert "Resolved" not in as_it_is_now(demo, card, "Acknowledged").words


def test_slack_would_have_refused_nothing(demo: Demo) -> None:
    assert demo.sandbox.refusals == []


def test_a_list_turns_in_its_place_and_comes_as_a_file(demo: Demo, told: Told) -> None:
    ada = demo.sandbox.person("U0ADA")
    told(ada, SEPA, lambda: ada.command("/recon", "breaks nordbank", channel=SEPA))
    (first, *others) = ada.private(SEPA)[-1:]

    ada.click(first, "More ▶")

    second = demo.sandbox.wait_for(lambda: next((m for m in ada.private(SEPA) if ", 16 to " in m.words), None))
    assert (second.ts, others) == (first.ts, [])
    ada.click(second, "All as CSV")
    demo.sandbox.wait_for(lambda: any("as CSV: in your direct messages" in m.words for m in ada.private(SEPA)))
    assert any(m.files for m in demo.sandbox.messages(ada.direct()))
    assert demo.sandbox.refusals == []

"""The main jobs, end to end: a person types or clicks, the real bot answers over Socket Mode."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakwater.cli.demo import Demo, running
from breakwater.cli.demo_check import check_everything
from breakwater.sandbox import Message, Person
from breakwater.store import audit, reads

OPS, SEPA, CARDS, NORDBANK = "C0PAYOPS", "C0SEPA", "C0CARDS", "C0NORDBANK"
Told = Callable[[Person, str, Callable[[], object]], str]


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.real("postgresql"))])
def checked_demo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Demo]:
    url = request.getfixturevalue(request.param)
    with running(tmp_path / "company", now=datetime.now(UTC), port=0, database_url=url) as demo:
        yield demo


def test_everything_the_demo_promises_is_true_on_both_databases(checked_demo: Demo) -> None:
    lines: list[str] = []

    failed = check_everything(company=checked_demo.company, sandbox=checked_demo.sandbox, bot=checked_demo.bot, say=lines.append)

    assert failed == 0, "\n".join(lines)
    with checked_demo.bot.database.transaction() as tx:
        assert audit.verify(tx) == []


def open_card(demo: Demo, channel: str) -> Message:
    card: Message = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.messages(channel) if "Acknowledge" in m.buttons), None))
    return card


def test_of_many_who_click_at_once_one_owns_the_break_and_the_others_are_told_who(demo: Demo) -> None:
    card = open_card(demo, CARDS)
    people = [demo.sandbox.person(u) for u in ("U0ADA", "U0CHIARA", "U0DEVI")]
    clicks = [threading.Thread(target=p.click, args=(card, "Acknowledge")) for p in people]

    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    demo.sandbox.wait_for(lambda: sum(len(p.private(CARDS)) for p in people) == 2)
    edited = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.messages(CARDS) if m.ts == card.ts and m.edited_ts), None))
    (owner,) = [p for p in people if not p.private(CARDS)]
    assert f"<@{owner.id}>" in edited.words
    assert "Acknowledge" not in edited.buttons
    assert all(f"<@{owner.id}> acknowledged" in m.words for p in people for m in p.private(CARDS))


def test_an_older_card_is_harmless(demo: Demo, told: Told) -> None:
    card = open_card(demo, SEPA)
    bruno, devi = demo.sandbox.person("U0BRUNO"), demo.sandbox.person("U0DEVI")
    bruno.click(card, "Acknowledge")
    demo.sandbox.wait_for(lambda: any(m.ts == card.ts and m.edited_ts for m in demo.sandbox.messages(SEPA)))

    answer = told(devi, SEPA, lambda: devi.click(card, "Acknowledge"))

    assert "<@U0BRUNO> acknowledged" in answer
    assert "first" in answer


def test_somebody_without_the_role_is_told_how_to_get_it(demo: Demo, told: Told) -> None:
    emil = demo.sandbox.person("U0EMIL")

    answer = told(emil, OPS, lambda: emil.command("/incident", "open nordbank", channel=OPS))

    assert "role 'operator'" in answer
    assert "administrator" in answer


@pytest.mark.parametrize(
    "command", ["/payment pay_1", "/recon", "/anomalies", "/anomalies subscribe", "/incident open nordbank", "/recon help"]
)
def test_a_command_in_a_shared_channel_says_where_to_ask_and_shows_nothing(demo: Demo, told: Told, command: str) -> None:
    ada = demo.sandbox.person("U0ADA")
    name, _, text = command.partition(" ")

    answer = told(ada, NORDBANK, lambda: ada.command(name, text, channel=NORDBANK))

    assert "shared with another organisation" in answer
    assert "<#C0SEPA>" in answer


def test_a_stranger_gets_no_answer_of_ours(demo: Demo, told: Told) -> None:
    nils = demo.sandbox.person("U0NILS")

    answer = told(nils, NORDBANK, lambda: nils.command("/recon", "", channel=NORDBANK))

    assert "own organisation only" in answer
    assert "EUR" not in answer


@pytest.mark.parametrize(
    ("command", "text", "said", "example"),
    [
        ("/payment", "", "/payment", "pay_"),
        ("/payment", "two words", "No payment found", "two words"),
        ("/payment", "pay_nobody_knows", "No payment found", "Searched"),
        ("/payment", "4111 1111 1111 1111", "card number", "payment id"),
        ("/payment", "4111111111111111", "411111…1111", "card number"),
        ("/recon", "nordbnk", "There is no partner 'nordbnk'. Did you mean 'nordbank'?", "nordbank, meridian"),
        ("/recon", "2026-13-01", "'2026-13-01' is not a date", "/recon nordbank 2026-11-20"),
        ("/recon", "nordbank meridian", "one partner and one date", "/recon nordbank"),
        ("/payment", "123.45", "For an amount of 123.45", "/payment 123.45 EUR 2026-11-20"),
        ("/payment", "NOTPROVIDED", "names none", "/payment 123.45 EUR 2026-11-20"),
        ("/payment", "Help", "Where a payment is", "/payment watching"),
        ("/recon", "help", "/recon", "all partners"),
        ("/recon", "HELP", "/recon", "all partners"),
        ("/anomalies", "HELP", "/anomalies", "all partners"),
        ("/anomalies", "nobody", "There is no partner 'nobody'", "nordbank, meridian"),
        ("/incident", "close", "not something I know", "/incident open nordbank"),
        ("/incident", "open nordbank meridian", "An incident is with one partner", "/incident open nordbank"),
        ("/incident", "resolve INC-1 INC-2", "takes one incident", "/incident resolve INC-0001"),
        ("/incident", "resolve INC-9999", "There is no incident INC-9999", "/incident list"),
    ],
)
def test_a_wrong_argument_explains_itself_with_an_example(demo: Demo, told: Told, command: str, text: str, said: str, example: str) -> None:
    ada = demo.sandbox.person("U0ADA")

    answer = told(ada, OPS, lambda: ada.command(command, text, channel=OPS))

    assert said in answer
    assert example in answer


def test_the_partner_sees_exactly_what_was_previewed_and_nothing_else(demo: Demo) -> None:
    bruno = demo.sandbox.person("U0BRUNO")
    bruno.command("/incident", "open nordbank", channel=OPS)
    form = demo.sandbox.wait_for(bruno.view)
    values = {
        "Title": "Returns come twice",
        "What we know": "secret: EUR 9,999.99 at risk",
        "Text for the partner": "Since noon. <!channel>",
    }
    bruno.submit(form, values)
    preview = demo.sandbox.wait_for(lambda: bruno.view() if bruno.view() and bruno.view().title == "Preview" else None)

    bruno.submit(preview)

    card = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.messages(NORDBANK) if "Returns come twice" in m.words), None))
    assert "secret" not in str(card)
    assert "9,999.99" not in str(card)
    assert "&lt;!channel&gt;" in card.text  # read out where the blocks are not shown
    said = [b["elements"] for b in card.blocks if b["type"] == "rich_text"]
    first, last = (n for n, b in enumerate(preview.blocks) if b["type"] == "divider")  # what is ours stands outside
    assert said == [b["elements"] for b in preview.blocks[first:last] if b["type"] == "rich_text"]
    assert said[1][0]["elements"] == [{"type": "text", "text": "Since noon. <!channel>"}]  # letters, no mention


def test_an_open_incident_is_offered_instead_of_a_second_one(demo: Demo, told: Told) -> None:
    devi = demo.sandbox.person("U0DEVI")
    for _ in range(2):
        devi.command("/incident", "open meridian", channel=OPS)
        form = demo.sandbox.wait_for(devi.view)
        devi.submit(form, {"Title": "Report cut short", "What we know": "Half a file.", "Text for the partner": "Please resend."})
        preview = demo.sandbox.wait_for(lambda: devi.view() if devi.view() and devi.view().title == "Preview" else None)
        devi.submit(preview)

    words = demo.sandbox.wait_for(lambda: [m.words for m in demo.sandbox.messages(devi.direct()) if "already open" in m.words])

    assert "“Report cut short” is already open for Meridian" in words[0]
    with demo.bot.database.transaction() as tx:
        assert len([i for i in reads.incidents(tx) if i.title == "Report cut short"]) == 1


def test_replies_on_both_sides_become_the_timeline_and_the_end_is_told_in_both_threads(demo: Demo) -> None:
    ada, mees = demo.sandbox.person("U0ADA"), demo.sandbox.person("U0MEES")
    shared = demo.bot.config.partners["meridian"].shared_channel
    ada.command("/incident", "open meridian", channel=OPS)
    ada.submit(
        demo.sandbox.wait_for(ada.view),
        {"Title": "Payout short", "What we know": "Batch 1235.", "Text for the partner": "The payout of batch 1235 is short."},
    )
    ada.submit(demo.sandbox.wait_for(lambda: ada.view() if ada.view() and ada.view().title == "Preview" else None))
    ours = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.messages(OPS) if "Payout short" in m.words), None))
    theirs = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.messages(shared) if "Payout short" in m.words), None))

    ada.say(OPS, "Treasury sees it too.", thread_ts=ours.ts)
    mees.say(shared, "We resend the difference today. It was 4111 1111 1111 1111.", thread_ts=theirs.ts)
    demo.sandbox.wait_for(lambda: any("resend the difference" in m.words for m in demo.sandbox.thread(OPS, ours.ts)))
    demo.sandbox.wait_for(lambda: len(timeline_of(demo, "Payout short")) == 3)
    ada.click(ours, "Resolve")
    ada.submit(demo.sandbox.wait_for(ada.view), {"How it ended": "Fee taken twice.", "Last words to the partner": "Received, thank you."})
    ada.submit(demo.sandbox.wait_for(lambda: ada.view() if ada.view() and ada.view().title == "Preview" else None))

    last_ours = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.thread(OPS, ours.ts) if "Fee taken twice" in m.words), None))
    last_theirs = demo.sandbox.wait_for(lambda: next((m for m in demo.sandbox.thread(shared, theirs.ts) if "thank you" in m.words), None))
    assert "Resolved" in last_ours.words
    assert "Fee taken twice" not in last_theirs.words
    assert "Treasury" not in " ".join(m.words for m in demo.sandbox.thread(shared, theirs.ts))
    assert [(e.side, e.text) for e in timeline_of(demo, "Payout short")][1:3] == [
        ("ours", "Treasury sees it too."),
        ("partner", "We resend the difference today. It was 411111…1111."),
    ]


def timeline_of(demo: Demo, title: str) -> list[object]:
    with demo.bot.database.transaction() as tx:
        incident = next(i for i in reads.incidents(tx, open_only=False) if i.title == title)
        return list(reads.timeline(tx, incident_id=incident.id))


def test_slack_would_have_refused_nothing(demo: Demo) -> None:
    assert demo.sandbox.refusals == []

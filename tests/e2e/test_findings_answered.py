"""Every button of a finding's card, clicked in a real browser with the real bot behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from breakwater.cli.demo import Demo
from breakwater.model.access import SYSTEM
from breakwater.model.findings import Finding, FindingKind
from breakwater.sandbox import Message
from breakwater.steps import digest
from breakwater.steps.finding_cards import show
from breakwater.store import claims, writes

pytestmark = pytest.mark.real("chromium")
PATIENCE_MS = 60_000
OPS = "C0PAYOPS"


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.goto(demo.sandbox.url)
    opened.get_by_label("You act as").select_option(label="Bruno Keller")
    yield opened
    context.close()


def a_drop(number: int, *, now: datetime) -> Finding:
    return Finding(
        id=f"F-E2E{number}",
        kind=FindingKind.VOLUME_DROP,
        partner="meridian",
        scope=f"meridian · cards · E{number}",
        place=(("partner", "meridian"), ("network", "cards"), ("currency", "EUR")),
        since=now - timedelta(hours=2),
        summary=f"Payments of story {number} fell.",
        expected="about 100 payments",
        seen="40 payments",
        next_step="Check our checkout.",
        at_risk_minor=123_400,
        currency="EUR",
        found_at=now,
    )


def told(demo: Demo, number: int) -> None:
    """A finding with its card, as a pass would leave it; no pass looks at the payments meanwhile and calls it over."""
    now = datetime.now(UTC)
    found = a_drop(number, now=now)
    with demo.bot.database.transaction() as tx:
        for minute in range(-2, 20):
            tick = datetime.fromtimestamp((now.timestamp() // 60 + minute) * 60, UTC)
            claims.claim(tx, job="work", scheduled_at=tick, now=now)
        writes.open_finding(tx, found, actor=SYSTEM, now=now)
        show(tx, found, partners=demo.bot.config.partners, channel=OPS, now=now)


def messages(page: Page) -> Locator:
    return page.get_by_role("log", name="Messages")


def click(page: Page, demo: Demo, number: int, button: str) -> None:
    """Tell a finding and click a button of its card, the last one of the channel."""
    told(demo, number)
    expect(messages(page).get_by_text(f"Payments of story {number} fell.").last).to_be_visible(timeout=PATIENCE_MS)
    messages(page).get_by_role("button", name=button).last.click()


def agree(page: Page, button: str) -> None:
    """Submit the form that opened, and wait until it has closed: what is typed meanwhile is lost."""
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE_MS)


def shows(page: Page, words: str) -> None:
    expect(messages(page).get_by_text(words).last).to_be_visible(timeout=PATIENCE_MS)


def test_every_button_of_a_finding_works(page: Page, demo: Demo) -> None:
    click(page, demo, 1, "Acknowledge")
    shows(page, "@Bruno Keller looks after it")

    click(page, demo, 2, "False positive…")
    agree(page, "Close it")
    shows(page, "False alarm: Volume down.")

    click(page, demo, 3, "Expected…")
    agree(page, "Close it")
    shows(page, "Expected: Volume down.")

    click(page, demo, 4, "Mute for…")
    agree(page, "Mute")
    shows(page, "muted until")

    click(page, demo, 5, "Accept as new level…")
    agree(page, "Accept it")
    shows(page, "New level: Volume down.")

    click(page, demo, 6, "Open incident")
    expect(page.get_by_role("dialog").get_by_label("Title")).to_have_value(re.compile("^Payments below normal since "), timeout=PATIENCE_MS)
    page.get_by_role("button", name="Close dialog").click()  # a person's open dialog is there on every page of theirs


def digest_of_many(demo: Demo) -> None:
    """A digest with more open findings than it lists."""
    now = datetime.now(UTC)
    with demo.bot.database.transaction() as tx:
        for number in range(100, 112):
            writes.open_finding(tx, a_drop(number, now=now), actor=SYSTEM, now=now)
    subscription = demo.bot.config.subscriptions[0]
    partners = demo.bot.config.partners
    assert digest.post(demo.bot.database, demo.bot.traffic, subscription=subscription, scheduled_at=now, partners=partners, now=now)


def test_every_button_of_a_digest_and_of_the_lists_around_it_works(page: Page, demo: Demo) -> None:
    digest_of_many(demo)
    messages(page).get_by_role("button", name="All findings as a file").last.click()
    file = demo.sandbox.wait_for(lambda: next((f for f in demo.sandbox.files if f.name.startswith("findings-") and f.content), None))
    assert "Payments of story 111 fell." in file.content.decode()

    ask(page, "/anomalies subscribe")
    page.get_by_role("dialog").get_by_role("button", name="Subscribe").click()
    shows(page, "Subscribed")
    ask(page, "/anomalies subscriptions")
    messages(page).get_by_role("button", name="Unsubscribe").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Unsubscribe").click()
    shows(page, "Ended")

    click(page, demo, 7, "False positive…")
    agree(page, "Close it")
    shows(page, "False alarm: Volume down.")
    ask(page, "/anomalies feedback")
    messages(page).get_by_role("button", name="Undo").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    shows(page, "taken back")


def ask(page: Page, command: str) -> None:
    composer = page.get_by_role("textbox", name="Message #")
    composer.fill(command)
    composer.press("Enter")


def private(demo: Demo, *words: str) -> str:
    """What Bruno is told privately in the operations channel, once a message says all these words."""
    bruno = demo.sandbox.person("U0BRUNO")
    found: Message = demo.sandbox.wait_for(
        lambda: next((m for m in reversed(bruno.private(OPS)) if all(word in m.words for word in words)), None)
    )
    return found.words


def test_a_digest_is_subscribed_to_and_ended_again(demo: Demo) -> None:
    bruno = demo.sandbox.person("U0BRUNO")

    bruno.command("/anomalies", "subscribe", channel=OPS)
    form = demo.sandbox.wait_for(lambda: view if (view := bruno.view()) and view.title == "Subscribe to a digest" else None)
    bruno.submit(form, {"Findings worth at least": "EUR 1000"})
    worth = "findings from EUR 1,000.00 up"
    assert private(demo, "Subscribed", worth)
    bruno.command("/anomalies", "subscriptions", channel=OPS)
    listed = demo.sandbox.wait_for(
        lambda: next((m for m in reversed(bruno.private(OPS)) if "Unsubscribe" in m.buttons and worth in m.words), None)
    )
    bruno.click(listed, "Unsubscribe")
    assert private(demo, "Ended", worth)


def test_a_backtest_says_that_it_runs_and_then_what_it_found(demo: Demo) -> None:
    demo.sandbox.person("U0BRUNO").command("/anomalies", "backtest meridian 7d", channel=OPS)

    assert "A looser budget" in private(demo, "would have been told")


def test_a_backtest_of_nothing_is_explained(demo: Demo) -> None:
    demo.sandbox.person("U0BRUNO").command("/anomalies", "backtest meridian", channel=OPS)

    assert "/anomalies backtest nordbank 30d" in private(demo, "takes a partner and a number of days")

"""Once with a mouse: the page a newcomer sees, with the real bot behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from breakwater.cli.demo import Demo
from breakwater.steps.reconcile import CARDS_PER_RUN

pytestmark = pytest.mark.real("chromium")
PATIENCE_MS = 60_000
CODE = re.compile(r"B-[A-Z2-7]{12}")


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda wrong: complaints.append(str(wrong)))
    opened.goto(demo.sandbox.url)
    yield opened
    context.close()
    assert complaints == []


def messages(page: Page) -> Locator:
    return page.get_by_role("log", name="Messages")


def act_as(page: Page, name: str) -> None:
    """Become somebody, and wait until the page is drawn for them: what is written before that is lost with the old field."""
    (user_id,) = page.get_by_label("You act as").select_option(label=name)
    expect(page.locator("#composer")).to_have_attribute("data-mark", re.compile(user_id), timeout=PATIENCE_MS)


def go_to(page: Page, channel: str) -> None:
    page.get_by_role("button", name=channel).click()
    expect(page.get_by_role("heading", name=channel)).to_be_visible()


def ask(page: Page, command: str) -> None:
    composer = page.get_by_role("textbox", name="Message #")
    composer.fill(command)
    composer.press("Enter")


def test_somebody_asks_acknowledges_and_reads_the_digest(page: Page, demo: Demo) -> None:
    expect(messages(page).get_by_role("img", name="Payments per day").first).to_be_visible(timeout=PATIENCE_MS)

    ask(page, "/recon nordbank")
    answer = messages(page).get_by_text("Newest run").last
    expect(answer).to_be_visible(timeout=PATIENCE_MS)

    ask(page, f"/payment {demo.company.showcases[0].reference}")
    expect(messages(page).get_by_text("Settled, reconciled").last).to_be_visible(timeout=PATIENCE_MS)

    act_as(page, "Bruno Keller")
    go_to(page, "sepa-ops")
    buttons = messages(page).get_by_role("button", name="Acknowledge")
    expect(buttons).to_have_count(CARDS_PER_RUN, timeout=PATIENCE_MS)
    buttons.last.click()
    expect(messages(page).get_by_text("Acknowledged by @Bruno Keller").first).to_be_visible(timeout=PATIENCE_MS)
    expect(buttons).to_have_count(CARDS_PER_RUN - 1)


def test_the_second_to_click_is_told_who_was_first(page: Page, browser: Browser, demo: Demo) -> None:
    other = browser.new_context().new_page()
    other.goto(demo.sandbox.url)
    act_as(page, "Chiara Bianchi")
    go_to(page, "cards-ops")
    go_to(other, "cards-ops")  # Ada has the same card before her
    expect(messages(other).get_by_role("button", name="Acknowledge").nth(CARDS_PER_RUN - 1)).to_be_visible(timeout=PATIENCE_MS)
    card = next(m for m in reversed(demo.sandbox.messages("C0CARDS")) if "Acknowledge" in m.buttons)
    code = CODE.search(card.words).group()

    messages(page).get_by_role("article").filter(has_text=code).get_by_role("button", name="Acknowledge").click()
    expect(messages(other).get_by_text("Acknowledged by @Chiara Bianchi").first).to_be_visible(timeout=PATIENCE_MS)
    demo.sandbox.person("U0ADA").click(card, "Acknowledge")  # her click was on its way already

    expect(messages(other).get_by_text("acknowledged").filter(has_text="first").last).to_be_visible(timeout=PATIENCE_MS)
    other.context.close()


def preview_of_an_incident(page: Page, title: str, text: str) -> Locator:
    """Somebody writes an incident with Nordbank, and sees what will be sent."""
    act_as(page, "Devi Raman")
    ask(page, "/incident open nordbank")
    form = page.get_by_role("dialog", name="Open an incident")
    form.get_by_label("Title").fill(title)
    form.get_by_label("What we know").fill("Ours alone: half the day is missing.")
    form.get_by_label("Text for the partner").fill(text)
    form.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("dialog", name="Preview")
    expect(preview.get_by_text(text)).to_be_visible(timeout=PATIENCE_MS)
    return preview


def test_an_incident_is_written_previewed_and_seen_in_two_channels(page: Page) -> None:
    preview = preview_of_an_incident(page, "Statement cut short", "The statement ends at noon. Please send it again.")

    preview.get_by_role("button", name="Open and send").click()

    expect(messages(page).get_by_text("Statement cut short").last).to_be_visible(timeout=PATIENCE_MS)
    act_as(page, "Nils Petersen (Nordbank)")
    expect(messages(page).get_by_text("The statement ends at noon. Please send it again.")).to_be_visible(timeout=PATIENCE_MS)
    expect(messages(page).get_by_text("Ours alone")).to_be_hidden()


def test_the_end_of_an_incident_is_previewed_and_read_as_it_was_typed(page: Page) -> None:
    typed = "It *arrived* <!channel> & is complete.\nThank you."
    preview_of_an_incident(page, "Statement unreadable", "We can't read it.").get_by_role("button", name="Open and send").click()
    messages(page).get_by_role("article").filter(has_text="Statement unreadable").get_by_role("button", name="Resolve").click()
    form = page.get_by_role("dialog", name="Resolve the incident")
    form.get_by_label("How it ended").fill("Ours alone: their job had stopped.")
    form.get_by_label("Last words to the partner").fill(typed)
    form.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("dialog", name="Preview")
    expect(preview.get_by_text(typed)).to_have_count(2, timeout=PATIENCE_MS)  # on their card, and in its thread

    preview.get_by_role("button", name="Resolve and send").click()

    act_as(page, "Nils Petersen (Nordbank)")
    expect(messages(page).get_by_text(typed)).to_be_visible(timeout=PATIENCE_MS)
    expect(messages(page).get_by_text("Ours alone")).to_be_hidden()


def test_app_home_shows_how_everything_stands_and_its_buttons_work(page: Page) -> None:
    act_as(page, "Bruno Keller")
    page.locator("#go-app").click()
    expect(messages(page).get_by_text("My breaks: ")).to_be_visible(timeout=PATIENCE_MS)
    expect(messages(page).get_by_text("Files due next")).to_be_visible()

    messages(page).get_by_role("button", name="All breaks").click()
    page.get_by_role("tab", name="Messages").click()

    expect(messages(page).get_by_text("the 15 largest").last).to_be_visible(timeout=PATIENCE_MS)


def test_a_break_goes_from_open_to_written_off_by_two_people(page: Page) -> None:
    act_as(page, "Devi Raman")
    go_to(page, "cards-ops")
    messages(page).get_by_role("button", name="Acknowledge").last.click()
    messages(page).get_by_role("button", name="Propose…").last.click()
    form = page.get_by_role("dialog", name="Propose")
    form.get_by_label("What", exact=True).select_option(label="Write-off: give up the whole amount")
    form.get_by_label("Reason").select_option(label="Below the cost of asking")
    form.get_by_label("Suspense account").fill("1790 Suspense cards")
    form.get_by_label("What it does to us").select_option(label="We lose it: the account is debited")
    form.get_by_label("Evidence").fill("https://tickets.example/PAY-17")
    form.get_by_label("What a second person should know").fill("The partner charges more for the question.")
    form.get_by_role("button", name="Propose").click()
    expect(messages(page).get_by_text("Below the cost of asking").last).to_be_visible(timeout=PATIENCE_MS)

    messages(page).get_by_role("button", name="Approve").last.click()
    page.get_by_role("dialog", name="Are you sure?").get_by_role("button", name="Approve").click()
    expect(messages(page).get_by_text("a second person has to agree").last).to_be_visible(timeout=PATIENCE_MS)
    act_as(page, "Ada Lindqvist")
    go_to(page, "cards-ops")
    messages(page).get_by_role("button", name="Approve").last.click()
    page.get_by_role("dialog", name="Are you sure?").get_by_role("button", name="Approve").click()

    expect(messages(page).get_by_text("Written off").last).to_be_visible(timeout=PATIENCE_MS)
    expect(messages(page).get_by_role("button", name="Approve")).to_have_count(0)

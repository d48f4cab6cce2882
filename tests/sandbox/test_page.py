"""The page in a real browser: what a newcomer sees and does, and that words never become markup."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sandbox_bot import Bot, actions, button, modal, section, text_input
from slack_sdk import WebClient

from breakwater.sandbox import Sandbox


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    context = browser.new_context()
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda wrong: complaints.append(str(wrong)))
    opened.goto(sandbox.url)
    expect(opened.get_by_role("heading", name="payops", exact=True)).to_be_visible()
    yield opened
    context.close()
    assert complaints == []


pytestmark = pytest.mark.real("chromium")


def test_a_newcomer_reads_runs_a_command_clicks_and_submits(sandbox: Sandbox, bot: Bot, client: WebClient, page: Page) -> None:
    @bot.app.command("/recon")
    def recon(ack: Any, respond: Any, command: Any) -> None:
        ack()
        respond(f"*{command['text']}* is reconciled :white_check_mark:")

    @bot.app.action("snooze")
    def snooze(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal("Snooze", text_input("Reason", "reason")))

    @bot.app.view("form")
    def form(ack: Any, view: Any, client: WebClient) -> None:
        ack()
        reason = view["state"]["values"]["reason"]["text"]["value"]
        client.chat_update(channel="C0PAYOPS", ts=card, text=f"Snoozed: {reason}", blocks=[section(f"Snoozed: {reason}")])

    bot.connect()
    card = client.chat_postMessage(
        channel="C0PAYOPS", text="A break", blocks=[section("*Missing* at Nordbank"), actions(button("Snooze", "snooze"))]
    )["ts"]
    messages = page.get_by_role("log", name="Messages")
    expect(messages.get_by_text("Missing at Nordbank")).to_be_visible()

    composer = page.get_by_role("textbox", name="Message #payops")
    composer.fill("/re")
    composer.press("Enter")
    composer.press_sequentially("nordbank")
    composer.press("Enter")
    expect(messages.get_by_text("Only visible to you")).to_be_visible()
    expect(messages.get_by_text("nordbank is reconciled")).to_be_visible()

    messages.get_by_role("button", name="Snooze").click()
    dialog = page.get_by_role("dialog", name="Snooze")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Please complete this required field.")).to_be_visible()
    dialog.get_by_label("Reason").fill("bank holiday")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    expect(messages.get_by_text("Snoozed: bank holiday")).to_be_visible()
    expect(messages.get_by_text("(edited)")).to_be_visible()


def test_another_person_sees_other_channels_and_no_private_answers(sandbox: Sandbox, client: WebClient, page: Page) -> None:
    client.chat_postEphemeral(channel="C0PAYOPS", user="U0ADA", text="for Ada alone")
    expect(page.get_by_text("for Ada alone")).to_be_visible()

    page.get_by_label("You act as").select_option(label="Nils Holm (Nordbank)")

    expect(page.get_by_role("heading", name="nordbank shared with Harbour")).to_be_visible()
    expect(page.get_by_text("for Ada alone")).to_be_hidden()
    expect(page.get_by_role("button", name="payops")).to_be_hidden()
    expect(page.get_by_role("button", name="nordbank, shared with Harbour")).to_be_visible()


def test_a_thread_opens_beside_the_channel_and_takes_replies(sandbox: Sandbox, client: WebClient, page: Page) -> None:
    ts = client.chat_postMessage(channel="C0PAYOPS", text="Incident 7")["ts"]
    sandbox.person("U0GRACE").say("C0PAYOPS", "they resend at noon", thread_ts=ts)

    page.get_by_role("button", name="1 reply").click()
    reply = page.get_by_role("textbox", name="Reply…")
    reply.fill("thanks @grace")
    reply.press("Enter")

    thread = page.get_by_role("log", name="Replies")
    expect(thread.get_by_text("thanks @Grace Hopper")).to_be_visible()
    assert [m.text for m in sandbox.thread("C0PAYOPS", ts)] == ["they resend at noon", "thanks <@U0GRACE>"]


def test_words_never_become_markup(sandbox: Sandbox, client: WebClient, page: Page) -> None:
    attack = "<img src=x onerror=window.hacked=1> <javascript:alert(1)|click> <script>window.hacked=1</script>"
    client.chat_postMessage(channel="C0PAYOPS", text=attack)
    client.chat_postMessage(
        channel="C0PAYOPS", text="x", blocks=[{"type": "markdown", "text": f"# {attack}"}, {"type": "header", "text": plain(attack)}]
    )

    messages = page.get_by_role("log", name="Messages")
    expect(messages.get_by_role("article")).to_have_count(2)
    assert messages.locator("script, article .text img, .header img, .markdown img, a").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_button_with_a_confirmation_asks_first(sandbox: Sandbox, bot: Bot, client: WebClient, page: Page) -> None:
    bot.app.action("write_off")(lambda ack, respond: (ack(), respond("Proposed", replace_original=True)))
    bot.connect()
    confirm = {"title": plain("Write off?"), "text": plain("Grace has to approve."), "confirm": plain("Propose"), "deny": plain("Keep")}
    client.chat_postMessage(channel="C0PAYOPS", text="A break", blocks=[actions(button("Write off", "write_off", confirm=confirm))])

    page.get_by_role("button", name="Write off").click()
    page.get_by_role("button", name="Keep").click()
    kept = sandbox.messages("C0PAYOPS")[0].buttons
    page.get_by_role("button", name="Write off").click()
    page.get_by_role("button", name="Propose").click()

    expect(page.get_by_text("Proposed")).to_be_visible()
    assert kept == ["Write off"]


def test_home_is_shown_and_its_buttons_work(sandbox: Sandbox, bot: Bot, page: Page) -> None:
    @bot.app.event("app_home_opened")
    def opened(event: Any, client: WebClient) -> None:
        client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [section("No breaks"), actions(button("Refresh", "go"))]}
        )

    @bot.app.action("go")
    def go(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_publish(user_id=body["user"]["id"], view={"type": "home", "blocks": [section("Still no breaks")]})

    bot.connect()

    page.get_by_role("button", name="Breakwater").click()
    page.get_by_role("button", name="Refresh").click()

    expect(page.get_by_text("Still no breaks")).to_be_visible()


def test_a_click_is_heard_although_its_button_is_drawn_anew_meanwhile(bot: Bot, client: WebClient, page: Page) -> None:
    heard: SimpleQueue[str] = SimpleQueue()

    @bot.app.action("go")
    def go(ack: Any, action: Any) -> None:
        ack()
        heard.put(action["value"])

    bot.connect()
    before, after = (actions(button(words, "go", value="yes")) for words in ("Go", "Go on"))
    card = client.chat_postMessage(channel="C0PAYOPS", text="A break", blocks=[before])["ts"]
    page.get_by_role("button", name="Go", exact=True).hover()

    page.mouse.down()
    with page.expect_response(lambda answer: "/page/state" in answer.url) as read:
        client.chat_update(channel="C0PAYOPS", ts=card, text="A break", blocks=[after])
    read.value.finished()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()

    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert heard.get(timeout=30) == "yes"


def test_the_page_takes_deeds_from_nobody_but_itself(sandbox: Sandbox) -> None:
    form = {"user": "U0ADA", "channel": "C0PAYOPS", "text": "from another site"}

    assert httpx.post(f"{sandbox.url}page/say", data=form).status_code == 415
    assert httpx.post(f"{sandbox.url}page/say", json=form | {"channel": "G0LEADS"}).json() == {"ok": False, "error": "not_in_channel"}
    assert httpx.post(f"{sandbox.url}page/act", json={"user": "U0ADA"}).status_code == 400
    assert "default-src 'self'" in httpx.get(sandbox.url).headers["Content-Security-Policy"]
    assert sandbox.messages("C0PAYOPS") == ()


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}

"""A real Bolt app in conversation with people: commands, buttons, threads, strangers."""

from __future__ import annotations

from queue import Queue
from typing import Any

from sandbox_bot import Bot, a_bot, actions, button, section
from slack_sdk import WebClient

from breakwater.sandbox import Sandbox, Timing


def test_a_command_is_acknowledged_and_answered_privately(sandbox: Sandbox, bot: Bot) -> None:
    @bot.app.command("/recon")
    def recon(ack: Any, respond: Any, command: Any) -> None:
        ack()
        respond(f"{command['text']}: 2 breaks")

    bot.connect()
    ada = sandbox.person("U0ADA")

    answer = ada.command("/recon", "nordbank", channel="C0PAYOPS")

    assert answer.ok
    assert sandbox.wait_for(lambda: ada.private("C0PAYOPS"))[0].text == "nordbank: 2 breaks"
    assert sandbox.person("U0GRACE").private() == ()
    assert sandbox.messages("C0PAYOPS") == ()


def test_an_answer_within_the_acknowledgement_can_be_for_everybody(sandbox: Sandbox, bot: Bot) -> None:
    bot.app.command("/recon")(lambda ack: ack(text="All matched", response_type="in_channel"))
    bot.connect()

    sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")

    assert [m.text for m in sandbox.messages("C0PAYOPS")] == ["All matched"]


def test_a_button_edits_its_message_in_place(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    @bot.app.action("acknowledge")
    def acknowledge(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        who = body["user"]["id"]
        client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="Acknowledged", blocks=[section(f"Taken by <@{who}>")]
        )

    bot.connect()
    ts = client.chat_postMessage(
        channel="C0PAYOPS", text="A break", blocks=[section("A break"), actions(button("Acknowledge", "acknowledge", value="b1"))]
    )["ts"]

    sandbox.person("U0GRACE").click(sandbox.messages("C0PAYOPS")[0], "Acknowledge")

    card = sandbox.wait_for(lambda: next((m for m in sandbox.messages("C0PAYOPS") if m.edited_ts), None))
    assert (card.ts, card.words) == (ts, "Taken by <@U0GRACE>")
    assert card.buttons == []


def test_a_click_on_a_private_message_can_replace_it(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    @bot.app.action("more")
    def more(ack: Any, body: Any, respond: Any) -> None:
        ack()
        respond(text=f"seen before: {'message' in body}", replace_original=True)

    bot.connect()
    client.chat_postEphemeral(channel="C0PAYOPS", user="U0ADA", text="Short", blocks=[actions(button("More", "more"))])
    ada = sandbox.person("U0ADA")

    ada.click(ada.private("C0PAYOPS")[0], "more")

    changed = sandbox.wait_for(lambda: [m for m in ada.private("C0PAYOPS") if not m.buttons])
    assert [m.text for m in changed] == ["seen before: False"]


def test_a_choice_in_a_menu_arrives_with_its_value_and_the_state_of_the_message(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    clicked: Queue[Any] = Queue()

    @bot.app.action("assign")
    def assign(ack: Any, body: Any) -> None:
        ack()
        clicked.put(body)

    bot.connect()
    menu = {"type": "users_select", "action_id": "assign", "placeholder": {"type": "plain_text", "text": "Assign"}}
    client.chat_postMessage(channel="C0PAYOPS", text="A break", blocks=[{"type": "actions", "block_id": "who", "elements": [menu]}])

    sandbox.person("U0ADA").click(sandbox.messages("C0PAYOPS")[0], "assign", choose="U0GRACE")

    body = clicked.get(timeout=60)
    assert body["actions"][0]["selected_user"] == "U0GRACE"
    assert body["state"]["values"]["who"]["assign"] == {"type": "users_select", "selected_user": "U0GRACE"}


def test_a_reply_arrives_as_an_event_with_its_thread(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    heard: Queue[Any] = Queue()
    bot.app.event("message")(lambda event: heard.put(event))
    bot.connect()
    ts = client.chat_postMessage(channel="C0PAYOPS", text="Incident 7")["ts"]

    said = sandbox.person("U0ADA").say("C0PAYOPS", "the file is here now", thread_ts=ts)

    event = heard.get(timeout=60)
    assert (event["text"], event["thread_ts"], event["ts"]) == ("the file is here now", ts, said.ts)
    assert "user_team" not in event
    assert [m.text for m in sandbox.thread("C0PAYOPS", ts)] == ["the file is here now"]


def test_a_stranger_in_a_shared_channel_is_told_by_their_team(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    heard: Queue[Any] = Queue()
    bot.app.event("message")(lambda event, body: heard.put((event, body)))
    bot.connect()

    sandbox.person("U0NILS").say("C0NORD", "we resend at noon")

    event, body = heard.get(timeout=60)
    assert (event["user_team"], event["source_team"], event["team"]) == ("T0NORD", "T0NORD", "T0NORD")
    assert (body["team_id"], body["is_ext_shared_channel"]) == ("T0HOME", True)
    assert client.users_info(user="U0NILS")["user"]["is_stranger"] is True
    assert client.conversations_info(channel="C0NORD")["channel"]["is_ext_shared"] is True
    assert client.conversations_info(channel="C0PAYOPS")["channel"]["is_ext_shared"] is False


def test_a_strangers_click_names_their_team_only_beside_their_user(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    clicked: Queue[Any] = Queue()

    @bot.app.action("confirm")
    def confirm(ack: Any, body: Any) -> None:
        ack()
        clicked.put(body)

    bot.connect()
    client.chat_postMessage(channel="C0NORD", text="Please confirm", blocks=[actions(button("Confirm", "confirm"))])

    sandbox.person("U0NILS").click(sandbox.messages("C0NORD")[0], "Confirm")

    body = clicked.get(timeout=60)
    assert (body["user"]["team_id"], body["team"]["id"]) == ("T0NORD", "T0HOME")


def test_naming_the_bot_is_an_event_of_its_own(sandbox: Sandbox, bot: Bot) -> None:
    heard: Queue[Any] = Queue()
    bot.app.event("app_mention")(lambda event: heard.put(event["text"]))
    bot.connect()

    sandbox.person("U0ADA").say("C0PAYOPS", "<@U0BREAKWATER> hello")

    assert heard.get(timeout=60) == "<@U0BREAKWATER> hello"


def test_opening_home_publishes_it(sandbox: Sandbox, bot: Bot) -> None:
    @bot.app.event("app_home_opened")
    def opened(event: Any, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("No open breaks")]})

    bot.connect()
    ada = sandbox.person("U0ADA")

    ada.open_home()

    assert sandbox.wait_for(ada.home).words == "No open breaks"


def test_a_command_nobody_acknowledges_fails_before_the_persons_eyes(serve: Any) -> None:
    sandbox = serve(timing=Timing(ack_s=0.2))
    bot = a_bot(sandbox)
    bot.connect()

    answer = sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")
    bot.close()

    assert (answer.ok, answer.error) == (False, "operation_timeout")
    assert sandbox.person("U0ADA").private()[0].text == "/recon failed because the app did not respond (operation_timeout)."


def test_a_command_without_any_connection_fails_at_once(sandbox: Sandbox) -> None:
    answer = sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")

    assert answer.error == "dispatch_failed"
    assert "could not be reached" in sandbox.person("U0ADA").private()[0].text


def test_a_command_that_is_not_registered_is_not_delivered(sandbox: Sandbox, bot: Bot) -> None:
    bot.connect()

    sandbox.person("U0ADA").command("/rekon", channel="C0PAYOPS")

    assert sandbox.person("U0ADA").private()[0].text == "/rekon is not a valid command."


def test_shortcuts_reach_the_app_with_and_without_a_message(sandbox: Sandbox, bot: Bot) -> None:
    chosen: Queue[Any] = Queue()
    bot.app.shortcut("timeline")(lambda ack, shortcut: (ack(), chosen.put(shortcut["message"]["text"])))
    bot.app.shortcut("new_incident")(lambda ack, shortcut: (ack(), chosen.put(shortcut["type"])))
    bot.connect()
    ada = sandbox.person("U0ADA")
    message = ada.say("C0PAYOPS", "they confirmed by phone")

    ada.shortcut("timeline", message=message)
    ada.shortcut("new_incident")

    assert [chosen.get(timeout=60), chosen.get(timeout=60)] == ["they confirmed by phone", "shortcut"]

"""Modals with a real Bolt app: opened by a trigger, filled in, corrected, stacked, closed."""

from __future__ import annotations

from queue import Queue
from typing import Any

import pytest
from sandbox_bot import Bot, Clock, a_bot, actions, button, modal, section, text_input
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.sandbox import Person, Sandbox, View


def opened(sandbox: Sandbox, bot: Bot, view: dict[str, Any]) -> tuple[Person, View]:
    """Ada, with a modal the bot opened for her command."""

    @bot.app.command("/recon")
    def recon(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)

    bot.connect()
    ada = sandbox.person("U0ADA")
    ada.command("/recon", channel="C0PAYOPS")
    return ada, sandbox.wait_for(ada.view)


def test_a_submission_carries_what_was_entered_and_closes_the_modal(sandbox: Sandbox, bot: Bot) -> None:
    sent: Queue[Any] = Queue()
    bot.app.view("form")(lambda ack, view: (ack(), sent.put(view["state"]["values"])))
    day = {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-24"}
    until = {"type": "input", "block_id": "until", "label": {"type": "plain_text", "text": "Until"}, "element": day}
    ada, view = opened(sandbox, bot, modal("Snooze", text_input("Reason", "reason"), until))

    answer = ada.submit(view, {"Reason": "bank holiday"})

    assert answer.ok
    assert ada.view() is None
    assert sent.get(timeout=60) == {
        "reason": {"text": {"type": "plain_text_input", "value": "bank holiday"}},
        "until": {"day": {"type": "datepicker", "selected_date": "2026-11-24"}},
    }


def test_slack_itself_asks_for_required_fields(sandbox: Sandbox, bot: Bot) -> None:
    ada, view = opened(sandbox, bot, modal("Snooze", text_input("Reason", "reason")))

    answer = ada.submit(view)

    assert answer.error == "not_sent"
    assert "Please complete this required field." in ada.view().words


def test_errors_of_the_app_stand_under_their_inputs(sandbox: Sandbox, bot: Bot) -> None:
    bot.app.view("form")(lambda ack: ack(response_action="errors", errors={"reason": "Name the bank."}))
    ada, view = opened(sandbox, bot, modal("Snooze", text_input("Reason", "reason")))

    ada.submit(view, {"reason": "because"})

    assert ada.view().errors == {"reason": "Name the bank."}


def test_errors_for_an_input_that_is_not_there_are_trouble(sandbox: Sandbox, bot: Bot) -> None:
    bot.app.view("form")(lambda ack: ack(response_action="errors", errors={"reson": "Name the bank."}))
    ada, view = opened(sandbox, bot, modal("Snooze", text_input("Reason", "reason")))

    ada.submit(view, {"reason": "because"})

    assert "trouble connecting" in ada.view().words
    assert sandbox.refusals[0].error == "invalid_errors"


def test_a_submission_can_update_push_and_clear(sandbox: Sandbox, bot: Bot) -> None:
    steps = iter(
        [
            {"response_action": "update", "view": modal("Sure?", section("50,000 EUR"))},
            {"response_action": "push", "view": modal("Second person", section("Ask Grace"), notify_on_close=True)},
            {"response_action": "clear"},
        ]
    )
    bot.app.view("form")(lambda ack: ack(**next(steps)))
    ada, view = opened(sandbox, bot, modal("Write off", text_input("Reason", "reason")))

    ada.submit(view, {"reason": "rounding"})
    updated = ada.view()
    ada.submit(updated)
    pushed = ada.view()
    ada.submit(pushed)

    assert (updated.title, updated.id) == ("Sure?", view.id)
    assert (pushed.title, pushed.previous_id, pushed.root_id) == ("Second person", view.id, view.id)
    assert ada.view() is None


def test_closing_a_pushed_modal_shows_the_one_below_and_tells_the_app(sandbox: Sandbox, bot: Bot) -> None:
    closed: Queue[Any] = Queue()
    bot.app.view_closed("form")(lambda ack, body: (ack(), closed.put((body["view"]["title"]["text"], body["is_cleared"]))))
    bot.app.action("details")(lambda ack, body, client: (ack(), client.views_push(trigger_id=body["trigger_id"], view=above)))
    above = modal("Details", section("three files"), notify_on_close=True)
    ada, view = opened(sandbox, bot, modal("Nordbank", section("late"), actions(button("Details", "details"))))
    ada.click(view, "Details")
    sandbox.wait_for(lambda: ada.view().title == "Details")

    ada.close(ada.view())

    assert ada.view().title == "Nordbank"
    assert closed.get(timeout=60) == ("Details", False)


def test_a_loading_modal_is_filled_later_and_an_old_hash_is_a_conflict(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    ada, loading = opened(sandbox, bot, modal("Loading", section("one moment")))

    client.views_update(view_id=loading.id, hash=loading.hash, view=modal("Payment", section("settled")))

    assert ada.view().words == "Payment\nsettled\nSend"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=loading.id, hash=loading.hash, view=modal("Payment", section("paid out")))


def test_a_closed_modal_can_not_be_updated(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    ada, view = opened(sandbox, bot, modal("Loading", section("one moment")))
    ada.close(view)

    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=view.id, view=modal("Payment", section("settled")))


def test_three_modals_are_stacked_and_no_more(sandbox: Sandbox, bot: Bot, client: WebClient) -> None:
    ada, _ = opened(sandbox, bot, modal("One", section("1")))
    for title in ("Two", "Three"):
        client.views_push(trigger_id=sandbox.state.triggers.issue("U0ADA"), view=modal(title, section("…")))

    with pytest.raises(SlackApiError, match="push_limit_reached"):
        client.views_push(trigger_id=sandbox.state.triggers.issue("U0ADA"), view=modal("Four", section("…")))
    assert ada.view().title == "Three"


def test_a_trigger_opens_one_modal_and_only_within_three_seconds(serve: Any, clock: Clock) -> None:
    sandbox = serve(clock=clock)
    triggers: Queue[str] = Queue()
    bot = a_bot(sandbox)
    bot.app.command("/recon")(lambda ack, body: (ack(), triggers.put(body["trigger_id"])))
    bot.connect()
    for _ in range(2):
        sandbox.person("U0ADA").command("/recon", channel="C0PAYOPS")
    first, second = triggers.get(timeout=60), triggers.get(timeout=60)
    client = bot.app.client

    client.views_open(trigger_id=first, view=modal("Recon", section("fine")))
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=first, view=modal("Recon", section("fine")))
    clock.forward(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        client.views_open(trigger_id=second, view=modal("Recon", section("fine")))
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        client.views_open(trigger_id="1.2.3", view=modal("Recon", section("fine")))
    bot.close()

"""Slack is reached at the start, or it is said in plain words why not; no token stands in any of them."""

from __future__ import annotations

import os
from concurrent.futures import Executor

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.errors import BreakwaterError, CallError, WorldError

BOT_TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105  the name of the variable, as Bolt knows it too


def token(value: str, *, name: str) -> str:
    """A token as it goes into a header; `name` is its variable. CallError if it holds what no token holds."""
    found = value.strip()
    if found.isascii() and found.isprintable() and " " not in found:
        return found
    raise CallError(f"{name} holds characters that no token holds.", remedy="Copy it once more: one word, letters, digits and dashes.")


def ourselves(client: WebClient, *, url: str) -> dict[str, str]:
    """Who the bot token is: `team_id` and `user_id`. WorldError or CallError if Slack can't be reached or refuses it."""
    try:
        answer = client.auth_test()
        return {name: str(answer[name]) for name in ("team_id", "user_id")}
    except SlackApiError as refused:
        raise _refused(refused, url=url, what="bot token", remedy="Set SLACK_BOT_TOKEN to the token of the installed app.") from None
    except OSError as lost:
        raise _unreached(url, str(lost)) from None


def bolt(client: WebClient, *, signing_secret: str, listeners: Executor) -> App:
    """Bolt beside a client of our own, with `listeners` for acknowledging.

    The bot token is in that client. Bolt looks for one in the environment too, and would warn at each start that it does not use it.
    """
    unused = os.environ.pop(BOT_TOKEN, None)
    try:
        return App(client=client, signing_secret=signing_secret, listener_executor=listeners, raise_error_for_unhandled_request=False)
    finally:
        os.environ.update({BOT_TOKEN: unused} if unused is not None else {})


def listen(handler: SocketModeHandler, *, url: str) -> None:
    """Open the connection in which Slack sends events. WorldError or CallError if Slack can't be reached or refuses the app token."""
    try:
        handler.connect()  # type: ignore[no-untyped-call]
    except SlackApiError as refused:
        remedy = "Set SLACK_APP_TOKEN to an app-level token (xapp-…) of this app, with the scope connections:write."
        raise _refused(refused, url=url, what="app token", remedy=remedy) from None
    except OSError as lost:
        raise _unreached(url, str(lost)) from None


def _refused(refused: SlackApiError, *, url: str, what: str, remedy: str) -> BreakwaterError:
    if refused.response.status_code != 200:
        return _unreached(url, f"it answers {refused.response.status_code}")
    return CallError(f"Slack refused the {what} ({refused.response.get('error')}).", remedy=remedy)


def _unreached(url: str, why: str) -> WorldError:
    return WorldError(f"Slack can't be reached at {url} ({why}).", remedy="Check the network and SLACK_API_URL.")

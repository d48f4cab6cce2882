"""Every listener the bot has registered, and a request for each as Slack would send it: a new one is driven by itself."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import App, BoltRequest

Surface = tuple[str, str]  # what kind of listener, and its name: ("constraints", "break_acknowledge") is a button's
FIELDS = (
    "text",
    "link",
    "title",
    "summary",
    "partner_text",
    "resolution",
    "partner_resolution",
    "note",
    "reason",
    "amount",
    "value",
    "query",
)


def surfaces(app: App) -> list[Surface]:
    """All of them; a pattern is driven under the shortest name it takes."""
    found = [inspect.getclosurevars(listener.matchers[0].func).nonlocals for listener in app._listeners]
    return sorted({(kind, _name(name)) for names in found for kind, name in [next(iter(names.items()))]})


def _name(name: str | re.Pattern[str]) -> str:
    return name if isinstance(name, str) else name.pattern.partition("(")[0]


def request(surface: Surface, *, user: str, team: str, channel: str, values: Mapping[str, Any], text: str) -> dict[str, Any]:
    """What Slack would send if `user` did it in `channel` (none: in a form or in App Home), with `values` in every place that has some."""
    kind, name = surface
    packed = json.dumps(values)
    who = {"user": {"id": user, "team_id": team}, "team": {"id": team}, "trigger_id": "1.2.3", "api_app_id": "A0BREAKWATER"}
    where = {"channel": {"id": channel}} if channel else {}
    action = {"action_id": name, "block_id": "b", "type": "button", "value": packed, "selected_option": {"value": packed}}
    fields = {field: {"value": {"value": "x", "selected_option": {"value": packed}}} for field in FIELDS}
    view = {"id": "V1", "hash": "h", "callback_id": name, "type": "modal", "private_metadata": packed, "state": {"values": fields}}
    event = {"type": name, "channel": channel or "D0", "ts": "1.1", "thread_ts": "1.0", "text": text, "team": team, "tab": "home"}
    event |= {"user": {"id": user}} if name == "user_change" else {"user": user}
    event |= {"subteam": {"id": "S0OPS"}, "subteam_id": "S0OPS", "event_ts": "1.1"}
    message = {"ts": "1.1", "text": text, "user": user, "type": "message"}
    shapes: dict[str, dict[str, Any]] = {
        "constraints": {"type": "block_actions", "actions": [action], "message": message, **where, **who},
        "command": {"command": name, "text": text, "user_id": user, "team_id": team, "channel_id": channel or "D0", "trigger_id": "1.2.3"},
        "event_type": {"type": "event_callback", "event": event, "team_id": team, "event_id": f"Ev{name}{user}{channel}"},
        "view_submission": {"type": "view_submission", "view": view, **who},
        "message_action": {"type": "message_action", "callback_id": name, "message": message, **where, **who},
    }
    if kind == "callback_id":
        return shapes["message_action" if name in ("find_payment", "add_to") else "view_submission"]
    return shapes[kind]


def dispatch(app: App, body: dict[str, Any]) -> None:
    """Hand it to the bot, as a socket would."""
    app.dispatch(BoltRequest(body=body, mode="socket_mode"))

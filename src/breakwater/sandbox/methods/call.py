"""One call of a Web API method: its arguments, read as strictly as Slack reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from breakwater.sandbox.messages import Json
from breakwater.sandbox.posting import Announce
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.sockets import Sockets
from breakwater.sandbox.state import State
from breakwater.sandbox.workspace import Channel

Item = TypeVar("Item")
TRUE, FALSE = {"true", "1"}, {"false", "0", ""}


@dataclass(frozen=True)
class Call:
    """The arguments of a call beside the world it acts on. Forms carry text only, so values are read by what they should be."""

    arguments: Mapping[str, Any]
    state: State
    sockets: Sockets
    announce: Announce

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name, default)
        if not isinstance(value, str):
            raise RefusalError("invalid_arguments", [f"[ERROR] must provide a string [json-pointer:/{name}]"])
        return value

    def required(self, name: str) -> str:
        if not self.text(name):
            raise RefusalError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return self.text(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name, default)
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if word not in TRUE | FALSE:
            raise RefusalError("invalid_arguments", [f"[ERROR] must provide a boolean [json-pointer:/{name}]"])
        return word in TRUE

    def number(self, name: str, *, default: int, most: int) -> int:
        try:
            value = int(self.arguments.get(name, default))
        except (TypeError, ValueError):
            raise RefusalError("invalid_arguments", [f"[ERROR] must provide a number [json-pointer:/{name}]"]) from None
        if not 1 <= value <= most:
            raise RefusalError("invalid_limit" if name == "limit" else "invalid_arguments", [f"[ERROR] {name} must be from 1 to {most}"])
        return value

    def document(self, name: str) -> Any:
        """A JSON value: as it came in a JSON body, or as text in a form; None when absent."""
        value = self.arguments.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value) if value else None
            except ValueError:
                raise RefusalError(
                    "invalid_blocks_format" if name == "blocks" else "invalid_arguments", [f"[ERROR] {name} is not JSON"]
                ) from None
        return value

    def channel_seen(self, name: str = "channel") -> Channel:
        """A channel the bot may know of: a private one only as a member."""
        channel = self.state.channel(self.required(name))
        if channel.is_private and not self.is_member(channel):
            raise RefusalError("channel_not_found")
        return channel

    def channel_joined(self, name: str = "channel") -> Channel:
        """A channel the bot is a member of."""
        channel = self.channel_seen(name)
        if not self.is_member(channel):
            raise RefusalError("not_in_channel")
        return channel

    def channel_to_post_in(self, name: str = "channel") -> Channel:
        """A channel the bot may post in: a member of it, and not archived. A person's id means their conversation with the bot."""
        wanted = self.required(name)
        channel = self.state.direct(wanted) if wanted.startswith("U") else self.channel_joined(name)
        if channel.is_archived:
            raise RefusalError("is_archived")
        return channel

    def is_member(self, channel: Channel) -> bool:
        return self.state.workspace.app.user_id in channel.members

    def page(self, everything: Sequence[Item], *, most: int = 1000, default: int = 100) -> tuple[list[Item], str]:
        """One page of a list, and the cursor of the next (empty at the end)."""
        limit = self.number("limit", default=default, most=most)
        start = _position(self.text("cursor"))
        following = start + limit
        cursor = base64.b64encode(f"next:{following}".encode()).decode() if following < len(everything) else ""
        return list(everything[start:following]), cursor


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError:
        raise RefusalError("invalid_cursor") from None


@dataclass(frozen=True)
class Method:
    """A Web API method: what runs, the tier of its rate limit, the scopes of which it needs one, and which token it takes."""

    run: Callable[[Call], Json]
    tier: int
    scopes: frozenset[str] = frozenset()
    takes_app_token: bool = False


def method(run: Callable[[Call], Json], *, tier: int, scopes: str = "") -> Method:
    """A method for the bot token; `scopes` are alternatives, separated by spaces."""
    return Method(run=run, tier=tier, scopes=frozenset(scopes.split()))

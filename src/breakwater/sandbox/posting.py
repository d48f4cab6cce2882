"""The bot's messages: checked, stored, announced; through the Web API and through response URLs alike."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from breakwater.sandbox.blockkit.surfaces import accept_message
from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.payloads import message_changed_event, message_event
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.state import State
from breakwater.sandbox.workspace import Channel

Announce = Callable[[Json], None]


def new_message(state: State, channel: Channel, *, text: Any, blocks: Any, files: tuple[str, ...] = (), **more: Any) -> Message:
    """A message of the bot, checked; RefusalError when Slack would refuse it. Files alone need no text."""
    bare = bool(files) and not text and not blocks
    kept = () if bare else accept_message(text=text, blocks=blocks, has_file=state.files.is_image)
    return Message(
        channel=channel.id,
        ts=state.timestamps.next(),
        user=state.workspace.app.user_id,
        team=state.workspace.team.id,
        bot_id=state.workspace.app.bot_id,
        app_id=state.workspace.app.id,
        text=text or "",
        blocks=kept,
        files=files,
        **more,
    )


def publish(state: State, message: Message, *, announce: Announce) -> Message:
    """Store a message; everybody in the channel sees it, so the bot hears of it where it is a member."""
    state.post(message)
    if not message.private_to and hears(state, message.channel):
        announce(message_event(state, message))
    return message


def rewrite(state: State, before: Message, *, text: Any, blocks: Any, announce: Announce, **more: Any) -> Message:
    """Replace a message's content in place. Blocks not given stay; an empty list removes them."""
    kept = accept_message(
        text=text if text is not None else before.text,
        blocks=blocks if blocks is not None else list(before.blocks) or None,
        has_file=state.files.is_image,
    )
    after = replace(
        before,
        text=text if text is not None else before.text,
        blocks=kept,
        edited_ts=None if before.private_to else state.timestamps.next(),
        edited_by=before.user,
        **more,
    )
    state.put(after)
    if not after.private_to and hears(state, after.channel):
        announce(message_changed_event(state, before=before, after=after))
    return after


def withdraw(state: State, message: Message, *, announce: Announce) -> None:
    """Delete a message."""
    state.remove(message)
    if not message.private_to and hears(state, message.channel):
        announce(message_changed_event(state, before=message, after=None))


def hears(state: State, channel_id: str) -> bool:
    """Whether the bot gets the events of a conversation."""
    return state.workspace.app.user_id in state.channel(channel_id).members


@dataclass(frozen=True)
class _Hook:
    user: str
    channel: str
    source_ts: str | None
    until_s: float
    uses_left: int


class Hooks:
    """Response URLs: a few answers to one interaction, for half an hour."""

    def __init__(self, state: State, *, announce: Announce) -> None:
        self._state = state
        self._announce = announce
        self._hooks: dict[str, _Hook] = {}

    def issue(self, *, user: str, channel: str, source_ts: str | None = None) -> str:
        """A URL for answers to what `user` just did in `channel`, to the message `source_ts` where there is one."""
        timing, name = self._state.timing, secrets.token_urlsafe(18)
        until_s = self._state.clock() + timing.response_url_s
        self._hooks[name] = _Hook(user=user, channel=channel, source_ts=source_ts, until_s=until_s, uses_left=timing.response_url_uses)
        return f"{self._state.base_url}/response/{self._state.workspace.team.id}/{name}"

    def use(self, name: str, body: Mapping[str, Any]) -> None:
        """Answer through a URL; RefusalError when it is unknown, too old or used up, or the answer is not acceptable."""
        hook = self._hooks.get(name)
        if hook is None:
            raise RefusalError("invalid_url")
        if self._state.clock() > hook.until_s:
            raise RefusalError("expired_url")
        if hook.uses_left == 0:
            raise RefusalError("used_url")
        self.answer(body, user=hook.user, channel=hook.channel, source_ts=hook.source_ts)
        self._hooks[name] = replace(hook, uses_left=hook.uses_left - 1)

    def answer(self, body: Mapping[str, Any], *, user: str, channel: str, source_ts: str | None) -> None:
        """Post, replace or delete as an answer asks; without a `response_type` only `user` sees it."""
        state = self._state
        source = state.message(channel, source_ts) if source_ts else None
        if source and body.get("delete_original"):
            withdraw(state, source, announce=self._announce)
        elif source and body.get("replace_original"):
            rewrite(state, source, text=body.get("text", ""), blocks=body.get("blocks", []), announce=self._announce)
        else:
            private_to = None if body.get("response_type") == "in_channel" else user
            message = new_message(
                state,
                state.channel(channel),
                text=body.get("text"),
                blocks=body.get("blocks"),
                thread_ts=body.get("thread_ts"),
                private_to=private_to,
            )
            publish(state, message, announce=self._announce)

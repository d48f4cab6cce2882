"""Everything that has happened in the workspace so far, behind one lock that announces each change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from breakwater.sandbox.clock import Timestamps, Timing
from breakwater.sandbox.files import Files
from breakwater.sandbox.messages import Message
from breakwater.sandbox.modals import Triggers, Views
from breakwater.sandbox.refusal import Refusal, RefusalError
from breakwater.sandbox.workspace import Channel, User, UserGroup, Workspace

Found = TypeVar("Found")


class State:
    """Messages, views and files. Change it only within `changing()`; what it returns is frozen and stays as it was seen."""

    def __init__(self, workspace: Workspace, *, timing: Timing, clock: Callable[[], float]) -> None:
        self.workspace = workspace
        self.timing = timing
        self.clock = clock
        self.base_url = ""
        self.timestamps = Timestamps(clock)
        self.files = Files()
        self.views = Views()
        self.triggers = Triggers(life_s=timing.trigger_s, clock=clock)
        self.refusals: list[Refusal] = []
        self.version = 0
        self._users = {user.id: user for user in workspace.everybody}
        self._groups = {group.id: group for group in workspace.user_groups}
        self._channels = {channel.id: channel for channel in workspace.channels}
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._private: list[Message] = []
        self._changed = threading.Condition(threading.RLock())
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock for a change, then wake everybody who waits for one."""
        with self._changed:
            yield
            self.version += 1
            self._changed.notify_all()
            for listener in self._listeners:
                listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` (which must be quick) after each change."""
        self._listeners.append(listener)

    def wait_for(self, predicate: Callable[[], Found], *, timeout_s: float) -> Found:
        """The first true result of `predicate`, tried at each change; TimeoutError when none came in time."""
        with self._changed:
            found = self._changed.wait_for(predicate, timeout=timeout_s)
        if not found:
            raise TimeoutError(f"not within {timeout_s:g} s; refused so far: {self.refusals or 'nothing'}")
        return found

    def refuse(self, where: str, wrong: RefusalError) -> None:
        """Remember what Slack would have refused, for tests and for the page."""
        with self.changing():
            self.refusals.append(Refusal(where=where, error=wrong.error, reasons=tuple(wrong.reasons)))

    # People and channels

    @property
    def users(self) -> tuple[User, ...]:
        return tuple(self._users.values())

    def user(self, user_id: str) -> User:
        if user_id not in self._users:
            raise RefusalError("user_not_found")
        return self._users[user_id]

    def change_user(self, user: User) -> None:
        """The person is as given from now on: gone, back, a guest."""
        with self.changing():
            self._users[self.user(user.id).id] = user

    @property
    def groups(self) -> tuple[UserGroup, ...]:
        with self._changed:
            return tuple(self._groups.values())

    def change_group(self, group: UserGroup) -> None:
        """The user group has these members from now on."""
        with self.changing():
            self._groups[group.id] = group

    @property
    def channels(self) -> tuple[Channel, ...]:
        with self._changed:
            return tuple(self._channels.values())

    def channel(self, channel_id: str) -> Channel:
        if channel_id not in self._channels:
            raise RefusalError("channel_not_found")
        return self._channels[channel_id]

    def change_channel(self, channel: Channel) -> None:
        """The channel is as given from now on: shared with somebody else, archived, with other members."""
        with self.changing():
            self._channels[self.channel(channel.id).id] = channel

    def direct(self, user_id: str) -> Channel:
        """The conversation of a person with the bot, opened on first use."""
        user = self.user(user_id)
        if user.is_bot or user.id not in {u.id for u in self.workspace.users}:
            raise RefusalError("cannot_dm_bot")
        known = next((c for c in self.channels if c.im_with == user_id), None)
        if known:
            return known
        channel = Channel(
            id=f"D{user_id[1:]}", name=user.name, members=(user_id, self.workspace.app.user_id), is_private=True, im_with=user_id
        )
        with self.changing():
            self._channels[channel.id] = channel
        return channel

    # Messages

    def post(self, message: Message) -> Message:
        """Store a new message in its channel, thread or, when private, before the one who sees it."""
        with self.changing():
            if message.private_to:
                self._private.append(message)
                return message
            self._messages.setdefault(message.channel, {})[message.ts] = message
            if message.is_reply and message.thread_ts:
                self._replies.setdefault((message.channel, message.thread_ts), []).append(message.ts)
            for file_id in message.files:
                self.files.share(file_id, message.channel)
        return message

    def put(self, message: Message) -> None:
        """Store a changed message in its place."""
        with self.changing():
            if message.private_to:
                self._private = [message if m.ts == message.ts else m for m in self._private]
            else:
                self._messages[message.channel][message.ts] = message

    def remove(self, message: Message) -> None:
        """Delete a message; one with replies leaves a tombstone, so that its thread still hangs somewhere."""
        with self.changing():
            if message.private_to:
                self._private = [m for m in self._private if m.ts != message.ts]
            elif self.replies(message.channel, message.ts):
                gone = "This message was deleted."
                self._messages[message.channel][message.ts] = replace(message, text=gone, blocks=(), files=(), metadata=None, deleted=True)
            else:
                del self._messages[message.channel][message.ts]
                if message.is_reply and message.thread_ts:
                    self._replies[(message.channel, message.thread_ts)].remove(message.ts)

    def message(self, channel: str, ts: str) -> Message | None:
        with self._changed:
            return self._messages.get(channel, {}).get(ts) or next((m for m in self._private if m.channel == channel and m.ts == ts), None)

    def in_channel(self, channel: str) -> tuple[Message, ...]:
        """What stands in the channel itself, oldest first: no replies, unless also sent to the channel."""
        with self._changed:
            return tuple(m for m in self._messages.get(channel, {}).values() if not m.is_reply or m.in_channel_too)

    def replies(self, channel: str, thread_ts: str) -> tuple[Message, ...]:
        """The replies below a message, oldest first."""
        with self._changed:
            return tuple(self._messages[channel][ts] for ts in self._replies.get((channel, thread_ts), ()))

    def everything(self, channel: str) -> tuple[Message, ...]:
        """All messages of the channel with their replies, in order of time."""
        with self._changed:
            return tuple(self._messages.get(channel, {}).values())

    def private(self, user: str, channel: str | None = None) -> tuple[Message, ...]:
        """What only this person sees, oldest first, in one channel or everywhere."""
        with self._changed:
            return tuple(m for m in self._private if m.private_to == user and channel in (None, m.channel))

"""A person of the workspace as tests and the demo drive them: they act, wait for the app's answer, and read what they see."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from breakwater.sandbox.deeds import Deeds
from breakwater.sandbox.delivery import Answer
from breakwater.sandbox.inputs import STATEFUL, action_on, collect, entered, find_element
from breakwater.sandbox.messages import Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.state import State


class Run(Protocol):
    """Runs a coroutine on the server's event loop and waits for its result."""

    def __call__(self, work: Coroutine[Any, Any, Any]) -> Any: ...


class Person:
    """The handle of one person. Every deed returns once the app has acknowledged it, or failed to."""

    def __init__(self, user_id: str, *, state: State, deeds: Deeds, run: Run) -> None:
        self.id = state.user(user_id).id
        self._state = state
        self._deeds = deeds
        self._run: Callable[[Coroutine[Any, Any, Any]], Any] = run

    # Deeds

    def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write in a channel or a thread, in Slack's own notation (`<@U…>` names somebody)."""
        message: Message = self._run(self._deeds.say(self.id, channel, text, thread_ts=thread_ts))
        return message

    def command(self, command: str, text: str = "", *, channel: str) -> Answer:
        """Type a slash command in a channel."""
        answer: Answer = self._run(self._deeds.command(self.id, channel, command, text))
        return answer

    def click(
        self, place: Message | View, what: str, *, choose: Any = None, block_id: str | None = None, values: Mapping[str, Any] | None = None
    ) -> Answer:
        """Click the button with this text or action id; with `choose`, pick in a menu, by label, value, id or date.

        `place` is taken as the person saw it, so an older copy of a message makes a late click. A confirmation is given.
        `values` are inputs filled in beforehand, as in `submit`.
        """
        block, element = find_element(place.blocks, what, block_id=block_id)
        action = action_on(block, element, choose) | {"action_ts": self._state.timestamps.next()}
        state = collect(place.blocks, values or {})
        if element["type"] in STATEFUL:
            state[block["block_id"]][element["action_id"]] = entered(element, choose)
        deed = (
            self._deeds.act_in_message(self.id, place, action, state)
            if isinstance(place, Message)
            else self._deeds.act_in_view(self.id, place, action, state)
        )
        answer: Answer = self._run(deed)
        return answer

    def submit(self, view: View, values: Mapping[str, Any] | None = None) -> Answer:
        """Fill in a modal, by block id, action id or label, and press its submit button."""
        answer: Answer = self._run(self._deeds.submit(self.id, view, collect(view.blocks, values or {})))
        return answer

    def close(self, view: View, *, all_of_them: bool = False) -> Answer:
        """Close a modal, or the whole stack."""
        answer: Answer = self._run(self._deeds.close(self.id, view, all_of_them=all_of_them))
        return answer

    def shortcut(self, callback_id: str, *, message: Message | None = None) -> Answer:
        """Choose a shortcut, from a message's menu where one is given."""
        answer: Answer = self._run(self._deeds.shortcut(self.id, callback_id, message=message))
        return answer

    def react(self, message: Message, name: str) -> None:
        """Put an emoji on a message."""
        self._run(self._deeds.react(self.id, message.channel, message.ts, name))

    def open_home(self) -> None:
        """Open the app's home tab."""
        self._run(self._deeds.open_home(self.id))

    # What they see

    def view(self) -> View | None:
        """The modal now open for them, the topmost of a stack."""
        return self._state.views.top(self.id)

    def home(self) -> View | None:
        """Their App Home, once published."""
        return self._state.views.home(self.id)

    def private(self, channel: str | None = None) -> tuple[Message, ...]:
        """What only they see, oldest first."""
        return self._state.private(self.id, channel)

    def direct(self) -> str:
        """The id of their conversation with the bot."""
        return self._state.direct(self.id).id

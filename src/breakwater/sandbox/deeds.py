"""What people do in the workspace, and what they see of the app's answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from breakwater.sandbox import payloads
from breakwater.sandbox.blockkit.surfaces import accept_view
from breakwater.sandbox.delivery import TIMED_OUT, Answer, Delivery
from breakwater.sandbox.inputs import complaints
from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.methods.chat import reacted
from breakwater.sandbox.modals import View
from breakwater.sandbox.posting import Hooks, hears
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.state import State
from breakwater.sandbox.workspace import SLACKBOT, Channel, User, UserGroup

TROUBLE = "We had some trouble connecting. Try again?"
NOT_SENT = "not_sent"  # the answer to a submission Slack itself holds back, because inputs need correcting


class Deeds:
    """Deeds of people, by user id. Use it on the server's event loop only."""

    def __init__(self, state: State, *, delivery: Delivery, hooks: Hooks) -> None:
        self._state = state
        self._delivery = delivery
        self._hooks = hooks

    async def say(self, user_id: str, channel_id: str, text: str, *, thread_ts: str | None = None, in_channel_too: bool = False) -> Message:
        """Write a message, or a reply in a thread."""
        state, channel = self._state, self._joined(user_id, channel_id)
        if channel.is_archived:
            raise RefusalError("is_archived")
        if not text.strip():
            raise RefusalError("no_text")
        message = Message(
            channel=channel.id,
            ts=state.timestamps.next(),
            user=user_id,
            team=state.workspace.team_of(state.user(user_id)),
            text=text,
            thread_ts=thread_ts,
            in_channel_too=in_channel_too,
            client_msg_id=secrets.token_hex(16),
        )
        state.post(message)
        if hears(state, channel.id):
            self._delivery.announce(payloads.message_event(state, message))
            if f"<@{state.workspace.app.user_id}" in text:
                self._delivery.announce(payloads.mention_event(state, message))
        return message

    async def react(self, user_id: str, channel_id: str, ts: str, name: str) -> None:
        """Put an emoji on a message."""
        channel, message = self._joined(user_id, channel_id), self._message(channel_id, ts)
        self._state.put(reacted(message, name=name, user=user_id))
        if hears(self._state, channel.id):
            self._delivery.announce(payloads.reaction_event(self._state, user=user_id, message=message, name=name))

    async def command(self, user_id: str, channel_id: str, command: str, text: str) -> Answer:
        """Type a slash command; when the app does not answer in time, Slackbot says so to this person."""
        state, channel = self._state, self._joined(user_id, channel_id)
        known = state.workspace.app.commands
        if known and command not in {c.name for c in known}:
            self._slackbot_says(user_id, channel, f"{command} is not a valid command.")
            return Answer(ok=False, error="unknown_command")
        url = self._hooks.issue(user=user_id, channel=channel.id)
        user = state.user(user_id)
        payload = payloads.slash_command(state, user=user, channel=channel, command=command, text=text, response_url=url)
        answer = await self._delivery.ask("slash_commands", payload)
        if not answer.ok:
            why = "because the app did not respond" if answer.error == TIMED_OUT else "because the app could not be reached"
            self._slackbot_says(user_id, channel, f"{command} failed {why} ({answer.error}).")
        elif answer.payload.get("text") or answer.payload.get("blocks"):
            try:
                self._hooks.answer(answer.payload, user=user_id, channel=channel.id, source_ts=None)
            except RefusalError as wrong:
                state.refuse(f"answer to {command}", wrong)
                self._slackbot_says(user_id, channel, f"{command} failed because its answer was refused ({wrong.error}).")
        return answer

    async def act_in_message(self, user_id: str, message: Message, action: Json, values: Json) -> Answer:
        """Click, choose or pick in a message."""
        self._seen(user_id, message)
        url = self._hooks.issue(user=user_id, channel=message.channel, source_ts=message.ts)
        user = self._state.user(user_id)
        payload = payloads.message_action(self._state, user=user, message=message, action=action, values=values, response_url=url)
        answer = await self._delivery.ask("interactive", payload)
        if not answer.ok:
            self._slackbot_says(user_id, self._state.channel(message.channel), f"{self._app} is not responding ({answer.error}).")
        return answer

    async def act_in_view(self, user_id: str, view: View, action: Json, values: Json) -> Answer:
        """Click, choose or pick in a modal or in App Home."""
        user = self._state.user(user_id)
        payload = payloads.view_action(self._state, user=user, view=view, action=action, values=values)
        answer = await self._delivery.ask("interactive", payload)
        if not answer.ok:
            self._trouble(view)
        return answer

    async def submit(self, user_id: str, view: View, values: Json) -> Answer:
        """Press a modal's submit button. What needs correcting is shown under the inputs; the answer decides what comes next."""
        if wrong := complaints(view.blocks, values):
            self._show_errors(view, wrong)
            return Answer(ok=False, error=NOT_SENT, payload=dict(wrong))
        user = self._state.user(user_id)
        answer = await self._delivery.ask("interactive", payloads.view_submission(self._state, user=user, view=view, values=values))
        if not answer.ok:
            self._trouble(view)
            return answer
        try:
            self._follow(view, answer.payload)
        except RefusalError as refused:
            self._state.refuse("answer to a view_submission", refused)
            self._trouble(view)
        return answer

    def _follow(self, view: View, answer: Mapping[str, Any]) -> None:
        """Do what the app answered to a submission (`response_action`)."""
        views, action = self._state.views, answer.get("response_action")
        if action in {"update", "push"}:
            content = accept_view(answer.get("view"), surface="modal", has_file=self._state.files.is_image)
            with self._state.changing():
                if action == "push":
                    views.push(content, user=view.user)
                else:
                    views.update(content, view_id=view.id, external_id=None, expected_hash=None)
        elif action == "errors":
            errors = answer.get("errors")
            inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
                raise RefusalError("invalid_errors", [f"errors must be keyed by the block ids of inputs: {sorted(inputs)}"])
            self._show_errors(view, errors)
        elif action in {"clear", None}:
            with self._state.changing():
                views.close(view, all_of_them=action == "clear")
        else:
            raise RefusalError("invalid_response_action", [f"'{action}' is none of update, push, errors, clear"])

    async def close(self, user_id: str, view: View, *, all_of_them: bool = False) -> Answer:
        """Close a modal, or with `all_of_them` the whole stack; the app hears of those that asked for it."""
        clears = all_of_them or bool(view.content.get("clear_on_close"))
        with self._state.changing():
            closed = self._state.views.close(view, all_of_them=clears)
        answer = Answer(ok=True)
        for one in reversed(closed):
            if one.content.get("notify_on_close"):
                user = self._state.user(user_id)
                payload = payloads.view_closed(self._state, user=user, view=one, is_cleared=clears)
                answer = await self._delivery.ask("interactive", payload)
        return answer

    async def shortcut(self, user_id: str, callback_id: str, *, message: Message | None = None) -> Answer:
        """Choose a shortcut: one of a message's menu, or a global one."""
        known = {s.callback_id for s in self._state.workspace.app.shortcuts}
        if known and callback_id not in known:
            raise RefusalError("unknown_shortcut", [f"there are: {sorted(known)}"])
        user = self._state.user(user_id)
        if message is None:
            return await self._delivery.ask("interactive", payloads.global_shortcut(self._state, user=user, callback_id=callback_id))
        self._seen(user_id, message)
        url = self._hooks.issue(user=user_id, channel=message.channel, source_ts=message.ts)
        payload = payloads.message_shortcut(self._state, user=user, message=message, callback_id=callback_id, response_url=url)
        return await self._delivery.ask("interactive", payload)

    async def open_home(self, user_id: str, *, tab: str = "home") -> None:
        """Open the app's home (or `messages`) tab; the app hears of it."""
        channel = self._state.direct(user_id)
        event = payloads.home_opened_event(self._state, user=self._state.user(user_id), channel=channel, tab=tab)
        self._delivery.announce(event)

    async def change_user(self, user: User) -> None:
        """Somebody is gone, or back; the app has heard of it."""
        self._state.change_user(user)
        await self._delivery.tell(payloads.user_changed_event(self._state, user=user))

    async def change_group(self, group: UserGroup) -> None:
        """A user group has other members; the app has heard of it."""
        before = next((g for g in self._state.groups if g.id == group.id), UserGroup(id=group.id, handle="", name=""))
        self._state.change_group(group)
        await self._delivery.tell(payloads.group_changed_event(self._state, before=before, after=group))

    # What people see

    def _slackbot_says(self, user_id: str, channel: Channel, text: str) -> None:
        home, ts = self._state.workspace.team.id, self._state.timestamps.next()
        self._state.post(Message(channel=channel.id, ts=ts, user=SLACKBOT, team=home, text=text, private_to=user_id))

    def _show_errors(self, view: View, errors: Mapping[str, str]) -> None:
        with self._state.changing():
            self._state.views.mark(view, errors=dict(errors))

    def _trouble(self, view: View) -> None:
        with self._state.changing():
            self._state.views.mark(view, trouble=TROUBLE)

    def _joined(self, user_id: str, channel_id: str) -> Channel:
        channel = self._state.channel(channel_id)
        if self._state.user(user_id).id not in channel.members:
            raise RefusalError("not_in_channel")
        return channel

    def _message(self, channel_id: str, ts: str) -> Message:
        message = self._state.message(channel_id, ts)
        if message is None:
            raise RefusalError("message_not_found")
        return message

    def _seen(self, user_id: str, message: Message) -> None:
        """A person can act only on what they see."""
        self._joined(user_id, message.channel)
        if message.private_to not in (None, user_id):
            raise RefusalError("message_not_found")

    @property
    def _app(self) -> str:
        return self._state.workspace.app.name

"""What Slack sends to the app: commands, interactions and events, with whose they are."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.state import State
from breakwater.sandbox.wire import channel_type, message_json, user_json, view_json
from breakwater.sandbox.workspace import Channel, User, UserGroup


def _sent_to(state: State) -> Json:
    return {"token": state.workspace.app.verification_token, "api_app_id": state.workspace.app.id}


def _person(state: State, user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": state.workspace.team_of(user)}


def _team(state: State, team_id: str) -> Json:
    team = next(t for t in state.workspace.teams if t.id == team_id)
    return {"id": team.id, "domain": team.domain or team.name.lower()}


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": "directmessage" if channel.im_with else channel.name}


def slash_command(state: State, *, user: User, channel: Channel, command: str, text: str, response_url: str) -> Json:
    """A slash command; its team is the one of the person who typed it."""
    team = _team(state, state.workspace.team_of(user))
    return {
        **_sent_to(state),
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": channel.id,
        "channel_name": _channel(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": state.triggers.issue(user.id),
    }


def _interaction(state: State, kind: str, *, user: User, team_id: str) -> Json:
    return {
        "type": kind,
        **_sent_to(state),
        "user": _person(state, user),
        "team": _team(state, team_id),
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": state.triggers.issue(user.id),
        "action_ts": state.timestamps.next(),
    }


def message_action(state: State, *, user: User, message: Message, action: Json, values: Json, response_url: str) -> Json:
    """A click in a message. A private message is not sent along, as in Slack.

    `team` is where the app is installed; only `user.team_id` tells a person of another organisation.
    """
    channel = state.channel(message.channel)
    payload = _interaction(state, "block_actions", user=user, team_id=state.workspace.team.id)
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.private_to),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    payload |= {"container": container, "channel": _channel(channel), "response_url": response_url}
    if not message.private_to:
        payload["message"] = message_json(state, message)
    return {**payload, "state": {"values": values}, "actions": [action]}


def view_action(state: State, *, user: User, view: View, action: Json, values: Json) -> Json:
    """A click in a modal or in App Home."""
    payload = _interaction(state, "block_actions", user=user, team_id=state.workspace.team.id)
    shown = view_json(state, view, values=values)
    return {**payload, "container": {"type": "view", "view_id": view.id}, "view": shown, "actions": [action]}


def view_submission(state: State, *, user: User, view: View, values: Json) -> Json:
    """A modal's submit button."""
    payload = _interaction(state, "view_submission", user=user, team_id=state.workspace.team_of(user))
    return {**payload, "view": view_json(state, view, values=values), "response_urls": []}


def view_closed(state: State, *, user: User, view: View, is_cleared: bool) -> Json:
    """A modal that asked to be told when it is closed; it carries no trigger."""
    payload = _interaction(state, "view_closed", user=user, team_id=state.workspace.team_of(user))
    del payload["trigger_id"]
    return {**payload, "view": view_json(state, view), "is_cleared": is_cleared}


def message_shortcut(state: State, *, user: User, message: Message, callback_id: str, response_url: str) -> Json:
    """A shortcut chosen from a message's menu."""
    channel = state.channel(message.channel)
    payload = _interaction(state, "message_action", user=user, team_id=state.workspace.team_of(user))
    return {
        **payload,
        "callback_id": callback_id,
        "response_url": response_url,
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": message_json(state, message),
    }


def global_shortcut(state: State, *, user: User, callback_id: str) -> Json:
    """A shortcut chosen from the search bar or the composer: no channel, no message."""
    return {**_interaction(state, "shortcut", user=user, team_id=state.workspace.team_of(user)), "callback_id": callback_id}


# Events


def _event(state: State, event: Json, *, is_ext_shared: bool) -> Json:
    home, app = state.workspace.team.id, state.workspace.app
    event_id = f"Ev{secrets.token_hex(5).upper()}"
    return {
        **_sent_to(state),
        "team_id": home,
        "context_team_id": home,
        "context_enterprise_id": None,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(event["event_ts"])),
        "event_context": f"4-{event_id}",
        "is_ext_shared_channel": is_ext_shared,
        "authorizations": [
            {"enterprise_id": None, "team_id": home, "user_id": app.user_id, "is_bot": True, "is_enterprise_install": False}
        ],
        "event": event,
    }


def _whose(state: State, message: Message, channel: Channel) -> Json:
    """In a shared channel Slack says which organisation the author belongs to."""
    if not channel.is_ext_shared:
        return {}
    user = state.user(message.user)
    profile = {"name": user.name, "real_name": user.shown_name, "display_name": user.name, "team": message.team}
    return {"user_team": message.team, "source_team": message.team, "user_profile": profile}


def message_event(state: State, message: Message) -> Json:
    """Somebody, the bot included, wrote in a conversation of the bot."""
    channel = state.channel(message.channel)
    event = message_json(state, message) | _whose(state, message, channel)
    event |= {"channel": channel.id, "channel_type": channel_type(channel), "event_ts": message.ts}
    if message.files:
        event["subtype"] = "file_share"
    return _event(state, event, is_ext_shared=channel.is_ext_shared)


def message_changed_event(state: State, *, before: Message, after: Message | None) -> Json:
    """A message was edited, or deleted when there is nothing `after`."""
    channel = state.channel(before.channel)
    event: Json = {
        "type": "message",
        "subtype": "message_changed" if after else "message_deleted",
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel_type(channel),
        "ts": state.timestamps.next(),
        "previous_message": message_json(state, before) | _whose(state, before, channel),
    }
    event["event_ts"] = event["ts"]
    event |= {"message": message_json(state, after) | _whose(state, after, channel)} if after else {"deleted_ts": before.ts}
    return _event(state, event, is_ext_shared=channel.is_ext_shared)


def mention_event(state: State, message: Message) -> Json:
    """Somebody named the bot."""
    event = dict(message_event(state, message)["event"])
    event.pop("channel_type")
    event["type"] = "app_mention"
    return _event(state, event, is_ext_shared=state.channel(message.channel).is_ext_shared)


def home_opened_event(state: State, *, user: User, channel: Channel, tab: str) -> Json:
    """Somebody opened the app's home or messages tab."""
    home = state.views.home(user.id)
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": tab, "event_ts": state.timestamps.next()}
    if home and tab == "home":
        event["view"] = view_json(state, home)
    return _event(state, event, is_ext_shared=False)


def user_changed_event(state: State, *, user: User) -> Json:
    """Somebody is not who they were: gone, back, a guest."""
    event: Json = {
        "type": "user_change",
        "user": user_json(state, user),
        "cache_ts": int(state.clock()),
        "event_ts": state.timestamps.next(),
    }
    return _event(state, event, is_ext_shared=False)


def group_changed_event(state: State, *, before: UserGroup, after: UserGroup) -> Json:
    """A user group has other members."""
    added, removed = sorted(set(after.users) - set(before.users)), sorted(set(before.users) - set(after.users))
    event: Json = {
        "type": "subteam_members_changed",
        "subteam_id": after.id,
        "team_id": state.workspace.team.id,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": state.timestamps.next(),
    }
    return _event(state, event, is_ext_shared=False)


def reaction_event(state: State, *, user: str, message: Message, name: str) -> Json:
    """Somebody reacted to a message."""
    item: Mapping[str, str] = {"type": "message", "channel": message.channel, "ts": message.ts}
    event: Json = {"type": "reaction_added", "user": user, "reaction": name, "item": dict(item), "item_user": message.user}
    return _event(state, event | {"event_ts": state.timestamps.next()}, is_ext_shared=state.channel(message.channel).is_ext_shared)

"""What one person sees of the workspace at this moment, as the page draws it."""

from __future__ import annotations

from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.state import State
from breakwater.sandbox.wire import group_json, message_json, user_json, view_json
from breakwater.sandbox.workspace import Channel

MOST_SHOWN = 200  # messages of one channel or thread on the page
MOST_REFUSALS = 20


def workspace_json(state: State) -> Json:
    """The team, its people and groups, and the app: what stays the same while the sandbox runs."""
    workspace, app = state.workspace, state.workspace.app
    return {
        "team": {"id": workspace.team.id, "name": workspace.team.name},
        "teams": {team.id: team.name for team in workspace.teams},
        "people": [user.id for user in workspace.users],
        "users": {user.id: user_json(state, user) for user in state.users},
        "groups": {group.id: group_json(state, group, with_users=True) for group in state.groups},
        "channels": {channel.id: channel.name for channel in workspace.channels if not channel.is_private},
        "app": {
            "id": app.id,
            "name": app.name,
            "user": app.user_id,
            "commands": [{"name": c.name, "description": c.description, "usage_hint": c.usage_hint} for c in app.commands],
            "shortcuts": [{"callback_id": s.callback_id, "name": s.name, "type": s.type} for s in app.shortcuts],
        },
    }


def seen_by(state: State, user_id: str, *, channel_id: str, thread_ts: str) -> Json:
    """The channels of a person, the messages of the one they look at with its open thread, their modals and their App Home."""
    user = state.user(user_id)
    joined = [channel for channel in state.channels if user.id in channel.members and not channel.im_with]
    direct = state.direct(user.id)
    looked_at = next((c for c in (*joined, direct) if c.id == channel_id), None)
    return {
        "version": state.version,
        "user": user.id,
        "channels": [_channel(state, channel, user_id) for channel in joined],
        "direct": _channel(state, direct, user_id),
        "channel": looked_at.id if looked_at else None,
        "messages": _messages(state, user.id, looked_at) if looked_at else [],
        "thread": _thread(state, user.id, looked_at, thread_ts) if looked_at and thread_ts else [],
        "views": [_view(state, view) for view in state.views.stack(user.id)],
        "home": _view(state, home) if (home := state.views.home(user.id)) else None,
        "refusals": [{"where": r.where, "error": r.error, "reasons": list(r.reasons)} for r in state.refusals[-MOST_REFUSALS:]],
    }


def _channel(state: State, channel: Channel, user_id: str) -> Json:
    """A channel in the sidebar; whom it is shared with is said from this person's side."""
    own = state.workspace.team_of(state.user(user_id))
    sides = {state.workspace.team.id, *channel.connected_team_ids} - {own} if channel.is_ext_shared else set()
    latest = next(reversed(state.everything(channel.id)), None)
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "shared_with": [team.name for team in state.workspace.teams if team.id in sides],
        "members": list(channel.members),
        "latest": latest.ts if latest else "",
    }


def _messages(state: State, user_id: str, channel: Channel) -> list[Json]:
    private = [m for m in state.private(user_id, channel.id) if not m.thread_ts]
    return _shown(state, [*state.in_channel(channel.id), *private])


def _thread(state: State, user_id: str, channel: Channel, thread_ts: str) -> list[Json]:
    parent = state.message(channel.id, thread_ts)
    private = [m for m in state.private(user_id, channel.id) if m.thread_ts == thread_ts]
    return _shown(state, [*([parent] if parent else []), *state.replies(channel.id, thread_ts), *private])


def _shown(state: State, messages: list[Message]) -> list[Json]:
    newest = sorted(messages, key=lambda m: m.ts)[-MOST_SHOWN:]
    return [message_json(state, m) | {"channel": m.channel, "is_private": bool(m.private_to)} for m in newest]


def _view(state: State, view: View) -> Json:
    return view_json(state, view) | {"errors": view.errors, "trouble": view.trouble}

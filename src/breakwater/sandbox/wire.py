"""How people, channels, messages and views look in Slack's JSON."""

from __future__ import annotations

from breakwater.sandbox.files import file_json
from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.state import State
from breakwater.sandbox.workspace import Channel, User, UserGroup

EPOCH_S = 1_700_000_000  # when everything in a sandbox was created


def user_json(state: State, user: User) -> Json:
    """A user as users.info shows it; people of other organisations are strangers with their own team."""
    workspace = state.workspace
    team, stranger = workspace.team_of(user), workspace.is_stranger(user)
    profile = {
        "real_name": user.shown_name,
        "display_name": user.name,
        "title": user.title,
        "team": team,
        **({"email": user.email} if user.email else {}),
        **({"api_app_id": workspace.app.id, "bot_id": workspace.app.bot_id} if user.is_bot else {}),
    }
    return {
        "id": user.id,
        "team_id": team,
        "name": user.name,
        "deleted": user.is_deleted,
        "real_name": user.shown_name,
        "tz": user.tz,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": stranger,
        "updated": EPOCH_S,
    }


def channel_json(state: State, channel: Channel) -> Json:
    """A conversation as conversations.info shows it to the bot."""
    home = state.workspace.team.id
    is_im = bool(channel.im_with)
    found: Json = {
        "id": channel.id,
        "created": EPOCH_S,
        "is_channel": not is_im and not channel.is_private,
        "is_group": not is_im and channel.is_private,
        "is_im": is_im,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "context_team_id": home,
        "updated": EPOCH_S,
    }
    if is_im:
        return {**found, "user": channel.im_with, "is_user_deleted": False, "is_open": True}
    shared = [home, *channel.connected_team_ids]
    return {
        **found,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_member": state.workspace.app.user_id in channel.members,
        "creator": state.workspace.users[0].id if state.workspace.users else "",
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "shared_team_ids": shared,
        "connected_team_ids": list(channel.connected_team_ids),
        "internal_team_ids": [],
        "pending_shared": [],
        "num_members": len(channel.members),
    }


def channel_type(channel: Channel) -> str:
    """The word events use for the kind of conversation."""
    return "im" if channel.im_with else "group" if channel.is_private else "channel"


def group_json(state: State, group: UserGroup, *, with_users: bool) -> Json:
    """A user group as usergroups.list shows it."""
    return {
        "id": group.id,
        "team_id": state.workspace.team.id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": EPOCH_S,
        "date_delete": 0,
        "user_count": len(group.users),
        **({"users": list(group.users)} if with_users else {}),
    }


def bot_profile(state: State) -> Json:
    app = state.workspace.app
    return {"id": app.bot_id, "app_id": app.id, "name": app.name, "deleted": False, "team_id": state.workspace.team.id}


def message_json(state: State, message: Message, *, with_metadata: bool = False) -> Json:
    """A message as conversations.history shows it; metadata only when asked for."""
    found: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": message.team}
    if message.bot_id:
        found |= {"bot_id": message.bot_id, "app_id": message.app_id, "bot_profile": bot_profile(state)}
    if message.client_msg_id:
        found["client_msg_id"] = message.client_msg_id
    if message.blocks:
        found["blocks"] = list(message.blocks)
    if message.files:
        found |= {"files": [file_json(state.files.get(f), base_url=state.base_url) for f in message.files], "upload": True}
    if message.edited_ts:
        found["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if message.reactions:
        found["reactions"] = [{"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions]
    if message.metadata and with_metadata:
        found["metadata"] = message.metadata
    if message.deleted:
        found["subtype"] = "tombstone"
    return found | _thread(state, message)


def _thread(state: State, message: Message) -> Json:
    if message.is_reply:
        parent = state.message(message.channel, message.thread_ts or "")
        return {"thread_ts": message.thread_ts, **({"parent_user_id": parent.user} if parent else {})}
    replies = () if message.private_to else state.replies(message.channel, message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users[:5],
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def view_json(state: State, view: View, *, values: Json | None = None) -> Json:
    """A view as the Web API and interactions show it, with what has been entered so far."""
    workspace = state.workspace
    empty: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "title": {"type": "plain_text", "text": "", "emoji": True},
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return {
        **empty,
        **view.content,
        "id": view.id,
        "team_id": workspace.team_of(state.user(view.user)),
        "state": {"values": values or {}},
        "hash": view.hash,
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": workspace.app.id,
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.app.bot_id,
    }

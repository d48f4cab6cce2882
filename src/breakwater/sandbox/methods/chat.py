"""chat.*: posting, editing and deleting messages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.methods.call import Call, Method, method
from breakwater.sandbox.posting import new_message, publish, rewrite, withdraw
from breakwater.sandbox.rates import POSTING
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.wire import message_json
from breakwater.sandbox.workspace import Channel

METADATA_CHARACTERS = 16_000


def post_message(call: Call) -> Json:
    channel = call.channel_to_post_in()
    _no_attachments(call)
    message = new_message(
        call.state,
        channel,
        text=call.arguments.get("text"),
        blocks=call.document("blocks"),
        thread_ts=_thread(call, channel),
        in_channel_too=call.flag("reply_broadcast"),
        metadata=_metadata(call),
        unfurl_links=call.flag("unfurl_links"),
        unfurl_media=call.flag("unfurl_media", default=True),
    )
    publish(call.state, message, announce=call.announce)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(call.state, message, with_metadata=True)}


def update(call: Call) -> Json:
    channel = call.channel_joined()
    _no_attachments(call)
    before = _own_message(call, channel, refusal="cant_update_message")
    metadata = before.metadata if "metadata" not in call.arguments else _metadata(call)
    after = rewrite(
        call.state,
        before,
        text=call.arguments.get("text"),
        blocks=call.document("blocks"),
        announce=call.announce,
        metadata=metadata,
    )
    return {"channel": channel.id, "ts": after.ts, "text": after.text, "message": message_json(call.state, after, with_metadata=True)}


def post_ephemeral(call: Call) -> Json:
    channel = call.channel_to_post_in()
    _no_attachments(call)
    user = call.required("user")
    if user not in channel.members:
        raise RefusalError("user_not_in_channel")
    message = new_message(
        call.state,
        channel,
        text=call.arguments.get("text"),
        blocks=call.document("blocks"),
        thread_ts=call.text("thread_ts") or None,
        private_to=user,
    )
    publish(call.state, message, announce=call.announce)
    return {"message_ts": message.ts}


def delete(call: Call) -> Json:
    channel = call.channel_joined()
    message = _own_message(call, channel, refusal="cant_delete_message")
    withdraw(call.state, message, announce=call.announce)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = call.channel_seen()
    message = call.state.message(channel.id, call.required("message_ts"))
    if message is None or message.private_to:
        raise RefusalError("message_not_found")
    link = f"{call.state.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    return {"channel": channel.id, "permalink": link + thread}


def add_reaction(call: Call) -> Json:
    channel = call.channel_joined()
    message = call.state.message(channel.id, call.required("timestamp"))
    if message is None or message.private_to:
        raise RefusalError("message_not_found")
    call.state.put(reacted(message, name=call.required("name").strip(":"), user=call.state.workspace.app.user_id))
    return {}


def reacted(message: Message, *, name: str, user: str) -> Message:
    """The message with one more reaction; RefusalError when this person has already given it."""
    given = dict(message.reactions)
    if user in given.get(name, ()):
        raise RefusalError("already_reacted")
    given[name] = (*given.get(name, ()), user)
    return replace(message, reactions=tuple(given.items()))


def _own_message(call: Call, channel: Channel, *, refusal: str) -> Message:
    message = call.state.message(channel.id, call.required("ts"))
    if message is None or message.private_to or message.deleted:
        raise RefusalError("message_not_found")
    if message.bot_id != call.state.workspace.app.bot_id:
        raise RefusalError(refusal)
    return message


def _thread(call: Call, channel: Channel) -> str | None:
    """The thread to answer in. Slack takes any timestamp; one without a message is a bug worth hearing of."""
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    parent = call.state.message(channel.id, thread_ts)
    if parent is None:
        raise RefusalError("thread_not_found")
    if parent.is_reply:
        raise RefusalError("cannot_reply_to_message", ["thread_ts must be the timestamp of the thread's first message"])
    return thread_ts


def _no_attachments(call: Call) -> None:
    if call.document("attachments"):
        raise RefusalError("invalid_arguments", ["[ERROR] the sandbox has no attachments: use blocks"])


def _metadata(call: Call) -> Json | None:
    metadata: Any = call.document("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not metadata.get("event_type") or not isinstance(metadata.get("event_payload"), dict):
        raise RefusalError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_CHARACTERS:
        raise RefusalError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


METHODS: dict[str, Method] = {
    "chat.postMessage": method(post_message, tier=POSTING, scopes="chat:write"),
    "chat.update": method(update, tier=3, scopes="chat:write"),
    "chat.postEphemeral": method(post_ephemeral, tier=4, scopes="chat:write"),
    "chat.delete": method(delete, tier=3, scopes="chat:write"),
    "chat.getPermalink": method(get_permalink, tier=5),
    "reactions.add": method(add_reaction, tier=3, scopes="reactions:write"),
}

"""conversations.*: channels, their members and their history."""

from __future__ import annotations

from collections.abc import Iterable

from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.methods.call import Call, Method, method
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.wire import channel_json, channel_type, message_json

READ = "channels:read groups:read im:read mpim:read"
HISTORY = "channels:history groups:history im:history mpim:history"
KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def info(call: Call) -> Json:
    return {"channel": channel_json(call.state, call.channel_seen())}


def listing(call: Call) -> Json:
    wanted = [kind.strip() for kind in call.text("types", "public_channel").split(",")]
    if unknown := set(wanted) - KINDS.keys():
        raise RefusalError("invalid_types", [f"[ERROR] unknown types: {sorted(unknown)}"])
    kinds = {KINDS[kind] for kind in wanted}
    hidden = call.flag("exclude_archived")
    visible = [
        channel
        for channel in call.state.channels
        if channel_type(channel) in kinds and (not channel.is_private or call.is_member(channel)) and not (hidden and channel.is_archived)
    ]
    page, cursor = call.page(visible)
    return {"channels": [channel_json(call.state, c) for c in page], "response_metadata": {"next_cursor": cursor}}


def history(call: Call) -> Json:
    channel = call.channel_joined()
    found = _between(call, reversed(call.state.in_channel(channel.id)))
    return _messages(call, found)


def replies(call: Call) -> Json:
    channel = call.channel_joined()
    parent = call.state.message(channel.id, call.required("ts"))
    if parent is None or parent.private_to:
        raise RefusalError("thread_not_found")
    thread = [parent, *_between(call, call.state.replies(channel.id, parent.ts))]
    return _messages(call, thread)


def _between(call: Call, messages: Iterable[Message]) -> list[Message]:
    """Those after `oldest` and before `latest`, the ends only when `inclusive`."""
    oldest, latest, inclusive = call.text("oldest", "0"), call.text("latest"), call.flag("inclusive")
    try:
        low, high = float(oldest or 0), float(latest or "inf")
    except ValueError:
        raise RefusalError("invalid_ts_oldest" if latest == "" else "invalid_ts_latest") from None
    return [m for m in messages if low < float(m.ts) < high or (inclusive and float(m.ts) in (low, high))]


def _messages(call: Call, found: list[Message]) -> Json:
    page, cursor = call.page(found, most=999)
    with_metadata = call.flag("include_all_metadata")
    shown = [message_json(call.state, m, with_metadata=with_metadata) for m in page]
    more: Json = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": shown, "has_more": bool(cursor), "pin_count": 0, **more}


def members(call: Call) -> Json:
    page, cursor = call.page(call.channel_seen().members)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def opening(call: Call) -> Json:
    """Only with one person: the conversation between them and the bot."""
    if call.text("channel"):
        channel = call.channel_joined()
    else:
        users = [user for user in call.required("users").split(",") if user]
        if len(users) != 1:
            raise RefusalError("invalid_arguments", ["[ERROR] the sandbox opens conversations with one person only [json-pointer:/users]"])
        channel = call.state.direct(users[0])
    found = channel_json(call.state, channel)
    return {"channel": found if call.flag("return_im") else {"id": channel.id}}


METHODS: dict[str, Method] = {
    "conversations.info": method(info, tier=3, scopes=READ),
    "conversations.list": method(listing, tier=2, scopes=READ),
    "conversations.history": method(history, tier=3, scopes=HISTORY),
    "conversations.replies": method(replies, tier=3, scopes=HISTORY),
    "conversations.members": method(members, tier=4, scopes=READ),
    "conversations.open": method(opening, tier=3, scopes="channels:manage groups:write im:write mpim:write"),
}

"""Our own messages in Slack, known again by the key that each carries in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

EVENT_TYPE = "breakwater_message"
LOOK_BACK_MESSAGES = 100


def metadata(key: str) -> dict[str, Any]:
    """The metadata to send with the message of this outbox key."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def find(client: WebClient, *, channel: str, key: str, thread_ts: str | None = None) -> str | None:
    """The timestamp of the message with `key` among the latest of a channel or thread; None if it never arrived."""
    if thread_ts:
        answer = client.conversations_replies(channel=channel, ts=thread_ts, limit=LOOK_BACK_MESSAGES, include_all_metadata=True)
    else:
        answer = client.conversations_history(channel=channel, limit=LOOK_BACK_MESSAGES, include_all_metadata=True)
    return next((str(m["ts"]) for m in answer["messages"] if _key(m) == key), None)


def key_of(client: WebClient, *, channel: str, ts: str) -> str | None:
    """The key of the message at `ts`; None if it is none of ours."""
    answer = client.conversations_replies(channel=channel, ts=ts, limit=1, include_all_metadata=True)
    return next((_key(m) for m in answer["messages"] if m["ts"] == ts), None)


def _key(message: Mapping[str, Any]) -> str | None:
    found = message.get("metadata", {})
    key = found.get("event_payload", {}).get("key") if found.get("event_type") == EVENT_TYPE else None
    return str(key) if key else None

"""Our own messages in Slack, known again by the key that each carries in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from slack_sdk import WebClient

EVENT_TYPE = "breakwater_message"
PAGE_MESSAGES = 200  # Slack recommends no more
CLOCKS_DIFFER_BY = timedelta(minutes=5)  # at most: Slack's clock and ours


def metadata(key: str) -> dict[str, Any]:
    """The metadata to send with the message of this outbox key."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def find(client: WebClient, *, channel: str, key: str, since: datetime, thread_ts: str | None = None) -> str | None:
    """The timestamp of the message with `key` in a channel or thread, where it can't be older than `since`; None if it never arrived.

    Every page is read: a message that is overlooked here would be sent twice.
    """
    pages = partial(client.conversations_replies, ts=thread_ts) if thread_ts else client.conversations_history
    oldest, cursor = f"{(since - CLOCKS_DIFFER_BY).timestamp():.6f}", ""
    while True:
        page = pages(channel=channel, oldest=oldest, limit=PAGE_MESSAGES, include_all_metadata=True, cursor=cursor)
        found = next((str(m["ts"]) for m in page["messages"] if _key(m) == key), None)
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if found or not cursor:
            return found


def key_of(client: WebClient, *, channel: str, ts: str) -> str | None:
    """The key of the message at `ts`; None if it is none of ours."""
    answer = client.conversations_replies(channel=channel, ts=ts, limit=1, include_all_metadata=True)
    return next((_key(m) for m in answer["messages"] if m["ts"] == ts), None)


def _key(message: Mapping[str, Any]) -> str | None:
    found = message.get("metadata", {})
    key = found.get("event_payload", {}).get("key") if found.get("event_type") == EVENT_TYPE else None
    return str(key) if key else None

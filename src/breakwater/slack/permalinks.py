"""Where a message stands, as a link."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from breakwater.slack.doors import Doors


def permalink(doors: Doors, *, channel: str, ts: str) -> str:
    """The link to a message; empty where Slack does not tell us: we are not in that channel, it is gone, or Slack can't be reached."""
    try:
        answer = doors.client.chat_getPermalink(channel=channel, message_ts=ts)
    except (SlackApiError, OSError):  # what the link stands beside matters more
        return ""
    return str(answer["permalink"])

"""Files for one person, in their direct messages."""

from __future__ import annotations

from breakwater.slack.doors import Doors


def send(doors: Doors, *, user_id: str, name: str, content: str) -> None:
    """Upload a text file into the person's direct messages with the bot."""
    direct = doors.client.conversations_open(users=user_id)["channel"]["id"]
    doors.client.files_upload_v2(channel=direct, content=content, filename=name, title=name)

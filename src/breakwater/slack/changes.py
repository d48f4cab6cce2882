"""Doors: who left, joined a user group, or shared a channel counts from the next click on, not when a cache runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App

from breakwater.slack.doors import Doors


def register(app: App, doors: Doors) -> None:
    """Connect the events with which Slack says that people, user groups and channels changed."""
    people = doors.people
    forgets: dict[str, Callable[[dict[str, Any]], None]] = {
        "user_change": lambda event: people.forget_person(str(event["user"]["id"])),
        "subteam_updated": lambda event: people.forget_group(str(event["subteam"]["id"])),
        "subteam_members_changed": lambda event: people.forget_group(str(event["subteam_id"])),
        "channel_shared": lambda event: doors.guard.forget_channel(str(event["channel"])),
        "channel_unshared": lambda event: doors.guard.forget_channel(str(event["channel"])),
    }
    for name, forget in forgets.items():
        app.event(name)(_changed(forget))


def _changed(forget: Callable[[dict[str, Any]], None]) -> Callable[..., None]:
    def listener(ack: Any, event: dict[str, Any]) -> None:
        forget(event)  # at once: whoever clicks after this was acknowledged is looked up anew
        ack()

    return listener

"""Somebody who was chosen in a form, as an actor."""

from __future__ import annotations

from breakwater.model.access import Actor
from breakwater.slack.doors import Doors


def actor_of(doors: Doors, user_id: str) -> Actor:
    """The person with this Slack id and the role they have now. Slack is asked: not while others wait for us."""
    person = doors.people.person(user_id)
    return Actor(id=user_id, role=doors.people.role(person), name=person.name)

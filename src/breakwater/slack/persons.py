"""Somebody who was chosen in a form: as an actor, or why they can't have what they are to be given."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from breakwater.errors import BreakwaterError
from breakwater.model.access import NEEDED_ROLE, Actor, Permission
from breakwater.slack.doors import Body, Doors, team_of, user_of

LOOKED_UP_S = 1.5  # Slack waits three seconds for what a form says to its being sent


def actor_of(doors: Doors, user_id: str) -> Actor:
    """The person with this Slack id and the role they have now. Slack is asked: not while others wait for us."""
    person = doors.people.person(user_id)
    return Actor(id=user_id, role=doors.people.role(person), name=person.name)


def complaint(doors: Doors, body: Body, user_id: str, *, needed: Permission) -> str:
    """Why nobody can give work to somebody who was chosen in a form: said in the form. Empty if they can.

    Empty too where Slack does not tell in time who they are, or where the one who sent the form may not know: what follows refuses it.
    """
    try:
        return doors.executor.submit(_complaint, doors, body, user_id, needed).result(timeout=LOOKED_UP_S)
    except (BreakwaterError, SlackApiError, OSError):  # a time-out is an OSError
        return ""


def _complaint(doors: Doors, body: Body, user_id: str, needed: Permission) -> str:
    doors.guard.admit(user_id=user_of(body), team_id=team_of(body), channel=None)
    person = doors.people.person(user_id)
    role = NEEDED_ROLE[needed]
    choose = f"Choose a colleague with the role {role.name.lower()}."
    if not person.is_home:
        return f"{person.name} is an app, a guest or from another organisation. {choose}"
    if not person.is_active:
        return f"{person.name} has left. {choose}"
    return "" if doors.people.role(person) >= role else f"{person.name} does not have that role. {choose}"

"""Doors: App Home, published when somebody opens it and renewed after what they do there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_sdk.errors import SlackApiError

from breakwater.errors import BreakwaterError, ForbiddenError
from breakwater.model.access import Actor
from breakwater.slack.doors import Body, Doors, team_of
from breakwater.steps.home import home_of
from breakwater.views import home as views


def register(app: App, doors: Doors) -> None:
    """Connect the event and the button that renews."""

    @app.event("app_home_opened")
    def opened(ack: Any, body: dict[str, Any], event: dict[str, Any]) -> None:
        ack()
        if event.get("tab") == "home":
            doors.executor.submit(_opened, doors, body, str(event["user"]))

    @app.action(views.REFRESH)
    def refresh(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: publish(doors, actor))


def publish(doors: Doors, actor: Actor) -> None:
    """Show a person their App Home as everything stands now.

    One at a time for a person, from reading to publishing: else a page read earlier could replace one read later.
    """
    with doors.home_turns.of(actor.id):
        with doors.database.reading() as tx:
            page = home_of(tx, actor=actor, partners=doors.partners, authority=doors.authority, now=doors.now())
        doors.client.views_publish(user_id=actor.id, view=views.home(page))


@contextmanager
def kept_current(doors: Doors, actor: Actor, *, is_home: bool) -> Iterator[None]:
    """Renew the person's App Home after what they do there, done or refused. Nobody else's: they see theirs anew when they open it."""
    try:
        yield
    finally:
        if is_home:
            _renew(doors, actor)


def in_home(body: Body) -> bool:
    """True for a click in App Home."""
    return bool((body.get("view") or {}).get("type") == "home")


def _renew(doors: Doors, actor: Actor) -> None:
    try:
        publish(doors, actor)
    except (BreakwaterError, SlackApiError, OSError) as wrong:  # what they did is done: the page can be renewed by hand
        doors.report("an App Home could not be renewed", wrong)


def _opened(doors: Doors, body: Body, user_id: str) -> None:
    """Who may see nothing is told in the same place why, and how to get access."""
    try:
        actor = doors.guard.admit(user_id=user_id, team_id=team_of(body), channel=None)
        publish(doors, actor)
    except ForbiddenError as refused:
        doors.keep_refusal(body, refused)
        _refuse(doors, user_id, refused)
    except (BreakwaterError, SlackApiError, OSError) as wrong:
        doors.report("an App Home could not be shown", wrong)


def _refuse(doors: Doors, user_id: str, refused: ForbiddenError) -> None:
    try:
        doors.client.views_publish(user_id=user_id, view=views.no_access(refused.message, refused.remedy))
    except (SlackApiError, OSError) as wrong:
        doors.report("an App Home could not be shown", wrong)

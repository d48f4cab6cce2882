"""Who is of the house: colleagues, and not guests, strangers or people who left."""

from __future__ import annotations

from typing import Any

import pytest

from breakwater.model.access import Role
from breakwater.slack.people import People

ADA = {"id": "U0ADA", "team_id": "T0HOME", "real_name": "Ada", "profile": {}}


class Workspace:
    """Slack, as far as it tells about one user and one group."""

    def __init__(self, user: dict[str, Any]) -> None:
        self.user = user

    def users_info(self, *, user: str) -> dict[str, Any]:
        return {"user": self.user}

    def usergroups_users_list(self, *, usergroup: str) -> dict[str, Any]:
        return {"users": ["U0ADA"]}


def role_of(**changes: Any) -> Role:
    roles = {Role.VIEWER: ("*",), Role.OPERATOR: ("S0OPS",)}
    people = People(Workspace({**ADA, **changes}), home_team_id="T0HOME", bot_user_id="U0BOT", roles=roles)  # type: ignore[arg-type]
    return people.role(people.person("U0ADA"))


def test_a_colleague_has_the_highest_role_of_her_groups() -> None:
    assert role_of() is Role.OPERATOR


@pytest.mark.parametrize(
    ("shown", "name"), [("Ada L.", "Ada L."), ("ada", "Ada"), ("", "Ada")], ids=["display name", "no more than the handle", "none"]
)
def test_somebody_is_called_by_name_and_not_by_handle(shown: str, name: str) -> None:
    workspace: Any = Workspace({**ADA, "name": "ada", "profile": {"display_name": shown}})
    people = People(workspace, home_team_id="T0HOME", bot_user_id="U0BOT", roles={})

    assert people.person("U0ADA").name == name


@pytest.mark.parametrize(
    "changes",
    [
        {"team_id": "T0PARTNER"},
        {"is_stranger": True},
        {"is_restricted": True},
        {"is_restricted": True, "is_ultra_restricted": True},
        {"deleted": True},
        {"is_bot": True},
    ],
    ids=["another organisation", "stranger", "guest", "single-channel guest", "left", "bot"],
)
def test_nobody_else_has_a_role_whatever_the_settings_give_to_everybody(changes: dict[str, Any]) -> None:
    assert role_of(**changes) is Role.NOBODY

"""The plain data a sandbox is built from: teams, people, channels, user groups and the app installed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Team:
    """An organisation's workspace. Its id begins with T."""

    id: str
    name: str
    domain: str = ""


@dataclass(frozen=True)
class User:
    """A person, or the bot's own user. `team` is the id of the organisation they belong to; empty means the home team.

    A guest (`is_guest`) has the home team's id, and is restricted to the channels they were invited to. Somebody who left `is_deleted`.
    """

    id: str
    name: str
    real_name: str = ""
    team: str = ""
    title: str = ""
    email: str = ""
    tz: str = "Europe/Berlin"
    is_bot: bool = False
    is_guest: bool = False
    is_deleted: bool = False

    @property
    def shown_name(self) -> str:
        return self.real_name or self.name


@dataclass(frozen=True)
class Channel:
    """A channel; one with `connected_team_ids` is shared with those organisations (Slack Connect).

    A conversation of one person with the bot is a channel too, `im_with` that person.
    """

    id: str
    name: str
    members: tuple[str, ...] = ()
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    connected_team_ids: tuple[str, ...] = ()
    im_with: str = ""

    @property
    def is_ext_shared(self) -> bool:
        return bool(self.connected_team_ids)


@dataclass(frozen=True)
class UserGroup:
    """A user group (S…), like the operators on duty."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A slash command the app has registered, e.g. `/recon`."""

    name: str
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True)
class Shortcut:
    """A shortcut the app has registered; `type` is `message` or `global`."""

    callback_id: str
    name: str
    type: str = "message"
    description: str = ""


@dataclass(frozen=True)
class App:
    """The installed app: who the bot is, its secrets, and what it has registered.

    `scopes` None means every scope. With a `request_url` the sandbox delivers signed HTTP there instead of using Socket Mode.
    """

    id: str = "A0BREAKWATER"
    name: str = "Breakwater"
    user_id: str = "U0BREAKWATER"
    bot_id: str = "B0BREAKWATER"
    bot_token: str = field(default="xoxb-sandbox")
    app_token: str = field(default="xapp-sandbox")
    signing_secret: str = field(default="sandbox-signing-secret")
    verification_token: str = field(default="sandbox-verification")
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    events: frozenset[str] = frozenset({"message", "app_mention", "app_home_opened", "reaction_added"})
    scopes: frozenset[str] | None = None
    request_url: str = ""

    @staticmethod
    def registered_by(manifest: Mapping[str, Any]) -> dict[str, Any]:
        """The name, commands, shortcuts, events and scopes of an app manifest, as keyword arguments of App."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        events = settings.get("event_subscriptions", {}).get("bot_events", [])
        return {
            "name": features.get("bot_user", {}).get("display_name") or manifest["display_information"]["name"],
            "commands": tuple(
                Command(name=c["command"], description=c.get("description", ""), usage_hint=c.get("usage_hint", ""))
                for c in features.get("slash_commands", [])
            ),
            "shortcuts": tuple(
                Shortcut(callback_id=s["callback_id"], name=s["name"], type=s["type"], description=s.get("description", ""))
                for s in features.get("shortcuts", [])
            ),
            "events": frozenset("message" if e.startswith("message.") else e for e in events),
            "scopes": frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        }


@dataclass(frozen=True)
class Workspace:
    """A home team, its people and channels, and the partner teams it shares channels with."""

    team: Team
    users: tuple[User, ...]
    channels: tuple[Channel, ...]
    app: App = field(default_factory=App)
    user_groups: tuple[UserGroup, ...] = ()
    partners: tuple[Team, ...] = ()

    def __post_init__(self) -> None:
        known_users, known_teams = {u.id for u in self.everybody}, {t.id for t in self.teams}
        for user in self.users:
            if self.team_of(user) not in known_teams:
                raise ValueError(f"{user.name} belongs to the team {user.team}, which is not in the workspace")
        for channel in self.channels:
            if strangers := set(channel.members) - known_users:
                raise ValueError(f"#{channel.name} has members that are not in the workspace: {sorted(strangers)}")
            if strangers := set(channel.connected_team_ids) - known_teams:
                raise ValueError(f"#{channel.name} is shared with unknown teams: {sorted(strangers)}")

    @property
    def teams(self) -> tuple[Team, ...]:
        return (self.team, *self.partners)

    @property
    def bot(self) -> User:
        """The bot's own user, as users.info shows it."""
        return User(id=self.app.user_id, name=self.app.name.lower().replace(" ", "_"), real_name=self.app.name, is_bot=True)

    @property
    def everybody(self) -> tuple[User, ...]:
        """All people, with the bot and Slackbot."""
        return (*self.users, self.bot, User(id=SLACKBOT, name="slackbot", real_name="Slackbot"))

    def team_of(self, user: User) -> str:
        return user.team or self.team.id

    def is_stranger(self, user: User) -> bool:
        """Whether the person belongs to another organisation."""
        return self.team_of(user) != self.team.id

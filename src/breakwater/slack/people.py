"""Who is who: people and user groups of the workspace, cached for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.model.access import Role

PERSON_TTL_S = 15.0  # Slack tells one of several processes what changed; the others look again after this
GROUP_TTL_S = 300.0
CHANNEL_TTL_S = 60.0
EVERYBODY = "*"
GONE = frozenset({"no_such_subteam", "subteam_not_found"})  # what Slack answers about a user group that was removed


@dataclass(frozen=True)
class Person:
    """A person as Slack knows them. `is_home` is True for our own organisation, False for strangers and guests of shared channels."""

    id: str
    name: str
    team_id: str
    is_home: bool
    is_active: bool


@dataclass(frozen=True)
class ChannelFacts:
    """A channel as Slack knows it now. `is_shared` is True when another organisation can read it."""

    id: str
    name: str
    is_shared: bool
    is_archived: bool


class _Cache:
    """Values that are looked up again after `ttl_s`; safe to use from several threads."""

    def __init__(self, look_up: Callable[[str], Any], *, ttl_s: float) -> None:
        self._look_up, self._ttl_s = look_up, ttl_s
        self._values: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: str, *, fresh: bool = False) -> Any:
        with self._lock:
            found = self._values.get(key)
        if found and not fresh and monotonic() - found[0] < self._ttl_s:
            return found[1]
        value = self._look_up(key)
        with self._lock:
            self._values[key] = (monotonic(), value)
        return value

    def forget(self, key: str) -> None:
        """Look it up again the next time."""
        with self._lock:
            self._values.pop(key, None)


class People:
    """Looks people, user groups and channels up in Slack. `roles`: role -> user ids, user groups or '*'."""

    def __init__(self, client: WebClient, *, home_team_id: str, bot_user_id: str, roles: Mapping[Role, Sequence[str]]) -> None:
        self._client = client
        self.bot_user_id = bot_user_id
        self.home_team_id = home_team_id
        self._roles = roles
        self._people = _Cache(self._look_up_person, ttl_s=PERSON_TTL_S)
        self._groups = _Cache(self._look_up_group, ttl_s=GROUP_TTL_S)
        self._channels = _Cache(self._look_up_channel, ttl_s=CHANNEL_TTL_S)

    def person(self, user_id: str) -> Person:
        """The person with this Slack id."""
        found: Person = self._people.get(user_id)
        return found

    def forget_person(self, user_id: str) -> None:
        """Something about this person changed: they left, came back, or are a guest now."""
        self._people.forget(user_id)

    def forget_group(self, group_id: str) -> None:
        """Somebody joined or left this user group, or it is gone."""
        self._groups.forget(group_id)

    def forget_channel(self, channel_id: str) -> None:
        """The channel was shared, unshared or archived."""
        self._channels.forget(channel_id)

    def channel(self, channel_id: str, *, fresh: bool = False) -> ChannelFacts:
        """The channel as it is now; `fresh` asks Slack again."""
        found: ChannelFacts = self._channels.get(channel_id, fresh=fresh)
        return found

    def role(self, person: Person) -> Role:
        """The highest role of a person. People of other organisations and deactivated people have none."""
        if not person.is_home or not person.is_active:
            return Role.NOBODY
        return max((role for role, given in self._roles.items() if self._is_among(person, given)), default=Role.NOBODY)

    def _is_among(self, person: Person, given: Sequence[str]) -> bool:
        return any(entry in (EVERYBODY, person.id) or (entry.startswith("S") and person.id in self._groups.get(entry)) for entry in given)

    def _look_up_person(self, user_id: str) -> Person:
        user = self._client.users_info(user=user_id)["user"]
        team_id = user.get("team_id", "")
        # A guest has our own team id, but is somebody else's employee as often as not.
        is_guest = user.get("is_restricted") or user.get("is_ultra_restricted")
        is_home = team_id == self.home_team_id and not user.get("is_stranger") and not user.get("is_bot") and not is_guest
        profile = user.get("profile", {})
        handle, shown = user.get("name", user_id), profile.get("display_name")
        real_name = profile.get("real_name") or user.get("real_name")
        name = shown if shown and shown != handle else real_name or handle  # a handle says less than a name
        return Person(id=user_id, name=name, team_id=team_id, is_home=is_home, is_active=not user.get("deleted", False))

    def _look_up_group(self, group_id: str) -> frozenset[str]:
        try:
            return frozenset(self._client.usergroups_users_list(usergroup=group_id)["users"])
        except SlackApiError as refused:
            if refused.response.get("error") not in GONE:
                raise
            return frozenset()  # its people have no role by it any more; everybody else's work goes on

    def _look_up_channel(self, channel_id: str) -> ChannelFacts:
        channel = self._client.conversations_info(channel=channel_id)["channel"]
        shared = channel.get("is_ext_shared") or channel.get("is_pending_ext_shared") or channel.get("pending_shared")
        return ChannelFacts(
            id=channel_id, name=channel.get("name", channel_id), is_shared=bool(shared), is_archived=bool(channel.get("is_archived"))
        )

"""Who may do what, where: one guard for commands, buttons, modals and events, and for every message before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from slack_sdk.errors import SlackApiError

from breakwater.errors import ForbiddenError, RefusedError
from breakwater.model.access import Actor, Role
from breakwater.model.partners import Partner
from breakwater.slack.people import ChannelFacts, People
from breakwater.store.outbox import Kind
from breakwater.store.sending import OutboxRow

DIRECT_MESSAGE = "D"
UNSEEN = frozenset({"channel_not_found", "missing_scope", "not_in_channel"})
# How old a channel's facts may be when a message leaves. Whoever joins a channel later reads what was written before, so asking
# Slack for each message anew would protect nothing, and would use up what the doors need (about 50 questions a minute).
CHECKED_FOR_S = 5.0


class Guard:
    """Knows the home organisation, whose channel is whose, and what may be said where."""

    def __init__(self, people: People, *, partners: Mapping[str, Partner], clock: Callable[[], float] = monotonic) -> None:
        self._people = people
        self._partners = partners
        self._clock = clock
        self._checked: dict[str, tuple[float, ChannelFacts]] = {}
        self._shared = {p.shared_channel: p for p in partners.values() if p.shared_channel}

    def admit(self, *, user_id: str, team_id: str | None, channel: str | None) -> Actor:
        """The person as an actor, or a refusal in words. Nothing of ours is answered to strangers or inside a shared channel."""
        person = self._people.person(user_id)
        if not person.is_home or (team_id and team_id != self._people.home_team_id):
            raise ForbiddenError(
                "Breakwater answers people of its own organisation only.",
                remedy="Write in the thread of your incident: it is read there.",
            )
        actor = Actor(id=user_id, role=self._people.role(person), name=person.name)
        if actor.role is Role.NOBODY:
            raise ForbiddenError(
                "You have no role in Breakwater yet.",
                remedy="Ask an administrator to add you to one of the user groups in breakwater.toml, [roles].",
            )
        if channel and self.is_shared(channel):
            where = " or ".join(f"<#{c}>" for c in self._home_channels(channel)) or "a direct message with me"
            raise ForbiddenError(
                "This channel is shared with another organisation, so nothing internal is shown here.", remedy=f"Ask in {where}."
            )
        return actor

    def is_shared(self, channel: str) -> bool:
        """True if another organisation reads the channel, by our configuration or by Slack's own word."""
        if channel.startswith(DIRECT_MESSAGE):
            return False
        if channel in self._shared:
            return True
        try:
            return self._people.channel(channel).is_shared
        except SlackApiError as unknown:
            if unknown.response.get("error") not in UNSEEN:
                raise
            raise RefusedError(
                "I am not in this channel, so I can't see who reads along, and show nothing here.",
                remedy="Invite me with `/invite @Breakwater`, or ask in a direct message with me.",
            ) from None

    def check_delivery(self, row: OutboxRow) -> None:
        """Refuse to send a message where its audience is not: checked again before each send, since channels change."""
        if row.audience.kind == "partner":
            partner = self._partners.get(row.audience.id)
            if partner is None or partner.shared_channel != row.channel:
                raise RefusedError(f"A message for {row.audience} is addressed to {row.channel}, which is not that partner's channel.")
            if not row.preview_id:
                raise RefusedError(f"A message for {row.audience} has no approved preview.")
            return
        if row.audience.kind == "person":
            self._check_person(row)
            if row.channel.startswith(DIRECT_MESSAGE):
                return
        if row.channel in self._shared or self._as_it_is_now(row.channel).is_shared:
            raise RefusedError(f"An internal message is addressed to {row.channel}, which another organisation can read.")

    def _check_person(self, row: OutboxRow) -> None:
        """What is for one person goes to their direct messages, or is shown to them alone, while they have a role here."""
        person = self._people.person(row.audience.id)
        if not person.is_home or self._people.role(person) is Role.NOBODY:
            raise RefusedError(f"A message for {row.audience} is addressed to somebody who has no role any more.")
        if not row.channel.startswith(DIRECT_MESSAGE) and row.kind is not Kind.PRIVATE:
            raise RefusedError(f"A message for {row.audience} is addressed to {row.channel}, where others read it.")

    def forget_channel(self, channel: str) -> None:
        """The channel is not what it was: it is looked at again before anything more is said there."""
        self._checked.pop(channel, None)
        self._people.forget_channel(channel)

    def stranger(self, event: Mapping[str, Any]) -> bool:
        """True if a message event was written by somebody of another organisation."""
        team = event.get("user_team") or event.get("source_team") or event.get("team")
        if team and team != self._people.home_team_id:
            return True
        return not self._people.person(str(event["user"])).is_home

    def _as_it_is_now(self, channel: str) -> ChannelFacts:
        now = self._clock()
        at, facts = self._checked.get(channel, (float("-inf"), None))
        if facts is None or now - at >= CHECKED_FOR_S:
            facts = self._people.channel(channel, fresh=True)
            self._checked[channel] = (now, facts)
        return facts

    def _home_channels(self, channel: str) -> tuple[str, ...]:
        partner = self._shared.get(channel)
        return partner.internal_channels if partner else ()

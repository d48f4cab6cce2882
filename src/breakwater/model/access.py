"""Who may do what: roles, permissions, and the audience of a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from breakwater.errors import ForbiddenError, RefusedError


class Role(IntEnum):
    """Roles in growing order: each may do what the ones below may."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"
    ACKNOWLEDGE_BREAK = "acknowledge_break"
    WORK_BREAK = "work_break"
    APPROVE_PROPOSAL = "approve_proposal"
    OPEN_INCIDENT = "open_incident"
    RESOLVE_INCIDENT = "resolve_incident"
    HANDLE_FILE = "handle_file"
    ANSWER_FINDING = "answer_finding"
    SUBSCRIBE_CHANNEL = "subscribe_channel"
    RERUN = "rerun"
    SUPPRESS_NOISE = "suppress_noise"
    EXPORT_JOURNAL = "export_journal"
    PREPARE_SIGN_OFF = "prepare_sign_off"
    SIGN_OFF = "sign_off"


NEEDED_ROLE = {
    Permission.READ: Role.VIEWER,
    Permission.ACKNOWLEDGE_BREAK: Role.OPERATOR,
    Permission.WORK_BREAK: Role.OPERATOR,
    Permission.APPROVE_PROPOSAL: Role.APPROVER,
    Permission.OPEN_INCIDENT: Role.OPERATOR,
    Permission.RESOLVE_INCIDENT: Role.OPERATOR,
    Permission.HANDLE_FILE: Role.OPERATOR,
    Permission.ANSWER_FINDING: Role.OPERATOR,
    Permission.SUBSCRIBE_CHANNEL: Role.OPERATOR,
    Permission.RERUN: Role.OPERATOR,
    Permission.SUPPRESS_NOISE: Role.APPROVER,
    Permission.EXPORT_JOURNAL: Role.APPROVER,
    Permission.PREPARE_SIGN_OFF: Role.OPERATOR,
    Permission.SIGN_OFF: Role.APPROVER,
}
_ALLOWS = {
    Permission.READ: "read Breakwater's answers",
    Permission.ACKNOWLEDGE_BREAK: "acknowledge a break",
    Permission.WORK_BREAK: "work on a break",
    Permission.APPROVE_PROPOSAL: "approve or decline a proposal",
    Permission.OPEN_INCIDENT: "open an incident",
    Permission.RESOLVE_INCIDENT: "resolve an incident",
    Permission.HANDLE_FILE: "retry or discard a refused file",
    Permission.ANSWER_FINDING: "answer a finding, or take back what was learnt",
    Permission.SUBSCRIBE_CHANNEL: "subscribe a channel to a digest, or end that",
    Permission.RERUN: "reconcile a day again",
    Permission.SUPPRESS_NOISE: "have known noise suppressed, or end that",
    Permission.EXPORT_JOURNAL: "have the journal for accounting",
    Permission.PREPARE_SIGN_OFF: "prepare a period for sign-off",
    Permission.SIGN_OFF: "sign a period off",
}


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: a person by Slack user id, or the system itself."""

    id: str
    role: Role
    name: str = ""


SYSTEM = Actor(id="system", role=Role.ADMIN, name="Breakwater")


def require(actor: Actor, permission: Permission) -> None:
    """Refuse, in words that help, unless the actor's role allows it."""
    needed = NEEDED_ROLE[permission]
    if actor.role < needed:
        raise ForbiddenError(
            f"You need the role '{needed.name.lower()}' to {_ALLOWS[permission]}.",
            remedy="Ask an administrator of Breakwater to add you to the role's user group in breakwater.toml, [roles].",
        )


def require_of_other(person: Actor, permission: Permission) -> None:
    """Refuse unless another person's role allows what they are asked to do."""
    if person.role < NEEDED_ROLE[permission]:
        raise RefusedError(
            f"<@{person.id}> does not have the role '{NEEDED_ROLE[permission].name.lower()}', so nobody can give them this.",
            remedy="Choose somebody who has it.",
        )


@dataclass(frozen=True)
class Audience:
    """Who a message is for: 'internal', one partner, or one person. The sender checks it against the channel before each send."""

    kind: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


INTERNAL = Audience("internal")


def partner_audience(partner_id: str) -> Audience:
    """A message that a partner will read: it needs the id of the preview a person approved."""
    return Audience("partner", partner_id)


def person_audience(user_id: str) -> Audience:
    """A message for one person's eyes."""
    return Audience("person", user_id)

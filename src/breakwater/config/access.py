"""[roles] and [people] of breakwater.toml: who may do what, up to which amount, and which accounts are one person's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from breakwater.config.files import Table
from breakwater.config.words import EVERYBODY, Currency, Person
from breakwater.model.access import Role
from breakwater.model.proposals import Authority, WriteOffLimit


class LimitSettings(Table):
    """One entry of [roles] limits: the most that a role may write off at once in a currency."""

    role: Literal["approver", "admin"]
    currency: Currency
    write_off_minor: int = Field(ge=0, le=10**15)


class RoleSettings(Table):
    """[roles]: user ids (U…), user groups (S…), or '*' for everybody of the home organisation."""

    viewer: tuple[str, ...] = (EVERYBODY,)
    operator: tuple[str, ...] = ()
    approver: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()
    limits: tuple[LimitSettings, ...] = ()


class PeopleSettings(Table):
    """[people]: accounts that are one person's, each group on its own: what one proposed, another of them can't approve."""

    same: tuple[tuple[Person, ...], ...] = ()


def authority(roles: RoleSettings, people: PeopleSettings) -> Authority:
    """Who may agree to what."""
    return Authority(
        limits=tuple(
            WriteOffLimit(role=Role[limit.role.upper()], currency=limit.currency, write_off_minor=limit.write_off_minor)
            for limit in roles.limits
        ),
        same_person=tuple(frozenset(accounts) for accounts in people.same),
    )

"""Who works where: the people, user groups and channels of the company and of its partners, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

HOME_TEAM = "T0HARBOUR"


@dataclass(frozen=True, kw_only=True)
class Team:
    """A Slack workspace."""

    id: str
    name: str
    domain: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in one of the workspaces."""

    id: str
    team: str
    name: str
    title: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A user group of the home workspace."""

    id: str
    handle: str
    name: str
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A channel: `shared_with` is the partner's team, None where it is ours alone."""

    id: str
    name: str
    purpose: str
    people: tuple[str, ...]
    shared_with: str | None = None


TEAMS = (
    Team(id=HOME_TEAM, name="Harbour Payments", domain="harbour"),
    Team(id="T0NORDBANK", name="Nordbank", domain="nordbank"),
    Team(id="T0MERIDIAN", name="Meridian", domain="meridian"),
)
PEOPLE = (
    Person(id="U0ADA", team=HOME_TEAM, name="Ada Lindqvist", title="Head of Payment Operations", time_zone="Europe/Berlin"),
    Person(id="U0BRUNO", team=HOME_TEAM, name="Bruno Keller", title="Technical Operations, SEPA", time_zone="Europe/Berlin"),
    Person(id="U0CHIARA", team=HOME_TEAM, name="Chiara Bianchi", title="Technical Operations, Cards", time_zone="Europe/Amsterdam"),
    Person(id="U0DEVI", team=HOME_TEAM, name="Devi Raman", title="Reconciliation Lead", time_zone="Europe/Berlin"),
    Person(id="U0EMIL", team=HOME_TEAM, name="Emil Nowak", title="Customer Support", time_zone="Europe/Warsaw"),
    Person(id="U0FREYA", team=HOME_TEAM, name="Freya Holm", title="Payments Engineer", time_zone="Europe/Copenhagen"),
    Person(id="U0NILS", team="T0NORDBANK", name="Nils Petersen", title="Cash Management Service", time_zone="Europe/Berlin"),
    Person(id="U0NORA", team="T0NORDBANK", name="Nora Albrecht", title="Payments Investigations", time_zone="Europe/Berlin"),
    Person(id="U0MEES", team="T0MERIDIAN", name="Mees de Vries", title="Technical Account Manager", time_zone="Europe/Amsterdam"),
    Person(id="U0MARA", team="T0MERIDIAN", name="Mara Quinn", title="Settlement Operations", time_zone="Europe/London"),
)
USER_GROUPS = (
    UserGroup(id="S0TECHOPS", handle="techops", name="Payment technical operations", people=("U0ADA", "U0BRUNO", "U0CHIARA", "U0DEVI")),
    UserGroup(id="S0OPSLEADS", handle="ops-leads", name="Operations leads", people=("U0ADA", "U0DEVI")),
)
_OPERATIONS = ("U0ADA", "U0BRUNO", "U0CHIARA", "U0DEVI", "U0FREYA")
CHANNELS = (
    Channel(id="C0PAYOPS", name="payments-ops", purpose="Digests, alerts and incidents of every partner", people=(*_OPERATIONS, "U0EMIL")),
    Channel(id="C0SEPA", name="sepa-ops", purpose="Nordbank, among ourselves", people=("U0ADA", "U0BRUNO", "U0DEVI")),
    Channel(id="C0CARDS", name="cards-ops", purpose="Meridian, among ourselves", people=("U0ADA", "U0CHIARA", "U0DEVI")),
    Channel(
        id="C0NORDBANK",
        name="nordbank-harbour",
        purpose="Harbour and Nordbank",
        people=("U0ADA", "U0BRUNO", "U0NILS", "U0NORA"),
        shared_with="T0NORDBANK",
    ),
    Channel(
        id="C0MERIDIAN",
        name="meridian-harbour",
        purpose="Harbour and Meridian",
        people=("U0ADA", "U0CHIARA", "U0MEES", "U0MARA"),
        shared_with="T0MERIDIAN",
    ),
)

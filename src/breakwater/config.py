"""Settings: breakwater.toml and the environment, checked once, with errors that name the remedy."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from breakwater.errors import CallError, nearest
from breakwater.model.calendar import named_calendar
from breakwater.model.digests import Subscription
from breakwater.model.partners import ExpectedFile, Partner

EVERYBODY = "*"
DEFAULT_SLACK_API_URL = "https://slack.com/api/"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"'{name}' is no time zone; use a name like 'Europe/Berlin'") from None
    return name


def _calendar(name: str) -> str:
    try:
        named_calendar(name)
    except KeyError:
        raise ValueError(f"'{name}' is no calendar; use 'TARGET2', 'weekends' or a country code like 'DE'") from None
    return name


def _cron(text: str) -> str:
    try:
        CronTrigger.from_crontab(text)
    except ValueError as wrong:
        raise ValueError(f"'{text}' is no cron time ({wrong}); five fields, like '0 8 * * mon-fri'") from None
    if any(c.isdigit() for c in text.split()[4]):
        # The scheduler counts from Monday = 0, cron from Sunday = 0: '1-5' would run from Tuesday to Saturday.
        raise ValueError(f"'{text}' names weekdays by number, which programs count differently; write them out, like '0 8 * * mon-fri'")
    return text


def _local_time(at: time) -> time:
    if at.tzinfo:
        raise ValueError(f"'{at}' has a time zone of its own; write a time of the partner's clock, like '08:30'")
    return at


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Calendar = Annotated[str, AfterValidator(_calendar)]
LocalTime = Annotated[time, AfterValidator(_local_time)]
Cron = Annotated[str, AfterValidator(_cron)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Channel = Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Table):
    """[slack]: where the team works. Tokens never stand here: they come from the environment."""

    operations_channel: Channel


class RoleSettings(_Table):
    """[roles]: user ids (U…), user groups (S…), or '*' for everybody of the home organisation."""

    viewer: tuple[str, ...] = (EVERYBODY,)
    operator: tuple[str, ...] = ()
    approver: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()


class ExpectedSettings(_Table):
    """When a file is due, on each business day of the partner's calendar, in the partner's time."""

    due: LocalTime
    deadline: LocalTime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.deadline < self.due:
            raise ValueError(f"the deadline {self.deadline:%H:%M} is before the file is due, {self.due:%H:%M}")
        return self


class FileSettings(_Table):
    """[[partners.files]]: one stream of files, and the folder it is dropped in."""

    stream: Name
    format: Literal["camt.053", "adyen-settlement"]
    drop: str
    expected: ExpectedSettings


class PartnerSettings(_Table):
    """[[partners]]: a network, bank or PSP we exchange money with."""

    id: Name
    name: str = Field(min_length=1, max_length=80)
    network: Name
    calendar: Calendar = "TARGET2"
    time_zone: TimeZone
    cut_off: LocalTime = time(17)
    live_from: date
    internal_channels: tuple[Channel, ...] = ()
    shared_channel: Channel | None = None
    agreement: str
    files: tuple[FileSettings, ...] = ()


class LedgerSettings(_Table):
    """[ledger]: our own side. Canonical CSV or Parquet files dropped in a folder: `records…` and `events…`."""

    drop: str


class DigestSettings(_Table):
    """[[digests]]: a scheduled summary for one channel."""

    channel: Channel
    cron: Cron
    time_zone: TimeZone
    partners: tuple[str, ...] = (EVERYBODY,)


class Settings(_Table):
    """The whole of breakwater.toml. Paths are relative to the file itself."""

    company: str = Field(default="Payment operations", min_length=1, max_length=80)  # how partners know us
    data_dir: str = "var"
    slack: SlackSettings
    roles: RoleSettings = RoleSettings()
    partners: tuple[PartnerSettings, ...] = Field(min_length=1)
    ledger: LedgerSettings
    digests: tuple[DigestSettings, ...] = ()


class Config:
    """Settings beside the environment: what the composition root works with."""

    def __init__(self, settings: Settings, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.folder = folder
        self.data_dir = Path(environment.get("BREAKWATER_DATA_DIR") or self.path(settings.data_dir))
        self.database_url = environment.get("BREAKWATER_DATABASE_URL") or f"sqlite:///{self.data_dir / 'breakwater.db'}"
        self.slack_api_url = environment.get("SLACK_API_URL") or DEFAULT_SLACK_API_URL
        self.environment = environment
        self.partners = {p.id: self._partner(p) for p in settings.partners}
        self.subscriptions = tuple(_subscription(n, d) for n, d in enumerate(settings.digests))
        self._check()

    def path(self, text: str) -> Path:
        """A path of the settings file, relative to that file."""
        return (self.folder / text).resolve()

    def secret(self, name: str, *, where: str) -> str:
        """A token from the environment, or from the file that NAME_FILE names."""
        if value := self.environment.get(name):
            return value
        if file := self.environment.get(f"{name}_FILE"):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except OSError as wrong:
                raise CallError(f"{name}_FILE names '{file}', which can't be read: {wrong.strerror}.", remedy="Correct the path.") from None
        raise CallError(f"{name} is not set.", remedy=f"Set {name} in the environment ({where}), or {name}_FILE to a file that holds it.")

    def _partner(self, given: PartnerSettings) -> Partner:
        return Partner(
            id=given.id,
            name=given.name,
            network=given.network,
            calendar=named_calendar(given.calendar),
            calendar_name=given.calendar,
            time_zone=ZoneInfo(given.time_zone),
            cut_off=given.cut_off,
            live_from=given.live_from,
            agreement=str(self.path(given.agreement)),
            internal_channels=given.internal_channels,
            shared_channel=given.shared_channel,
            files=tuple(
                ExpectedFile(
                    stream=f.stream, format=f.format, folder=str(self.path(f.drop)), due=f.expected.due, deadline=f.expected.deadline
                )
                for f in given.files
            ),
        )

    def _check(self) -> None:
        """What one table alone can't know."""
        if len(self.partners) != len(self.settings.partners):
            raise CallError("Two partners have the same id.", remedy="Give each [[partners]] an id of its own.")
        for digest in self.settings.digests:
            for name in digest.partners:
                if name != EVERYBODY and name not in self.partners:
                    raise CallError(
                        f"A digest names the partner '{name}', which is not configured.{nearest(name, self.partners)}",
                        remedy="Use an id of a [[partners]] table, or '*'.",
                    )
        shared: dict[str, str] = {}
        internal = {self.settings.slack.operations_channel} | {c for p in self.partners.values() for c in p.internal_channels}
        internal |= {d.channel for d in self.settings.digests}
        for partner in self.partners.values():
            channel = partner.shared_channel
            if channel and (channel in internal or channel in shared):
                raise CallError(
                    f"The channel {channel} is shared with '{partner.id}', but is also used for something else.",
                    remedy="A channel shared with a partner must be that partner's alone.",
                )
            shared[channel or ""] = partner.id


def _subscription(number: int, given: DigestSettings) -> Subscription:
    return Subscription(
        id=f"{given.channel}-{number}",
        channel=given.channel,
        cron=given.cron,
        time_zone=ZoneInfo(given.time_zone),
        partners=given.partners,
    )


def load(path: Path, *, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in the file at `path`. CallError names each wrong entry and the nearest known one."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CallError(f"There is no configuration file {path}.", remedy="Start from docs/install.md, or try `breakwater demo`.") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise CallError(f"The configuration file {path} can't be read: {wrong}.", remedy="Correct the path, or save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"{path} is not TOML: {wrong}.", remedy="Correct that line.") from None
    try:
        settings = Settings.model_validate(document)
    except ValidationError as wrong:
        raise CallError(
            f"{path}: " + " ".join(_complaint(e) for e in wrong.errors()), remedy="See docs/install.md for every entry."
        ) from None
    return Config(settings, folder=path.resolve().parent, environment=environment)


def _complaint(error: Any) -> str:
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"Unknown entry '{place}'.{nearest(str(error['loc'][-1]), _known_entries(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"'{place}' is missing."
    return f"'{place}': {error['msg'].removeprefix('Value error, ')}."


def _known_entries(steps: tuple[int | str, ...]) -> list[str]:
    """The entries of the table that `steps` leads to."""
    table: type[BaseModel] = Settings
    for step in steps:
        if isinstance(step, str):
            table = _TABLES[step]
    return list(table.model_fields)


_TABLES: dict[str, type[BaseModel]] = {
    "slack": SlackSettings,
    "roles": RoleSettings,
    "partners": PartnerSettings,
    "files": FileSettings,
    "expected": ExpectedSettings,
    "ledger": LedgerSettings,
    "digests": DigestSettings,
}

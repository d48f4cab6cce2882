"""Settings: breakwater.toml and the environment, checked once, with errors that name the remedy."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, Field, ValidationError, ValidationInfo

from breakwater.config_files import (
    CompleteSettings,
    DropAddress,
    DropSettings,
    ExpectedSettings,
    HttpSettings,
    LedgerSettings,
    LocalTime,
    Table,
)
from breakwater.config_legs import LegSettings, SourceSettings, TargetSettings, with_legs
from breakwater.config_live import LiveSettings
from breakwater.config_reminders import DeskSettings, EscalationSettings, ReminderSettings
from breakwater.config_thresholds import ThresholdSettings
from breakwater.config_words import Calendar, Channel, Currency, Name, Person, TimeZone
from breakwater.errors import CallError, nearest
from breakwater.model.access import Role
from breakwater.model.calendar import named_calendar
from breakwater.model.digests import Subscription
from breakwater.model.drops import Place
from breakwater.model.partners import ExpectedFile, Partner
from breakwater.model.proposals import Authority, WriteOffLimit

EVERYBODY = "*"
LEDGER = "ledger"  # what our own side is called among the partners
FORMATS = (
    "camt.052", "camt.053", "camt.054", "camt.056", "pain.001", "pain.002", "pain.008", "pacs.002", "pacs.004", "pacs.008",
    "mt940", "mt942", "bai2", "nacha", "mastercard-ipm", "adyen-settlement", "adyen-accounting", "alipay-settlement", "alipay-transactions",
    "antom-settlement", "stripe-balance", "stripe-payout", "paypal-stl", "paypal-trr", "checkout-settlement", "dlocal-settlement",
    "trustly-settlement", "braintree-disbursement",
)  # fmt: skip
DEFAULT_SLACK_API_URL = "https://slack.com/api/"
_PASSWORD_IN_URL = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=")
_MEMORY = re.compile(r"[1-9][0-9]{0,5}(MB|GB)")


def _engine_url(url: str) -> str:
    if _PASSWORD_IN_URL.search(url):
        raise ValueError("a password does not belong into the settings; set it in the environment, for PostgreSQL as PGPASSWORD")
    return url


def _memory_limit(text: str) -> str:
    if not _MEMORY.fullmatch(text):
        raise ValueError(f"'{text}' is no amount of memory; write it like '4GB'")
    return text


def _cron(text: str) -> str:
    try:
        CronTrigger.from_crontab(text)
    except ValueError as wrong:
        raise ValueError(f"'{text}' is no cron time ({wrong}); five fields, like '0 8 * * mon-fri'") from None
    if any(c.isdigit() for c in text.split()[4]):
        # The scheduler counts from Monday = 0, cron from Sunday = 0: '1-5' would run from Tuesday to Saturday.
        raise ValueError(f"'{text}' names weekdays by number, which programs count differently; write them out, like '0 8 * * mon-fri'")
    return text


def _format(name: str, info: ValidationInfo) -> str:
    """A format that comes with Breakwater, or that a file of [[layouts]] declares: those are in the context."""
    known = (*FORMATS, *(info.context or ()))
    if name not in known:
        raise ValueError(f"'{name}' is no format that is read here, nor one that [[layouts]] declare.{nearest(name, known)}")
    return name


Cron = Annotated[str, AfterValidator(_cron)]
Format = Annotated[str, AfterValidator(_format)]
EngineUrl = Annotated[str, AfterValidator(_engine_url)]
MemoryLimit = Annotated[str, AfterValidator(_memory_limit)]


class SlackSettings(Table):
    """[slack]: where the team works. Tokens never stand here: they come from the environment."""

    operations_channel: Channel


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


class FileSettings(DropSettings):
    """[[partners.files]]: one stream of files, and where it is dropped."""

    stream: Name
    format: Format
    drop: DropAddress
    expected: ExpectedSettings


class PartnerSettings(Table):
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
    clearing_account: str = Field(default="", max_length=40)
    thresholds: ThresholdSettings = ThresholdSettings()
    files: tuple[FileSettings, ...] = ()
    live: tuple[LiveSettings, ...] = ()


class LayoutSettings(Table):
    """[[layouts]]: a format of our own, declared in a TOML file."""

    file: str


class MatchingSettings(Table):
    """[matching]: the engine that compares the sides, by its URL; without one DuckDB, embedded, which spills to disk."""

    engine: EngineUrl | None = None
    proven: bool = False  # `breakwater engine check` agreed on an engine other than PostgreSQL and Spark
    memory_limit: MemoryLimit = "1GB"
    spill_dir: str | None = None


class RetentionSettings(Table):
    """[retention]: how long what is over is kept. What people did, the audit trail, is kept for ever."""

    messages_days: int = Field(default=90, ge=7, le=3_650)  # since they were delivered


class DigestSettings(Table):
    """[[digests]]: a scheduled summary for one channel. With a `calendar` it comes on business days alone."""

    channel: Channel
    cron: Cron
    time_zone: TimeZone
    partners: tuple[str, ...] = (EVERYBODY,)
    metrics: tuple[Literal["*", "files", "volume", "approvals", "amounts", "breaks", "incidents", "refunds", "terms"], ...] = Field(
        ("*",), min_length=1
    )
    calendar: Calendar | None = None
    least_minor: dict[Currency, int] = Field(default_factory=dict)


class Settings(Table):
    """The whole of breakwater.toml. Paths are relative to the file itself."""

    company: str = Field(default="Payment operations", min_length=1, max_length=80)  # how partners know us
    data_dir: str = "var"
    slack: SlackSettings
    roles: RoleSettings = RoleSettings()
    people: PeopleSettings = PeopleSettings()
    partners: tuple[PartnerSettings, ...] = Field(min_length=1)
    legs: tuple[LegSettings, ...] = ()
    ledger: LedgerSettings
    layouts: tuple[LayoutSettings, ...] = ()
    digests: tuple[DigestSettings, ...] = ()
    matching: MatchingSettings = MatchingSettings()
    reminders: ReminderSettings = ReminderSettings()
    retention: RetentionSettings = RetentionSettings()


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
        self.places = self._places()
        self.layouts = tuple(self.path(layout.file) for layout in settings.layouts)
        self.subscriptions = tuple({s.id: s for s in map(_subscription, settings.digests)}.values())
        self.authority = _authority(settings)
        self._check()
        self.partners = with_legs(self.partners, settings.legs, agreements={leg.id: str(self.path(leg.agreement)) for leg in settings.legs})
        self._check_channels()
        self._check_digests()

    def path(self, text: str) -> Path:
        """A path of the settings file, relative to that file."""
        return (self.folder / text).resolve()

    def _address(self, drop: str) -> str:
        return drop if "://" in drop else str(self.path(drop))

    def _places(self) -> dict[tuple[str, str], Place]:
        """Where each stream is dropped, by partner and stream; our own side is 'ledger' of 'ledger'."""
        streams: list[tuple[str, str, DropSettings]] = [("ledger", "ledger", self.settings.ledger)]
        streams += [(p.id, f.stream, f) for p in self.settings.partners for f in p.files]
        return {
            (partner, stream): Place(
                url=self._address(given.drop),
                done_suffix=given.done_suffix,
                known_hosts=self.path(given.known_hosts) if given.known_hosts else None,
                endpoint=given.endpoint,
                region=given.region,
                credentials=given.credentials or partner.upper().replace("-", "_"),
            )
            for partner, stream, given in streams
            if given.drop
        }

    def optional_secret(self, name: str) -> str | None:
        """A secret from the environment, or from the file that NAME_FILE names; None where neither is set."""
        given = self.environment.get(name) or self.environment.get(f"{name}_FILE")
        return self.secret(name, where="") if given else None

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
            thresholds=given.thresholds.in_millionths(),
            clearing_account=given.clearing_account,
            files=tuple(
                ExpectedFile(
                    stream=f.stream,
                    format=f.format,
                    folder=self._address(f.drop),
                    due=f.expected.due,
                    deadline=f.expected.deadline,
                    days=f.expected.days,
                    is_continuous=f.expected.sequence == "continuous",
                )
                for f in given.files
            ),
        )

    def _check(self) -> None:
        """What one table alone can't know."""
        if len(self.partners) != len(self.settings.partners):
            raise CallError("Two partners have the same id.", remedy="Give each [[partners]] an id of its own.")
        for given in self.settings.partners:
            if given.id == LEDGER:
                raise CallError(f"A partner can't be called '{LEDGER}': that is our own side.", remedy="Give it another id.")
            streams = [file.stream for file in given.files]
            if twice := sorted({s for s in streams if streams.count(s) > 1}):
                raise CallError(
                    f"The partner '{given.id}' has two streams called '{twice[0]}'.",
                    remedy="Give each [[partners.files]] a stream of its own.",
                )

    def _check_digests(self) -> None:
        for digest in self.settings.digests:
            for name in digest.partners:
                if name != EVERYBODY and name not in self.partners:
                    raise CallError(
                        f"A digest names the partner '{name}', which is not configured.{nearest(name, self.partners)}",
                        remedy="Use an id of a [[partners]] table, or '*'.",
                    )

    def _check_channels(self) -> None:
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


def _authority(settings: Settings) -> Authority:
    return Authority(
        limits=tuple(
            WriteOffLimit(role=Role[limit.role.upper()], currency=limit.currency, write_off_minor=limit.write_off_minor)
            for limit in settings.roles.limits
        ),
        same_person=tuple(frozenset(accounts) for accounts in settings.people.same),
    )


def _subscription(given: DigestSettings) -> Subscription:
    """Its id comes from what it says, so that moving it in the file posts nothing twice."""
    more = [given.metrics, given.calendar, given.least_minor]
    said = json.dumps([given.channel, given.cron, given.time_zone, given.partners, *(more if more != [("*",), None, {}] else [])])
    return Subscription(
        id=f"{given.channel}-{hashlib.sha256(said.encode()).hexdigest()[:8]}",
        channel=given.channel,
        cron=given.cron,
        time_zone=ZoneInfo(given.time_zone),
        partners=given.partners,
        metrics=given.metrics,
        calendar=given.calendar,
        least_minor=given.least_minor,
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
        settings = Settings.model_validate(document, context=_own_formats(document, folder=path.parent))
    except ValidationError as wrong:
        raise CallError(
            f"{path}: " + " ".join(_complaint(e) for e in wrong.errors()), remedy="See docs/install.md for every entry."
        ) from None
    return Config(settings, folder=path.resolve().parent, environment=environment)


def _own_formats(document: Mapping[str, Any], *, folder: Path) -> tuple[str, ...]:
    """The formats that the files of [[layouts]] declare; whether they are declared well is for their reader to say."""
    tables = document.get("layouts")
    names = [table.get("file") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return tuple(_format_in(folder / name) for name in names if isinstance(name, str))


def _format_in(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("format"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise CallError(f"The layout {path} can't be read: {wrong}.", remedy="Correct the path in [[layouts]].") from None
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"The layout {path} is not TOML: {wrong}.", remedy="Correct that line.") from None


def _complaint(error: Any) -> str:
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"Unknown entry '{place}'.{nearest(str(error['loc'][-1]), _known_entries(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"'{place}' is missing."
    message = error["msg"].removeprefix("Value error, ")
    return f"'{place}': {message}{'' if message.endswith('?') else '.'}"


def _known_entries(steps: tuple[int | str, ...]) -> list[str]:
    """The entries of the table that `steps` leads to."""
    table: type[BaseModel] = Settings
    for step in steps:
        if isinstance(step, str):
            table = _TABLES[step]
    return [given.alias or name for name, given in table.model_fields.items()]


_TABLES: dict[str, type[BaseModel]] = {
    "slack": SlackSettings,
    "roles": RoleSettings,
    "limits": LimitSettings,
    "people": PeopleSettings,
    "partners": PartnerSettings,
    "thresholds": ThresholdSettings,
    "files": FileSettings,
    "expected": ExpectedSettings,
    "ledger": LedgerSettings,
    "layouts": LayoutSettings,
    "http": HttpSettings,
    "complete": CompleteSettings,
    "digests": DigestSettings,
    "reminders": ReminderSettings,
    "escalation": EscalationSettings,
    "desks": DeskSettings,
    "retention": RetentionSettings,
    "legs": LegSettings,
    "from": SourceSettings,
    "to": TargetSettings,
}

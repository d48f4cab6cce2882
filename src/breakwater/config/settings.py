"""The whole of breakwater.toml beside the environment: what the composition root works with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from breakwater.config.access import PeopleSettings, RoleSettings, authority
from breakwater.config.digests import DigestSettings, subscription
from breakwater.config.files import DropSettings, LedgerSettings, Table
from breakwater.config.legs import LegSettings, with_legs
from breakwater.config.matching import MatchingSettings
from breakwater.config.partners import PartnerSettings
from breakwater.config.reminders import ReminderSettings
from breakwater.config.words import EVERYBODY, LEDGER, Channel
from breakwater.errors import CallError, nearest
from breakwater.model.calendar import named_calendar
from breakwater.model.drops import Place
from breakwater.model.partners import ExpectedFile, Partner

DEFAULT_SLACK_API_URL = "https://slack.com/api/"


class SlackSettings(Table):
    """[slack]: where the team works. Tokens never stand here: they come from the environment."""

    operations_channel: Channel


class LayoutSettings(Table):
    """[[layouts]]: a format of our own, declared in a TOML file."""

    file: str


class RetentionSettings(Table):
    """[retention]: how long what is over is kept. What people did, the audit trail, is kept for ever."""

    messages_days: int = Field(default=90, ge=7, le=3_650)  # since they were delivered


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
        self.subscriptions = tuple({s.id: s for s in map(subscription, settings.digests)}.values())
        self.authority = authority(settings.roles, settings.people)
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
            decline_families=given.decline_families.by_code(),
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

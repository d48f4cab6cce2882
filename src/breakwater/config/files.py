"""The tables of breakwater.toml about files: where they are dropped, when they are expected, and how our own side is read."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from breakwater.errors import nearest

_SCHEMES = ("sftp", "s3")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Table(BaseModel):
    """A table of the settings: unknown entries are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _local_time(at: time) -> time:
    if at.tzinfo:
        raise ValueError(f"'{at}' has a time zone of its own; write a time of the partner's clock, like '08:30'")
    return at


def _drop(text: str) -> str:
    scheme, is_url, _ = text.partition("://")
    if not is_url:
        return text
    if scheme not in _SCHEMES:
        raise ValueError(
            f"'{scheme}' is no kind of drop; use a folder, sftp://user@host:port/path or s3://bucket/prefix{nearest(scheme, _SCHEMES)}"
        )
    url = urlsplit(text)
    if url.password:
        raise ValueError("a password does not belong into the settings; set it in the environment")
    if scheme == "sftp" and not (url.username and url.hostname):
        raise ValueError("an SFTP drop names a user and a host, like sftp://breakwater@files.nordbank.example:22/out")
    if scheme == "s3" and not url.hostname:
        raise ValueError("an S3 drop names a bucket, like s3://bucket/prefix")
    return text


LocalTime = Annotated[time, AfterValidator(_local_time)]
DropAddress = Annotated[str, AfterValidator(_drop)]
Overlap = Annotated[int, Field(ge=0, le=86_400)]
Prefix = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class ExpectedSettings(Table):
    """When a file is due, in the partner's time, and about which days there is one.

    `days` is 'business' (each business day of the partner's calendar, delivered on the next one), 'daily' (each day, delivered on the next)
    or a list of weekdays (holidays or not, delivered on the next business day). With `sequence` 'continuous' a statement number that is
    left out is told.
    """

    due: LocalTime
    deadline: LocalTime
    days: Literal["business", "daily"] | Annotated[tuple[Weekday, ...], Field(min_length=1)] = "business"
    sequence: Literal["continuous"] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.deadline < self.due:
            raise ValueError(f"the deadline {self.deadline:%H:%M} is before the file is due, {self.due:%H:%M}")
        return self


class DropSettings(Table):
    """Where files are dropped, and how that place is reached. Passwords and keys come from the environment only."""

    drop: DropAddress | None = None
    done_suffix: str | None = Field(default=None, min_length=1, max_length=20)
    known_hosts: str | None = None
    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    region: str | None = None
    credentials: Prefix | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.drop and self.drop.startswith("sftp://") and not self.known_hosts:
            raise ValueError("an SFTP drop needs known_hosts, a file that holds the host key of the server; ask the partner for it")
        return self


class HttpSettings(Table):
    """[ledger.http]: our own side from a JSON API.

    `rows` is the dotted path to the list in an answer, `columns` says for each column of a record where it stands in a row. Pages follow
    each other by `next_cursor` (a path, sent back as the parameter `cursor`), by `next_link` (a path to an address) or by number (`page`,
    the parameter's name). `since` is the parameter that asks for rows changed at or after a moment, `booked_from` and `booked_to` those
    that ask for all rows booked from one day through another.
    """

    url: str = Field(pattern=r"^https?://")
    rows: str = ""
    columns: dict[str, str]
    updated_at: str = "updated_at"
    since: str = "updated_since"
    booked_from: str | None = None
    booked_to: str | None = None
    next_cursor: str | None = None
    cursor: str = "cursor"
    next_link: str | None = None
    page: str | None = None
    parameters: dict[str, str] = {}
    overlap_s: Overlap = 300

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.next_cursor, self.next_link, self.page)) > 1:
            raise ValueError("pages follow each other in one way: next_cursor, next_link or page")
        return self


class CompleteSettings(Table):
    """[ledger.complete]: every so many hours, all rows of the last days are asked for, and what was deleted in the source goes here too.

    A source that leaves out more than `most_gone_share` of what was pulled of those days is not believed.
    """

    days: int = Field(default=14, ge=1, le=366)
    every_hours: int = Field(default=24, ge=1, le=168)
    most_gone_share: float = Field(default=0.05, ge=0, lt=1)


class LedgerSettings(DropSettings):
    """[ledger]: our own side: files dropped in a place, a database, or an API.

    From a database and an API it is pulled: the rows changed since the last pull, and those of `overlap_s` seconds before it once more,
    for changes that were committed late.
    """

    source: str | None = None
    records: str | None = None
    overlap_s: Overlap = 300
    http: HttpSettings | None = None
    complete: CompleteSettings | None = None

    @model_validator(mode="after")
    def _asked_for_days(self) -> Self:
        if self.complete and not (self.source or self.http):
            raise ValueError("complete is for our own side in a database or an API")
        if self.complete and self.http and not (self.http.booked_from and self.http.booked_to):
            raise ValueError("complete asks an API for days: set booked_from and booked_to in [ledger.http]")
        return self

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not (self.drop or self.source or self.http):
            raise ValueError("our own side needs a drop, a source with records, or a table [ledger.http]")
        if bool(self.source) != bool(self.records):
            raise ValueError("source and records go together: a database, and the SELECT that gives its records")
        if self.source and urlsplit(self.source).password:
            raise ValueError("a password does not belong into the settings; set LEDGER_SOURCE_PASSWORD")
        return self

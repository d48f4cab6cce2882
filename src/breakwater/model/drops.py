"""Drops: places where files are delivered to us, and what lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A file that lies in a drop: its name there, its size in bytes, when it was last changed, and its version where the drop has one."""

    name: str
    size: int
    modified_at: datetime
    etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A file that says what another one, `of`, had said before: nothing of it was booked."""

    stream: str
    name: str
    of: str
    of_came_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a drop is and how it is reached. `url` is a folder, `sftp://user@host:port/path` or `s3://bucket/prefix`.

    `done_suffix` is what the name of a done-file adds to the name of the file that is complete, '.done' for instance; without one a
    file is complete when it no longer changes. `known_hosts` is the file with the host keys of an SFTP server, `endpoint` another
    server that speaks S3. Secrets never stand here: `credentials` is how the variables that hold them begin.
    """

    url: str
    done_suffix: str | None = None
    known_hosts: Path | None = None
    endpoint: str | None = None
    region: str | None = None
    credentials: str = ""


class Drop(Protocol):
    """A place files are delivered to. Nothing in it is ever deleted or renamed. WorldError where it can't be reached."""

    def listing(self) -> list[Offered]:
        """Every file that lies there now, done-files and unfinished ones too."""

    def fetch(self, offered: Offered, to: Path) -> str:
        """Copy a file to `to`, and return the SHA-256 of its bytes. WorldError, and nothing at `to`, if it does not arrive whole."""


def is_under_way(name: str) -> bool:
    """True for names that say the file is hidden or not finished yet."""
    return name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY)

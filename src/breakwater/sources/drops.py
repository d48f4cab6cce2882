"""Drops: the places files are delivered to, by address: a folder, SFTP, or S3."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from breakwater.errors import CallError, WorldError, nearest
from breakwater.model.drops import Drop, Offered, Place
from breakwater.sources.drop_s3 import S3Drop
from breakwater.sources.drop_sftp import SftpDrop

Secret = Callable[[str], str | None]
"""A secret by the name of its variable; None where it is not set."""
SCHEMES = ("sftp", "s3")
_CHUNK_BYTES = 1 << 20


def open_drop(place: Place, *, secret: Secret) -> Drop:
    """The drop at a place. Nothing is reached yet. CallError names what is wrong with its address or its secrets."""
    match scheme_of(place.url):
        case "sftp":
            return SftpDrop(place, secret=secret)
        case "s3":
            return S3Drop(place, secret=secret)
        case _:
            return FolderDrop(Path(place.url))


def scheme_of(url: str) -> str | None:
    """'sftp' or 's3'; None for a folder. CallError for any other address."""
    scheme = urlsplit(url).scheme if "://" in url else None
    if scheme not in (None, *SCHEMES):
        raise CallError(
            f"'{scheme}' is no kind of drop.{nearest(str(scheme), SCHEMES)}",
            remedy="Use a folder, sftp://user@host:port/path or s3://bucket/prefix.",
        )
    return scheme


class FolderDrop:
    """A folder of this machine, or one that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listing(self) -> list[Offered]:
        """Every file that lies in the folder itself."""
        try:
            return [offered for path in sorted(self._folder.iterdir()) if (offered := _offered(path))]
        except OSError as wrong:
            raise WorldError(
                f"The folder {self._folder} can't be read: {wrong.strerror}.", remedy="Check that it is there, mounted and readable."
            ) from None

    def fetch(self, offered: Offered, to: Path) -> str:
        """Copy the file, and see that it is the one that was offered."""
        path = self._folder / offered.name
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("rb") as read, to.open("xb") as written:
                while chunk := read.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size += written.write(chunk)
            if size != offered.size or _offered(path) != offered:
                raise WorldError(f"{offered.name} changed while it was read.", remedy="It is taken in once it is complete.")
        except OSError as wrong:
            to.unlink(missing_ok=True)
            raise WorldError(f"{offered.name} can't be read: {wrong.strerror}.", remedy="Check the folder and its rights.") from None
        except WorldError:
            to.unlink(missing_ok=True)
            raise
        return digest.hexdigest()


def _offered(path: Path) -> Offered | None:
    """The file at a path; None if it is none, or gone by now."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    if not path.is_file():
        return None
    changed_at = datetime.fromtimestamp(stat.st_mtime_ns // 1_000_000_000, UTC).replace(microsecond=stat.st_mtime_ns // 1_000 % 1_000_000)
    return Offered(name=path.name, size=stat.st_size, modified_at=changed_at)

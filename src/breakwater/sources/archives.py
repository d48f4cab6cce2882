"""Zip archives, and files packed with gzip: opened within bounds, or refused."""

from __future__ import annotations

import functools
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

from breakwater.errors import FileError
from breakwater.sources.documents import RESEND

MAX_MEMBERS = 1_000
MAX_TOTAL_BYTES = 8 * 1000**3
# A member is a bomb when it unpacks to more than this many bytes at more than this many times its packed size.
BOMB_BYTES = 10 * 1000**2
BOMB_RATIO = 200
GZIP = b"\x1f\x8b"
SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", GZIP)
# Parts that every office workbook has: the archive is one document then, and not one we read.
_WORKBOOK_PARTS = frozenset({"[Content_Types].xml", "mimetype"})
_ENCRYPTED = 0x1
_RESOURCE_FORKS = "__MACOSX/"  # macOS adds these beside the delivered members; they are no documents


@dataclass(frozen=True, kw_only=True)
class Member:
    """One document of an archive, and how to open it."""

    name: str
    open: Callable[[], BinaryIO]


def members(path: Path) -> list[Member]:
    """The documents of the zip archive at `path`, in its order, or the one that is packed with gzip there.

    `unsafe-archive` if one of them is out of bounds; what gzip packed is only seen to be when it is read.
    """
    with path.open("rb") as stream:
        if stream.read(len(GZIP)) == GZIP:
            return [Member(name=path.name.removesuffix(".gz"), open=functools.partial(_gunzipped, path))]
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise FileError("truncated", f"{path.name} is a zip archive without its end.", remedy=RESEND) from None
    found = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith(_RESOURCE_FORKS)]
    if _WORKBOOK_PARTS & {info.filename for info in found}:
        raise FileError("unknown-format", f"{path.name} is an office document.", remedy="Ask the partner for the CSV of this report.")
    if len(found) > MAX_MEMBERS:
        raise _unsafe(f"{path.name} holds {len(found):,} files, more than {MAX_MEMBERS:,}")
    if sum(info.file_size for info in found) > MAX_TOTAL_BYTES:
        raise _unsafe(f"{path.name} unpacks to more than {MAX_TOTAL_BYTES // 1000**3} GB")
    for info in found:
        _check(info)
    return [Member(name=info.filename, open=functools.partial(_open, archive, info)) for info in found]


def _gunzipped(path: Path) -> BinaryIO:
    return cast(BinaryIO, _Gunzipped(path))


def _check(info: zipfile.ZipInfo) -> None:
    inside = PurePosixPath(info.orig_filename.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
        raise _unsafe(f"the archive holds '{info.filename}', a path outside of it")
    if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * info.compress_size:
        raise _unsafe(f"'{info.filename}' unpacks to {info.file_size:,} bytes, more than {BOMB_RATIO} times its packed size")
    if info.flag_bits & _ENCRYPTED:
        raise _unsafe(f"'{info.filename}' is locked with a password")


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast(BinaryIO, _Member(archive.open(info), name=info.filename))
    except zipfile.BadZipFile:
        raise _damaged(info.filename) from None
    except NotImplementedError:
        raise _unsafe(f"'{info.filename}' is packed in a way that can't be unpacked here") from None


class _Member(io.RawIOBase):
    """A member's bytes. zipfile never gives more than the declared size; a wrong checksum or broken packing is `malformed`."""

    def __init__(self, stream: IO[bytes], *, name: str) -> None:
        self._stream = stream
        self._name = name

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise _damaged(self._name) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Gunzipped(io.RawIOBase):
    """What gzip packed. It does not say how large it is, so that is counted while it is read."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._packed_bytes = path.stat().st_size
        self._stream = gzip.GzipFile(path)
        self._read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        most = MAX_TOTAL_BYTES - self._read_bytes + 1
        try:
            data = self._stream.read(most if size < 0 else min(size, most))
        except EOFError:
            raise FileError("truncated", f"{self._name} ends in the midst of what gzip packed.", remedy=RESEND) from None
        except (gzip.BadGzipFile, zlib.error):
            raise _damaged(self._name) from None
        self._read_bytes += len(data)
        if self._read_bytes > MAX_TOTAL_BYTES:
            raise _unsafe(f"{self._name} unpacks to more than {MAX_TOTAL_BYTES // 1000**3} GB")
        if self._read_bytes > BOMB_BYTES and self._read_bytes > BOMB_RATIO * self._packed_bytes:
            raise _unsafe(f"{self._name} unpacks to more than {BOMB_RATIO} times its packed size")
        return data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _unsafe(why: str) -> FileError:
    return FileError("unsafe-archive", f"This archive is not opened: {why}.", remedy="Ask the partner to send the files one by one.")


def _damaged(name: str) -> FileError:
    return FileError("malformed", f"'{name}' in the archive is damaged.", remedy=RESEND)

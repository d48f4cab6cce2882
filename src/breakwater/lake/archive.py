"""The archive: every delivered file as it came, named by what is in it."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from breakwater.errors import NotFoundError, WorldError
from breakwater.lake.parts import Lake
from breakwater.lake.writing import move_into_place

_FOLDER = "archive"
_CHUNK_BYTES = 1 << 20


Mask = Callable[[Path, Path], None]
"""Writes a copy of a delivered file in which no card number can be read. FileError if the file is not what it should be."""


def keep(lake: Lake, path: Path, *, sha256: str, mask: Mask | None = None) -> Path:
    """Keep the bytes of a delivered file, and return where. What is kept is never written over.

    With `mask` what it writes is kept instead, under the name of the bytes that came: card numbers never rest in clear.
    WorldError if the file can't be read or kept, or if its bytes are no longer those of `sha256`.
    """
    kept = _place(lake, sha256)
    if kept.exists():
        return kept
    copy = kept.with_name(f"{sha256}-{uuid.uuid4().hex}.unfinished")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        if mask:
            mask(path, copy)
        elif _copied(path, copy) != sha256:
            raise WorldError(f"{path.name} changed while it was read.", remedy="It is taken in again once it is complete.")
        move_into_place(copy, kept)
    except OSError as wrong:
        raise WorldError(f"{path.name} can't be kept: {wrong.strerror}.", remedy="Check the disk and BREAKWATER_DATA_DIR.") from wrong
    finally:
        copy.unlink(missing_ok=True)
    return kept


@contextmanager
def under_its_name(lake: Lake, *, sha256: str, name: str) -> Iterator[Path]:
    """A kept file under the name it was delivered with, as long as it is read. NotFoundError if it was not kept."""
    kept = _place(lake, sha256)
    if not kept.exists():
        raise NotFoundError(f"{name} was not kept, so it can't be read again.", remedy="Ask the partner to send it again.")
    with tempfile.TemporaryDirectory(prefix="breakwater-") as folder:
        path = Path(folder) / PurePath(name).name
        path.symlink_to(kept)
        yield path


def _place(lake: Lake, sha256: str) -> Path:
    return lake.root / _FOLDER / sha256[:2] / sha256


def _copied(source: Path, target: Path) -> str:
    """Copy a file piece by piece; the hash of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(_CHUNK_BYTES):
            digest.update(chunk)
            written.write(chunk)
    return digest.hexdigest()

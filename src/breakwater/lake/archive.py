"""The archive: every delivered file as it came, named by what is in it."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from breakwater.errors import WorldError
from breakwater.lake.parts import Lake
from breakwater.lake.writing import move_into_place

_FOLDER = "archive"
_CHUNK_BYTES = 1 << 20


def keep(lake: Lake, path: Path, *, sha256: str) -> Path:
    """Keep the bytes of a delivered file, and return where. What is kept is never written over.

    WorldError if the file can't be read or kept, or if its bytes are no longer those of `sha256`.
    """
    kept = lake.root / _FOLDER / sha256[:2] / sha256
    if kept.exists():
        return kept
    copy = kept.with_name(f"{sha256}-{uuid.uuid4().hex}.unfinished")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        if _copied(path, copy) != sha256:
            raise WorldError(f"{path.name} changed while it was read.", remedy="It is taken in again once it is complete.")
        move_into_place(copy, kept)
    except OSError as wrong:
        raise WorldError(f"{path.name} can't be kept: {wrong.strerror}.", remedy="Check the disk and BREAKWATER_DATA_DIR.") from wrong
    finally:
        copy.unlink(missing_ok=True)
    return kept


def _copied(source: Path, target: Path) -> str:
    """Copy a file piece by piece; the hash of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(_CHUNK_BYTES):
            digest.update(chunk)
            written.write(chunk)
    return digest.hexdigest()

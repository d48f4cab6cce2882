"""Deliveries that came before: the same again in other bytes, a re-issue, or a piece of an earlier file."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from breakwater.errors import FileError
from breakwater.lake.comparing import same_rows
from breakwater.lake.parts import Lake
from breakwater.model.files import SourceFile
from breakwater.model.parts import part_of
from breakwater.store import reads

_NAMED_KEYS = 5


def replaced_by(tx: Connection, file: SourceFile) -> list[SourceFile]:
    """The ingested files that hold a logical key of this one: what it would take the place of."""
    held = {
        old.sha256: old
        for key in file.logical_keys
        if (old := reads.source_file_by_key(tx, partner=file.partner, logical_key=key)) and old.sha256 != file.sha256
    }
    return [held[sha256] for sha256 in sorted(held)]


def says_the_same(lake: Lake, file: SourceFile, *, replaced: Sequence[SourceFile]) -> bool:
    """True if a file says of its statements exactly what earlier files said of them: same keys, same money, record by record."""
    keys = set(file.logical_keys)
    known = {key for old in replaced for key in old.logical_keys}
    if not replaced or not keys <= known:
        return False
    is_whole = keys == known
    if not is_whole and any(f.events for f in (file, *replaced)):
        return False  # an event does not say which statement it belongs to
    only_keys = () if is_whole else keys
    records = same_rows(lake, new=_parts([file], "records"), old=_parts(replaced, "records"), only_keys=only_keys)
    return records and same_rows(lake, new=_parts([file], "events"), old=_parts(replaced, "events"))


def partial_reissue(file: SourceFile, *, replaced: Sequence[SourceFile]) -> FileError | None:
    """The refusal of a file that re-issues a part of an earlier one: taking its place would lose the rest."""
    for old in replaced:
        if lost := [key for key in old.logical_keys if key not in file.logical_keys]:
            named = ", ".join(lost[:_NAMED_KEYS]) + (f" and {len(lost) - _NAMED_KEYS} more" if len(lost) > _NAMED_KEYS else "")
            return FileError(
                "partial-reissue",
                f"{file.name} corrects a part of {old.name} and leaves out {named}, which would be lost.",
                remedy=f"Ask the partner to send all of {old.name} again.",
            )
    return None


def _parts(files: Sequence[SourceFile], content: str) -> list[str]:
    return [part for file in files for part in file.parts if part_of(part).content == content]

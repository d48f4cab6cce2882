"""Files that have not come, in one line each, and counted: late and missing are told apart."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.late_files import LateFile
from breakwater.views.blocks import word
from breakwater.views.words import joined, plural

NAME_SHOWN = 120


def late_line(file: LateFile) -> str:
    """Like 'statement of 23 Nov is late, was due 24 Nov 07:00 (Europe/Berlin)'."""
    return f"{word(file.name, NAME_SHOWN)} is {'missing' if file.is_missing else 'late'}, was due {word(file.due)}"


def late_count(files: Sequence[LateFile]) -> str:
    """Like '2 files missing, 1 late'; empty where there are none."""
    missing = sum(1 for file in files if file.is_missing)
    late = len(files) - missing
    gone = f"{plural(missing, 'file')} missing" if missing else ""
    return joined((gone, (f"{late:,} late" if gone else f"{plural(late, 'file')} late") if late else ""), ", ")

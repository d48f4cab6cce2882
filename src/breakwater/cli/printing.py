"""Words and tables in a terminal, or in a pipe that takes its place."""

from __future__ import annotations

from rich.console import Console

_PIPED_COLUMNS = 160  # a pipe has no width of its own


def printable(text: str | None) -> str:
    """A foreign word for a terminal: control characters would move its cursor, or worse."""
    return "".join(letter if letter.isprintable() else "�" for letter in text or "")


def printer(*, soft_wrap: bool = False) -> Console:
    """Where words are printed as they are; a pipe has room for a table. With `soft_wrap` long lines are left to the terminal."""
    made = Console(highlight=False, markup=False, soft_wrap=soft_wrap)
    if not made.is_terminal:
        made.width = _PIPED_COLUMNS
    return made

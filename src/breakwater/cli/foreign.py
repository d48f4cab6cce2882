"""Foreign words in a terminal."""

from __future__ import annotations


def printable(text: str | None) -> str:
    """A foreign word for a terminal: control characters would move its cursor, or worse."""
    return "".join(letter if letter.isprintable() else "�" for letter in text or "")

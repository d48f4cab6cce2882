"""What is said of matches that people made by hand."""

from __future__ import annotations

from breakwater.model.by_hand import ManualMatch
from breakwater.views.blocks import Message, section, word


def fallen(made: ManualMatch, *, why: str) -> Message:
    """A match by hand no longer holds: in the thread of its break."""
    text = f"The match by hand {word(made.id)} no longer holds: {word(why, 300)}. Its records are matched anew."
    return Message(text=text, blocks=(section(text),))

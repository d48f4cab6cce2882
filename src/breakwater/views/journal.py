"""The answer to who asks for the journal."""

from __future__ import annotations

from breakwater.views.blocks import Message, section, word
from breakwater.views.words import plural


def journal_sent(bookings: int, *, month: str) -> Message:
    """Where the file is; a month without bookings has none."""
    none = f"Nothing was booked in {word(month)}: no write-off or correction was approved."
    text = f"The journal of {word(month)}, {plural(bookings, 'booking')}: in your direct messages with me, as CSV." if bookings else none
    return Message(text=text, blocks=(section(text),))

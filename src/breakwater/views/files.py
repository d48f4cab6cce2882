"""Partner files that need a person: one that can't be trusted."""

from __future__ import annotations

from breakwater.model.files import SourceFile
from breakwater.views.blocks import Message, bold, code, context, fit, section, word
from breakwater.views.words import moment


def quarantined(file: SourceFile, *, partner_name: str, remedy: str) -> Message:
    """A file was refused whole: why, and what to do. Nothing of it counts, and its neighbours went on."""
    reason = word(file.reason or "it can't be trusted", 600)
    todo = word(remedy, 600)
    head = f"🔴 {bold(partner_name)}: file refused, nothing of it was booked"
    small = f"{word(file.stream)} · {word(file.format)} · {moment(file.received_at)} · sha256 {code(file.sha256[:12])}"
    return fit(
        Message(
            text=f"{word(partner_name)}: file {word(file.name)} was refused, nothing of it was booked. {reason} {todo}",
            blocks=(section(f"{head}\n{code(file.name, 120)}\n{reason}" + (f"\n*Next:* {todo}" if todo else "")), context(small)),
        )
    )

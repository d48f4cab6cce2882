"""What people can say of a finding: its buttons, how an answer is told, and what a false alarm teaches."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from breakwater.model.findings import LEVEL_KINDS, Finding, FindingKind
from breakwater.model.learning import PROMISED, learns
from breakwater.model.per_cent import per_cent
from breakwater.views.blocks import Block, Message, actions, button, section, word
from breakwater.views.words import joined, moment, person

NOTE_SHOWN = 300


class Do(StrEnum):
    """The buttons of a finding's card; each is the action `finding_…`."""

    ACKNOWLEDGE = "acknowledge"
    FALSE_POSITIVE = "false_positive"
    EXPECTED = "expected"
    MUTE = "mute"
    NEW_LEVEL = "new_level"
    INCIDENT = "incident"


_WORDS = {
    Do.ACKNOWLEDGE: "Acknowledge",
    Do.FALSE_POSITIVE: "False positive…",
    Do.EXPECTED: "Expected…",
    Do.MUTE: "Mute for…",
    Do.NEW_LEVEL: "Accept as new level…",
    Do.INCIDENT: "Open incident",
}
_INSTEAD = {
    FindingKind.FILE_LATE: "a file is late by the clock. If it always comes at that time, change `expected` of its stream in"
    " breakwater.toml",
    FindingKind.FILE_MISSING: "a file is missing by the calendar. If there is none on such days, change `expected` of its stream in"
    " breakwater.toml",
    FindingKind.FILE_DUPLICATE: "a file repeats another one or does not. Its payments count once all the same; ask who sends it"
    " to send it once",
    FindingKind.FILE_GAP: "a number was left out or was not. If this partner leaves some out, take `sequence` of the stream out of"
    " breakwater.toml",
    FindingKind.STATE_BELOW: "a threshold is kept or is not. It stands in `[partners.thresholds]` of breakwater.toml",
}


def buttons(finding: Finding) -> Block:
    """What can be said of an open finding. What closes it asks for more first."""
    asked = {"finding_id": finding.id, "revision": finding.revision}
    shown = [Do.ACKNOWLEDGE] if finding.acknowledged_by is None else []
    shown += [Do.FALSE_POSITIVE, Do.EXPECTED]
    shown += [] if finding.is_outage else [Do.MUTE]
    shown += [Do.NEW_LEVEL] if finding.kind in LEVEL_KINDS else []
    styles = {Do.ACKNOWLEDGE: "primary", Do.INCIDENT: "danger"}
    return actions(*(button(f"finding_{do}", _WORDS[do], asked, style=styles.get(do)) for do in (*shown, Do.INCIDENT)))


def answered(finding: Finding, *, at: datetime) -> str:
    """Who looks after it, until when it is muted at this moment, and who said what of it."""
    taken = f"{person(finding.acknowledged_by)} looks after it" if finding.acknowledged_by else ""
    if finding.open:
        muted = finding.is_silent(at) and finding.silent_until
        return joined((taken, f"muted until {moment(muted)} by {person(finding.said_by)}" if muted else ""))
    said = f"said by {person(finding.said_by)}" if finding.said_by else ""
    return joined((taken, said, word(finding.said_note, 200) if finding.said_note else ""))


def finding_said(finding: Finding, *, do: Do, by: str) -> Message:
    """What somebody did, for the thread of the card."""
    until = f" until {moment(finding.silent_until)}" if finding.silent_until else ""
    note = f": {word(finding.said_note, NOTE_SHOWN)}" if finding.said_note else "."
    said = {
        Do.ACKNOWLEDGE: f"👀 {person(by)} looks after it.",
        Do.FALSE_POSITIVE: f"⚪ {person(by)} says this was a false alarm. {what_false_teaches(finding.kind)}",
        Do.EXPECTED: f"🗓️ {person(by)} says this is expected{until}{note}",
        Do.MUTE: f"🔕 {person(by)} muted this{until}. An outage would still be told.",
        Do.NEW_LEVEL: f"↕️ {person(by)} says this is the new level: from now on it is what is expected.",
        Do.INCIDENT: f"🚨 {person(by)} opens an incident.",
    }[do]
    return Message(text=said, blocks=(section(said),))


def what_false_teaches(kind: FindingKind) -> str:
    """What it changes that a finding of this kind is called a false alarm, and where nothing, what can be done instead."""
    if learns(kind):
        return (
            f"It counts against findings like it: while fewer than {per_cent(PROMISED)} are believed to be worth it, they must be surer"
            " before they speak (`/anomalies feedback`)."
        )
    return f"It counts in the record of the digests, and makes nothing less sensitive: {_INSTEAD[kind]}."

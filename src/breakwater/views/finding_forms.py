"""The forms of a finding: why it was expected and until when, for how long to hear nothing of it, and what an answer will change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from breakwater.model.findings import DAILY_KINDS, Finding, FindingKind
from breakwater.model.partners import Partner
from breakwater.views.blocks import Block, context, section, word
from breakwater.views.finding_answers import what_false_teaches
from breakwater.views.incident_forms import open_modal
from breakwater.views.modals import choice, chosen, metadata, modal, text_input, typed
from breakwater.views.words import day, heading, moment_on_clock

EXPECTED_FORM, MUTE_FORM = "finding_expected_form", "finding_mute_form"
FALSE_FORM, LEVEL_FORM = "finding_false_form", "finding_level_form"
REASON, HOURS, NOTE = "reason", "hours", "note"
NOTE_MOST = 200
_REASONS = (
    ("holiday", "A holiday"),
    ("promotion", "A promotion or campaign"),
    ("test", "A test"),
    ("maintenance", "Maintenance"),
    ("other", "Something else"),
)
_HOURS = (("1", "1 hour"), ("4", "4 hours"), ("12", "12 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "1 week"))


class Asked(TypedDict):
    """What a form was opened for: the finding as its card showed it."""

    finding_id: str
    revision: int
    channel: str


def expected_form(finding: Finding, *, channel: str) -> Block:
    """Why it was to be expected, and until when."""
    blocks = [
        _what(finding),
        choice(REASON, "What is it?", _REASONS, chosen="holiday"),
        choice(HOURS, "For how long from now?", _HOURS, chosen="24", hint="If it still shows then, it is told again."),
        text_input(NOTE, "A word about it", most=NOTE_MOST, optional=True),
        context("It is closed, nobody hears of it until then, and these hours teach nothing about what is usual."),
    ]
    return modal(EXPECTED_FORM, title="This was expected", blocks=blocks, submit="Close it", metadata=_asked(finding, channel))


def mute_form(finding: Finding, *, channel: str) -> Block:
    """For how long to hear nothing of it."""
    blocks = [
        _what(finding),
        choice(HOURS, "Mute for", _HOURS, chosen="4"),
        context("It stays open and in the digests. An outage is told all the same."),
    ]
    return modal(MUTE_FORM, title="Mute a finding", blocks=blocks, submit="Mute", metadata=_asked(finding, channel))


def false_form(finding: Finding, *, channel: str) -> Block:
    """What it changes that it is called a false alarm."""
    blocks = [_what(finding), section("It is closed as a false alarm."), context(what_false_teaches(finding.kind))]
    return modal(FALSE_FORM, title="A false alarm?", blocks=blocks, submit="Close it", metadata=_asked(finding, channel))


def level_form(finding: Finding, *, channel: str) -> Block:
    """What it changes that this is how things are."""
    blocks = [_what(finding), section("It is closed. From now on, this is what is expected here, and alarms compare with it.")]
    return modal(LEVEL_FORM, title="The new level?", blocks=blocks, submit="Accept it", metadata=_asked(finding, channel))


def incident_form(finding: Finding, *, partner: Partner, partners: list[Partner]) -> Block:
    """The form of an incident, filled in from a finding as far as it is ours alone; what the partner reads a person writes."""
    known = "\n".join(part for part in (finding.summary, f"Where: {finding.scope}. Expected: {finding.expected}. Seen: {finding.seen}.",
                                        finding.cause, f"Finding {finding.id}.") if part)  # fmt: skip
    return open_modal(partner=partner, partners=partners, title=_title(finding, partner), summary=known, about=finding.id)


def read_asked(view: Mapping[str, Any]) -> Asked:
    """What the form was opened for."""
    asked = metadata(view)
    return Asked(finding_id=str(asked["finding_id"]), revision=int(asked["revision"]), channel=str(asked["channel"]))


def read_until(view: Mapping[str, Any], *, now: datetime) -> datetime:
    """Until when."""
    return now + timedelta(hours=int(chosen(view, HOURS)))


def read_reason(view: Mapping[str, Any]) -> str:
    """Why it was expected, in words."""
    reason, note = dict(_REASONS)[chosen(view, REASON)].lower(), typed(view, NOTE)
    return f"{reason}. {note}" if note else f"{reason}."


def _what(finding: Finding) -> Block:
    return section(f"*{word(finding.scope, 160)}*\n{word(finding.summary, 300)}")


def _title(finding: Finding, partner: Partner) -> str:
    """Nothing of ours stands in it: the partner reads the title. Its times are on the partner's clock, and a file's day is named."""
    if finding.kind in (FindingKind.FILE_LATE, FindingKind.FILE_MISSING):
        file = " of ".join(finding.scope.split(" · ")[1:]) or "file"  # its scope is partner, stream and day
        return f"{heading(file)} {'late' if finding.kind is FindingKind.FILE_LATE else 'missing'}"
    titles = {
        "volume_drop": "Payments below normal", "volume_spike": "Payments above normal", "approval_drop": "Approval rate below normal",
        "ticket_up": "Unusual payment amounts", "ticket_down": "Unusual payment amounts",
        "file_duplicate": "File delivered twice", "file_truncated": "File incomplete",
        "file_gap": "File number missing", "file_changed": "File contents changed",
        "state_below": "Reconciliation behind", "decline_reasons": "More declines for one reason",
        "refunds_up": "Refunds above normal", "chargebacks_up": "Chargebacks above normal",
        "fee_drift": "Fees changed", "rate_drift": "Exchange rate changed", "settlement_slow": "Settlement slower than usual",
        "break_rate_up": "More unreconciled than usual",
    }  # fmt: skip
    has_no_time = finding.kind in DAILY_KINDS or finding.kind is FindingKind.FILE_GAP
    return f"{titles[finding.kind]} since {day(finding.since) if has_no_time else moment_on_clock(finding.since, partner.time_zone)}"


def _asked(finding: Finding, channel: str) -> Asked:
    return Asked(finding_id=finding.id, revision=finding.revision, channel=channel)

"""Partner incidents: our card and thread, and the partner's, which is built from partner-safe words alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from breakwater.model.incidents import EntrySide, Incident, IncidentStatus, Severity, TimelineEntry
from breakwater.views.blocks import (
    Block,
    Message,
    actions,
    bold,
    button,
    code,
    context,
    fit,
    quote,
    section,
    unmarked,
    with_our_tokens,
    word,
)
from breakwater.views.literal import line, said, words
from breakwater.views.words import joined, moment, moment_utc, person, plural

RESOLVE = "incident_resolve"
TITLE_SHOWN = 120
TEXT_SHOWN = 2_500
SUMMARY_SHOWN = 1_200
ENTRY_SHOWN = 300
LIST_SHOWN = 20

SEVERITY_WORDS: Mapping[Severity, str] = {Severity.SEV1: "SEV1", Severity.SEV2: "SEV2", Severity.SEV3: "SEV3"}
STATUS_WORDS: Mapping[IncidentStatus, str] = {
    IncidentStatus.INVESTIGATING: "investigating",
    IncidentStatus.IDENTIFIED: "cause known",
    IncidentStatus.PARTNER_WORKING: "partner is working on it",
    IncidentStatus.MONITORING: "watching the fix",
    IncidentStatus.RESOLVED: "resolved",
}
_STATUS_FOR_PARTNER: Mapping[IncidentStatus, str] = {
    IncidentStatus.INVESTIGATING: "Investigating",
    IncidentStatus.IDENTIFIED: "Cause known",
    IncidentStatus.PARTNER_WORKING: "With your team",
    IncidentStatus.MONITORING: "Watching the fix",
    IncidentStatus.RESOLVED: "Resolved",
}


@dataclass(frozen=True, kw_only=True)
class PartnerSafe:
    """All of an incident that a partner may ever see. The partner's card is drawn from this and nothing else."""

    title: str
    text: str
    status: IncidentStatus
    reference: str = ""
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str = ""


def partner_safe(incident: Incident) -> PartnerSafe:
    """The one place that decides which fields of an incident leave the house."""
    return PartnerSafe(
        title=incident.title,
        text=incident.partner_text,
        status=incident.status,
        reference=incident.id,
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        resolution=incident.partner_resolution or "",
    )


def opening_shown(*, title: str, text: str, company_name: str) -> list[Block]:
    """What a preview shows of the partner's card; its number and the time come with the opening."""
    return partner_blocks(PartnerSafe(title=title, text=text, status=IncidentStatus.INVESTIGATING), company_name=company_name)


def ending_shown(safe: PartnerSafe, *, company_name: str) -> tuple[list[Block], list[Block]]:
    """What a preview shows of a resolved incident: the partner's card, and the words in its thread; the time comes with the end."""
    untimed = replace(safe, resolved_at=None)
    return partner_blocks(untimed, company_name=company_name), resolved_blocks(untimed)


def preview_id(shown: Sequence[Block], *, channel: str | None) -> str:
    """Names exactly what a preview showed, and the channel it named (None: none). Other words, or another channel, have another name."""
    return hashlib.sha256(json.dumps([channel, *shown]).encode()).hexdigest()


def incident_card(incident: Incident, *, partner_name: str, timeline_tail: Sequence[TimelineEntry] = (), was_sent: bool = True) -> Message:
    """The head of our thread: how bad, where it stands, what the partner was told (or is to be, by mail), the latest of the timeline."""
    emoji = "🔴" if incident.open else "✅"
    head = f"{emoji} *{SEVERITY_WORDS[incident.severity]}* {bold(incident.title, TITLE_SHOWN)} · {word(partner_name)}"
    blocks = [section(f"{head}\n{_status(incident)}"), line(words(incident.summary.strip(), SUMMARY_SHOWN))]
    blocks += [section(_told(was_sent)), said(incident.partner_text, TEXT_SHOWN)]
    if timeline_tail:
        blocks.append(section("*Latest*\n" + "\n".join(_entry(entry, partner_name) for entry in timeline_tail)))
    if incident.open:
        blocks.append(actions(button(RESOLVE, "Resolve", {"incident_id": incident.id, "revision": incident.revision}, style="primary")))
    blocks.append(
        context(
            joined(
                (
                    code(incident.id),
                    f"opened {moment(incident.opened_at)} by {person(incident.opened_by)}",
                    "Replies in this thread become the timeline",
                )
            )
        )
    )
    what = f"{SEVERITY_WORDS[incident.severity]} {word(incident.title, TITLE_SHOWN)}, {word(partner_name)}"
    text = f"{what}: {STATUS_WORDS[incident.status]}, {word(incident.id)}."
    return fit(Message(text=text, blocks=tuple(blocks)))


def partner_card(incident: Incident, *, company_name: str) -> Message:
    """The head of the partner's thread: only what is partner-safe."""
    safe = partner_safe(incident)
    return fit(Message(text=_partner_twin(safe, company_name), blocks=tuple(partner_blocks(safe, company_name=company_name))))


def partner_blocks(safe: PartnerSafe, *, company_name: str) -> list[Block]:
    """What the partner sees, in the channel as in the preview; our people's words letter for letter."""
    emoji = "✅" if safe.status is IncidentStatus.RESOLVED else "🔴"
    times = (
        f"opened {moment(safe.opened_at)}" if safe.opened_at else "",
        f"resolved {moment(safe.resolved_at)}" if safe.resolved_at else "",
    )
    title = words(" ".join(safe.title.split()), TITLE_SHOWN, strong=True)
    status = words(_STATUS_FOR_PARTNER[safe.status], strong=True)
    blocks = [
        line(words(f"{emoji} "), title, words("\nStatus: "), status),
        said(safe.text, TEXT_SHOWN),
    ]
    if safe.resolution:
        blocks += [section("*Resolved*"), said(safe.resolution, TEXT_SHOWN)]
    reply = "" if safe.status is IncidentStatus.RESOLVED else "Please answer in this thread"
    return [*blocks, context(joined((word(company_name), code(safe.reference) if safe.reference else "", *times, reply)))]


def incident_list(incidents: Sequence[Incident], *, partner_names: Mapping[str, str]) -> Message:
    """What `/incident list` answers."""
    if not incidents:
        text = "✅ No open incidents. Open one with `/incident open PARTNER`."
        return Message(text=text.replace("`", ""), blocks=(section(text),))
    rows = [section(_row(i, partner_names.get(i.partner, i.partner))) for i in incidents[:LIST_SHOWN]]
    more = len(incidents) - LIST_SHOWN
    foot = f"{plural(more, 'more incident')} not shown · " if more > 0 else ""
    twin = f"{plural(len(incidents), 'incident')} open: " + "; ".join(f"{word(i.id)} {word(i.title, TITLE_SHOWN)}" for i in incidents[:3])
    return fit(Message(text=f"{twin}.", blocks=(*rows, context(f"{foot}Close one in its thread, or with `/incident resolve INC-…`"))))


def resolved_reply_ours(incident: Incident, *, was_sent: bool = True) -> Message:
    """The last word in our thread: how it ended, who said so, how long it took, and what the partner was told or is to be, by mail."""
    took = f" after {_lasted(incident)}" if incident.resolved_at else ""
    head = f"✅ *Resolved* by {person(incident.resolved_by)}{took}"
    told = (section(_told(was_sent)), said(incident.partner_resolution, TEXT_SHOWN)) if incident.partner_resolution else ()
    text = f"{word(incident.id)} resolved{took}: {word(incident.resolution or '', ENTRY_SHOWN)}"
    return fit(Message(text=text, blocks=(section(head), said(incident.resolution or "–", SUMMARY_SHOWN), *told)))


def resolved_reply_partner(incident: Incident) -> Message:
    """The last word in the partner's thread: partner-safe words alone."""
    safe = partner_safe(incident)
    text = f"{word(safe.title, TITLE_SHOWN)} is resolved. {word(safe.resolution, TEXT_SHOWN)}".strip()
    return fit(Message(text=text, blocks=tuple(resolved_blocks(safe))))


def resolved_blocks(safe: PartnerSafe) -> list[Block]:
    """What is said in the partner's thread when it is over, in the channel as in the preview."""
    at = f", {moment(safe.resolved_at)}" if safe.resolved_at else ""
    return [section(f"✅ *Resolved*{at}"), said(safe.resolution, TEXT_SHOWN)]


def timeline_note(entry: TimelineEntry, *, author_name: str, is_added: bool = False) -> Message:
    """Words from the partner's thread, or from elsewhere (with a link), shown in ours."""
    ours = "added from another message" if is_added else "Ours, in the partner's thread"
    whose = "Partner" if entry.side is EntrySide.PARTNER else ours
    head = f"💬 {bold(author_name)} ({whose}), {moment(entry.at)}"
    return fit(
        Message(text=f"{word(author_name)}: {word(entry.text, ENTRY_SHOWN)}", blocks=(section(f"{head}\n{quote(entry.text, TEXT_SHOWN)}"),))
    )


def _told(was_sent: bool) -> str:
    return "*The partner was told*" if was_sent else "*Not sent, for you to mail to the partner*"


def _row(incident: Incident, partner_name: str) -> str:
    emoji = "🔴" if incident.open else "✅"
    first = f"{emoji} *{SEVERITY_WORDS[incident.severity]}* {bold(incident.title, TITLE_SHOWN)} · {word(partner_name)}"
    opened = f"since {moment(incident.opened_at)}", f"opened by {person(incident.opened_by)}"
    return f"{first}\n{joined((code(incident.id), STATUS_WORDS[incident.status], *opened))}"


def _status(incident: Incident) -> str:
    if incident.open:
        return f"*{STATUS_WORDS[incident.status].capitalize()}*"
    return joined(
        (f"*Resolved* by {person(incident.resolved_by)}", f"after {_lasted(incident)}", word(incident.resolution or "", ENTRY_SHOWN))
    )


def _entry(entry: TimelineEntry, partner_name: str) -> str:
    at = moment(entry.at)
    if entry.side is EntrySide.SYSTEM:
        return f"{at}  {with_our_tokens(unmarked(_one_line(entry.text)))}"
    who = word(partner_name) if entry.side is EntrySide.PARTNER else person(entry.author_id)
    return f"{at}  *{who}*: {word(entry.text, ENTRY_SHOWN)}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= ENTRY_SHOWN else f"{line[:ENTRY_SHOWN]}…"


def _lasted(incident: Incident) -> str:
    assert incident.resolved_at
    minutes = int((incident.resolved_at - incident.opened_at).total_seconds() // 60)
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return joined((plural(days, "day"), plural(hours % 24, "hour") if hours % 24 else ""), " ")
    return joined((f"{hours} h" if hours else "", f"{minutes % 60} min"), " ")


def _partner_twin(safe: PartnerSafe, company_name: str) -> str:
    at = f", opened {moment_utc(safe.opened_at)}" if safe.opened_at else ""
    told = safe.resolution if safe.status is IncidentStatus.RESOLVED and safe.resolution else safe.text
    return f"{word(company_name)}: {word(safe.title, TITLE_SHOWN)}. {_STATUS_FOR_PARTNER[safe.status]}{at}. {word(told, TEXT_SHOWN)}"

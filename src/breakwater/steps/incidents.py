"""Partner incidents: opened once with two threads, fed from both sides, resolved in both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model import incidents as moves
from breakwater.model.access import INTERNAL, Actor, Audience, Permission, partner_audience, require
from breakwater.model.incidents import EntrySide, Incident, Severity, TimelineEntry
from breakwater.model.partners import Partner
from breakwater.store import outbox, reads, writes
from breakwater.store.outbox import Kind, Priority
from breakwater.views import incidents as views
from breakwater.views.blocks import Message

TIMELINE_TAIL = 5  # the latest entries shown on our card


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An incident as its author wrote it, before the partner has seen anything."""

    partner: str
    title: str
    severity: Severity
    summary: str
    partner_text: str

    def preview_id(self, *, partner: Partner, company: str) -> str:
        """Names exactly these words in exactly this partner's channel."""
        shown = views.opening_shown(title=self.title, text=self.partner_text, company_name=company)
        return views.preview_id(shown, channel=partner.shared_channel)


def open_incident(
    tx: Connection, *, actor: Actor, draft: Draft, previewed: str, partner: Partner, company: str, channel: str, now: datetime
) -> Incident:
    """Open an incident: a card in our `channel`, and in the partner's shared channel exactly what was previewed.

    Each card is the head of its thread. An incident of the same partner and title that is still open is offered instead.
    """
    require(actor, Permission.OPEN_INCIDENT)
    _require_previewed(draft.preview_id(partner=partner, company=company), previewed=previewed)
    if running := next((i for i in reads.incidents(tx, partner=partner.id) if i.title.casefold() == draft.title.casefold()), None):
        raise RefusedError(
            f"{running.id} “{running.title}” is already open for {partner.name}, since <@{running.opened_by}> opened it.",
            remedy="Add what you know in its thread.",
        )
    incident = Incident(
        id=writes.next_incident_id(tx),
        partner=partner.id,
        title=draft.title,
        severity=draft.severity,
        summary=draft.summary,
        partner_text=draft.partner_text,
        opened_by=actor.id,
        opened_at=now,
    )
    writes.insert_incident(tx, incident, actor=actor, now=now)
    _note(tx, incident, key="opened", text=f"Opened by <@{actor.id}>", now=now)
    if partner.shared_channel:
        _show_to_partner(tx, incident, partner=partner, company=company, preview_id=previewed, now=now)
    _show_to_us(tx, incident, partner=partner, channel=channel, now=now)
    return incident


def resolve(
    tx: Connection,
    *,
    actor: Actor,
    incident_id: str,
    resolution: str,
    partner_resolution: str,
    previewed: str,
    partner: Partner,
    company: str,
    channel: str,
    now: datetime,
) -> Incident:
    """Close an incident: both cards say so, and each thread gets its own words, the partner's exactly what was previewed."""
    require(actor, Permission.RESOLVE_INCIDENT)
    was = incident_known(tx, incident_id)
    incident = moves.resolve(was, by=actor.id, resolution=resolution, partner_resolution=partner_resolution, now=now)
    _require_previewed(ending_preview_id(incident, partner=partner, company=company), previewed=previewed)
    writes.save_incident(tx, incident, was=was, action="resolve", actor=actor, now=now)
    _note(tx, incident, key="resolved", text=f"Resolved by <@{actor.id}>: {resolution}", now=now)
    if partner.shared_channel:
        _show_to_partner(tx, incident, partner=partner, company=company, preview_id=previewed, now=now)
        _reply(
            tx,
            incident,
            key="resolved",
            audience=partner_audience(partner.id),
            channel=partner.shared_channel,
            message=views.resolved_reply_partner(incident),
            preview_id=previewed,
            now=now,
        )
    _show_to_us(tx, incident, partner=partner, channel=channel, now=now)
    last_word = views.resolved_reply_ours(incident, was_sent=partner.shared_channel is not None)
    _reply(tx, incident, key="resolved", audience=INTERNAL, channel=channel, message=last_word, now=now)
    return incident


def ending_preview_id(incident: Incident, *, partner: Partner, company: str) -> str:
    """Names exactly what this partner sees of this resolved incident, in exactly their channel."""
    card, reply = views.ending_shown(views.partner_safe(incident), company_name=company)
    return views.preview_id([*card, *reply], channel=partner.shared_channel)


def note_reply(
    tx: Connection,
    *,
    incident_id: str,
    channel: str,
    ts: str,
    author_id: str,
    author_name: str,
    is_partner: bool,
    text: str,
    ours_channel: str,
    at: datetime,
    now: datetime,
) -> Incident:
    """A reply in one of an incident's two threads becomes a timeline entry; the partner's words are also shown in ours.

    `at` is when it was written. The same message delivered again changes nothing.
    """
    incident = incident_known(tx, incident_id)
    side = EntrySide.PARTNER if is_partner else EntrySide.OURS
    entry = TimelineEntry(at=at, side=side, text=text, author_id=author_id)
    fresh = writes.add_timeline_entry(tx, incident_id=incident.id, entry=entry, key=f"message:{channel}:{ts}")
    if fresh and channel != ours_channel:
        note = views.timeline_note(entry, author_name=author_name)
        _reply(tx, incident, key=f"message:{channel}:{ts}", audience=INTERNAL, channel=ours_channel, message=note, now=now)
    return incident


def note_message(tx: Connection, *, actor: Actor, incident_id: str, text: str, link: str, channel: str, now: datetime) -> Incident:
    """A message from elsewhere becomes a timeline entry, and is shown in our thread with a link to where it stands."""
    require(actor, Permission.OPEN_INCIDENT)
    incident = incident_known(tx, incident_id)
    if not incident.open:
        raise RefusedError(f"{incident.id} was resolved by <@{incident.resolved_by}>.", remedy="Open a new one, or add it to a break.")
    said = f"{text}\n{link}" if link else text
    entry = TimelineEntry(at=now, side=EntrySide.OURS, text=said, author_id=actor.id)
    key = f"added:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    if writes.add_timeline_entry(tx, incident_id=incident.id, entry=entry, key=key):
        note = views.timeline_note(entry, author_name=actor.name, is_added=True)
        _reply(tx, incident, key=key, audience=INTERNAL, channel=channel, message=note, now=now)
    return incident


def incident_known(tx: Connection, incident_id: str) -> Incident:
    """The incident that this id names, however it is written ('INC-1', 'inc-0001', '1'), or a sentence that there is none."""
    named = moves.incident_named(incident_id)
    incident = reads.incident_by_id(tx, named) if named else None
    if incident is None:
        raise NotFoundError(f"There is no incident {named or incident_id}.", remedy="List the open ones with `/incident list`.")
    return incident


def incident_of_card(key: str) -> str | None:
    """The incident that the card with this outbox key shows; None if the key is of something else."""
    kind, _, rest = key.partition(":")
    return rest.partition(":")[0] if kind == "incident" else None


def _require_previewed(preview_id: str, *, previewed: str) -> None:
    if previewed != preview_id:
        raise RefusedError(
            "What the partner would read, or the channel, is no longer what the preview showed. Nothing was sent or changed.",
            remedy="Open the form again: its preview shows what would be sent now.",
        )


def _note(tx: Connection, incident: Incident, *, key: str, text: str, now: datetime) -> None:
    """A line of our own in the timeline."""
    entry = TimelineEntry(at=now, side=EntrySide.SYSTEM, text=text)
    writes.add_timeline_entry(tx, incident_id=incident.id, entry=entry, key=key)


def _show_to_us(tx: Connection, incident: Incident, *, partner: Partner, channel: str, now: datetime) -> None:
    tail = reads.timeline(tx, incident_id=incident.id)[-TIMELINE_TAIL:]
    was_sent = bool(outbox.channels_of(tx, abouts=[incident.id], audience=partner_audience(partner.id)))
    _card(
        tx,
        incident,
        audience=INTERNAL,
        channel=channel,
        message=views.incident_card(incident, partner_name=partner.name, timeline_tail=tail, was_sent=was_sent),
        now=now,
    )


def _show_to_partner(tx: Connection, incident: Incident, *, partner: Partner, company: str, preview_id: str, now: datetime) -> None:
    assert partner.shared_channel
    _card(
        tx,
        incident,
        audience=partner_audience(partner.id),
        channel=partner.shared_channel,
        message=views.partner_card(incident, company_name=company),
        preview_id=preview_id,
        now=now,
    )


def _card(
    tx: Connection, incident: Incident, *, audience: Audience, channel: str, message: Message, now: datetime, preview_id: str | None = None
) -> None:
    outbox.enqueue(
        tx,
        key=f"incident:{incident.id}:{channel}:{incident.revision}",
        kind=Kind.CARD,
        audience=audience,
        channel=channel,
        payload=message.payload(),
        about=incident.id,
        revision=incident.revision,
        priority=Priority.ALERT,
        preview_id=preview_id,
        now=now,
    )


def _reply(
    tx: Connection,
    incident: Incident,
    *,
    key: str,
    audience: Audience,
    channel: str,
    message: Message,
    now: datetime,
    preview_id: str | None = None,
) -> None:
    outbox.enqueue(
        tx,
        key=f"incident:{incident.id}:{channel}:{key}",
        kind=Kind.REPLY,
        audience=audience,
        channel=channel,
        payload=message.payload(),
        thread_about=incident.id,
        priority=Priority.ALERT,
        preview_id=preview_id,
        now=now,
    )

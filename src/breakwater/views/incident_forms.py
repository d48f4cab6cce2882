"""The forms of an incident: written once, previewed exactly as the partner will see it, and resolved in both threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from breakwater.model.incidents import Incident, IncidentStatus, Severity
from breakwater.model.partners import Partner
from breakwater.views.blocks import Block, bold, code, context, divider, quote, section, word
from breakwater.views.incidents import SEVERITY_WORDS, PartnerSafe, partner_blocks
from breakwater.views.modals import choice, chosen, metadata, modal, text_input, typed
from breakwater.views.words import channel

OPEN_MODAL = "incident_open"
PREVIEW_MODAL = "incident_preview"
RESOLVE_MODAL = "incident_resolve_form"

PARTNER, TITLE, SEVERITY, SUMMARY, PARTNER_TEXT = "partner", "title", "severity", "summary", "partner_text"
RESOLUTION, PARTNER_RESOLUTION = "resolution", "partner_resolution"

# The preview carries the draft in its metadata, which holds 3,000 characters: together these leave room for it.
TITLE_MOST, SUMMARY_MOST, PARTNER_TEXT_MOST, RESOLUTION_MOST = 120, 1_000, 1_400, 2_000

_SEVERITIES = (
    (Severity.SEV1, "SEV1: customers' money is stuck or wrong"),
    (Severity.SEV2, "SEV2: degraded, a workaround holds"),
    (Severity.SEV3, "SEV3: annoying, nobody's money is at stake"),
)


class Draft(TypedDict):
    """An incident as its author wrote it."""

    partner: str
    title: str
    severity: Severity
    summary: str
    partner_text: str


class Preview(TypedDict):
    """What a person approved: the draft, the id that names exactly these words, and what the incident was opened from."""

    draft: Draft
    preview_id: str
    about: str


class Resolution(TypedDict):
    """How an incident ended, in our words and in the partner's."""

    incident_id: str
    resolution: str
    partner_resolution: str


def open_modal(
    *,
    partner: Partner | None,
    partners: Sequence[Partner] = (),
    title: str = "",
    summary: str = "",
    partner_text: str = "",
    about: str = "",
) -> Block:
    """The form for a new incident at `partner`, or at one that is chosen there; `partners` are the choices, `about` what it was opened
    from, which comes back with it.

    `title`, `summary` and `partner_text` are proposals: the person changes them, and sees the preview before anything is sent.
    """
    offered = partners if partner is None or partner in partners else (partner, *partners)
    choices = [(p.id, p.name) for p in offered]
    blocks = [
        choice(PARTNER, "Partner", choices, chosen=partner.id if partner else None),
        text_input(
            TITLE, "Title", most=TITLE_MOST, initial=title, placeholder="Settlement file of 4 November missing", hint="The partner sees it."
        ),
        choice(SEVERITY, "Severity", _SEVERITIES, chosen=Severity.SEV2, hint="Ours alone."),
        text_input(
            SUMMARY, "What we know", most=SUMMARY_MOST, multiline=True, initial=summary, hint="Ours alone: the partner never sees it."
        ),
        text_input(
            PARTNER_TEXT,
            "Text for the partner",
            most=PARTNER_TEXT_MOST,
            multiline=True,
            initial=partner_text,
            placeholder="What you see, since when, which references, and what you need from them.",
            hint="Word for word what the partner reads. You see a preview before anything is sent.",
        ),
    ]
    return modal(OPEN_MODAL, title="Open an incident", blocks=blocks, submit="Preview", metadata={"about": about})


def preview_modal(
    *,
    partner: Partner,
    title: str,
    severity: Severity,
    summary: str,
    partner_text: str,
    company_name: str,
    preview_id: str,
    about: str = "",
) -> Block:
    """Exactly what the partner will see, and where; or that there is no shared channel, so that it is a draft to send by mail."""
    safe = PartnerSafe(title=title, text=partner_text, status=IncidentStatus.INVESTIGATING)
    if partner.shared_channel:
        where = f"{bold(partner.name)} will see this in {channel(partner.shared_channel)}, where their people read it:"
        submit = "Open and send"
    else:
        where = f"{bold(partner.name)} has no shared channel, so *nothing is sent*. This is a draft for you to send by mail:"
        submit = "Open, send nothing"
    ours = f"Not shown to the partner: *{SEVERITY_WORDS[severity]}*, and what we know:\n{quote(summary, SUMMARY_MOST)}"
    blocks = [
        section(where),
        divider(),
        *partner_blocks(safe, company_name=company_name),
        divider(),
        section(ours),
        context("Our number and the time are added when it is opened."),
    ]
    draft = {PARTNER: partner.id, TITLE: title, SEVERITY: severity, SUMMARY: summary, PARTNER_TEXT: partner_text}
    carried = {"draft": draft, "preview_id": preview_id, **({"about": about} if about else {})}
    return modal(PREVIEW_MODAL, title="Preview", blocks=blocks, submit=submit, metadata=carried, close="Back")


def resolve_modal(incident: Incident, *, partner: Partner) -> Block:
    """The form that ends an incident in both threads."""
    where = (
        f"Sent to {word(partner.name)} in {channel(partner.shared_channel)}."
        if partner.shared_channel
        else f"{word(partner.name)} has no shared channel: nothing is sent, mail it yourself."
    )
    blocks = [
        section(f"{code(incident.id)} {bold(incident.title, TITLE_MOST)}"),
        text_input(
            RESOLUTION, "How it ended", most=RESOLUTION_MOST, multiline=True, hint="Ours alone: cause, what it cost, what we change."
        ),
        text_input(
            PARTNER_RESOLUTION,
            "Last words to the partner",
            most=RESOLUTION_MOST,
            multiline=True,
            hint="Word for word what the partner reads.",
        ),
        context(where),
    ]
    return modal(RESOLVE_MODAL, title="Resolve the incident", blocks=blocks, submit="Resolve", metadata={"incident_id": incident.id})


def read_open(view: Mapping[str, Any]) -> Draft:
    """What somebody wrote into the form for a new incident."""
    return Draft(
        partner=chosen(view, PARTNER),
        title=" ".join(typed(view, TITLE).split()),
        severity=Severity(chosen(view, SEVERITY)),
        summary=typed(view, SUMMARY),
        partner_text=typed(view, PARTNER_TEXT),
    )


def read_about(view: Mapping[str, Any]) -> str:
    """What the form was opened from; empty where it was from nothing."""
    return str(metadata(view).get("about", ""))


def read_preview(view: Mapping[str, Any]) -> Preview:
    """What somebody approved in the preview."""
    given = metadata(view)
    words = given["draft"]
    draft = Draft(
        partner=words[PARTNER],
        title=words[TITLE],
        severity=Severity(words[SEVERITY]),
        summary=words[SUMMARY],
        partner_text=words[PARTNER_TEXT],
    )
    return Preview(draft=draft, preview_id=given["preview_id"], about=given.get("about", ""))


def read_resolve(view: Mapping[str, Any]) -> Resolution:
    """What somebody wrote into the form that ends an incident."""
    return Resolution(
        incident_id=metadata(view)["incident_id"],
        resolution=typed(view, RESOLUTION),
        partner_resolution=typed(view, PARTNER_RESOLUTION),
    )

"""The forms of an incident: what opens it and what ends it, each previewed exactly as the partner will see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict

from breakwater.errors import RefusedError
from breakwater.model.incidents import Incident, IncidentStatus, Severity
from breakwater.model.partners import Partner
from breakwater.views.blocks import Block, bold, code, context, divider, section, word
from breakwater.views.incidents import (
    SEVERITY_WORDS,
    PartnerSafe,
    ending_shown,
    opening_shown,
    preview_id,
)
from breakwater.views.literal import said
from breakwater.views.modals import choice, chosen, metadata, modal, text_input, typed
from breakwater.views.words import channel

OPEN_MODAL = "incident_open"
PREVIEW_MODAL = "incident_preview"
RESOLVE_MODAL = "incident_resolve_form"
RESOLVE_PREVIEW_MODAL = "incident_resolve_preview"

PARTNER, TITLE, SEVERITY, SUMMARY, PARTNER_TEXT = "partner", "title", "severity", "summary", "partner_text"
RESOLUTION, PARTNER_RESOLUTION = "resolution", "partner_resolution"

# A preview carries what was written in its metadata, which holds 3,000 characters: together the fields of a form leave room for it.
TITLE_MOST, SUMMARY_MOST, PARTNER_TEXT_MOST = 120, 1_000, 1_400
RESOLUTION_MOST, PARTNER_RESOLUTION_MOST = 1_200, 1_400

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


class Ending(TypedDict):
    """How an incident ended, in our words and in the partner's."""

    incident_id: str
    resolution: str
    partner_resolution: str


class EndingPreview(TypedDict):
    """What a person approved: how it ended, and the id that names exactly what the partner will see."""

    ending: Ending
    preview_id: str


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


def preview_modal(draft: Draft, *, partner: Partner, company_name: str, about: str = "") -> Block:
    """Exactly what the partner will see, and where; or that there is no shared channel, so that it is a draft to send by mail."""
    shown = opening_shown(title=draft["title"], text=draft["partner_text"], company_name=company_name)
    ours = f"Not shown to the partner: *{SEVERITY_WORDS[draft['severity']]}*, and what we know:"
    blocks = [
        section(_where(partner)),
        divider(),
        *shown,
        divider(),
        section(ours),
        said(draft["summary"], SUMMARY_MOST),
        context("Our number and the time are added when it is opened."),
    ]
    carried = {"draft": draft, "preview_id": preview_id(shown, channel=partner.shared_channel), **({"about": about} if about else {})}
    submit = "Open and send" if partner.shared_channel else "Open, send nothing"
    return modal(PREVIEW_MODAL, title="Preview", blocks=blocks, submit=submit, metadata=carried, close="Back")


def resolve_modal(incident: Incident, *, partner: Partner) -> Block:
    """The form that ends an incident in both threads. It carries what the preview needs beside what is written."""
    where = (
        f"For {word(partner.name)} in {channel(partner.shared_channel)}. You see a preview before anything is sent."
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
            most=PARTNER_RESOLUTION_MOST,
            multiline=True,
            hint="Word for word what the partner reads.",
        ),
        context(where),
    ]
    carried = {
        "incident_id": incident.id,
        PARTNER: incident.partner,
        TITLE: incident.title,
        PARTNER_TEXT: incident.partner_text,
        "opened_at": int(incident.opened_at.timestamp()),
    }
    return modal(RESOLVE_MODAL, title="Resolve the incident", blocks=blocks, submit="Preview", metadata=carried)


def resolve_preview_modal(ending: Ending, *, safe: PartnerSafe, partner: Partner, company_name: str) -> Block:
    """Exactly what the partner will see of the end, and where: how their card changes, and what is said in its thread."""
    card, reply = ending_shown(safe, company_name=company_name)
    ours = "Not shown to the partner: how it ended, in our words:"
    blocks = [
        section(_where(partner)),
        divider(),
        *card,
        divider(),
        section("And this in its thread:"),
        *reply,
        divider(),
        section(ours),
        said(ending["resolution"], RESOLUTION_MOST),
        context("The time is added when it is resolved."),
    ]
    carried = {"ending": ending, "preview_id": preview_id([*card, *reply], channel=partner.shared_channel)}
    submit = "Resolve and send" if partner.shared_channel else "Resolve, send nothing"
    return modal(RESOLVE_PREVIEW_MODAL, title="Preview", blocks=blocks, submit=submit, metadata=carried, close="Back")


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


def read_resolve(view: Mapping[str, Any]) -> Ending:
    """What somebody wrote into the form that ends an incident."""
    return Ending(
        incident_id=metadata(view)["incident_id"],
        resolution=typed(view, RESOLUTION),
        partner_resolution=typed(view, PARTNER_RESOLUTION),
    )


def read_for_partner(view: Mapping[str, Any]) -> tuple[str, PartnerSafe]:
    """The partner's id, and what they will see of the end that somebody wrote into the form. RefusedError for a form that was opened
    before forms carried it."""
    carried = metadata(view)
    if PARTNER not in carried:
        raise RefusedError("This form is from before an update, and has no preview.", remedy="Copy your words, close it and open it again.")
    safe = PartnerSafe(
        title=carried[TITLE],
        text=carried[PARTNER_TEXT],
        status=IncidentStatus.RESOLVED,
        reference=carried["incident_id"],
        opened_at=datetime.fromtimestamp(carried["opened_at"], UTC),
        resolution=typed(view, PARTNER_RESOLUTION),
    )
    return carried[PARTNER], safe


def read_resolve_preview(view: Mapping[str, Any]) -> EndingPreview:
    """What somebody approved in the preview of an end."""
    given = metadata(view)
    words = given["ending"]
    ending = Ending(incident_id=words["incident_id"], resolution=words[RESOLUTION], partner_resolution=words[PARTNER_RESOLUTION])
    return EndingPreview(ending=ending, preview_id=given["preview_id"])


def blank(view: Mapping[str, Any], *fields: str) -> dict[str, str]:
    """What is wrong with each of these fields that holds nothing to read; Slack takes a space for an answer."""
    return {field: "Nothing to read stands here. Write a word." for field in fields if not typed(view, field)}


def _where(partner: Partner) -> str:
    if partner.shared_channel:
        return f"{bold(partner.name)} will see this in {channel(partner.shared_channel)}, where their people read it:"
    return f"{bold(partner.name)} has no shared channel, so *nothing is sent*. This is a draft for you to send by mail:"

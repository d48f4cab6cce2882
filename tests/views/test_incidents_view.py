"""Incidents: what leaves the house, what the preview promises, and what the forms give back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from slack_limits import accept_modal, named, nodes
from view_examples import NASTY, NOW, a_partner, an_entry, an_incident, submitted

from breakwater.errors import RefusedError
from breakwater.model import incidents as moves
from breakwater.model.incidents import EntrySide, Incident, IncidentStatus, Severity
from breakwater.views import incident_forms as forms
from breakwater.views import incidents

PARTNER_SAFE = {"id", "title", "partner_text", "partner_resolution"}
OURS_ALONE = {f.name for f in fields(Incident) if "str" in str(f.type)} - PARTNER_SAFE


def sealed_incident() -> Incident:
    """An incident whose every text is a secret of its own."""
    words = {name: f"secret-{name}" for name in OURS_ALONE - {"id"}}
    return moves.resolve(
        an_incident(**{**words, "resolved_by": None, "resolution": None}, severity=Severity.SEV1),
        by="secret-resolved_by",
        resolution="secret-resolution",
        partner_resolution="It arrived.",
        now=NOW + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    "draw", [lambda i: incidents.partner_card(i, company_name="Acme Pay"), incidents.resolved_reply_partner], ids=["card", "reply"]
)
def test_nothing_of_ours_reaches_the_partner(draw: Any) -> None:
    assert {"summary", "opened_by", "resolved_by", "resolution", "partner"} <= OURS_ALONE

    sent = json.dumps(draw(sealed_incident()).payload()).casefold()

    assert "secret" not in sent
    assert "sev1" not in sent
    assert "it arrived." in sent


def test_our_card_does_show_what_the_partner_must_not_see() -> None:
    assert "secret-summary" in json.dumps(incidents.incident_card(sealed_incident(), partner_name="Nordbank").payload())


def test_the_preview_is_exactly_the_partners_card() -> None:
    incident = an_incident(title=NASTY, partner_text=f"{NASTY}\n{NASTY}")

    view = forms.preview_modal(
        partner=a_partner(),
        title=incident.title,
        severity=incident.severity,
        summary=incident.summary,
        partner_text=incident.partner_text,
        company_name="Acme Pay",
        preview_id="7c0ffee",
    )

    sent = [block for block in incidents.partner_card(incident, company_name="Acme Pay").blocks if block["type"] == "section"]
    assert view["blocks"][2 : 2 + len(sent)] == sent


def test_the_preview_says_where_it_goes_or_that_nothing_is_sent() -> None:
    given = {"title": "T", "severity": Severity.SEV2, "summary": "S", "partner_text": "P", "company_name": "Acme", "preview_id": "1"}

    shared = forms.preview_modal(partner=a_partner(), **given)
    alone = forms.preview_modal(partner=a_partner(shared_channel=None), **given)

    assert "<#C0NORDBANK>" in str(shared["blocks"][0])
    assert shared["submit"]["text"] == "Open and send"
    assert "has no shared channel, so *nothing is sent*" in str(alone["blocks"][0])
    assert alone["submit"]["text"] == "Open, send nothing"


def test_what_was_previewed_comes_back_word_for_word() -> None:
    given = {"title": 'A "title" \\ ü', "severity": Severity.SEV3, "summary": "one\ntwo", "partner_text": "<b> & `c`"}

    view = forms.preview_modal(partner=a_partner(), **given, company_name="Acme", preview_id="7c0ffee")

    assert forms.read_preview(view) == {"draft": {"partner": "nordbank", **given}, "preview_id": "7c0ffee", "about": ""}


def test_the_longest_draft_still_fits_its_preview() -> None:
    view = forms.preview_modal(
        partner=a_partner(),
        title="t" * forms.TITLE_MOST,
        severity=Severity.SEV1,
        summary="s" * forms.SUMMARY_MOST,
        partner_text="ü" * forms.PARTNER_TEXT_MOST,
        company_name="Acme",
        preview_id="0" * 64,
    )

    accept_modal(view)


def test_a_draft_that_can_not_come_back_whole_is_refused_in_words() -> None:
    with pytest.raises(RefusedError, match="too long for a preview") as refused:
        forms.preview_modal(
            partner=a_partner(),
            title="t",
            severity=Severity.SEV1,
            summary="\n" * 1_000 + "s",
            partner_text='"' * 1_400,
            company_name="A",
            preview_id="1",
        )

    assert "Shorten them by" in refused.value.remedy


def test_the_open_form_reads_back_what_was_typed_and_masks_card_numbers() -> None:
    view = submitted(
        {"title": " Late\nfile ", "summary": "card 4111 1111 1111 1111 hit", "partner_text": "Please resend.\nThanks."},
        chosen={"partner": "nordbank", "severity": "sev1"},
    )

    assert forms.read_open(view) == {
        "partner": "nordbank",
        "title": "Late file",
        "severity": Severity.SEV1,
        "summary": "card 411111…1111 hit",
        "partner_text": "Please resend.\nThanks.",
    }


def test_every_block_the_open_form_reads_is_in_the_form() -> None:
    ids = [block["block_id"] for block in forms.open_modal(partner=a_partner())["blocks"]]

    assert ids == ["partner", "title", "severity", "summary", "partner_text"]


def test_the_resolve_form_knows_its_incident() -> None:
    form = forms.resolve_modal(an_incident(), partner=a_partner())

    view = submitted({"resolution": "Fixed.", "partner_resolution": "Thank you."}, chosen={}, metadata=form["private_metadata"])

    assert forms.read_resolve(view) == {"incident_id": "INC-0007", "resolution": "Fixed.", "partner_resolution": "Thank you."}


def test_more_partners_than_a_menu_holds_are_grouped() -> None:
    partners = tuple(a_partner(id=f"p{n}", name=f"Partner {n:03}") for n in range(250))

    view = forms.open_modal(partner=partners[240], partners=partners)

    accept_modal(view)
    select = view["blocks"][0]["element"]
    assert [len(group["options"]) for group in select["option_groups"]] == [100, 100, 50]
    assert select["option_groups"][0]["label"]["text"] == "Partner 000 … Partner 099"
    assert select["initial_option"]["value"] == "p240"


def test_only_an_open_incident_can_be_resolved() -> None:
    open_card = incidents.incident_card(an_incident(), partner_name="Nordbank")
    resolved = moves.resolve(an_incident(), by="U0BOB", resolution="r", partner_resolution="p", now=NOW)

    buttons = nodes(list(open_card.blocks), "button")

    assert [(b["action_id"], json.loads(b["value"])) for b in buttons] == [(incidents.RESOLVE, {"incident_id": "INC-0007", "revision": 1})]
    assert nodes(list(incidents.incident_card(resolved, partner_name="Nordbank").blocks), "button") == []


def test_the_end_says_who_and_how_long_it_took() -> None:
    resolved = moves.resolve(an_incident(), by="U0BOB", resolution="Batch job restarted.", partner_resolution="p", now=NOW)

    text = incidents.resolved_reply_ours(resolved).blocks[0]["text"]["text"]

    assert text.startswith("✅ *Resolved* by <@U0BOB> after 5 h 20 min\n> Batch job restarted.")


def test_the_partners_words_are_a_quotation_that_pings_nobody() -> None:
    note = incidents.timeline_note(an_entry(text="<!channel>\nresending"), author_name="Nora <@U1>")

    assert note.blocks[0]["text"]["text"].endswith("> &lt;!channel&gt;\n> resending")
    assert note.blocks[0]["text"]["text"].startswith("💬 *Nora &lt;@U1&gt;* (Partner), ")


def test_our_own_timeline_lines_may_name_people_and_the_partners_may_not() -> None:
    tail = (an_entry(side=EntrySide.SYSTEM, text="Opened by <@U0ADA>"), an_entry(text="ask <@U0ADA>"))

    shown = [
        t
        for t in named(list(incidents.incident_card(an_incident(), partner_name="Nordbank", timeline_tail=tail).blocks), "text")
        if "Latest" in str(t)
    ]

    assert "Opened by <@U0ADA>" in str(shown)
    assert "ask &lt;@U0ADA&gt;" in str(shown)


def test_every_status_and_severity_has_words_for_us() -> None:
    assert set(incidents.STATUS_WORDS) == set(IncidentStatus)
    assert set(incidents.SEVERITY_WORDS) == set(Severity)

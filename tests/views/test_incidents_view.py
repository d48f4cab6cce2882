"""Incidents: what leaves the house, what the preview promises, and what the forms give back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from slack_limits import accept_modal, named, nodes
from view_examples import NASTY, NOW, a_partner, an_entry, an_incident, submitted

from breakwater.errors import RefusedError
from breakwater.model import incidents as moves
from breakwater.model.incidents import EntrySide, Incident, IncidentStatus, Severity, TimelineEntry
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


MARKED = "*bold* _slanted_ ~struck~ `code`\n> a quotation <!channel> <@U123> <https://bank.example|bank> @here & <b> :tada: &amp; \\"


def a_draft(**changes: Any) -> forms.Draft:
    given = {"partner": "nordbank", "title": "T", "severity": Severity.SEV2, "summary": "S", "partner_text": "P", **changes}
    return forms.Draft(**given)


def an_ending(**changes: Any) -> forms.Ending:
    return forms.Ending(**{"incident_id": "INC-0007", "resolution": "Ours.", "partner_resolution": "It came.", **changes})


def resolved(ending: forms.Ending, **changes: Any) -> Incident:
    given = {"resolution": ending["resolution"], "partner_resolution": ending["partner_resolution"]}
    return moves.resolve(an_incident(**changes), by="U0BOB", **given, now=NOW)


def runs(blocks: Any) -> list[str]:
    """What stands in rich text, a run each."""
    return [run["text"] for run in nodes(blocks, "text")]


def without_small_print(blocks: Any) -> list[Any]:
    """All but where numbers and times stand, which come when it happens."""
    return [block for block in blocks if block["type"] != "context"]


def test_the_preview_is_exactly_the_partners_card() -> None:
    draft = a_draft(title=NASTY, partner_text=f"{NASTY}\n{NASTY}")
    incident = an_incident(title=draft["title"], partner_text=draft["partner_text"])

    view = forms.preview_modal(draft, partner=a_partner(), company_name="Acme Pay")

    sent = without_small_print(incidents.partner_card(incident, company_name="Acme Pay").blocks)
    assert view["blocks"][2 : 2 + len(sent)] == sent


def test_the_preview_of_the_end_is_exactly_what_the_partner_gets() -> None:
    ending = an_ending(partner_resolution=f"{NASTY}\n{NASTY}")
    over = resolved(ending, title=NASTY, partner_text=NASTY)

    view = forms.resolve_preview_modal(ending, safe=incidents.partner_safe(over), partner=a_partner(), company_name="Acme Pay")

    card = incidents.partner_card(over, company_name="Acme Pay").blocks
    (_, said) = incidents.resolved_reply_partner(over).blocks
    shown = view["blocks"][2 : 2 + len(card)]
    assert without_small_print(shown) == without_small_print(card)
    assert "INC-0007` · opened <!date^" in shown[-1]["elements"][0]["text"]
    assert said in view["blocks"][2 + len(card) :]


@pytest.mark.parametrize(
    "draw",
    [
        lambda over: incidents.partner_card(over, company_name="Acme").blocks,
        lambda over: incidents.resolved_reply_partner(over).blocks,
        lambda over: forms.resolve_preview_modal(
            an_ending(partner_resolution=MARKED), safe=incidents.partner_safe(over), partner=a_partner(), company_name="Acme"
        )["blocks"],
        lambda over: incidents.resolved_reply_ours(over).blocks,
    ],
    ids=["card", "reply", "preview", "our reply"],
)
def test_what_a_person_wrote_about_the_end_is_shown_letter_for_letter(draw: Any) -> None:
    assert MARKED in runs(list(draw(resolved(an_ending(partner_resolution=MARKED)))))


@pytest.mark.parametrize(
    "draw",
    [
        lambda draft: (
            incidents.partner_card(an_incident(title=draft["title"], partner_text=draft["partner_text"]), company_name="Acme").blocks
        ),
        lambda draft: forms.preview_modal(draft, partner=a_partner(), company_name="Acme")["blocks"],
        lambda draft: incidents.incident_card(an_incident(partner_text=draft["partner_text"]), partner_name="Nordbank").blocks,
    ],
    ids=["card", "preview", "our card"],
)
def test_what_a_person_wrote_for_the_partner_is_shown_letter_for_letter(draw: Any) -> None:
    assert MARKED in runs(list(draw(a_draft(partner_text=MARKED))))


def test_a_title_is_shown_to_the_partner_letter_for_letter() -> None:
    card = incidents.partner_card(an_incident(title="*Late* & <@U123>"), company_name="Acme")

    assert "*Late* & <@U123>" in runs(list(card.blocks))


def test_what_is_read_out_instead_of_the_blocks_is_escaped_and_whole() -> None:
    over = resolved(an_ending(partner_resolution=f"<!channel> & {'word ' * 250}<@U123> end"))

    for text in (incidents.partner_card(over, company_name="Acme").text, incidents.resolved_reply_partner(over).text):
        assert "&lt;!channel&gt; &amp; word" in text
        assert text.endswith("&lt;@U123&gt; end")


def test_a_preview_is_named_by_every_word_and_by_the_channel() -> None:
    partner, ending, over = a_partner(), an_ending(), resolved(an_ending())

    def name_of(draft: forms.Draft, to: Any = partner) -> str:
        return forms.read_preview(forms.preview_modal(draft, partner=to, company_name="Acme"))["preview_id"]

    def name_of_end(ending: forms.Ending, over: Incident, to: Any = partner) -> str:
        view = forms.resolve_preview_modal(ending, safe=incidents.partner_safe(over), partner=to, company_name="Acme")
        return forms.read_resolve_preview(view)["preview_id"]

    later, elsewhere, nowhere = (
        replace(over, resolved_at=NOW + timedelta(hours=1)),
        a_partner(shared_channel="C0OTHER"),
        a_partner(shared_channel=None),
    )
    opened = [name_of(d) for d in (a_draft(), a_draft(title="t"), a_draft(partner_text="p"))]
    opened += [name_of(a_draft(), to) for to in (elsewhere, nowhere)]
    ended = [
        name_of_end(ending, o) for o in (over, replace(over, title="t"), replace(over, partner_text="p"), replace(over, id="INC-0008"))
    ]
    ended += [name_of_end(ending, replace(over, partner_resolution="r")), *(name_of_end(ending, over, to) for to in (elsewhere, nowhere))]

    assert len({*opened, *ended}) == len(opened) + len(ended)
    assert name_of(a_draft(summary="s", severity=Severity.SEV1)) == opened[0]
    assert name_of_end(an_ending(resolution="r"), later) == ended[0]


def test_the_previews_say_where_it_goes_or_that_nothing_is_sent() -> None:
    def both(partner: Any) -> list[tuple[str, str]]:
        opening = forms.preview_modal(a_draft(), partner=partner, company_name="Acme")
        safe = incidents.partner_safe(resolved(an_ending()))
        ending = forms.resolve_preview_modal(an_ending(), safe=safe, partner=partner, company_name="Acme")
        return [(view["blocks"][0]["text"]["text"], view["submit"]["text"]) for view in (opening, ending)]

    shared, alone = both(a_partner()), both(a_partner(shared_channel=None))

    assert all("<#C0NORDBANK>" in where for where, _ in shared)
    assert [submit for _, submit in shared] == ["Open and send", "Resolve and send"]
    assert all("has no shared channel, so *nothing is sent*" in where for where, _ in alone)
    assert [submit for _, submit in alone] == ["Open, send nothing", "Resolve, send nothing"]


def test_what_is_ours_alone_is_read_as_it_was_typed() -> None:
    draft, ending = a_draft(summary=MARKED), an_ending(resolution=MARKED)
    over = moves.resolve(an_incident(summary=MARKED), by="U0ADA", resolution=MARKED, partner_resolution="It came.", now=NOW)

    opening = forms.preview_modal(draft, partner=a_partner(), company_name="Acme")
    end = forms.resolve_preview_modal(ending, safe=incidents.partner_safe(over), partner=a_partner(), company_name="Acme")
    card = incidents.incident_card(over, partner_name="Nordbank")
    reply = incidents.resolved_reply_ours(over)

    assert all(MARKED in runs(list(blocks)) for blocks in (opening["blocks"], end["blocks"], card.blocks, reply.blocks))


def test_how_it_ended_marks_nothing_in_the_timeline() -> None:
    ended = TimelineEntry(at=NOW, side=EntrySide.SYSTEM, text="Resolved by <@U0ADA>: their `job` *stopped* ~twice~")

    card = incidents.incident_card(an_incident(), partner_name="Nordbank", timeline_tail=[ended])

    assert "Resolved by <@U0ADA>: their 'job' ∗stopped∗ ∼twice∼" in json.dumps(card.payload(), ensure_ascii=False)


def test_what_was_previewed_comes_back_word_for_word() -> None:
    draft = a_draft(title='A "title" \\ ü', severity=Severity.SEV3, summary="one\ntwo", partner_text=MARKED)
    ending = an_ending(resolution="one\ntwo", partner_resolution=MARKED)

    opening = forms.read_preview(forms.preview_modal(draft, partner=a_partner(), company_name="Acme", about="C-1"))
    end = forms.resolve_preview_modal(ending, safe=incidents.partner_safe(resolved(ending)), partner=a_partner(), company_name="Acme")

    assert (opening["draft"], opening["about"]) == (draft, "C-1")
    assert forms.read_resolve_preview(end)["ending"] == ending


def test_what_fills_every_field_still_fits_its_preview() -> None:
    draft = a_draft(title="t" * forms.TITLE_MOST, summary="s" * forms.SUMMARY_MOST, partner_text="ü" * forms.PARTNER_TEXT_MOST)
    ending = an_ending(resolution="ß" * forms.RESOLUTION_MOST, partner_resolution="<" * forms.PARTNER_RESOLUTION_MOST)
    over = resolved(ending, title=draft["title"], partner_text=draft["partner_text"])

    opening = forms.preview_modal(draft, partner=a_partner(), company_name="Acme")
    end = forms.resolve_preview_modal(ending, safe=incidents.partner_safe(over), partner=a_partner(), company_name="Acme")

    accept_modal(opening)
    accept_modal(end)
    assert draft["partner_text"] in runs(opening["blocks"])
    assert ending["partner_resolution"] in runs(end["blocks"])


def test_the_fields_take_no_more_than_that() -> None:
    def most(form: Any) -> dict[str, int]:
        return {b["block_id"]: b["element"]["max_length"] for b in form["blocks"] if "max_length" in b.get("element", {})}

    assert most(forms.open_modal(partner=a_partner())) == {"title": 120, "summary": 1_000, "partner_text": 1_400}
    assert most(forms.resolve_modal(an_incident(), partner=a_partner())) == {"resolution": 1_200, "partner_resolution": 1_400}


def test_what_can_not_come_back_whole_is_refused_in_words() -> None:
    draft = a_draft(summary="\n" * 1_000 + "s", partner_text='"' * 1_400)
    ending = an_ending(resolution="\n" * 1_000 + "s", partner_resolution='"' * 1_400)

    with pytest.raises(RefusedError, match="too long for a preview") as refused:
        forms.preview_modal(draft, partner=a_partner(), company_name="A")
    with pytest.raises(RefusedError, match="too long for a preview") as refused_too:
        forms.resolve_preview_modal(ending, safe=incidents.partner_safe(resolved(ending)), partner=a_partner(), company_name="A")

    assert "Shorten them by" in refused.value.remedy
    assert "Shorten them by" in refused_too.value.remedy


def test_every_incident_that_could_be_opened_can_be_resolved() -> None:
    """The form that ends it carries the partner's words as the preview did; there must be room for all that this one took."""
    draft = a_draft(partner="p" * 40, title='"' * 120, summary="s", partner_text='"' * 1_236)
    accept_modal(forms.preview_modal(draft, partner=a_partner(id="p" * 40), company_name="A"))
    with pytest.raises(RefusedError):
        forms.preview_modal({**draft, "partner_text": '"' * 1_290}, partner=a_partner(), company_name="A")

    incident = an_incident(id="INC-999999999", partner=draft["partner"], title=draft["title"], partner_text='"' * 1_290)

    accept_modal(forms.resolve_modal(incident, partner=a_partner()))


def test_blank_fields_are_named() -> None:
    view = submitted({"resolution": " \n ", "partner_resolution": "Came."}, chosen={})

    assert list(forms.blank(view, "resolution", "partner_resolution")) == ["resolution"]


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


def test_the_resolve_form_knows_its_incident_and_what_the_partner_saw_of_it() -> None:
    form = forms.resolve_modal(an_incident(), partner=a_partner())

    view = submitted({"resolution": "Fixed.", "partner_resolution": "Thank you."}, chosen={}, metadata=form["private_metadata"])

    over = resolved(an_ending(resolution="Fixed.", partner_resolution="Thank you."))
    assert forms.read_resolve(view) == {"incident_id": "INC-0007", "resolution": "Fixed.", "partner_resolution": "Thank you."}
    assert forms.read_for_partner(view) == ("nordbank", replace(incidents.partner_safe(over), resolved_at=None))


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

    blocks = incidents.resolved_reply_ours(resolved).blocks

    assert blocks[0]["text"]["text"] == "✅ *Resolved* by <@U0BOB> after 5 h 20 min"
    assert runs(blocks[1]) == ["Batch job restarted."]


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

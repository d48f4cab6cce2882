"""`/incident` and its words: what opens a form, and what is answered where it can't."""

from __future__ import annotations

from desk import ADA, OPS, Desk

from breakwater.model.access import Actor, Role
from breakwater.model.incidents import Severity
from breakwater.sandbox.modals import View
from breakwater.steps.incidents import Draft, open_incident

OPENER = Actor(id=ADA, role=Role.OPERATOR, name="Ada")


def an_incident(desk: Desk, title: str) -> str:
    draft = Draft(partner="meridian", title=title, severity=Severity.SEV2, summary="Late.", partner_text="Please look.")
    with desk.bot.database.transaction() as tx:
        return open_incident(
            tx,
            actor=OPENER,
            draft=draft,
            previewed=draft.preview_id(partner=desk.bot.config.partners["meridian"], company="Harbour"),
            partner=desk.bot.config.partners["meridian"],
            company="Harbour",
            channel=OPS,
            now=desk.clock(),
        ).id


def test_an_incident_is_found_however_its_number_is_written(desk: Desk) -> None:
    ada = desk.person(ADA)
    known = an_incident(desk, "Settlement file missing")

    for written in ("INC-1", "inc-0001", "1"):
        ada.command("/incident", f"resolve {written}", channel=OPS)
        form = desk.form(ADA, "Resolve the incident")
        assert known in form.words
        ada.close(form)

    assert "There is no incident INC-0042" in desk.told(ADA, OPS, lambda: ada.command("/incident", "resolve inc-42", channel=OPS))


def test_open_asks_for_the_partner_in_the_form_where_none_is_named(desk: Desk) -> None:
    ada = desk.person(ADA)

    ada.command("/incident", "open", channel=OPS)
    unchosen = desk.form(ADA, "Open an incident")
    ada.close(unchosen)
    ada.command("/incident", "OPEN Meridian", channel=OPS)
    chosen = desk.form(ADA, "Open an incident")
    ada.close(chosen)

    assert [partner_of(unchosen), partner_of(chosen)] == [None, "meridian"]


def partner_of(form: View) -> str | None:
    """The partner that is chosen already."""
    (block,) = [b for b in form.blocks if b["block_id"] == "partner"]
    option = block["element"].get("initial_option", {"value": None})
    value: str | None = option["value"]
    return value


def test_resolve_without_a_number_is_about_the_only_one_or_lists_them(desk: Desk) -> None:
    ada = desk.person(ADA)

    ada.command("/incident", "resolve", channel=OPS)
    form = desk.form(ADA, "Resolve the incident")
    assert "INC-0001" in form.words
    ada.close(form)
    an_incident(desk, "Refunds refused")
    told = desk.told(ADA, OPS, lambda: ada.command("/incident", "resolve", channel=OPS))

    assert "INC-0001" in told
    assert "INC-0002" in told
    assert "/incident resolve" in told


def test_what_is_no_word_of_it_gets_an_example(desk: Desk) -> None:
    ada = desk.person(ADA)

    def told(words: str) -> str:
        return desk.told(ADA, OPS, lambda: ada.command("/incident", words, channel=OPS))

    assert "`/incident close` is not something I know" in told("close")
    assert "An incident is with one partner" in told("open meridian nordbank")
    assert "takes one incident" in told("resolve INC-1 INC-2")
    assert "in two threads" in told("Help")
    assert desk.sandbox.refusals == []

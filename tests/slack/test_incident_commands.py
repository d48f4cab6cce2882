"""`/incident` and its words: what opens a form, and what is answered where it can't."""

from __future__ import annotations

from desk import ADA, OPS, Desk

from breakwater.model.access import Actor, Role
from breakwater.model.incidents import Severity
from breakwater.steps.incidents import Draft, open_incident

OPENER = Actor(id=ADA, role=Role.OPERATOR, name="Ada")


def an_incident(desk: Desk, title: str) -> str:
    draft = Draft(partner="meridian", title=title, severity=Severity.SEV2, summary="Late.", partner_text="Please look.")
    with desk.bot.database.transaction() as tx:
        return open_incident(
            tx,
            actor=OPENER,
            draft=draft,
            previewed=draft.preview_id,
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

"""An incident has one name, and is found however people write it."""

from __future__ import annotations

import pytest

from breakwater.model.incidents import incident_id, incident_named, link_to


@pytest.mark.parametrize("written", ["INC-1", "inc-0001", "Inc-1", "1", "0001", "INC1", " INC-0001 "])
def test_any_writing_names_the_same_incident(written: str) -> None:
    assert incident_named(written) == "INC-0001" == incident_id(1)


@pytest.mark.parametrize("written", ["", "INC-", "INC-0", "0", "B-1", "INC-1a", "-1", "INC--1", "INC-1234567890", "１"])
def test_other_words_name_none(written: str) -> None:
    assert incident_named(written) is None


def test_numbers_beyond_four_digits_stand_whole() -> None:
    assert incident_id(12_345) == incident_named("inc-12345") == "INC-12345"


@pytest.mark.parametrize(
    ("written", "linked"),
    [("inc-1", "INC-0001"), ("INC-0001", "INC-0001"), ("4711", "4711"), ("incoming.pdf", "incoming.pdf"), ("JIRA-1", "JIRA-1")],
)
def test_a_link_to_an_incident_goes_by_its_name_and_a_ticket_by_its_own(written: str, linked: str) -> None:
    assert link_to(written) == linked

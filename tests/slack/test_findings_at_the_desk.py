"""Findings at a desk: who may answer one, where it is refused, and what an answer says it changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from desk import ADA, NOW, OPS, VIC, Desk

from breakwater.detection.continuing import Change, News
from breakwater.model.access import SYSTEM
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.sandbox import FaultKind, Message
from breakwater.steps.finding_cards import keep_at_once, show
from breakwater.store import reads, writes


def a_finding(finding_id: str, **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "id": finding_id, "kind": FindingKind.VOLUME_DROP, "partner": "meridian", "scope": f"meridian · {finding_id}",
        "place": (("partner", "meridian"), ("currency", finding_id)), "since": NOW - timedelta(hours=2),
        "summary": f"Payments of {finding_id} fell.", "expected": "100", "seen": "40", "next_step": "Look.", "found_at": NOW,
    }  # fmt: skip
    return Finding(**(fields | changes))


def told(desk: Desk, found: Finding) -> Message:
    """The card of a finding, as a pass would leave it."""
    with desk.bot.database.transaction() as tx:
        assert writes.open_finding(tx, found, actor=SYSTEM, now=desk.clock())
        show(tx, found, partners=desk.bot.partners, channel=OPS, now=desk.clock())
    return card(desk, found)


def card(desk: Desk, found: Finding, words: str = "") -> Message:
    shown: Message = desk.sandbox.wait_for(
        lambda: next((m for m in desk.sandbox.messages(OPS) if found.summary in m.words and words in m.words and not m.thread_ts), None)
    )
    return shown


def kept(desk: Desk, found: Finding) -> Finding:
    with desk.bot.database.reading() as tx:
        now = reads.finding_by_id(tx, found.id)
    assert now
    return now


def state_of(desk: Desk, found: Finding) -> FindingState:
    return kept(desk, found).state


ANSWERS = ["Acknowledge", "False positive…", "Expected…", "Mute for…", "Accept as new level…", "Open incident"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_may_not_answer_is_refused_at_the_click_and_gets_no_form(desk: Desk, answer: str) -> None:
    found = a_finding(f"F-{ANSWERS.index(answer)}")
    shown = told(desk, found)
    vic = desk.person(VIC)

    assert "You need the role 'operator'" in desk.told(VIC, OPS, lambda: vic.click(shown, answer))

    assert vic.view() is None
    assert state_of(desk, found) is FindingState.OPEN


@pytest.mark.parametrize(
    ("answer", "title", "says", "state", "shows"),
    [
        ("False positive…", "A false alarm?", "they must be surer before they speak", FindingState.FALSE_POSITIVE, "False alarm:"),
        ("Accept as new level…", "The new level?", "From now on, this is what is expected", FindingState.NEW_LEVEL, "New level:"),
    ],
)
def test_what_an_answer_changes_is_said_before_it_is_given(
    desk: Desk, answer: str, title: str, says: str, state: FindingState, shows: str
) -> None:
    found = a_finding(f"F-{state}".upper())
    shown = told(desk, found)
    ada = desk.person(ADA)

    ada.click(shown, answer)
    form = desk.form(ADA, title)

    assert says in form.words
    assert state_of(desk, found) is FindingState.OPEN
    ada.submit(form)
    card(desk, found, shows)
    assert state_of(desk, found) is state


def test_a_form_that_was_open_while_somebody_else_answered_says_who_was_first(desk: Desk) -> None:
    found = a_finding("F-FIRST")
    shown = told(desk, found)
    ada, eve = desk.person(ADA), desk.person("U0EVE")
    ada.click(shown, "False positive…")
    eve.click(shown, "Accept as new level…")
    late, first = desk.form(ADA, "A false alarm?"), desk.form("U0EVE", "The new level?")
    eve.submit(first)
    card(desk, found, "New level:")

    assert "<@U0EVE> was first" in desk.told(ADA, OPS, lambda: ada.submit(late))
    assert state_of(desk, found) is FindingState.NEW_LEVEL


def test_a_finding_that_was_told_with_others_gets_a_card_with_its_buttons(desk: Desk) -> None:
    several = [a_finding(f"F-ONCE{n}", summary=f"Payments of story {n} fell.") for n in (1, 2)]
    with desk.bot.database.transaction() as tx:
        changes = [Change(was=None, now=one, news=News.OPENED) for one in several]
        keep_at_once(tx, changes, partners=desk.bot.partners, channel=OPS, now=desk.clock())
    vic, ada = desk.person(VIC), desk.person(ADA)
    desk.told(VIC, OPS, lambda: vic.command("/anomalies", "", channel=OPS))
    (*_, listed) = vic.private(OPS)
    (offer,) = [b for b in listed.blocks if "story 2 fell" in str(b)]

    said = desk.told(VIC, OPS, lambda: vic.click(listed, "Show card", block_id=offer["block_id"]))

    assert f"The card of F-ONCE2 is in <#{OPS}>" in said
    ada.click(card(desk, several[1], "Next:"), "Acknowledge")
    desk.until(lambda: kept(desk, several[1]).acknowledged_by == ADA)
    assert kept(desk, several[0]).acknowledged_by is None


def test_a_list_leads_to_cards_and_says_who_looks_after_them(desk: Desk) -> None:
    found = a_finding("F-TAKEN", since=NOW)
    shown = told(desk, found)
    ada, vic = desk.person(ADA), desk.person(VIC)
    ada.click(shown, "Acknowledge")
    card(desk, found, "looks after it")

    listed = desk.told(VIC, OPS, lambda: vic.command("/anomalies", "meridian", channel=OPS))

    assert f"<@{ADA}> looks after it · <{desk.sandbox.url}" in listed
    assert f"/archives/{OPS}/p{shown.ts.replace('.', '')}|Its card>" in listed


def test_a_list_comes_without_links_where_slack_drops_the_line(desk: Desk) -> None:
    found = a_finding("F-LINKLESS", since=NOW)
    told(desk, found)
    vic = desk.person(VIC)
    desk.sandbox.faults.add("chat.getPermalink", FaultKind.DROP, times=100)

    listed = desk.told(VIC, OPS, lambda: vic.command("/anomalies", "meridian", channel=OPS))

    desk.sandbox.faults.clear()
    assert "Payments of F-LINKLESS fell." in listed
    assert "Its card" not in listed


def test_slack_would_have_refused_nothing(desk: Desk) -> None:
    assert desk.sandbox.refusals == []

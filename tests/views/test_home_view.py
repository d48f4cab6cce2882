"""App Home: a usual day, an approver's, an empty one, one with far too much of everything, and no access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_limits import accept_home, nodes, texts
from test_break_views import worked
from view_examples import LONG, NASTY, NOW, a_late_file, a_state, an_incident

from breakwater.model.ageing import AgedBreak
from breakwater.model.breaks import BreakState
from breakwater.model.files import PartnerFiles
from breakwater.model.home import HomePage
from breakwater.model.partners import FileDue
from breakwater.views.home import home, no_access


def a_due(stream: str = "statement", **changes: Any) -> FileDue:
    due = FileDue(
        partner="nordbank",
        stream=stream,
        business_date=date(2026, 11, 23),
        due_at=NOW + timedelta(hours=1),
        deadline_at=NOW + timedelta(hours=2),
    )
    return replace(due, **changes)


def a_page(word: str = "The bank took it.", **changes: Any) -> HomePage:
    files = PartnerFiles(
        partner_id="nordbank", partner_name="Nordbank", time_zone=ZoneInfo("Europe/Berlin"), next_due=(a_due(),), late=(a_due(due_at=NOW),)
    )
    page = HomePage(
        at=NOW,
        mine=(AgedBreak(brk=worked(BreakState.ACKNOWLEDGED, word), age_days=7, asleep_until=date(2026, 11, 25)),),
        mine_count=1,
        is_approver=True,
        waiting=(AgedBreak(brk=worked(BreakState.PROPOSED, word), age_days=1),),
        waiting_count=1,
        out_of_reach=2,
        partners=(a_state(late_files=(a_late_file(),)), a_state(partner_id="meridian", partner_name="Meridian", active={}, ageing=())),
        incidents=(an_incident(),),
        files=(files,),
    )
    return replace(page, **changes)


EMPTY = {"mine": (), "mine_count": 0, "waiting": (), "waiting_count": 0, "out_of_reach": 0, "partners": (), "incidents": (), "files": ()}
PAGES = {"busy": a_page(), "viewer": a_page(is_approver=False), "quiet": a_page(**EMPTY)}


@pytest.mark.parametrize("name", PAGES)
def test_a_home(name: str, golden: Callable[[str, Any], None]) -> None:
    view = home(PAGES[name])

    accept_home(view)
    golden(f"home_{name}", view)


def test_who_may_see_nothing_reads_how_to_get_access(golden: Callable[[str, Any], None]) -> None:
    view = no_access("You have no role in Breakwater yet.", "Ask an administrator to add you to one of the user groups.")

    accept_home(view)
    golden("home_no_access", view)


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
def test_far_too_much_of_everything_is_cut_and_said_so(word: str) -> None:
    one = worked(BreakState.PROPOSED, word, references=(word,), owner_id=word)
    many = {
        "mine": tuple(AgedBreak(brk=replace(one, currency=c), age_days=9) for c in ("EUR", "JPY", "KWD") * 3),
        "mine_count": 4_000,
        "waiting": (AgedBreak(brk=one, age_days=90),) * 8,
        "waiting_count": 500,
        "out_of_reach": 60,
        "partners": (a_state(partner_name=word, partner_id=word),) * 50,
        "incidents": (an_incident(title=word),) * 50,
        "files": (PartnerFiles(partner_id=word, partner_name=word, time_zone=ZoneInfo("UTC"), next_due=(a_due(word),) * 9),) * 50,
    }

    view = home(a_page(**many))

    accept_home(view)
    said = "\n".join(texts(view["blocks"]))
    for cut in (
        "3,991 more breaks of yours",
        "492 more proposals",
        "60 proposals above your limit",
        "38 more partners",
    ):
        assert cut in said
    assert said.count(" more: ") == 2


def test_only_approvers_are_asked_to_approve() -> None:
    asked = {name: [b["action_id"] for b in nodes(home(page)["blocks"], "button")] for name, page in PAGES.items()}

    assert {"break_approve", "break_decline"} <= set(asked["busy"])
    assert "break_approve" not in asked["viewer"]

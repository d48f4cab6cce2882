"""App Home, opened and clicked in: what each person finds, and that it follows what they do there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any, cast

from desk import ADA, BEN, CARDS, EVE, NILS, NOB, NOW, SHARED, VIC, Desk, a_break
from slack_sdk import WebClient

from breakwater.model.access import Actor, Role
from breakwater.model.breaks import Break, BreakState
from breakwater.model.proposals import Proposal, ProposalKind, ReasonCode
from breakwater.slack.doors import Doors
from breakwater.slack.home import publish
from breakwater.store import audit


def proposed(name: str, *, amount_minor: int = 1_250, by: str = ADA) -> Break:
    proposal = Proposal(
        kind=ProposalKind.WRITE_OFF,
        by=by,
        at=NOW,
        reason=ReasonCode.ROUNDING,
        amount_minor=amount_minor,
        currency="EUR",
        account="1799",
        evidence=("ticket 1",),
    )
    return a_break(
        name, state=BreakState.PROPOSED, proposal=proposal, amount_minor=amount_minor, owner_id=by, touched_by=by, touched_at=NOW
    )


def test_everybody_finds_what_is_theirs(desk: Desk) -> None:
    desk.lay_out(proposed("small"), proposed("big", amount_minor=50_000), proposed("bens", by=BEN))

    for user in (ADA, BEN, EVE, VIC):
        desk.person(user).open_home()

    ada, ben, eve, vic = (desk.home(user, "My breaks").words for user in (ADA, BEN, EVE, VIC))
    assert "My breaks: 2" in ada
    assert "Waiting for your approval" not in ada + vic
    assert "Waiting for your approval: 1" in ben
    assert "1 proposal above your limit." in ben
    assert "Waiting for your approval: 3" in eve
    assert "My breaks: 0" in vic


def test_what_is_approved_there_leaves_the_page_and_shows_on_the_card(desk: Desk) -> None:
    brk = proposed("approved")
    desk.lay_out(brk)
    ben = desk.person(BEN)
    ben.open_home()
    page = desk.home(BEN, brk.id)
    (block,) = [n for n, b in enumerate(page.blocks) if brk.id in str(b) and b["type"] == "section"]

    ben.click(page, "Approve", block_id=page.blocks[block + 1]["block_id"])

    desk.card(brk, "Written off")
    desk.sandbox.wait_for(lambda: brk.id not in ben.home().words)


def test_a_decline_from_there_asks_why_and_is_gone_afterwards(desk: Desk) -> None:
    brk = proposed("declined")
    desk.lay_out(brk)
    ben = desk.person(BEN)
    ben.open_home()
    page = desk.home(BEN, brk.id)
    (block,) = [n for n, b in enumerate(page.blocks) if brk.id in str(b) and b["type"] == "section"]
    ben.click(page, "Decline…", block_id=page.blocks[block + 1]["block_id"])

    ben.submit(desk.form(BEN, "Decline"), {"Why not": "Ask them first."})

    assert "Ask them first." in desk.thread(desk.card(brk, "Being investigated"), "declined")
    desk.sandbox.wait_for(lambda: brk.id not in ben.home().words)


def test_a_click_on_what_somebody_else_moved_meanwhile_says_so_and_renews_the_page(desk: Desk) -> None:
    brk = proposed("late")
    desk.lay_out(brk)
    ben, eve = desk.person(BEN), desk.person(EVE)
    ben.open_home()
    page = desk.home(BEN, brk.id)
    (block,) = [n for n, b in enumerate(page.blocks) if brk.id in str(b) and b["type"] == "section"]
    eve.click(desk.card(brk), "Approve")
    desk.card(brk, "Written off")

    said = desk.told_directly(BEN, lambda: ben.click(page, "Approve", block_id=page.blocks[block + 1]["block_id"]))

    assert "nothing was changed" in said
    desk.sandbox.wait_for(lambda: brk.id not in ben.home().words)


def test_lists_and_cards_come_where_they_can_be_read(desk: Desk) -> None:
    brk = a_break("listed", owner_id=ADA, state=BreakState.ACKNOWLEDGED, acknowledged_at=NOW, amount_minor=99_000)
    desk.lay_out(brk, cards=False)
    ada = desk.person(ADA)
    ada.open_home()
    page = desk.home(ADA, brk.id)

    assert brk.id in desk.told_directly(ADA, lambda: ada.click(page, "All of mine"))
    assert "Meridian" in desk.told_directly(ADA, lambda: ada.click(page, "All files"))
    (shown,) = [b for b in page.blocks if brk.id in str(b)]
    assert f"<#{CARDS}>" in desk.told_directly(ADA, lambda: ada.click(page, "Show card", block_id=shown["block_id"]))
    desk.card(brk)


def test_strangers_and_people_without_a_role_read_how_to_get_access(desk: Desk) -> None:
    for user in (NILS, NOB):
        desk.person(user).open_home()

    assert "people of its own organisation only" in desk.home(NILS, "🔒").words
    assert "Ask an administrator" in desk.home(NOB, "no role").words
    assert "breaks" not in desk.home(NILS, "🔒").words + desk.home(NOB, "🔒").words
    with desk.bot.database.reading() as tx:
        refused = {row["actor_id"] for row in audit.rows(tx) if row["action"] == "refused"}
    assert {NILS, NOB} <= refused


def test_it_is_renewed_by_its_button(desk: Desk) -> None:
    vic = desk.person(VIC)
    vic.open_home()
    page = desk.home(VIC, "Partners")
    desk.lay_out(a_break("renewed", owner_id=VIC, opened_at=NOW - timedelta(days=1)), cards=False)

    vic.click(page, "Refresh")

    desk.home(VIC, "My breaks: 1")


@dataclass
class SlowAtFirst:
    """A client whose first publishing is held up until the second is done, or for half a second."""

    pages: list[str] = field(default_factory=list)
    first_began: Event = field(default_factory=Event)
    second_done: Event = field(default_factory=Event)

    def views_publish(self, *, user_id: str, view: dict[str, Any]) -> None:
        while not self.first_began.is_set():
            self.first_began.set()
            self.second_done.wait(0.5)
        self.pages.append(str(view))
        self.second_done.set()


def test_a_page_read_earlier_never_replaces_a_newer_one(desk: Desk) -> None:
    client = SlowAtFirst()
    doors = replace(cast(Doors, desk.bot.doors), client=cast(WebClient, client))
    newer = a_break("newer", owner_id=VIC)
    vic = Actor(id=VIC, role=Role.VIEWER)
    with ThreadPoolExecutor(2) as threads:
        opened = threads.submit(publish, doors, vic)
        client.first_began.wait(60)
        desk.lay_out(newer, cards=False)
        renewed = threads.submit(publish, doors, vic)
    opened.result(), renewed.result()

    assert [newer.id in page for page in client.pages] == [False, True]


def test_slack_would_have_refused_nothing(desk: Desk) -> None:
    assert desk.sandbox.refusals == []
    assert desk.sandbox.messages(SHARED) == ()

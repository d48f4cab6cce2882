"""A partner that is configured no longer, from a desk: its breaks are listed and worked, and the team was told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from desk import ADA, BEN, CARDS, NOW, OPS, Desk, a_break, at_the_desk

from breakwater.model.access import SYSTEM
from breakwater.model.breaks import Break
from breakwater.model.findings import Finding, FindingKind, FindingState
from breakwater.store import reads, writes
from breakwater.store.database import open_database


def the_break() -> Break:
    return a_break("left", partner="oldbank")


BELOW = Finding(
    id="F-below",
    kind=FindingKind.STATE_BELOW,
    partner="oldbank",
    scope="oldbank · EUR · clearing",
    since=NOW,
    summary="Old Bank in EUR: clearing is 88.00 %, below 95.00 %.",
    expected="95.00 % or more",
    seen="88.00 %",
    next_step="Look at the causes in /recon oldbank.",
    currency="EUR",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("former")
    (folder / "var").mkdir()
    with closing(open_database(f"sqlite:///{folder}/var/breakwater.db")) as database:
        database.migrate()
        with database.transaction() as tx:
            writes.insert_breaks(tx, [the_break()], actor=SYSTEM, now=NOW)
            writes.open_finding(tx, BELOW, actor=SYSTEM, now=NOW)
    with at_the_desk(folder) as opened:
        yield opened


def asked(desk: Desk, command: str, text: str) -> str:
    return desk.told(ADA, OPS, lambda: desk.person(ADA).command(command, text, channel=OPS))


def test_the_team_is_told_when_the_bot_starts(desk: Desk) -> None:
    told = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(OPS) if "no longer configured" in m.words), None))

    assert "*oldbank* is no longer configured, but left 1 break worth *EUR 12.50*" in told.words


def test_what_a_threshold_found_there_is_over_since_the_start(desk: Desk) -> None:
    with desk.bot.database.reading() as tx:
        found = reads.finding_by_id(tx, BELOW.id)

    assert found
    assert found.state is FindingState.RECOVERED
    assert found.summary.endswith("No threshold looks at this any more.")


def test_recon_shows_it_among_all_and_alone(desk: Desk) -> None:
    for text in ("", "oldbank"):
        shown = asked(desk, "/recon", text)

        assert "*oldbank (no longer configured)*: 1 break worth *EUR 12.50*" in shown
        assert "nothing closes them but people" in shown


def test_it_is_not_reconciled_again_and_owes_no_file(desk: Desk) -> None:
    assert "oldbank (no longer configured) can't be reconciled" in desk.told(
        BEN, OPS, lambda: desk.person(BEN).command("/recon", "rerun oldbank", channel=OPS)
    )
    assert "oldbank" not in asked(desk, "/recon", "files")


def test_its_breaks_are_listed_shown_and_acknowledged_where_the_team_works(desk: Desk) -> None:
    assert the_break().id in asked(desk, "/recon", "breaks oldbank")
    listed = desk.person(ADA).private(OPS)[-1]

    shown = desk.told(ADA, OPS, lambda: desk.person(ADA).click(listed, "Show card"))
    card = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(OPS) if the_break().id in m.words), None))
    desk.person(ADA).click(card, "Acknowledge")

    assert f"is in <#{OPS}>" in shown
    assert desk.sandbox.wait_for(
        lambda: next((m for m in desk.sandbox.messages(OPS) if m.ts == card.ts and "Acknowledged" in m.words), None)
    )
    assert not any(the_break().id in m.words for m in desk.sandbox.messages(CARDS))


def test_it_stands_in_app_home(desk: Desk) -> None:
    desk.person(ADA).open_home()

    assert "oldbank (no longer configured)" in desk.home(ADA, "oldbank").words

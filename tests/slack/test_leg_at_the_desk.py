"""A leg from a desk: its state below the partner's, its breaks, the files of both ends, and an incident with the provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from desk import ADA, AGREEMENT, CARDS, OPS, SETTINGS, Desk, a_break, at_the_desk

from breakwater.model.breaks import Break, BreakKind
from breakwater.store import reads

LEG = "meridian-nordbank"
LEG_SETTINGS = """
[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
calendar = "TARGET2"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0CARDS"]
agreement = "nordbank.toml"
[[legs]]
id = "meridian-nordbank"
agreement = "meridian.toml"
from = { partner = "meridian" }
to = { partner = "nordbank", where = { ref_end_to_end_id = "MERIDIAN-.*" } }
"""


def the_break() -> Break:
    extra = {"from": "Meridian", "to": "Nordbank"}
    return replace(a_break("leg", partner=LEG, kind=BreakKind.MISSING_AT_PARTNER, amount_minor=120_000, theirs=()), extra=extra)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("leg")
    (folder / "nordbank.toml").write_text(AGREEMENT.replace('"meridian"', '"nordbank"'))
    with at_the_desk(folder, settings=f"{SETTINGS}{LEG_SETTINGS}") as opened:
        opened.lay_out(the_break())
        opened.bot.reconcile_all()
        opened.until(lambda: has_run(opened))
        yield opened


def has_run(desk: Desk) -> bool:
    with desk.bot.database.reading() as tx:
        return reads.last_run(tx, partner=LEG) is not None


def asked(desk: Desk, command: str, text: str) -> str:
    return desk.told(ADA, OPS, lambda: desk.person(ADA).command(command, text, channel=OPS))


@pytest.mark.parametrize("partner", ["meridian", "nordbank", LEG])
def test_either_end_and_the_leg_itself_show_what_did_not_arrive(desk: Desk, partner: str) -> None:
    shown = asked(desk, "/recon", partner)

    assert "Meridian → Nordbank" in shown
    assert "Payout reported by Meridian, not at Nordbank: 1" in shown


def test_its_breaks_are_listed_by_its_name(desk: Desk) -> None:
    shown = asked(desk, "/recon", f"breaks {LEG}")

    assert "1 active break of Meridian → Nordbank" in shown
    assert "Payout reported by Meridian, not at Nordbank" in shown


def test_its_card_is_worked_like_any_other(desk: Desk) -> None:
    card = desk.card(the_break())

    desk.person(ADA).click(card, "Acknowledge")

    assert "Payout reported by Meridian, not at Nordbank" in card.words
    assert desk.card(the_break(), "Acknowledged").channel == CARDS


def test_its_files_are_those_of_both_ends(desk: Desk) -> None:
    shown = asked(desk, "/recon", f"files {LEG}")

    assert "Meridian" in shown
    assert "Nordbank" in shown
    assert "Meridian → Nordbank" not in shown


def test_an_incident_about_it_is_one_with_the_provider(desk: Desk) -> None:
    desk.person(ADA).command("/incident", f"open {LEG}", channel=OPS)

    form: Any = desk.form(ADA, "Open an incident")

    choice = next(block["element"] for block in form.blocks if block["block_id"] == "partner")
    assert [option["value"] for option in choice["options"]] == ["meridian", "nordbank"]
    assert choice["initial_option"]["value"] == "meridian"


def test_an_incident_with_nobody_known_is_offered_with_partners_and_never_with_a_leg(desk: Desk) -> None:
    told = asked(desk, "/incident", "open meridian-nordbnk")

    assert "There is no partner 'meridian-nordbnk'." in told
    assert "Use one of: meridian, nordbank." in told
    assert LEG not in told


def test_its_runs_have_a_history_of_their_own(desk: Desk) -> None:
    assert "Meridian → Nordbank" in asked(desk, "/recon", f"runs {LEG}")

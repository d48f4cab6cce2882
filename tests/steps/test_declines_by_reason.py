"""From events in the lake to a card: a reason for declines that grows, as a finding of its own and as the cause of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_company import outbox_of
from traffic_at_work import MERIDIAN, AtWork

from breakwater.lake.parts import Lake
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.findings import FindingKind
from breakwater.store.database import Database

HOURS = 31 * 24 + 12
JUMP_H = 6
DECLINES = {"51": 4, "05": 3, "59": 1}


@pytest.fixture
def at_work(database: Database, tmp_path: Path) -> AtWork:
    """A month of 60 attempts an hour, of which eight are declined, but for the last hours."""
    known = AtWork(database, Lake(tmp_path / "lake"))
    hours = HOURS - JUMP_H
    known.happen(happened(hours, DECLINES | {"91": 0}) | {("failed", "91"): (np.arange(hours) % 7 == 0).astype(int)}, first=0)
    return known


def happened(hours: int, declines: dict[str, int]) -> dict[tuple[str, str | None], np.ndarray]:
    each = {("failed", code): count for code, count in declines.items()}
    counts = {("created", None): 60, ("authorized", None): 60 - sum(declines.values()), **each}
    random = np.random.default_rng(5)
    return {key: random.permutation(np.full(hours, count)) for key, count in counts.items()}


def test_a_reason_that_grows_while_the_total_hides_it_has_a_card_told_once(at_work: AtWork) -> None:
    assert at_work.look(hour=HOURS - JUMP_H) == []
    at_work.happen(happened(JUMP_H + 1, {"51": 2, "05": 1, "59": 0, "91": 5}), first=HOURS - JUMP_H)

    (jump,) = at_work.look(hour=HOURS)

    assert jump.kind is FindingKind.DECLINE_REASONS
    assert jump.summary.startswith("Technical declines at Meridian in EUR rose from 0.3 % to 8.3 % of the attempts; the approval rate as a")
    assert jump.cause == "'91' is now the reason of 62 % of the declines, 2 % before."
    assert [key for key, _, _ in outbox_of(at_work.database)] == [f"finding:{jump.id}:C0PAYOPS:1"]
    assert [f.id for f in at_work.look(hour=HOURS)] == [jump.id]
    assert len(outbox_of(at_work.database)) == 1


def test_a_code_is_counted_where_the_settings_say(database: Database, tmp_path: Path) -> None:
    taught = replace(MERIDIAN, decline_families=(("91", DeclineFamily.AUTHENTICATION),))
    at_work = AtWork(database, Lake(tmp_path / "lake"), partners={"meridian": taught})
    hours = HOURS - JUMP_H
    at_work.happen(happened(hours, DECLINES | {"91": 0}) | {("failed", "91"): (np.arange(hours) % 7 == 0).astype(int)}, first=0)
    at_work.happen(happened(JUMP_H + 1, {"51": 2, "05": 1, "59": 0, "91": 5}), first=hours)

    (jump,) = at_work.look(hour=HOURS)

    assert jump.summary.startswith("Declines for failed authentication at Meridian in EUR rose from 0.3 % to 8.3 % of the attempts")


def test_a_fall_of_the_approval_rate_names_the_family_and_the_code_behind_it(at_work: AtWork) -> None:
    at_work.look(hour=HOURS - JUMP_H)
    at_work.happen(happened(JUMP_H + 1, DECLINES | {"91": 20}), first=HOURS - JUMP_H)

    (drop,) = at_work.look(hour=HOURS)

    assert drop.kind is FindingKind.APPROVAL_DROP
    assert drop.cause == (
        "Technical declines went from 0.2 % to 33.3 % of the attempts. '91' is now the reason of 71 % of the declines, 2 % before."
    )

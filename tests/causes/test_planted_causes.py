"""Ten accidents and two at once, each planted in a noisy month: the right cause comes first, and nothing is made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from planted import DAYS, RATE_PPM, World, a_world, converted, fee, look

from breakwater.model.causes import CauseKind

EARLIER, DAY = DAYS[3], DAYS[9]
Accident = Callable[[World], None]


def file_missing(world: World) -> None:
    world.lose(lambda row: row["source_file"] == f"report-{DAY}")


def batch_missing(world: World) -> None:
    world.lose(lambda row: row["booked_on"] == DAY and row["account"] == "HarbourUK")


def batch_twice(world: World) -> None:
    world.repeat(lambda row: row["ref_batch_id"] == f"{EARLIER:%m%d}-HarbourUK")


def file_twice(world: World) -> None:
    world.repeat(lambda row: row["source_file"] == f"report-{DAY}", source_file="report-again", ref_batch_id="again")


def fee_schedule(world: World) -> None:
    rows = [row for row in world.of(kind="payment", currency="GBP") if row["booked_on"] >= DAY and row["fee_minor"] is not None]
    world.plant(rows, lambda row: row.update(fee_minor=fee(row["amount_minor"], "GBP", extra_bps=20)))


def fx_rate(world: World) -> None:
    rows = [row for row in world.of(original_currency="USD") if row["booked_on"] >= DAY]
    world.plant(rows, lambda row: row.update(amount_minor=converted(row["original_amount_minor"], RATE_PPM - 17_000)))


def cut_off(world: World) -> None:
    hour = {row["ref_partner_id"]: row["booked_at"].hour for row in world.ours}
    rows = [row for row in world.theirs if row["booked_on"] >= DAY and hour.get(row["ref_partner_id"], 0) >= 21]
    world.plant(rows, lambda row: row.update(booked_on=date.fromordinal(row["booked_on"].toordinal() + 7)))


def sign_flipped(world: World) -> None:
    rows = [row for row in world.of(kind="refund") if row["booked_on"] >= DAY]
    world.plant(rows, lambda row: row.update(amount_minor=-row["amount_minor"]))


def amount_scaled(world: World) -> None:
    rows = [row for row in world.of(currency="GBP", kind="payment") if row["booked_on"] >= DAY]
    world.plant(rows, lambda row: row.update(amount_minor=row["amount_minor"] * 100))


def reference_cut(world: World) -> None:
    rows = [row for row in world.of(account="HarbourUK") if row["booked_on"] >= DAY]
    cut = {row["ref_partner_id"] for row in rows}
    world.plant(rows, lambda row: row.update(ref_partner_id=row["ref_partner_id"][:16]))
    world.planted |= {row["record_id"] for row in world.ours if row["ref_partner_id"] in cut - world.noisy}


def account_mapped(world: World) -> None:
    rows = [row for row in world.of(account="HarbourUK") if row["booked_on"] >= DAY]
    mapped = {row["ref_partner_id"] for row in rows}
    world.plant(rows, lambda row: row.update(account="HarbourEU"))
    world.planted |= {row["record_id"] for row in world.ours if row["ref_partner_id"] in mapped - world.noisy}


def refunds_missing(world: World) -> None:
    world.lose(lambda row: row["kind"] == "refund")


def one_merchant(world: World) -> None:
    """A small shop of its own, of whose payments the half is settled short."""
    customers = [row["ref_partner_id"] for row in world.ours if row["kind"] == "payment" and row["currency"] == "EUR"][::20]
    rows = [row for row in (*world.ours, *world.theirs) if row["ref_partner_id"] in customers]
    for row in rows:
        row["account"] = "ShopX"
    short = [row for row in rows if row["record_id"].startswith("t-o-L") and row["ref_partner_id"] in customers[::2]]
    world.plant(short, lambda row: row.update(amount_minor=row["amount_minor"] - 200 - int(row["ref_partner_id"][-3:])))


def one_bin(world: World) -> None:
    """Cards of one acquirer reference are not settled, a third of them."""
    cards = [row for row in world.ours if row["ref_arn"][1:7] == "400003" and row["kind"] == "payment"]
    gone = {row["ref_partner_id"] for row in cards[: 2 * len(cards) // 3]}
    world.lose(lambda row: row["ref_partner_id"] in gone and row["kind"] == "payment")


PLANTED = {
    CauseKind.FILE_MISSING: file_missing,
    CauseKind.BATCH_MISSING: batch_missing,
    CauseKind.BATCH_TWICE: batch_twice,
    CauseKind.FILE_TWICE: file_twice,
    CauseKind.FEE_SCHEDULE: fee_schedule,
    CauseKind.FX_RATE: fx_rate,
    CauseKind.CUT_OFF: cut_off,
    CauseKind.SIGN_FLIPPED: sign_flipped,
    CauseKind.AMOUNT_SCALED: amount_scaled,
    CauseKind.REFERENCE_CHANGED: reference_cut,
    CauseKind.ACCOUNT_MAPPED: account_mapped,
    CauseKind.KIND_MISSING: refunds_missing,
    CauseKind.ONE_MERCHANT: one_merchant,
    CauseKind.ONE_BIN: one_bin,
}


def test_every_kind_of_cause_is_planted_once() -> None:
    assert set(PLANTED) == set(CauseKind)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_cause_comes_first_and_covers_what_it_broke(kind: CauseKind, tmp_path: Path) -> None:
    world = a_world()
    PLANTED[kind](world)

    found = look(world, tmp_path)

    first, *others = found.causes
    assert first.kind is kind
    assert found.share(found.planted & set(first.fingerprints), of=found.planted) >= 0.95
    assert [(c.kind, found.most(c.fingerprints)) for c in others if found.most(c.fingerprints) > 0.01] == []


@pytest.mark.parametrize(
    ("accidents", "kinds"),
    [
        ((file_missing, fee_schedule), {CauseKind.FILE_MISSING, CauseKind.FEE_SCHEDULE}),
        ((batch_twice, reference_cut), {CauseKind.BATCH_TWICE, CauseKind.REFERENCE_CHANGED}),
        ((sign_flipped, fx_rate), {CauseKind.SIGN_FLIPPED, CauseKind.FX_RATE}),
    ],
)
def test_two_accidents_at_once_are_told_apart(accidents: tuple[Accident, ...], kinds: set[CauseKind], tmp_path: Path) -> None:
    world = a_world()
    for accident in accidents:
        accident(world)

    found = look(world, tmp_path)

    right = [c for c in found.causes if c.kind in kinds]
    assert {c.kind for c in found.causes[:2]} == kinds
    assert found.share(found.planted & {f for c in right for f in c.fingerprints}, of=found.planted) >= 0.95
    assert [c.kind for c in found.causes if c.kind not in kinds and found.most(c.fingerprints) > 0.01] == []


def test_noise_has_no_cause(tmp_path: Path) -> None:
    found = look(a_world(), tmp_path)

    assert len(found.value) > 90
    assert found.causes == []

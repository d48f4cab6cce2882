"""What partners charge, how they convert and how long they take, day by day, from the records of both sides."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lake_builders import a_record, batch_of

from breakwater.lake.levels import daily_fees, daily_lags, daily_rates
from breakwater.lake.parts import Lake
from breakwater.model.records import Kind, Record, Side

DAY = date(2026, 11, 18)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def kept(lake: Lake, side: Side, *records: Record) -> list[str]:
    return lake.write(iter([batch_of(records)]), content="records", side=side, sha256=("a" if side is Side.OURS else "b") * 64)


def paid(n: int, **changes: Any) -> Record:
    return a_record(**{"record_id": f"r/{n}/0", "amount_minor": 10_000, "booked_on": DAY, **changes})


def test_fees_are_those_stated_on_payments_against_what_these_are_worth(lake: Lake) -> None:
    theirs = kept(
        lake, Side.THEIRS, paid(1, fee_minor=140), paid(2, fee_minor=160), paid(3), paid(4, fee_minor=9, kind=Kind.REFUND),
        paid(5, fee_minor=50, network="visa"), paid(6, fee_minor=1, booked_on=DAY - timedelta(days=9)),
    )  # fmt: skip

    rows = daily_fees(lake, theirs=theirs, since=DAY - timedelta(days=1))

    assert [(r["network"], r["day"], r["records"], r["fee_minor"], r["volume_minor"]) for r in rows] == [
        ("visa", DAY, 1, 50, 10_000),
        (None, DAY, 2, 300, 20_000),
    ]


def test_fees_booked_apart_are_held_against_all_payments_of_their_day(lake: Lake) -> None:
    fee = {"kind": Kind.FEE, "raw_code": "SCHEME"}
    theirs = kept(
        lake, Side.THEIRS, paid(1), paid(2, network="visa"), paid(3, amount_minor=-120, **fee), paid(4, amount_minor=-30, **fee),
        paid(5, amount_minor=-9, kind=Kind.FEE, booked_on=DAY + timedelta(days=1)),
    )  # fmt: skip

    (row,) = daily_fees(lake, theirs=theirs, since=DAY)

    assert (row["network"], row["fee"], row["records"], row["fee_minor"], row["volume_minor"]) == (None, "SCHEME", 2, 150, 20_000)


def test_rates_are_what_either_side_says_of_payments_in_another_currency(lake: Lake) -> None:
    usd = {"original_currency": "USD"}
    theirs = kept(lake, Side.THEIRS, paid(1, amount_minor=9_150, original_amount_minor=10_000, **usd), paid(2))
    ours = kept(lake, Side.OURS, paid(1, amount_minor=9_200, original_amount_minor=10_000, **usd))

    (row,) = daily_rates(lake, ours=ours, theirs=theirs, since=DAY)

    assert (row["currency"], row["original_currency"], row["records"]) == ("EUR", "USD", 1)
    assert [row[f"{side}_{what}"] for side in ("theirs", "ours") for what in ("minor", "original_minor")] == [9_150, 10_000, 9_200, 10_000]


def test_lags_join_payments_by_the_reference_both_sides_know(lake: Lake) -> None:
    ours = kept(
        lake, Side.OURS, paid(1, ref_payment_id="P1"), paid(2, ref_partner_id="X2", ref_payment_id="P2"), paid(3, ref_end_to_end_id="E3"),
        paid(4, ref_payment_id="P4"),
    )  # fmt: skip
    settled = DAY + timedelta(days=2)
    theirs = kept(
        lake, Side.THEIRS, paid(1, ref_payment_id="P1", value_date=settled), paid(2, ref_partner_id="X2", value_date=settled),
        paid(3, ref_end_to_end_id="E3", value_date=DAY + timedelta(days=5)), paid(4, ref_payment_id="P9", value_date=settled),
        paid(5, ref_payment_id="P4", value_date=DAY - timedelta(days=1)),
    )  # fmt: skip

    rows = daily_lags(lake, ours=ours, theirs=theirs, since=DAY - timedelta(days=5))

    assert [(r["captured_on"], r["settled_on"], r["records"], r["volume_minor"]) for r in rows] == [
        (DAY, settled, 2, 20_000),
        (DAY, DAY + timedelta(days=5), 1, 10_000),
    ]


def test_where_a_side_has_nothing_there_are_no_figures(lake: Lake) -> None:
    theirs = kept(lake, Side.THEIRS, paid(1, ref_payment_id="P1"))

    assert daily_fees(lake, theirs=[], since=DAY) == daily_rates(lake, ours=[], theirs=theirs, since=DAY) == []
    assert daily_lags(lake, ours=[], theirs=theirs, since=DAY) == []


def test_sums_beyond_64_bits_are_sums_too(lake: Lake) -> None:
    huge = {"amount_minor": -(2**63) + 1, "fee_minor": 2**63 - 1, "original_currency": "USD", "original_amount_minor": 2**63 - 1}
    theirs = kept(lake, Side.THEIRS, paid(1, ref_payment_id="P1", **huge), paid(2, ref_payment_id="P2", **huge))
    ours = kept(lake, Side.OURS, paid(1, ref_payment_id="P1", **huge), paid(2, ref_payment_id="P2", **huge))
    both = 2 * (2**63 - 1)

    (fees,) = daily_fees(lake, theirs=theirs, since=DAY)
    (rates,) = daily_rates(lake, ours=ours, theirs=theirs, since=DAY)
    (lags,) = daily_lags(lake, ours=ours, theirs=theirs, since=DAY)

    assert (fees["fee_minor"], fees["volume_minor"], lags["volume_minor"]) == (both, both, both)
    assert {rates[f"{side}_{what}"] for side in ("theirs", "ours") for what in ("minor", "original_minor")} == {both}

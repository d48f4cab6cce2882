"""What legs take of parts: each record is in one place of each agreement, and money is turned but never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater.lake import legs
from breakwater.lake.parts import Lake
from breakwater.model.legs import Leg, LegEnd, in_order, taken_by
from breakwater.model.records import RECORD_SCHEMA, Kind, Side

ADYEN = LegEnd(partner="adyen", name="Adyen", kinds=(Kind.PAYOUT,), stays=True)
STRIPE = LegEnd(partner="stripe", name="Stripe", kinds=(Kind.PAYOUT,), stays=True)


def at_bank(pattern: str, *, stays: bool = False) -> LegEnd:
    return LegEnd(partner="bank", name="Bank", kinds=(Kind.PAYMENT,), where=(("ref_end_to_end_id", pattern),), stays=stays)


def two_legs(*, first_stays: bool = False, second_stays: bool = False) -> list[Leg]:
    """Two providers that pay into one account; what both patterns fit is the first one's."""
    first = Leg(id="adyen-bank", source=ADYEN, target=at_bank("A-(?P<ref_batch_id>[0-9]+)X?", stays=first_stays))
    second = Leg(id="stripe-bank", source=STRIPE, target=at_bank("[AS]-[0-9]+", stays=second_stays))
    return in_order([first, second])


def rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(path).to_pylist())


def written(lake: Lake, records: Sequence[dict[str, Any]], *, sha256: str = "ab") -> list[str]:
    table = pa.Table.from_pylist(list(records), schema=RECORD_SCHEMA)
    return lake.write(iter(table.to_batches()), content="records", side=Side.THEIRS, sha256=sha256)


def of(parts: Sequence[str], stream: str = "statement") -> dict[str, str]:
    return dict.fromkeys(parts, stream)


def a_row(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "record_id": f"r-{number}", "kind": "payment", "amount_minor": 1_000 + number, "currency": "EUR", "booked_on": date(2026, 11, 10),
        "partner": "bank", "status": "booked", "account": "DE1",
    }  # fmt: skip
    return {**dict.fromkeys(RECORD_SCHEMA.names), **row, **changes}


A_RECORD = st.builds(
    lambda kind, amount_minor, reference: {"kind": kind, "amount_minor": amount_minor, "ref_end_to_end_id": reference},
    st.sampled_from([str(kind) for kind in Kind]),
    st.integers(-(2**62), 2**62),
    st.one_of(st.none(), st.sampled_from(["A-1", "A-22X", "S-3", "A-", "XA-1", "a-1", "A-1\n", ""]), st.text(max_size=8)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(A_RECORD, min_size=1, max_size=30), first_stays=st.booleans(), second_stays=st.booleans())
def test_each_record_is_in_one_leg_at_most_and_in_the_banks_own_agreement_where_no_leg_took_it(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], first_stays: bool, second_stays: bool
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    made = two_legs(first_stays=first_stays, second_stays=second_stays)
    parts = written(lake, [a_row(n, **r) for n, r in enumerate(records)])

    in_legs = [[r for path in lake.paths(legs.taken(lake, leg, Side.THEIRS, of(parts))) for r in rows(path)] for leg in made]
    own = [r for path in lake.paths(legs.left(lake, taken_by(made, "bank"), of(parts))) for r in rows(path)]

    first, second = ([r["record_id"] for r in some] for some in in_legs)
    assert not set(first) & set(second)
    leaving = {*([] if first_stays else first), *([] if second_stays else second)}
    assert sorted(r["record_id"] for r in own) == sorted({f"r-{n}" for n in range(len(records))} - leaving)
    amounts = {f"r-{n}": r["amount_minor"] for n, r in enumerate(records)}
    assert all(r["amount_minor"] == amounts[r["record_id"]] for some in (*in_legs, own) for r in some)


def test_what_leaves_the_provider_arrives_at_the_bank(tmp_path: Path) -> None:
    lake, (leg, _) = Lake(tmp_path), two_legs()
    reported = written(lake, [a_row(1, kind="payout", partner="adyen", amount_minor=-500, original_amount_minor=-600, ref_batch_id="7")])
    credited = written(lake, [a_row(2, amount_minor=500, ref_end_to_end_id="A-7")], sha256="cd")

    (payout,), (credit,) = (
        rows(lake.paths(legs.taken(lake, leg, side, of(parts)))[0]) for side, parts in ((Side.OURS, reported), (Side.THEIRS, credited))
    )

    compared = ("kind", "account", "status", "amount_minor", "currency", "ref_batch_id")
    assert [payout[name] for name in compared] == ["payout", "adyen-bank", None, 500, "EUR", "7"]
    assert [credit[name] for name in compared] == ["payout", "adyen-bank", None, 500, "EUR", "7"]
    assert (payout["original_amount_minor"], payout["record_id"], credit["record_id"]) == (600, "r-1", "r-2")


@pytest.mark.parametrize("group", ["(?P<ref_batch_id>[0-9]+)", "(?<ref_batch_id>[0-9]+)"])
def test_a_named_group_fills_its_column_whichever_way_it_is_written(tmp_path: Path, group: str) -> None:
    lake, leg = Lake(tmp_path), Leg(id="adyen-bank", source=ADYEN, target=at_bank(f"A-{group}"))
    parts = written(lake, [a_row(1, ref_end_to_end_id="A-7")])

    (credit,) = rows(lake.paths(legs.taken(lake, leg, Side.THEIRS, of(parts)))[0])

    assert credit["ref_batch_id"] == "7"


def test_a_part_of_which_nothing_is_taken_stays_itself_and_nothing_is_made_twice(tmp_path: Path) -> None:
    lake, made = Lake(tmp_path), two_legs()
    parts = written(lake, [a_row(1, ref_end_to_end_id="other")])

    assert legs.left(lake, taken_by(made, "bank"), of(parts)) == parts
    assert legs.taken(lake, made[0], Side.THEIRS, of(parts)) == []
    then = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "legs").rglob("*.parquet"))
    legs.left(lake, taken_by(made, "bank"), of(parts))
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "legs").rglob("*.parquet")) == then


def test_another_selection_makes_other_parts(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    parts = written(lake, [a_row(1, ref_end_to_end_id="A-1")])
    changed = Leg(id="adyen-bank", source=ADYEN, target=at_bank("A-[0-9]+"))

    names = {name for leg in (two_legs()[0], changed) for name in legs.taken(lake, leg, Side.THEIRS, of(parts))}

    assert len(names) == 2


def test_an_end_looks_at_the_files_of_its_stream_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    here, there = written(lake, [a_row(1, ref_end_to_end_id="A-1")]), written(lake, [a_row(2, ref_end_to_end_id="A-2")], sha256="cd")
    both = {**of(here, "statement"), **of(there, "notices")}
    adyen, stripe = (replace(leg, target=replace(leg.target, stream="statement")) for leg in two_legs())
    other = replace(stripe, target=replace(stripe.target, stream="notices", where=adyen.target.where))
    made = in_order([adyen, other])

    taken = [[r["record_id"] for path in lake.paths(legs.taken(lake, leg, Side.THEIRS, both)) for r in rows(path)] for leg in made]

    assert taken == [["r-1"], ["r-2"]]
    assert legs.left(lake, taken_by(made[:1], "bank"), both) == there
    assert legs.left(lake, taken_by(made, "bank"), both) == []


@pytest.fixture(autouse=True)
def no_unfinished_files(tmp_path: Path) -> Iterator[None]:
    yield
    assert list(tmp_path.rglob(".unfinished/*")) == []

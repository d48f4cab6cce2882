from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake_builders import A_HASH, a_record, an_event, batch_of, batch_of_events

from breakwater.lake import references
from breakwater.lake.keys import id_key_of, id_keys, key_of, plain, reference_keys
from breakwater.lake.parts import Lake
from breakwater.lake.references import Near
from breakwater.model.records import Side

LONG = "ORDER-2026-1124-000017"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def near(lake: Lake, there: str, asked: str) -> list[str]:
    """What is offered for `asked` where only `there` is known."""
    parts = lake.write(iter([batch_of([a_record(ref_partner_id=there)])]), content="records", side=Side.THEIRS, sha256=A_HASH)
    return [n.reference for n in references.find_near(lake, parts, [asked])]


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("0000815", "815"),
        ("815", "0000815"),
        ("AB-12 34", "ab1234"),
        ("AB1234", " ab-12-34 "),
        ("6f8a1b2c-0000-4d5e-8f9a-000000000000", "6F8A1B2C00004D5E8F9A000000000000"),
        (LONG[:16], LONG),
        (LONG, LONG[:16]),
        (LONG.replace("-", "")[:16], LONG),
        (LONG.replace("-", ""), LONG.replace("-", "")[:16]),
        (LONG.lower(), "00" + LONG[:16]),
    ],
)
def test_another_spelling_or_a_cut_is_offered_and_never_assumed(lake: Lake, there: str, asked: str) -> None:
    assert near(lake, there, asked) == [there]
    parts = lake.write(iter([batch_of([a_record(ref_partner_id=there)])]), content="records", side=Side.THEIRS, sha256=A_HASH)
    assert references.find_records(lake, parts, [asked]) == []


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("AB1234", "AB1234"),  # that is found, not near
        ("ab1234 ", "AB1234"),
        ("AB1234", "AB1235"),
        ("AB1234", "AB123"),
        (LONG, LONG[:14]),
        (LONG[:14], LONG),
        ("1000", "1"),
        ("NOTPROVIDED", "not-provided"),
        ("-", "--"),
    ],
)
def test_what_is_the_same_or_another_is_not_near(lake: Lake, there: str, asked: str) -> None:
    assert near(lake, there, asked) == []


def test_what_is_offered_says_whose_it_is(lake: Lake) -> None:
    records = lake.write(
        iter([batch_of([a_record(ref_arn="00815"), a_record(record_id="r2", ref_arn="00815")])]),
        content="records",
        side=Side.OURS,
        sha256=A_HASH,
    )
    events = lake.write(iter([batch_of_events([an_event(ref_uetr="8-15")])]), content="events", side=Side.THEIRS, sha256=A_HASH)
    same = {"partner": "nordbank", "amount_minor": 1250, "currency": "EUR", "day": date(2026, 11, 18)}

    assert references.find_near(lake, records + events, ["815"]) == [
        Near(reference="00815", column="ref_arn", **same),
        Near(reference="8-15", column="ref_uetr", **same),
    ]
    assert len(references.find_near(lake, records + events, ["815"], limit=1)) == 1


def test_a_key_never_changes() -> None:
    """Indexes on disks hold them: whoever changes these numbers has to write all indexes anew."""
    assert [key_of(r) for r in ("815", LONG, "Zürich", "", "0")] == [
        5429181841535618869,
        1967302318574865921,
        4499142105624013754,
        9745341302797703403,
        1433502147454393914,
    ]


@given(reference=st.text(st.characters(codec="ascii"), max_size=40).filter(plain), zeros=st.integers(0, 20))
def test_spellings_share_a_key(reference: str, zeros: int) -> None:
    assert key_of("0" * zeros + plain(reference).upper()) == key_of(reference) == key_of(plain(reference))


@given(one=st.text(st.characters(codec="latin-1"), max_size=20), other=st.text(st.characters(codec="latin-1"), max_size=20))
def test_different_references_have_different_keys(one: str, other: str) -> None:
    assert (key_of(one) == key_of(other)) == (plain(one) == plain(other))


REFERENCES = st.text(st.characters(codec="latin-1", include_characters="-0 "), max_size=40)


@given(references=st.lists(REFERENCES | st.integers(0, 10**9).map(lambda n: f"pay-{n}"), max_size=20), before=st.integers(0, 3))
def test_a_reference_has_the_same_key_alone_and_among_others(references: list[str], before: int) -> None:
    column = pa.array(references, pa.string())

    assert reference_keys(column).tolist() == [key_of(r) for r in references]
    assert id_keys(column).tolist() == [id_key_of(r) for r in references]
    assert reference_keys(column.slice(before)).tolist() == [key_of(r) for r in references[before:]]


def test_many_more_references_than_are_worked_on_at_once_keep_their_keys() -> None:
    references = [f"pay-{n}" for n in range(9_000)]

    assert reference_keys(pa.array(references))[::997].tolist() == [key_of(r) for r in references[::997]]

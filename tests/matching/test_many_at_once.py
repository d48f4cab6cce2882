"""What is done for whole columns at once says the same as one thing at a time: JSON, fingerprints, breaks, the file of matches."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matching_builders import a_row, an_agreement

from breakwater.errors import CallError
from breakwater.matching import json_text
from breakwater.matching.break_columns import break_table, single_breaks
from breakwater.matching.outcome import Found
from breakwater.matching.tables import match_count, write_match_table, write_matches
from breakwater.model.breaks import BreakKind

ODD_IDS = ['a"b', "back\\slash", "tab\tline\n\x01\x1f", "ö-支付", "\x7f", "plain"]
HEADS = "SELECT ours, theirs, members::VARCHAR[] AS members, are_ours::BOOLEAN[] AS are_ours, pass, noticed FROM (VALUES {}) AS h" + (
    "(ours, theirs, members, are_ours, pass, noticed)"
)


def test_columns_of_texts_become_the_json_that_python_writes() -> None:
    lists = pa.array([["first"], ODD_IDS, [], ODD_IDS[:2]], pa.list_(pa.string())).slice(1)

    assert json_text.lists(lists).to_pylist() == [json.dumps(ids, ensure_ascii=False, separators=(",", ":")) for ids in lists.to_pylist()]
    assert json_text.texts(pa.array(["x", None])).to_pylist() == ['"x"', None]


def test_a_fingerprint_is_the_hash_of_kind_and_ids_whatever_letters_they_have() -> None:
    found = [a_found(ours=tuple(sorted(ODD_IDS)), theirs=("t1",)), a_found(ours=("o1",), theirs=())]

    table = break_table(found, an_agreement())

    texts = [json.dumps([row["kind"], row["ours"], row["theirs"]], ensure_ascii=False, separators=(",", ":")) for row in table.to_pylist()]
    assert table["fingerprint"].to_pylist() == [sha256(text.encode()).hexdigest() for text in texts]
    assert len(texts) == 2


def test_breaks_in_columns_and_one_by_one_stand_in_one_order() -> None:
    records = pa.Table.from_pylist([a_row(f"o{n}", -n, date=date(2026, 3, n)) for n in (3, 1)])
    parts = [single_breaks(records, side="ours", kinds=pa.array([BreakKind.MISSING_AT_PARTNER.value] * 2))]

    table = break_table([a_found(kind=BreakKind.MISSING_AT_PARTNER, ours=("o2",), theirs=())], an_agreement(), parts)

    assert [(row["ours"], row["amount_minor"], row["references"]) for row in table.to_pylist()] == [
        (["o1"], 1, ["P1"]),
        (["o2"], 7, []),
        (["o3"], 3, ["P1"]),
    ]


def test_a_break_worth_more_than_64_bits_is_refused() -> None:
    with pytest.raises(CallError, match="The batch_incomplete of o1, t1 is worth more than 9223372036854775807 minor units"):
        break_table([a_found(amount_minor=2**63)], an_agreement())


def test_pairs_and_groups_are_numbered_together_by_their_first_of_ours(tmp_path: Path) -> None:
    heads = "('o3', 't1', NULL, NULL, 0, true), ('o1', NULL, ['o1', 'o4', 't2'], [true, true, false], 1, false)"

    with duckdb.connect() as connection:
        write_matches(connection, HEADS.format(heads), passes=["it's a pair", "group"], target=tmp_path / "matches.parquet")

    rows = pq.read_table(tmp_path / "matches.parquet").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (0, "ours", "o1", "group", None),
        (0, "ours", "o4", "group", None),
        (0, "theirs", "t2", "group", None),
        (1, "ours", "o3", "it's a pair", "reference_mismatch"),
        (1, "theirs", "t1", "it's a pair", "reference_mismatch"),
    ]
    assert match_count(tmp_path / "matches.parquet") == 2


def test_matches_at_hand_and_from_the_engine_are_the_same_bytes(tmp_path: Path) -> None:
    heads = ", ".join(f"('o{n:06}', 't{n}', NULL, NULL, 0, false)" for n in range(70_000))
    with duckdb.connect() as connection:
        write_matches(connection, HEADS.format(heads), passes=["pair"], target=tmp_path / "engine.parquet")

    write_match_table(pq.read_table(tmp_path / "engine.parquet"), tmp_path / "rows.parquet")

    assert (tmp_path / "rows.parquet").read_bytes() == (tmp_path / "engine.parquet").read_bytes()


def a_found(
    *,
    kind: BreakKind = BreakKind.BATCH_INCOMPLETE,
    ours: tuple[str, ...] = ("o1",),
    theirs: tuple[str, ...] = ("t1",),
    amount_minor: int = 7,
) -> Found:
    """A break of two records, worth EUR 0.07."""
    return Found(
        kind=kind, pass_name="batch", ours=ours, theirs=theirs, amount_minor=amount_minor, currency="EUR", dated=date(2026, 3, 2),
        references=(),
    )  # fmt: skip

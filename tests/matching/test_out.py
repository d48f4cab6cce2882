"""OUT, byte for byte."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from matching_builders import AS_OF, BY_PAYMENT, a_row, an_agreement, run_engine

from breakwater.errors import WorldError
from breakwater.matching.out import MOST_MATCHES, write
from breakwater.model.runs import MATCH_SCHEMA


def written(tmp_path: Path, ours: list[dict[str, object]], theirs: list[dict[str, object]]) -> str:
    outcome = run_engine(ours, theirs, an_agreement(BY_PAYMENT, tables="[materiality]\ndefault = 8\n"))
    write(tmp_path / "out.json", outcome, agreement='the "test"', as_of=AS_OF)
    return (tmp_path / "out.json").read_text(encoding="utf-8")


def test_out_is_canonical_json(tmp_path: Path) -> None:
    ours = [a_row('o"1'), a_row("o\\2", ref_payment_id="P2"), a_row("ö3", ref_payment_id="P2")]
    theirs = [a_row("t\u0001", 93), a_row("t2", ref_payment_id="P2")]

    mismatch, duplicate = (
        sha256(text.encode()).hexdigest() for text in ('["amount_mismatch",["o\\"1"],["t\\u0001"]]', '["duplicate_in_ledger",["ö3"],[]]')
    )
    assert written(tmp_path, ours, theirs) == (
        '{"agreement":"the \\"test\\"","as_of":"2026-04-30","breaks":['
        '{"amount_minor":7,"currency":"EUR","detail":{"also":[],"lag":0},'
        '"fingerprint":"' + mismatch + '","kind":"amount_mismatch","material":false,'
        '"ours":["o\\"1"],"pass":"by-payment-id","theirs":["t\\u0001"]},'
        '{"amount_minor":100,"currency":"EUR","detail":{"of":"o\\\\2"},'
        '"fingerprint":"' + duplicate + '","kind":"duplicate_in_ledger","material":true,"ours":["ö3"],"pass":"by-payment-id","theirs":[]}],'
        '"matches":[{"notice":null,"ours":["o\\\\2"],"pass":"by-payment-id","theirs":["t2"]}],"pending":{"ours":[],"theirs":[]},'
        '"summary":{"breaks":{"amount_mismatch":{"count":1,"value":{"EUR":7}},"duplicate_in_ledger":{"count":1,"value":{"EUR":100}}},'
        '"in_breaks":{"EUR":{"ours_minor":200,"ours_rows":2,"theirs_minor":93,"theirs_rows":1}},'
        '"matched":{"EUR":{"ours_minor":100,"ours_rows":1,"theirs_minor":100,"theirs_rows":1}},"pending":{},'
        '"rows":{"ours":3,"theirs":2}},"version":1}\n'
    )


def test_many_matches_are_written_beside_out_and_removed_when_they_are_few(tmp_path: Path) -> None:
    ours = [a_row(f"o{n:05}", ref_payment_id=f"P{n}") for n in range(MOST_MATCHES + 1)]
    theirs = [a_row(f"t{n:05}", ref_payment_id=f"P{n}") for n in range(MOST_MATCHES + 1)]
    beside = tmp_path / "out.json.matches.parquet"

    assert '"matches":null' in written(tmp_path, ours, theirs)
    table = pq.read_table(beside)
    assert [(f.name, f.type) for f in table.schema] == [(f.name, f.type) for f in MATCH_SCHEMA]
    assert table.slice(20_000).to_pylist() == [
        {"match_id": 10_000, "side": "ours", "record_id": "o10000", "pass": "by-payment-id", "notice": None},
        {"match_id": 10_000, "side": "theirs", "record_id": "t10000", "pass": "by-payment-id", "notice": None},
    ]

    assert '"matches":[' in written(tmp_path, ours[1:], theirs[1:])
    assert not beside.exists()


def test_what_cant_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    outcome = run_engine([], [], an_agreement())
    (tmp_path / "out.json").mkdir()
    (tmp_path / "out.json" / "kept").touch()

    with pytest.raises(WorldError, match=r"out\.json can't be written: Is a directory"):
        write(tmp_path / "out.json", outcome, agreement="x", as_of=AS_OF)

    assert sorted(p.name for p in tmp_path.rglob("*")) == ["kept", "out.json"]

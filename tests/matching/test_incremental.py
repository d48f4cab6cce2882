"""Matching only what a change can reach gives what matching everything gives, byte for byte."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import AS_OF, Row, a_row, an_agreement, as_table, match_by_meaning, match_on_duckdb
from test_engine_agrees import AS_OFS, SLOW, agreements, records

from breakwater.errors import CallError
from breakwater.matching import incremental, out, pieces
from breakwater.matching.agreement import Agreement
from breakwater.matching.incremental import Rematch
from breakwater.matching.tables import match_table
from breakwater.model.runs import ByHand, Earlier, MatchPiece, Outcome, Rematched

rematch = incremental.open(match_by_meaning)
rematch_at_any_size = incremental.open(match_by_meaning, most_touched=1.0, most_pieces=2)


@dataclass
class Company:
    """Files of two sides that come, are replaced and go; and the runs over them."""

    folder: Path
    agreement: Agreement
    files: dict[str, list[Path]] = field(default_factory=lambda: {"ours": [], "theirs": []})
    by_hand: list[ByHand] = field(default_factory=list)
    earlier: Earlier | None = None
    written: int = 0
    runs: int = 0
    rematch: Rematch = rematch

    def deliver(self, side: str, rows: Sequence[Row]) -> Path:
        self.written += 1
        path = self.folder / f"{side}-[{self.written}].parquet"
        pq.write_table(as_table(rows), path)
        self.files[side].append(path)
        return path

    def replace(self, side: str, old: Path, rows: Sequence[Row]) -> Path:
        self.files[side].remove(old)
        return self.deliver(side, rows)

    def run(self, as_of: date = AS_OF, *, agreement: Agreement | None = None) -> Rematched:
        """The next run; what it found is what the one after it starts from."""
        self.agreement, whole = agreement or self.agreement, agreement is not None
        given = {"ours": tuple(self.files["ours"]), "theirs": tuple(self.files["theirs"]), "by_hand": tuple(self.by_hand)}
        self.runs += 1
        file = self.folder / f"run-{self.runs}.parquet"
        found = self.rematch(**given, agreement=self.agreement, as_of=as_of, earlier=self.earlier, whole=whole, matches_to=file)
        outcome = replace(found.outcome, carried=[MatchPiece(path=file), *found.outcome.carried])
        self.earlier = Earlier(**given, as_of=as_of, outcome=outcome)
        return replace(found, outcome=self.together(outcome))

    def together(self, outcome: Outcome) -> Outcome:
        """An outcome with all of its matches at hand, as a whole run has them."""
        with duckdb.connect() as connection:
            pieces.write(connection, outcome.carried, self.folder / "together.parquet")
        return replace(outcome, matches=match_table(self.folder / "together.parquet"), carried=())

    def text(self, outcome: Outcome, as_of: date = AS_OF) -> bytes:
        out.write(self.folder / "out.json", outcome, agreement="test", as_of=as_of)
        return (self.folder / "out.json").read_bytes()

    def whole(self, as_of: date = AS_OF) -> Outcome:
        return match_by_meaning(**self.files, agreement=self.agreement, as_of=as_of, by_hand=self.by_hand)

    def assert_as_a_whole_run(self, found: Rematched, as_of: date = AS_OF) -> None:
        whole = self.whole(as_of)
        assert self.text(found.outcome, as_of) == self.text(whole, as_of)
        assert found.outcome == whole


def a_company(folder: Path, pairs: int = 10) -> Company:
    """Payments P0, P1, … that agree on both sides, all matched by a first run."""
    company = Company(folder, an_agreement())
    for side in ("ours", "theirs"):
        company.deliver(side, [a_row(f"{side[0]}{n}", ref_payment_id=f"P{n}") for n in range(pairs)])
    company.run()
    return company


def test_a_new_file_matches_only_what_it_touches(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-new", ref_payment_id="N")])
    company.deliver("theirs", [a_row("t-new", ref_payment_id="N"), a_row("tz-twin", ref_payment_id="P3")])

    found = company.run()

    assert found.looked_at == 5  # the new pair, the twin, and the pair of the payment it repeats
    assert [b["kind"] for b in found.outcome.breaks.to_pylist()] == ["duplicate_at_partner"]
    assert found.changes.count == 0
    company.assert_as_a_whole_run(found)


def test_a_match_that_a_reissue_takes_back_is_named_with_its_value(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    again = [a_row(f"t{n}", 90 if n == 4 else 100, ref_payment_id=f"P{n}") for n in range(10)]
    company.replace("theirs", company.files["theirs"][0], again)

    found = company.run()

    assert found.looked_at == 2
    assert [b["kind"] for b in found.outcome.breaks.to_pylist()] == ["amount_mismatch"]
    (changed,) = found.changes.first
    assert (changed.ours, changed.theirs, changed.pass_name, changed.passes_now) == (("o4",), ("t4",), "by-payment-id", ())
    assert (found.changes.count, found.changes.value_minor) == (1, {"EUR": 100})
    company.assert_as_a_whole_run(found)


def test_a_match_that_fell_is_told_once(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    file = company.files["theirs"][0]
    changed = []
    for minor in (90, 80):
        file = company.replace("theirs", file, [a_row(f"t{n}", minor if n == 4 else 100, ref_payment_id=f"P{n}") for n in range(10)])
        changed.append(company.run().changes.count)

    assert changed == [1, 0]


def test_files_of_matches_are_put_together_once_they_are_too_many_or_mostly_past(tmp_path: Path) -> None:
    company = a_company(tmp_path, pairs=40)
    company.rematch = incremental.open(match_by_meaning, most_pieces=4)
    files = []
    for n in range(6):
        for side in ("ours", "theirs"):
            company.deliver(side, [a_row(f"{side[0]}-new{n}", ref_payment_id=f"N{n}")])
        company.assert_as_a_whole_run(company.run())
        assert company.earlier
        files.append(len(company.earlier.outcome.carried))
    company.replace("theirs", company.files["theirs"][0], [a_row(f"t{n}", 90, ref_payment_id=f"P{n}") for n in range(40)])
    company.rematch = incremental.open(match_by_meaning, most_pieces=4, most_touched=1.0)
    assert company.earlier
    assert "run-1.parquet" in [piece.path.name for piece in company.earlier.outcome.carried]

    company.assert_as_a_whole_run(company.run())

    assert files == [2, 3, 4, 2, 3, 4]
    assert [piece.path.name for piece in company.earlier.outcome.carried] == [
        "run-8.parquet",
        "run-5.parquet",
        "run-7.parquet",
        "run-6.parquet",
    ]


def test_a_record_that_finds_a_better_partner_changes_its_match(tmp_path: Path) -> None:
    company = Company(tmp_path, an_agreement(tables="[tolerance]\namount_minor = { default = 5 }\n"))
    company.deliver("ours", [a_row("o1", 100), *(a_row(f"o-{n}", ref_payment_id=f"X{n}") for n in range(9))])
    company.deliver("theirs", [a_row("t1", 103)])
    company.run()
    company.deliver("theirs", [a_row("t2", 100)])

    found = company.run()

    (changed,) = found.changes.first
    assert (changed.theirs, changed.passes_now) == (("t1",), ("by-payment-id",))
    company.assert_as_a_whole_run(found)


def test_what_was_pending_is_looked_at_again_when_days_pass(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-late", ref_payment_id="L", booked_on=date(2026, 4, 30))])
    before = company.run()

    found = company.run(date(2026, 5, 20))

    assert before.outcome.pending["record_id"].to_pylist() == ["o-late"]
    assert [b["kind"] for b in found.outcome.breaks.to_pylist()] == ["missing_at_partner"]
    assert found.looked_at == 1
    company.assert_as_a_whole_run(found, date(2026, 5, 20))


def test_a_refund_is_no_orphan_once_its_payment_comes(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-refund", -100, kind="refund", ref_payment_id="R", ref_original="LATER")])
    before = company.run()
    company.deliver("theirs", [a_row("t-payment", ref_payment_id="X", ref_partner_id="LATER")])

    found = company.run()

    assert [b["kind"] for b in before.outcome.breaks.to_pylist()] == ["orphan_refund"]
    assert [b["kind"] for b in found.outcome.breaks.to_pylist()] == ["missing_at_partner", "missing_in_ledger"]
    company.assert_as_a_whole_run(found)


def test_a_refund_that_comes_long_after_its_payment_is_no_orphan(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-refund", -100, kind="refund", ref_payment_id="R", ref_original="P3")])

    found = company.run()

    assert [b["kind"] for b in found.outcome.breaks.to_pylist()] == ["missing_at_partner"]
    assert found.looked_at == 3  # the refund, and the payment on both sides
    company.assert_as_a_whole_run(found)


def test_a_file_that_carries_records_on_unchanged_touches_none_of_them(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.replace("ours", company.files["ours"][0], [a_row(f"o{n}", ref_payment_id=f"P{n}") for n in range(10)])

    found = company.run()

    assert found.looked_at == 0
    company.assert_as_a_whole_run(found)


def test_an_earlier_day_a_lost_file_and_another_agreement_are_matched_whole(tmp_path: Path) -> None:
    company = a_company(tmp_path)

    assert company.run(date(2026, 4, 1)).looked_at == 20
    assert company.run(agreement=an_agreement(tables="[tolerance]\namount_minor = { default = 5 }\n")).looked_at == 20
    lost = company.files["theirs"][0]
    company.replace("theirs", lost, [a_row("t0", ref_payment_id="P0")])
    lost.unlink()
    assert company.run().looked_at == 11


def test_a_record_id_that_comes_twice_is_refused_by_its_file(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    twice = company.deliver("theirs", [a_row("t3", ref_payment_id="P3")])

    again = incremental.open(match_on_duckdb)
    with pytest.raises(CallError, match=re.escape(str(twice))):
        again(**company.files, agreement=company.agreement, as_of=AS_OF, earlier=company.earlier, matches_to=tmp_path / "again")


def test_what_was_matched_by_hand_hangs_together_whatever_its_keys(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-hand", ref_payment_id="X")])
    company.deliver("theirs", [a_row("t-hand", 70, ref_payment_id="Y")])
    company.by_hand.append(ByHand(ours=("o-hand",), theirs=("t-hand",)))
    company.run()
    company.deliver("theirs", [a_row("t-other", 70, ref_payment_id="Y", booked_on=date(2026, 3, 20))])

    found = company.run()

    assert found.looked_at == 3
    assert [b["theirs"] for b in found.outcome.breaks.to_pylist()] == [["t-other"]]
    company.assert_as_a_whole_run(found)


def test_a_match_by_hand_that_is_taken_back_frees_its_records(tmp_path: Path) -> None:
    company = a_company(tmp_path)
    company.deliver("ours", [a_row("o-hand", ref_payment_id="X")])
    company.deliver("theirs", [a_row("t-hand", 70, ref_payment_id="Y")])
    company.by_hand.append(ByHand(ours=("o-hand",), theirs=("t-hand",)))
    company.run()
    company.by_hand.clear()

    found = company.run()

    assert (found.looked_at, found.changes.first[0].pass_name) == (2, "manual")
    company.assert_as_a_whole_run(found)


def test_a_reference_that_comes_cut_finds_the_whole_one(tmp_path: Path) -> None:
    similar = '[[passes]]\nname = "alike"\ntype = "similar"\nkeys = ["ref_payment_id"]\n'
    company = Company(tmp_path, an_agreement(similar))
    company.deliver(
        "ours", [a_row("o1", ref_payment_id="INV2026000000001-77"), *(a_row(f"o-{n}", ref_payment_id=f"ABCDE{n}") for n in range(9))]
    )
    company.run()
    company.deliver("theirs", [a_row("t1", ref_payment_id="INV2026000000001")])

    found = company.run()

    assert found.looked_at == 2
    assert found.outcome.matches["record_id"].to_pylist() == ["o1", "t1"]
    company.assert_as_a_whole_run(found)


def test_a_batch_is_looked_at_whole_and_a_bucket_of_netting_too(tmp_path: Path) -> None:
    passes = (
        '[[passes]]\nname = "batch"\ntype = "grouped"\nkeys = ["ref_batch_id"]\n'
        '[[passes]]\nname = "net"\ntype = "netting"\nbucket = ["account"]\n'
    )
    company = Company(tmp_path, an_agreement(passes))
    batch = [a_row(f"o-b{n}", ref_batch_id="B") for n in range(3)]
    company.deliver("ours", [*batch, a_row("o-n1", 30, account="N"), a_row("o-n2", 40, account="N")])
    company.deliver("theirs", [a_row("t-b", 300, ref_batch_id="B"), *(a_row(f"t-{n}", ref_batch_id=f"Z{n}") for n in range(9))])
    company.run()
    company.deliver("ours", [a_row("o-b4", ref_batch_id="B")])
    company.deliver("theirs", [a_row("t-n", 70, account="N")])

    found = company.run()

    assert found.looked_at == 8
    assert [(c.ours, c.passes_now) for c in found.changes.first] == [(("o-b0", "o-b1", "o-b2"), ())]
    assert set(found.outcome.matches["pass"].to_pylist()) == {"net"}
    company.assert_as_a_whole_run(found)


EVENTS = st.sampled_from(["ours", "theirs", "ours", "theirs", "replace", "drop", "hand", "unhand"])


@SLOW
@given(agreement=agreements(), drawn=st.data())
def test_incremental_is_whole_whatever_comes_goes_and_is_matched_by_hand(agreement: Agreement, drawn: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company, number = Company(Path(folder), agreement, rematch=rematch_at_any_size), 0
        rows: dict[Path, tuple[str, list[Row]]] = {}
        as_of = date(2026, 4, 2)
        for _ in range(drawn.draw(st.integers(2, 5))):
            for event in drawn.draw(st.lists(EVENTS, min_size=1, max_size=3)):
                number += 1
                apply(event, company, rows, number, drawn)
            as_of = max(as_of, drawn.draw(AS_OFS))
            company.assert_as_a_whole_run(company.run(as_of), as_of)


def apply(event: str, company: Company, rows: dict[Path, tuple[str, list[Row]]], number: int, drawn: st.DataObject) -> None:
    """One thing that happens to the files or the matches made by hand."""
    free = {
        side: [r["record_id"] for s, held in rows.values() if s == side for r in held if not taken(company, r["record_id"])]
        for side in ("ours", "theirs")
    }
    if event in ("ours", "theirs"):
        new = [drawn.draw(records(f"{event[0]}{number}-{n}")) for n in range(drawn.draw(st.integers(0, 5)))]
        rows[company.deliver(event, new)] = (event, new)
    elif event in ("replace", "drop") and rows:
        old = drawn.draw(st.sampled_from(sorted(rows)))
        side, held = rows.pop(old)
        kept = [r if drawn.draw(st.booleans()) else drawn.draw(records(r["record_id"])) for r in held]
        left = kept if event == "replace" else kept[: len(kept) // 2]
        rows[company.replace(side, old, left)] = (side, left)
        there = {r["record_id"] for _, held in rows.values() for r in held}
        company.by_hand = [made for made in company.by_hand if {*made.ours, *made.theirs} <= there]
    elif event == "hand" and all(free.values()):
        company.by_hand.append(
            ByHand(ours=(drawn.draw(st.sampled_from(free["ours"])),), theirs=(drawn.draw(st.sampled_from(free["theirs"])),))
        )
    elif event == "unhand" and company.by_hand:
        company.by_hand.pop()


def taken(company: Company, record_id: str) -> bool:
    return any(record_id in (*made.ours, *made.theirs) for made in company.by_hand)

"""What people matched comes before every pass, and the engine and the plain-Python meaning agree about what is left."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import Row, a_row, an_agreement, as_table, plain, run_engine, run_reference
from test_engine_agrees import AS_OFS, SLOW, agreements, sides

from breakwater.errors import CallError
from breakwater.matching.agreement import Agreement
from breakwater.model.runs import ByHand


def test_records_matched_by_hand_are_a_match_of_their_own_pass_and_leave_the_others_alone() -> None:
    ours = [a_row("o1", 100, ref_payment_id="P1"), a_row("o2", 250, ref_payment_id="P2")]
    theirs = [a_row("t1", 100, ref_payment_id="P1"), a_row("t2", 150, ref_payment_id="X"), a_row("t3", 100, ref_payment_id="Y")]

    found = run_engine(ours, theirs, an_agreement(), by_hand=[ByHand(ours=("o2",), theirs=("t2", "t3"))])

    assert [(m.pass_name, m.ours, m.theirs) for m in plain(found).matches] == [
        ("by-payment-id", ("o1",), ("t1",)),
        ("manual", ("o2",), ("t2", "t3")),
    ]
    assert len(found.breaks) == 0
    assert found.matched["EUR"].theirs_rows == 3


def test_a_payment_matched_by_hand_is_still_there_for_its_refund() -> None:
    ours = [a_row("o1", 100), a_row("o2", -100, kind="refund", ref_payment_id="R1", ref_original="P1")]
    theirs = [a_row("t1", 90, ref_payment_id="X")]

    found = run_engine(ours, theirs, an_agreement(), by_hand=[ByHand(ours=("o1",), theirs=("t1",))])

    assert [(b.kind, b.ours) for b in plain(found).breaks] == [("missing_at_partner", ("o2",))]


def test_a_match_by_hand_of_a_record_that_is_not_there_is_refused() -> None:
    with pytest.raises(CallError, match="names 'gone', which theirs does not have"):
        run_engine([a_row("o1")], [], an_agreement(), by_hand=[ByHand(ours=("o1",), theirs=("gone",))])


@SLOW
@given(both=sides(), agreement=agreements(), as_of=AS_OFS, drawn=st.data())
def test_the_engine_says_what_the_reference_says(
    both: tuple[list[Row], list[Row]], agreement: Agreement, as_of: date, drawn: st.DataObject
) -> None:
    count = drawn.draw(st.integers(0, min(3, *map(len, both))))
    made = [ByHand(ours=(f"o{n}",), theirs=(f"t{n}",)) for n in range(count)]

    found = run_engine(*both, agreement, as_of, by_hand=made)

    assert plain(found) == run_reference(*both, agreement, as_of, by_hand=made)
    assert as_table(both[0]).num_rows == found.ours_rows

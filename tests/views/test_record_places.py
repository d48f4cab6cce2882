"""A record's place in its file is told in what the file is made of, wherever it is told."""

from __future__ import annotations

from typing import Any

import pytest
from slack_limits import named
from view_examples import NOW, a_record, a_trace, an_event, ours, theirs

from breakwater.model.payments import SourceName
from breakwater.model.records import Side
from breakwater.views import payment_forms, payments
from breakwater.views.record_places import place


@pytest.mark.parametrize(
    ("format", "name", "says"),
    [
        ("camt.053", "statement", "entry 1,204"),
        ("pacs.008", "orders.zip", "entry 1,204"),
        ("", "camt053_20261120.XML", "entry 1,204"),
        ("mt940", "statement.sta", "line 1,204"),
        ("adyen-settlement", "report.csv", "line 1,204"),
        ("ledger-records", "ledger.parquet", "row 1,204"),
        ("mastercard-ipm", "clearing.ipm", "message 1,204"),
    ],
)
def test_what_is_counted(format: str, name: str, says: str) -> None:
    assert place(1_204, format=format, name=name) == says


def test_where_no_place_is_known_none_is_told() -> None:
    assert place(None, format="camt.053", name="x.xml") == ""


def words(node: Any) -> str:
    return "\n".join(text for text in named(node, "text") if isinstance(text, str))


def test_the_answer_and_the_evidence_count_entries_of_a_statement() -> None:
    statement = SourceName(side=Side.THEIRS, name="STATEMENT", format="camt.053", received_at=NOW)
    trace = a_trace(
        evidence=(ours(), theirs(record=a_record(source_file="s", line=12), file_name="STATEMENT")),
        events=(an_event(source_file="s", line=12),),
        sources={"s": statement},
    )
    piece = payment_forms.Piece(file_name="STATEMENT", line=12, format="camt.053", what="theirs payment", raw="<Ntry/>")

    answer = words(list(payments.payment_answer(trace, partner_names={}).blocks))
    modal = words(payment_forms.evidence_modal("pay_8F2K1", [piece])["blocks"])

    assert "`STATEMENT` entry 12" in answer
    assert "STATEMENT entry 12" in answer
    assert "line 12" not in answer
    assert "`ledger_2026-11-19.csv` line 41" in answer
    assert "`STATEMENT` entry 12 · theirs payment" in modal


def test_the_passes_of_the_agreement_are_small_print() -> None:
    *blocks, small = payments.payment_answer(a_trace(), partner_names={}).blocks

    assert "by_end_to_end" not in words(blocks)
    assert "Matched by the agreement's pass `by_end_to_end`" in words([small])


def test_what_people_matched_says_so() -> None:
    answer = words(list(payments.payment_answer(a_trace(evidence=(ours(pass_name="manual"),)), partner_names={}).blocks))

    assert "matched by hand" in answer
    assert "`manual`" not in answer

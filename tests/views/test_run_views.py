"""Runs as people read them: read the golden files in the diff. None may exceed what Slack takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from slack_limits import accept
from view_examples import LONG, NASTY, NOW, a_run

from breakwater.model.breaks import BreakKind
from breakwater.model.run_differences import RunDifference
from breakwater.model.runs import BreakFigure, OpeningItems, RunChanges, Totals
from breakwater.views import runs as views
from breakwater.views.blocks import Message

NOTHING = BreakFigure(count=0, value_minor={})
CHANGES = RunChanges(files_in=2, files_out=1, opened=3, closed=12, reopened=1, matches=4, matches_value_minor={"EUR": 123_456})
OPENING = OpeningItems(breaks={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=40, value_minor={"EUR": 1_234_500, "JPY": 900})})
LAST = a_run(
    breaks={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=3, value_minor={"EUR": 9_900})},
    changes=CHANGES,
    looked_at=1_204,
    agreement_sha256="8f14e45fceea167a",
    finished_at=NOW,
)
PAST = a_run(is_restatement=True, asked_by="U0ADA", finished_at=NOW - timedelta(hours=2), as_of=date(2026, 11, 3), in_breaks={}, breaks={})


def a_difference(**changes: Any) -> RunDifference:
    before = a_run(
        breaks={BreakKind.AMOUNT_MISMATCH: BreakFigure(count=2, value_minor={"EUR": 700})},
        matched={"EUR": Totals(ours_rows=100, theirs_rows=100)},
    )
    after = a_run(
        breaks={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=3, value_minor={"EUR": 9_900, "USD": 100})},
        matched={"EUR": Totals(ours_rows=99, theirs_rows=98)},
        changes=CHANGES,
        opening=OPENING,
    )
    new, gone = BreakFigure(count=3, value_minor={"EUR": 9_900, "USD": 100}), BreakFigure(count=2, value_minor={"EUR": 700})
    return replace(RunDifference(before=before, after=after, new=new, gone=gone), **changes)


def an_item(**changes: Any) -> dict[str, Any]:
    item = {"kind": "missing_at_partner", "amount_minor": 99_000, "currency": "EUR", "dated": date(2026, 9, 30), "references": ["PSP-1"]}
    return {**item, "ours": ["L-1"], "theirs": [], **changes}


EXAMPLES: dict[str, Message] = {
    "runs_history": views.history([LAST, PAST], partner_name="Nordbank"),
    "runs_none": views.history([], partner_name="Nordbank"),
    "run_begun": views.running("Nordbank", as_of=date(2026, 11, 3)),
    "run_difference": views.run_difference(a_difference(), partner_name="Nordbank"),
    "run_difference_past_day": views.run_difference(
        a_difference(before=None, after=PAST, new=NOTHING, gone=NOTHING), partner_name="Nordbank"
    ),
    "run_difference_none": views.run_difference(a_difference(before=PAST, after=PAST, new=NOTHING, gone=NOTHING), partner_name="Nordbank"),
    "opening_items": views.opening_list(
        [an_item(), an_item(amount_minor=900, currency="JPY", references=[])],
        run=replace(LAST, opening=OPENING),
        partner_id="nordbank",
        partner_name="Nordbank",
    ),
    "opening_none": views.opening_list([], run=LAST, partner_id="nordbank", partner_name="Nordbank"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_golden(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(EXAMPLES[name])
    golden(name, EXAMPLES[name].payload())


@pytest.mark.parametrize("words", [LONG, NASTY])
def test_foreign_words_break_nothing_and_call_nobody(words: str) -> None:
    many = [an_item(references=[words] * 10, ours=[words]) for _ in range(200)]
    messages = [
        views.history([LAST] * 200, partner_name=words),
        views.running(words, as_of=date(2026, 11, 3)),
        views.run_difference(a_difference(), partner_name=words),
        views.opening_list(many, run=replace(LAST, opening=OPENING), partner_id="nordbank", partner_name=words),
    ]

    for message in messages:
        accept(message)
        assert "<!channel>" not in str(message.payload())


def test_a_list_of_opening_items_is_no_place_for_formulas() -> None:
    text = views.opening_csv([an_item(references=["=1+1"], ours=["+cmd"]), an_item(currency="XXQ", amount_minor=5)])

    assert text.splitlines() == [
        "kind,amount,currency,amount_minor,dated,references,ours,theirs",
        "missing_at_partner,990.00,EUR,99000,2026-09-30,'=1+1,'+cmd,",
        "missing_at_partner,,XXQ,5,2026-09-30,PSP-1,L-1,",
    ]

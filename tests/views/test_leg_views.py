"""A leg in every view that names its breaks: whoever reads it knows which way of the money is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from slack_limits import accept
from view_examples import a_digest, a_record, a_run, a_state, a_trace

from breakwater.model.arrivals import Arrival, ArrivalState
from breakwater.model.breaks import Break, BreakKind, break_id
from breakwater.model.causes import Cause, CauseKind
from breakwater.model.records import Kind, Record
from breakwater.model.runs import BreakFigure, PartnerReconciliation, Totals
from breakwater.views.arrivals import arrival_lines, in_short
from breakwater.views.break_csv import breaks_csv
from breakwater.views.breaks import break_card, break_list
from breakwater.views.causes import cause_card, incident_words
from breakwater.views.digests import digest as digest_view
from breakwater.views.leg_words import leg_words
from breakwater.views.payments import payment_answer
from breakwater.views.recon import reconciliation

NAME = "Meridian → Nordbank"
ENDS = ("Meridian", "Nordbank")
FOUND_AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
NEVER_IN_A_LEG = {BreakKind.ORPHAN_REFUND, BreakKind.ORPHAN_RETURN, BreakKind.ORPHAN_CHARGEBACK}


def a_leg_break(**changes: Any) -> Break:
    brk = Break(
        id=break_id("meridian-nordbank", "f1"), agreement="meridian-nordbank", fingerprint="f1", partner="meridian-nordbank",
        kind=BreakKind.MISSING_AT_PARTNER, ours=("adyen/55/1",), theirs=(), amount_minor=120_000, currency="EUR", material=True,
        dated=date(2026, 11, 10), opened_at=FOUND_AT, pass_name="by-batch", references=("55", "TX55"),
        extra={"from": "Meridian", "to": "Nordbank"},
    )  # fmt: skip
    return replace(brk, **changes)


def a_leg_cause(**changes: Any) -> Cause:
    cause = Cause(
        id="C-ABCDEFGHIJKL", partner="meridian-nordbank", agreement="meridian-nordbank", kind=CauseKind.KIND_MISSING,
        scope={"kind": "payout", "side": "theirs"}, evidence={"rows": "9", "broken": "8", "from": "Meridian", "to": "Nordbank"},
        count=8, value_minor={"EUR": 960_000}, confidence=88, rank=1, run_id="run-1", found_at=FOUND_AT,
    )  # fmt: skip
    return replace(cause, **changes)


@pytest.mark.parametrize("kind", [kind for kind in BreakKind if kind not in NEVER_IN_A_LEG])
def test_every_kind_a_leg_can_have_names_an_end_of_it(kind: BreakKind) -> None:
    assert any(name in leg_words(kind, ENDS) for name in ENDS)


def test_the_card_of_a_leg(golden: Callable[[str, Any], None]) -> None:
    card = break_card(a_leg_break(lag=4, ours=("a", "b"), theirs=("c",)), partner_name=NAME)

    accept(card)
    golden("leg_break_card", card.payload())


def test_a_list_of_breaks_of_several_partners_says_which_are_of_a_leg() -> None:
    other = a_leg_break(id="B-AAAAAAAAAAAA", partner="meridian", extra={})
    names = {"meridian": "Meridian", "meridian-nordbank": NAME}

    text = str(break_list([a_leg_break(), other], total=2, partner_names=names).payload())

    assert "Payout reported by Meridian, not at Nordbank" in text
    assert "Missing at partner" in text


def test_names_are_escaped_but_not_in_a_spreadsheet() -> None:
    brk = a_leg_break(extra={"from": "Meri & Co <!here>", "to": "Nordbank"})

    card, csv = str(break_card(brk, partner_name=NAME).payload()), breaks_csv([brk])

    assert "<!here>" not in card
    assert '"payout reported by Meri & Co <!here>, not at Nordbank"' in csv


def test_what_recon_says_of_a_leg(golden: Callable[[str, Any], None]) -> None:
    run = replace(
        a_run(),
        matched={"EUR": Totals(ours_rows=9, ours_minor=900, ours_moved_minor=900, theirs_rows=8, theirs_minor=900, theirs_moved_minor=900)},
    )
    state = PartnerReconciliation(
        partner_id="meridian-nordbank", partner_name=NAME, ends=ENDS, run=run, ageing=(), acknowledged=0,
        active={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=1, value_minor={"EUR": 120_000})},
    )  # fmt: skip

    shown = reconciliation([state])

    accept(shown)
    golden("leg_recon", shown.payload())


def a_leg_state(minor: int) -> PartnerReconciliation:
    active = {BreakKind.MISSING_AT_PARTNER: BreakFigure(count=1, value_minor={"EUR": minor})} if minor else {}
    return a_state(partner_id="meridian-nordbank", partner_name=NAME, ends=ENDS, active=active)


def test_what_a_leg_may_have_in_common_with_a_partner_is_not_added_to_it() -> None:
    partners = [a_state(), a_state(partner_id="meridian", partner_name="Meridian", active={})]

    shown = reconciliation([*partners, a_leg_state(120_000)]).text
    digest = digest_view(a_digest(partners=(*partners, a_leg_state(120_000)), findings=(), incidents=())).text

    worth = "worth EUR 10,015.00, and EUR 1,200.00 in legs, where it may be the same money"
    assert f"13 breaks at 2 of 2 partners and 1 leg, {worth}" in shown
    assert f"13 breaks; breaks {worth}" in digest


@pytest.mark.parametrize(
    ("minors", "said"),
    [
        ((0, 0), "No breaks at 2 legs"),
        ((120_000, 0), "1 break at 1 of 2 legs, worth EUR 1,200.00 in legs."),
    ],
)
def test_legs_alone_are_counted_as_legs(minors: tuple[int, int], said: str) -> None:
    assert said in reconciliation([a_leg_state(minor) for minor in minors]).text


@pytest.mark.parametrize(
    ("kind", "scope", "evidence", "said"),
    [
        (CauseKind.KIND_MISSING, {"kind": "payout", "side": "theirs"}, {}, "nearly all payouts are missing at Nordbank"),
        (CauseKind.KIND_MISSING, {"kind": "payout", "side": "ours"}, {}, "nearly all payouts are missing in the reports of Meridian"),
        (CauseKind.FILE_MISSING, {"side": "ours", "date": "2026-11-10"}, {}, "the Meridian report of 10 Nov 2026 did not arrive"),
        (CauseKind.FILE_MISSING, {"side": "theirs", "date": "2026-11-10"}, {}, "the Nordbank file of 10 Nov 2026 did not arrive"),
        (
            CauseKind.FILE_MISSING,
            {"side": "theirs", "date": "2026-11-10"},
            {"stream": "statement", "why": "late", "file_date": "2026-11-11"},
            "the Nordbank statement of 11 Nov 2026 did not arrive, where what is dated 10 Nov 2026 would stand",
        ),
        (CauseKind.CUT_OFF, {"direction": "later"}, {"lag": "2"}, "Nordbank books what Meridian pays out about 2 business days later"),
    ],
)
def test_a_cause_says_which_end_it_is_about(kind: CauseKind, scope: dict[str, str], evidence: dict[str, str], said: str) -> None:
    cause = a_leg_cause(kind=kind, scope=scope, evidence={**evidence, "from": "Meridian", "to": "Nordbank"})

    card = cause_card(cause, partner_name=NAME)

    accept(card)
    assert said in card.text


def test_what_an_incident_with_the_provider_begins_with_names_no_bank() -> None:
    title, _ = incident_words(a_leg_cause(), partner_name=NAME)

    assert title == "Payouts of Meridian that we can't reconcile"


def an_arrival(**changes: Any) -> Arrival:
    payout = a_record(record_id="adyen/55/1", kind=Kind.PAYOUT, amount_minor=-120_000, booked_on=date(2026, 11, 10), partner="meridian")
    arrival = Arrival(
        leg="meridian-nordbank", provider="Meridian", bank="Nordbank", payout=payout, state=ArrivalState.EXPECTED, due_on=date(2026, 11, 13)
    )
    return replace(arrival, **changes)


def a_credit(amount_minor: int) -> Record:
    return a_record(amount_minor=amount_minor, booked_on=date(2026, 11, 11), value_date=None, ref_end_to_end_id="MERIDIAN-55")


@pytest.mark.parametrize(
    ("arrival", "line", "in_plain"),
    [
        (
            an_arrival(),
            "🟡 *Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · not at Nordbank yet, due by 13 Nov 2026",
            " Paid out by Meridian, not at Nordbank: due by 13 Nov 2026.",
        ),
        (
            an_arrival(state=ArrivalState.MISSING, break_id="B-ABCDEFGHIJKL"),
            "🔴 *Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · *not at Nordbank*, it was due by 13 Nov 2026 · `B-ABCDEFGHIJKL`",
            " Paid out by Meridian, not at Nordbank: due by 13 Nov 2026.",
        ),
        (
            an_arrival(state=ArrivalState.ARRIVED, credits=(a_credit(120_000),)),
            "🟢 *Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · at Nordbank on 11 Nov 2026 `MERIDIAN-55`",
            " At Nordbank on 11 Nov 2026.",
        ),
        (
            an_arrival(state=ArrivalState.DIFFERS, credits=(a_credit(119_000),)),
            "🔴 *Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · "
            "at Nordbank on 11 Nov 2026, *not as it was reported*: EUR 1,190.00 `MERIDIAN-55`",
            " At Nordbank on 11 Nov 2026.",
        ),
        (
            an_arrival(state=ArrivalState.OPENING_ITEM),
            "⚪ *Meridian* paid out *EUR 1,200.00* on 10 Nov 2026 · from before arrivals at Nordbank were watched",
            "",
        ),
    ],
    ids=["expected", "missing", "arrived", "differs", "opening item"],
)
def test_every_state_of_a_payout_in_words(arrival: Arrival, line: str, in_plain: str) -> None:
    assert (arrival_lines([arrival]), in_short([arrival])) == (line, in_plain)


def test_a_payment_whose_payout_never_came(golden: Callable[[str, Any], None]) -> None:
    missing = an_arrival(state=ArrivalState.MISSING, break_id="B-ABCDEFGHIJKL")

    answer = payment_answer(a_trace(arrivals=(missing,)), partner_names={"nordbank": "Nordbank"})

    accept(answer)
    golden("payment_not_arrived", answer.payload())

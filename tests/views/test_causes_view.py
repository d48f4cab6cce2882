"""Causes and the state of a partner in Slack: every kind and state, and nothing that Slack refuses or that pings anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from view_examples import LONG, NASTY, NOW, a_break, a_run, a_state

from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.causes import Cause, CauseKind, CauseState
from breakwater.model.partner_state import Measure, Reasons, Share, Standing
from breakwater.model.runs import BreakFigure
from breakwater.views import causes, recon, recon_reasons

SHOWN = {"rows": "430", "broken": "412"}
SPAN = {"first": "2026-11-19", "last": "2026-11-23"}
# Of every kind: where it is, what shows it, and what is said.
KINDS: dict[CauseKind, tuple[dict[str, str], dict[str, str], str]] = {
    CauseKind.FILE_MISSING: (
        {"side": "theirs", "date": "2026-11-19"},
        {**SHOWN, "stream": "settlement", "why": "late"},
        "the Alipay settlement of 19 Nov 2026 did not arrive",
    ),
    CauseKind.BATCH_MISSING: ({"side": "theirs", "batch": "B-77"}, SHOWN, "batch B-77 is missing at Alipay"),
    CauseKind.FILE_TWICE: (
        {"side": "theirs", "source_file": "a" * 64},
        SHOWN,
        "a whole file (sha256 aaaaaaaaaaaa) was booked twice at Alipay",
    ),
    CauseKind.BATCH_TWICE: (
        {"side": "ours", "date": "2026-11-19", "account": "HarbourUK"},
        SHOWN,
        "the batch of 19 Nov 2026 of HarbourUK was booked twice in our ledger",
    ),
    CauseKind.FEE_SCHEDULE: (
        {"kind": "payment", "currency": "GBP"},
        {**SPAN, "basis_points": "175", "fixed_minor": "20", "agreed_basis_points": "155", "agreed_fixed_minor": "20", "of": "430"},
        "Alipay charges other fees on payments in GBP since 19 Nov 2026: "
        "175 basis points + GBP 0.20 instead of 155 basis points + GBP 0.20",
    ),
    CauseKind.FX_RATE: (
        {"sold": "USD", "bought": "EUR"},
        {**SPAN, "off_ppm": "-18458", "by_day": "no"},
        "Alipay converts USD/EUR 184 basis points below the agreed rate",
    ),
    CauseKind.CUT_OFF: (
        {"direction": "later"},
        {**SPAN, "lag": "5", "from_hour": "21", "to_hour": "24"},
        "Alipay books what we have booked from 21:00 to 24:00 about 5 business days later: another cut-off, or another time zone",
    ),
    CauseKind.SIGN_FLIPPED: ({}, {"kinds": "refund", "swapped": "no"}, "refunds have the other sign at Alipay"),
    CauseKind.AMOUNT_SCALED: (
        {"currency": "JPY", "larger": "theirs", "factor": "100"},
        {},
        "amounts in JPY are 100 times as large at Alipay: decimals were read wrongly",
    ),
    CauseKind.REFERENCE_CHANGED: (
        {"column": "ref_partner_id", "how": "first", "shorter": "theirs"},
        {"detail": "first 16", "pairs": "206", "ours_example": "PSP03250011040490633", "theirs_example": "PSP0325001104049"},
        "references (partner id) are cut to the first 16 characters at Alipay",
    ),
    CauseKind.ACCOUNT_MAPPED: (
        {"ours": "HarbourUK", "theirs": "HarbourEU"},
        {"detail": "", "pairs": "206", "ours_example": "HarbourUK", "theirs_example": "HarbourEU"},
        "what we book on HarbourUK is on HarbourEU at Alipay",
    ),
    CauseKind.KIND_MISSING: ({"side": "theirs", "kind": "refund"}, {**SHOWN, **SPAN}, "nearly all refunds are missing at Alipay"),
    CauseKind.ONE_MERCHANT: ({"side": "ours", "account": "ShopX"}, SHOWN, "the account ShopX breaks many times as often as the others"),
    CauseKind.ONE_BIN: ({"side": "ours", "bin": "400003"}, SHOWN, "the acquirer BIN 400003 breaks many times as often as the others"),
}


def a_cause(kind: CauseKind = CauseKind.FILE_MISSING, **changes: Any) -> Cause:
    scope, evidence, _ = KINDS[kind]
    cause = Cause(
        id="C-4K7QZC2MHX5A",
        partner="alipay",
        agreement="alipay",
        kind=kind,
        scope=scope,
        evidence=evidence,
        count=412,
        value_minor={"EUR": 1_820_411},
        confidence=97,
        rank=1,
        found_at=NOW - timedelta(hours=2),
        run_id="run-1",
    )
    return replace(cause, **changes)


def a_standing(currency: str = "EUR", **changes: Any) -> Standing:
    whole = 123_456_789
    before = {m: Share(whole - 1_000_000, whole) for m in Measure}
    shares = {m: Share(whole - 400_000, whole) for m in Measure} | {
        Measure.EXPLAINED_1: Share(0, 0),
        Measure.COMPLETENESS: Share(whole, whole),
    }
    trend = tuple((date(2026, 11, 2) + timedelta(days=n), Share(whole - 10_000 * n * n, whole)) for n in range(20))
    standing = Standing(currency=currency, business_date=date(2026, 11, 23), due_minor=whole, shares=shares, before=before, trend=trend)
    return replace(standing, **changes)


TAKEN = {"state": CauseState.ACKNOWLEDGED, "owner_id": "U0ADA", "acknowledged_by": "U0ADA", "acknowledged_at": NOW}
ONE = Reasons(causes=(a_cause(),), standings=(a_standing(),), alone=12)
MANY = Reasons(
    causes=tuple(a_cause(kind, id=f"C-{n}", rank=n, count=400 - n) for n, kind in enumerate(KINDS, start=1)),
    standings=tuple(a_standing(c) for c in ("EUR", "GBP", "JPY", "KWD")),
    alone=31,
)
CLEAN = a_state(active={}, ageing=(), acknowledged=0)
BEFORE = a_run(as_of=date(2026, 11, 20), breaks={BreakKind.AMOUNT_MISMATCH: BreakFigure(count=5, value_minor={"EUR": 2_000})})
NOW_RUN = a_run(breaks={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=412, value_minor={"EUR": 1_820_411})})
MESSAGES = {
    "cause_open": causes.cause_card(a_cause(), partner_name="Alipay"),
    "cause_acknowledged": causes.cause_card(a_cause(**TAKEN, incident_id="INC-0007", revision=3), partner_name="Alipay"),
    "cause_given": causes.cause_card(a_cause(owner_id="U0BEN"), partner_name="Alipay"),
    "cause_over": causes.cause_card(a_cause(**{**TAKEN, "state": CauseState.OVER}, over_at=NOW), partner_name="Alipay"),
    "cause_fees": causes.cause_card(a_cause(CauseKind.FEE_SCHEDULE), partner_name="Alipay"),
    "cause_references": causes.cause_card(a_cause(CauseKind.REFERENCE_CHANGED), partner_name="Alipay"),
    "cause_followed": causes.followed(
        by="U0ADA", did="acknowledged this", count=409, left={BreakState.INVESTIGATING: 1, BreakState.PROPOSED: 2}
    ),
    "cause_breaks": causes.breaks_under(a_cause(), [a_break()] * 15, total=412, partner_name="Alipay"),
    "recon_one_cause": recon.reconciliation([a_state()], reasons={"nordbank": ONE}),
    "recon_many_causes": recon.reconciliation([a_state()], reasons={"nordbank": MANY}),
    "recon_clean_with_state": recon.reconciliation([CLEAN], reasons={"nordbank": Reasons(standings=(a_standing(),))}),
    "recon_no_run_yet": recon.reconciliation([a_state(run=None, active={}, ageing=())], reasons={"nordbank": Reasons()}),
    "recon_never_configured": recon.reconciliation([], reasons={}),
    "recon_all_partners": recon.reconciliation([a_state(), CLEAN, a_state(), CLEAN], reasons={"nordbank": ONE}),
    "recon_compared": recon_reasons.compared(
        "Nordbank", partner_id="nordbank", now=NOW_RUN, before=BEFORE, day_before=date(2026, 11, 20), standings=[a_standing()]
    ),
    "recon_nothing_to_compare": recon_reasons.compared(
        "Nordbank", partner_id="nordbank", now=NOW_RUN, before=None, day_before=date(2026, 11, 20), standings=[a_standing()]
    ),
    "recon_trend": recon_reasons.trend("Nordbank", [a_standing(), a_standing("GBP", trend=a_standing().trend[:3])]),
}
MODALS = {
    "cause_assign_form": causes.assign_form(a_cause(), channel="C0CARDS", partner_name="Alipay"),
    "recon_figures_form": recon_reasons.figures_form(
        partner_id="nordbank", partner_name="Nordbank", run=a_run(), sql="SELECT 1 WHERE 1 < 2;\n" * 3
    ),
    "recon_figures_form_cut": recon_reasons.figures_form(
        partner_id="nordbank", partner_name="Nordbank", run=a_run(), sql="SELECT 1;\n" * 400
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_like_its_golden_file(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])

    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("name", MODALS)
def test_a_modal_looks_like_its_golden_file(name: str, golden: Callable[[str, Any], None]) -> None:
    accept_modal(MODALS[name])

    golden(name, MODALS[name])


def test_every_kind_of_cause_has_its_sentence() -> None:
    assert {kind: causes.sentence(a_cause(kind), partner_name="Alipay").replace("`", "") for kind in CauseKind} == {
        kind: said for kind, (_, _, said) in KINDS.items()
    }


@pytest.mark.parametrize(
    ("ppm", "said"),
    [
        ("-18458", "184 basis points below"),
        ("199", "1 basis point above"),
        ("100", "1 basis point above"),
        ("-99", "0.99 basis points below"),
        ("5", "0.05 basis points above"),
        ("0", "less than 0.01 basis points off"),
    ],
)
def test_a_rate_that_is_off_by_less_than_a_basis_point_is_off_by_something(ppm: str, said: str) -> None:
    cause = a_cause(CauseKind.FX_RATE, evidence={**SPAN, "off_ppm": ppm, "by_day": "no"})

    assert causes.sentence(cause, partner_name="Alipay") == f"Alipay converts USD/EUR {said} the agreed rate"


def test_a_cause_is_said_in_one_sentence_with_count_and_money() -> None:
    assert (
        causes.in_plain(a_cause(), partner_name="Alipay")
        == "412 breaks, EUR 18,204.11, are one cause: the Alipay settlement of 19 Nov 2026 did not arrive"
    )


def test_a_share_is_never_rounded_up() -> None:
    assert recon_reasons.per_cent(Share(99_999_999, 100_000_000)) == "99.99 %"
    assert recon_reasons.per_cent(Share(5, 5)) == "100 %"
    assert recon_reasons.per_cent(Share(0, 0)) == "nothing due"


def test_a_partner_learns_nothing_of_our_figures_from_the_title_of_an_incident() -> None:
    title, summary = causes.incident_words(a_cause(), partner_name="Alipay")

    assert title == "The Alipay settlement of 19 Nov 2026 did not arrive"
    assert "EUR 18,204.11" in summary


@pytest.mark.parametrize("kind", CauseKind)
@pytest.mark.parametrize("hostile", [NASTY, LONG, "&" * 500, "`*_~>" * 100, "\n\n* \u202e<!here>"])
def test_no_foreign_word_exceeds_a_limit_or_pings_anybody(kind: CauseKind, hostile: str) -> None:
    figures = {"date", "first", "last", "rows", "broken", "of", "basis_points", "fixed_minor", "agreed_basis_points", "agreed_fixed_minor"}
    figures |= {"off_ppm", "by_day", "lag", "currency"}
    scope, evidence = ({n: v if n in figures else hostile for n, v in part.items()} for part in KINDS[kind][:2])
    cause = a_cause(kind, scope=scope, evidence=evidence, owner_id=hostile, acknowledged_by=hostile, incident_id=hostile)
    reasons = Reasons(causes=(cause,) * 40, standings=(a_standing(),) * 9, alone=4_000)

    accept(causes.cause_card(cause, partner_name=hostile))
    accept(causes.breaks_under(cause, [a_break(references=(hostile,))] * 40, total=4_000, partner_name=hostile))
    accept(recon.reconciliation([a_state(partner_name=hostile)] * 3, reasons={"nordbank": reasons}))
    accept_modal(causes.assign_form(cause, channel="C0CARDS", partner_name=hostile))

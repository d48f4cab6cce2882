"""How findings look in every state, what is told of them, their forms, and what was learnt: read the golden files in the diff."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from view_examples import LONG, NASTY, NOW, a_finding, a_partner

from breakwater.detection import feedback
from breakwater.model import findings as moves
from breakwater.model.findings import Contribution, Finding, FindingKind, FindingState, SeriesPoint
from breakwater.model.learning import Cell, cell_of
from breakwater.views import finding_forms, findings, learning
from breakwater.views.blocks import Block, Message
from breakwater.views.finding_answers import Do, finding_said


@dataclass(frozen=True)
class Learnt:
    cell: Cell
    useful: int
    false: int
    precision: float
    caution: float


PLACE = (("partner", "meridian"), ("network", "cards"))
WIDE = a_finding(
    kind=FindingKind.VOLUME_DROP,
    scope="meridian · cards",
    place=PLACE,
    summary="Payments at Meridian in all currencies are 64 % below normal. About EUR 31,204.00 and GBP 12,345.00 did not move.",
    expected="about 3,204 payments since 24 Nov 04:00 (Europe/Berlin)",
    seen="1,154 payments",
    next_step="Check our checkout and our last release, then ask Meridian whether they see the same.",
    at_risk_minor=None,
    currency=None,
    cause="At the same time: Meridian: the settlement of 23 Nov is late.",
    contributions=(
        Contribution(where="meridian · cards · EUR", payments=1_520, worth_minor=3_120_400, currency="EUR"),
        Contribution(where="meridian · cards · GBP", payments=510, worth_minor=1_234_500, currency="GBP"),
        Contribution(where="meridian · cards · JPY", payments=20, worth_minor=90_000, currency="JPY"),
    ),
    is_new_level=True,
)
OUTAGE = replace(WIDE, is_outage=True, is_new_level=False, summary="No payments at Meridian in all currencies.")
REASONS = a_finding(
    kind=FindingKind.DECLINE_REASONS,
    scope="meridian · cards · GBP",
    place=(*PLACE, ("currency", "GBP"), ("reasons", "technical")),
    summary=(
        "Technical declines at Meridian in GBP rose from 0.4 % to 4.4 % of the attempts; the approval rate as a whole, 92.4 %"
        " against 91.9 %, does not show it. About GBP 2,720.00 more than usual was declined that way."
    ),
    expected="0.4 % of the attempts",
    seen="4.4 %, 83 of 1,893 since 24 Nov 05:00 (Europe/Berlin)",
    next_step="Check our connection and the status page of Meridian, and ask which banks can't be reached; then try again.",
    at_risk_minor=272_000,
    currency="GBP",
    cause="'91' is now the reason of 62 % of the declines, 3 % before.",
)
CHARGEBACKS = a_finding(
    kind=FindingKind.CHARGEBACKS_UP,
    scope="meridian · cards",
    place=PLACE,
    summary=(
        "Chargebacks at Meridian in all currencies are 4.1 times the usual: 58 in 26 hours, about 14.2 expected. The extra ones are worth"
        " about EUR 1,240.00 and GBP 530.00."
    ),
    expected="about 14.2 in 26 hours",
    seen="58 since 23 Nov 05:00 (Europe/Berlin)",
    next_step=(
        "Look which merchant, card range and day of purchase they are about, and whether Meridian sent a file twice; each of them has a"
        " last day to be answered."
    ),
    at_risk_minor=None,
    currency=None,
    since=NOW - timedelta(hours=26),
    series=tuple(SeriesPoint(NOW - timedelta(days=27 - n), float(14 + n % 3 + 44 * (n == 27)), 14.2) for n in range(28)),
    contributions=(
        Contribution(where="meridian · cards · EUR", payments=31, worth_minor=124_000, currency="EUR"),
        Contribution(where="meridian · cards · GBP", payments=13, worth_minor=53_000, currency="GBP"),
    ),
)
FEES = a_finding(
    kind=FindingKind.FEE_DRIFT,
    scope="meridian · cards · EUR",
    place=(*PLACE, ("currency", "EUR")),
    summary="Fees at Meridian on cards in EUR rose from 139.8 bp to 151.7 bp. That is EUR 213.70 more on EUR 180,850.00 since then.",
    expected="139.8 bp, the middle of the days before",
    seen="151.7 bp on 4 days since 21 Nov",
    next_step="Compare with the fee schedule agreed with Meridian, and ask for the notice of the change; wrong charges are claimed back.",
    at_risk_minor=21_370,
    currency="EUR",
    since=NOW - timedelta(days=4),
    series=tuple(SeriesPoint(NOW - timedelta(days=27 - n), 139.8 + n % 3 / 10 + 12 * (n > 23), 139.8) for n in range(28)),
)
SLOW = replace(
    FEES,
    kind=FindingKind.SETTLEMENT_SLOW,
    scope="meridian · EUR",
    place=(("partner", "meridian"), ("currency", "EUR")),
    summary=(
        "The time to settlement at Meridian in EUR rose from 1.9 business days to 2.9 business days. EUR 180,850.00 took longer than usual."
    ),
    expected="1.9 business days, the middle of the days before",
    seen="2.9 business days on 4 days since 21 Nov",
    next_step="Ask Meridian which batches are held back and why; look whether its cut-off or calendar changed.",
    at_risk_minor=18_085_000,
    series=tuple(SeriesPoint(NOW - timedelta(days=27 - n), 1.9 + n % 3 / 10 + (n > 23), 1.9) for n in range(28)),
)
CHANGED = a_finding(
    kind=FindingKind.FILE_CHANGED,
    scope="meridian · settlement",
    place=(),
    series=(),
    summary=(
        "Meridian: settlement_8.csv is not like the settlement files before it: column 'Batch <id>' is gone; column 'Batch & run' is new;"
        " 'SettledV2' in 60 rows is a code no file had before; ref batch id is missing in every row (0 % before)."
    ),
    expected="the same columns, fields and codes as in the files before",
    seen="2 columns that are new or gone; 60 of 60 rows differ",
    next_step="Ask Meridian whether the format of its settlement files has changed, before anything is decided by these fields.",
    at_risk_minor=None,
    currency=None,
)
TAKEN = moves.acknowledge(a_finding(), by="U0ADA", now=NOW)
MUTED = moves.mute(TAKEN, until=NOW + timedelta(hours=4), by="U0BRUNO", now=NOW)
FALSE = moves.judge(a_finding(), as_=FindingState.FALSE_POSITIVE, by="U0ADA", now=NOW)
EXPECTED = moves.judge(
    a_finding(),
    as_=FindingState.EXPECTED,
    by="U0ADA",
    now=NOW,
    note="a promotion or campaign. Black Friday.",
    until=NOW + timedelta(days=1),
)
LEVEL = moves.judge(a_finding(), as_=FindingState.NEW_LEVEL, by="U0ADA", now=NOW)
OVER = moves.recover(a_finding(), now=NOW)
MISSING = a_finding(
    kind=FindingKind.FILE_MISSING,
    scope="meridian · settlement",
    summary="Meridian: the settlement of 20 Nov is missing.",
    expected="by 07:00",
    seen="nothing",
    at_risk_minor=None,
    currency=None,
)
CAME = moves.recover(MISSING, now=NOW + timedelta(hours=3))
ANSWERED = [
    replace(TAKEN, id="F-TAKEN"), replace(MUTED, id="F-MUTED"), replace(MUTED, id="F-NOT-MUTED-ANY-MORE", silent_until=NOW),
    a_finding(id="F-ON-ITS-WAY"), replace(MISSING, id="F-AT-ONCE"), replace(MISSING, id="F-AT-ONCE-2"), replace(MUTED, id="F-SHORT"),
    replace(CAME, id="F-CAME"),
]  # fmt: skip
CARDS = {f.id: f"https://harbour.slack.com/archives/C0PAYOPS/p{n}" for n, f in enumerate(ANSWERED[:3])} | {
    "F-ON-ITS-WAY": "",
    "F-SHORT": "",
}
CELLS = [
    Learnt(Cell(detector="drop", level="partner, currency", metric="volume"), 0, 20, 0.3, 0.97),
    Learnt(Cell(detector="deadline", level="file", metric="arrival"), 0, 7, 0.53, 0.0),
    Learnt(Cell(detector="truncated", level="file", metric="rows"), 3, 1, 0.86, 0.0),
]

MESSAGES: dict[str, Message] = {
    "finding_reasons": findings.finding_card(REASONS, partner_name="Meridian", at=NOW),
    "finding_chargebacks": findings.finding_card(CHARGEBACKS, partner_name="Meridian", at=NOW),
    "finding_fees": findings.finding_card(FEES, partner_name="Meridian", at=NOW),
    "finding_settlement": findings.finding_card(SLOW, partner_name="Meridian", at=NOW),
    "finding_file_changed": findings.finding_card(CHANGED, partner_name="Meridian", at=NOW),
    "finding_wide": findings.finding_card(WIDE, partner_name="Meridian", at=NOW),
    "finding_outage": findings.finding_card(OUTAGE, partner_name="Meridian", at=NOW),
    "finding_taken": findings.finding_card(TAKEN, partner_name="Meridian", at=NOW),
    "finding_muted": findings.finding_card(MUTED, partner_name="Meridian", at=NOW),
    "finding_false": findings.finding_card(FALSE, partner_name="Meridian", at=NOW),
    "finding_expected": findings.finding_card(EXPECTED, partner_name="Meridian", at=NOW),
    "finding_came": findings.finding_card(CAME, partner_name="Meridian", at=NOW),
    "findings_one_over": findings.findings([MISSING, CAME], at=NOW, cards={}),
    "finding_new_level": findings.finding_card(LEVEL, partner_name="Meridian", at=NOW),
    "findings_at_once": findings.findings_at_once(
        [
            a_finding(
                id=f"file-{day}",
                kind=FindingKind.FILE_MISSING,
                since=NOW - timedelta(days=30 - day),
                summary=f"Meridian: the settlement of {day} Nov is missing.",
                at_risk_minor=None,
                currency=None,
            )
            for day in range(10, 20)
        ],
        partner_name="Meridian",
    ),
    "finding_news_worse": findings.finding_news(OUTAGE, news="worse", was=WIDE),
    "finding_news_wider": findings.finding_news(WIDE, news="worse", was=a_finding()),
    "finding_news_again": findings.finding_news(a_finding(), news="again", was=EXPECTED),
    "finding_news_grown": findings.finding_news(
        a_finding(summary="Payments at Meridian in GBP are 29 % below normal. Since 24 Nov 05:00: 75 % below normal.", deeper_since=NOW),
        news="again",
        was=FALSE,
    ),
    "finding_news_again_outage": findings.finding_news(OUTAGE, news="again", was=FALSE),
    "finding_news_over": findings.finding_news(OVER, news="recovered", was=a_finding()),
    "finding_news_new_level": findings.finding_news(LEVEL, news="new_level", was=a_finding()),
    **{f"finding_said_{do}": finding_said(found, do=do, by="U0ADA") for do, found in (
        (Do.ACKNOWLEDGE, TAKEN), (Do.FALSE_POSITIVE, FALSE), (Do.EXPECTED, EXPECTED), (Do.MUTE, MUTED), (Do.NEW_LEVEL, LEVEL),
    )},
    "findings_answered": findings.findings(ANSWERED, at=NOW, cards=CARDS),
    "finding_card_shown": findings.card_shown(MISSING, channel="C0PAYOPS"),
    "findings_blind": findings.findings(
        [], at=NOW, cards={}, unmonitored=["Nordbank is not monitorable at this size: about 12 payments a day are expected."]
    ),
    "feedback_some": learning.learnt(CELLS),
    "feedback_none": learning.learnt([]),
    "feedback_undone": learning.undone(CELLS[0].cell, answers=20),
    "feedback_undone_fact": learning.undone(CELLS[1].cell, answers=7),
    "finding_said_false_of_late_file": finding_said(replace(MISSING, kind=FindingKind.FILE_LATE), do=Do.FALSE_POSITIVE, by="U0ADA"),
}  # fmt: skip
FORMS: dict[str, Block] = {
    "finding_form_expected": finding_forms.expected_form(WIDE, channel="C0PAYOPS"),
    "finding_form_mute": finding_forms.mute_form(WIDE, channel="C0PAYOPS"),
    "finding_form_false": finding_forms.false_form(WIDE, channel="C0PAYOPS"),
    "finding_form_false_missing": finding_forms.false_form(MISSING, channel="C0PAYOPS"),
    "finding_form_level": finding_forms.level_form(WIDE, channel="C0PAYOPS"),
    "finding_form_incident": finding_forms.incident_form(WIDE, partner=a_partner(), partners=[a_partner()]),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_as_agreed(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])
    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("name", FORMS)
def test_a_form_looks_as_agreed(name: str, golden: Callable[[str, Any], None]) -> None:
    accept_modal(FORMS[name])
    golden(name, FORMS[name])


@pytest.mark.parametrize("text", [LONG, NASTY], ids=["long", "nasty"])
@pytest.mark.parametrize("kind", FindingKind)
def test_no_words_of_others_exceed_what_slack_takes(kind: FindingKind, text: str) -> None:
    one = Contribution(where=text, payments=9, worth_minor=1, currency="EUR")
    found: Finding = replace(WIDE, kind=kind, scope=text, summary=text, cause=text, next_step=text, seen=text, expected=text,
                             contributions=(one,) * 5)  # fmt: skip

    accept(findings.finding_card(found, partner_name=text, at=NOW))
    accept(findings.finding_news(found, news="worse", was=a_finding()))
    accept(finding_said(moves.judge(found, as_=FindingState.EXPECTED, by="U0ADA", now=NOW, note=text), do=Do.EXPECTED, by="U0ADA"))
    accept(findings.findings([found] * 60, at=NOW, cards={}, unmonitored=[text] * 60))
    for form in (finding_forms.expected_form, finding_forms.mute_form, finding_forms.false_form, finding_forms.level_form):
        accept_modal(form(found, channel="C0PAYOPS"))
    accept_modal(finding_forms.incident_form(found, partner=a_partner(), partners=[a_partner()]))


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "Payments below normal since 24 Nov 05:12 (Europe/Berlin)"),
        ({"kind": FindingKind.FILE_LATE, "scope": "nordbank · statement · 23 Nov"}, "Statement of 23 Nov late"),
        ({"kind": FindingKind.FILE_MISSING, "scope": "nordbank · statement · 23 Nov"}, "Statement of 23 Nov missing"),
        ({"kind": FindingKind.FEE_DRIFT, "since": datetime(2026, 11, 23, tzinfo=UTC)}, "Fees changed since 23 Nov 2026"),
        ({"kind": FindingKind.FILE_GAP, "since": datetime(2026, 11, 23, tzinfo=UTC)}, "File number missing since 23 Nov 2026"),
    ],
    ids=["an hour", "a late file", "a missing file", "a day", "the day of a gap"],
)
def test_what_the_partner_would_read_says_nothing_of_ours_and_when_by_their_clock(changes: dict[str, Any], title: str) -> None:
    """The title goes to the partner: a finding's figures stay with us."""
    form = finding_forms.incident_form(replace(WIDE, **changes), partner=a_partner(), partners=[a_partner()])

    shown = next(block for block in form["blocks"] if block.get("block_id") == "title")["element"]["initial_value"]

    assert shown == title


def test_what_we_know_is_cut_with_a_word_about_it() -> None:
    form = finding_forms.incident_form(replace(WIDE, cause="cause " * 300), partner=a_partner(), partners=[a_partner()])

    (known,) = [b["element"] for b in form["blocks"] if b.get("block_id") == "summary"]

    assert known["initial_value"].endswith("characters)")
    assert len(known["initial_value"]) <= known["max_length"]


def test_a_file_has_no_button_for_a_level_and_an_outage_none_to_mute() -> None:
    late = findings.finding_card(a_finding(kind=FindingKind.FILE_LATE, place=()), partner_name="Nordbank", at=NOW)
    outage = findings.finding_card(OUTAGE, partner_name="Meridian", at=NOW)

    assert "finding_new_level" not in str(late.blocks)
    assert "finding_mute" not in str(outage.blocks)
    assert all(f"finding_{do}" in str(findings.finding_card(WIDE, partner_name="Meridian", at=NOW).blocks) for do in Do)


FACTS = {
    FindingKind.FILE_LATE: "`expected` of its stream",
    FindingKind.FILE_MISSING: "`expected` of its stream",
    FindingKind.FILE_DUPLICATE: "ask who sends it",
    FindingKind.FILE_GAP: "`sequence` of the stream",
    FindingKind.STATE_BELOW: "`[partners.thresholds]`",
}


@pytest.mark.parametrize("kind", [kind for kind in FindingKind if kind not in FACTS])
def test_a_false_alarm_of_what_is_estimated_is_said_to_make_it_surer(kind: FindingKind) -> None:
    found = a_finding(kind=kind)

    assert feedback.Learnt(cell=cell_of(found), useful=0, false=20).caution > 0
    assert "while fewer than 80 % are believed to be worth it, they must be surer" in str(finding_forms.false_form(found, channel=""))


@pytest.mark.parametrize(("kind", "instead"), FACTS.items())
def test_a_false_alarm_of_a_fact_promises_nothing_and_says_what_to_do_instead(kind: FindingKind, instead: str) -> None:
    found = a_finding(kind=kind)
    form = str(finding_forms.false_form(found, channel=""))

    assert feedback.Learnt(cell=cell_of(found), useful=0, false=20).caution == 0
    assert "surer" not in form
    assert "makes nothing less sensitive" in form
    assert instead in form


def test_a_mute_that_is_over_is_not_told_any_more() -> None:
    until = MUTED.silent_until
    assert until
    for at, muted in ((until - timedelta(minutes=1), True), (until, False)):
        told = (
            str(findings.finding_card(MUTED, partner_name="Meridian", at=at).blocks),
            str(findings.findings([MUTED], at=at, cards={}).blocks),
            findings.finding_line(MUTED, at=at),
        )
        assert [("muted until" in one, "<@U0ADA> looks after it" in one) for one in told] == [(muted, True)] * 3


def test_only_open_findings_without_a_card_are_offered_one() -> None:
    (_, *listed, _) = MESSAGES["findings_answered"].blocks

    assert [json.loads(b["accessory"]["value"])["finding_id"] for b in listed if "accessory" in b] == ["F-AT-ONCE", "F-AT-ONCE-2"]
    assert [b["text"]["text"].count("|Its card>") for b in listed] == [1, 1, 1, 0, 0, 0, 0, 0]

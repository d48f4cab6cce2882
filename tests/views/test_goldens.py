"""How every view looks in every state: read the golden files in the diff. None may exceed what Slack takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from view_examples import (
    LONG,
    NASTY,
    NOW,
    a_break,
    a_digest,
    a_finding,
    a_late_file,
    a_partner,
    a_record,
    a_run,
    a_state,
    a_trace,
    a_volume,
    an_entry,
    an_event,
    an_incident,
    ours,
    theirs,
)

from breakwater.model import breaks as moves
from breakwater.model import incidents as incident_moves
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.files import SourceFile
from breakwater.model.findings import FindingKind, FindingState
from breakwater.model.incidents import EntrySide, Severity
from breakwater.model.payments import ReconciliationState
from breakwater.model.records import Kind, Side
from breakwater.model.runs import AgeFigure, BreakFigure, Totals
from breakwater.views import breaks, digests, files, findings, help, incident_forms, incidents, payments, recon
from breakwater.views.blocks import Block, Message

NAMES = {"nordbank": "Nordbank", "meridian": "Meridian"}
ACKNOWLEDGED = moves.acknowledge(a_break(), owner_id="U0ADA", now=NOW)
RESOLVED = incident_moves.resolve(
    an_incident(),
    by="U0BOB",
    resolution="Their batch job had stopped. Cost us nothing.",
    partner_resolution="The file arrived complete at 06:50. Thank you.",
    now=NOW,
)
NO_RUN = a_state(run=None, active={}, ageing=(), acknowledged=0)
CLEAN = a_state(run=a_run(in_breaks={}), active={}, ageing=(), acknowledged=0)
YEN_AND_DINAR = a_state(
    run=a_run(
        matched={
            "JPY": Totals(
                ours_rows=900,
                ours_minor=9_000_000,
                theirs_rows=900,
                theirs_minor=9_000_000,
                ours_moved_minor=9_000_000,
                theirs_moved_minor=9_000_000,
            ),
            "KWD": Totals(
                ours_rows=7,
                ours_minor=1_234_500,
                theirs_rows=6,
                theirs_minor=1_000_000,
                ours_moved_minor=1_234_500,
                theirs_moved_minor=1_000_000,
            ),
        },
        pending={},
        in_breaks={"KWD": Totals(ours_rows=1, ours_minor=234_500, ours_moved_minor=234_500)},
    ),
    active={BreakKind.MISSING_AT_PARTNER: BreakFigure(count=2, value_minor={"JPY": 1_235, "KWD": 234_500})},
)
FILE = SourceFile(
    sha256="9c56cc51b374",
    partner="nordbank",
    stream="statement",
    side=Side.THEIRS,
    format="camt.053",
    name="camt053_20261123.xml",
    business_date=date(2026, 11, 23),
    received_at=NOW,
    records=0,
    events=0,
    state="quarantined",
    reason="truncated: the file ends in the middle of statement 3.",
)
BROKEN_TRACE = a_trace(
    evidence=(
        ours(reconciliation=ReconciliationState.IN_BREAK, pass_name=None),
        theirs(
            reconciliation=ReconciliationState.IN_BREAK,
            pass_name=None,
            record=a_record(amount_minor=11_000, fee_minor=30, ref_arn="74537604222"),
        ),
    ),
    breaks=(ACKNOWLEDGED,),
)

MESSAGES: dict[str, Message] = {
    "payment_matched": payments.payment_answer(a_trace(), partner_names=NAMES),
    "payment_in_break": payments.payment_answer(BROKEN_TRACE, partner_names=NAMES),
    "payment_only_ours_pending": payments.payment_answer(
        a_trace(evidence=(ours(reconciliation=ReconciliationState.PENDING, pass_name=None),)), partner_names=NAMES
    ),
    "payment_only_theirs": payments.payment_answer(
        a_trace(evidence=(theirs(reconciliation=ReconciliationState.NOT_RUN, pass_name=None),), events=()), partner_names=NAMES
    ),
    "payment_only_events": payments.payment_answer(
        a_trace(evidence=(), events=(an_event(state="brand_new_state", raw_code="X9", reason="AC04 closed account"),)), partner_names=NAMES
    ),
    "payment_ambiguous_reference": payments.payment_answer(
        a_trace(other_payment_ids=tuple(f"pay_{n}" for n in range(9))), partner_names=NAMES
    ),
    "payment_in_yen_from_dinar": payments.payment_answer(
        a_trace(
            evidence=(
                ours(
                    record=a_record(
                        amount_minor=1_235, currency="JPY", original_amount_minor=2_500, original_currency="KWD", kind=Kind.REFUND
                    )
                ),
            ),
            events=(),
        ),
        partner_names=NAMES,
    ),
    "payment_not_found": payments.payment_not_found("pay_unknown", searched="payment ids and EndToEndIds on both sides"),
    "recon_one": recon.reconciliation([a_state()]),
    "recon_as_of": recon.reconciliation([a_state()], as_of=date(2026, 11, 20)),
    "recon_clean": recon.reconciliation([CLEAN]),
    "recon_no_run": recon.reconciliation([NO_RUN]),
    "recon_no_run_of_a_day": recon.reconciliation([NO_RUN], as_of=date(2026, 11, 18)),
    "recon_no_run_of_a_day_to_come": recon.reconciliation([replace(NO_RUN, is_ahead=True)], as_of=date(2026, 11, 30)),
    "recon_late_file": recon.reconciliation([a_state(late_files=(a_late_file(),))]),
    "recon_yen_and_dinar": recon.reconciliation([YEN_AND_DINAR]),
    "recon_many": recon.reconciliation(
        [CLEAN, a_state(), NO_RUN, a_state(partner_name="Meridian", late_files=(a_late_file(stream="settlement", is_missing=True),))]
    ),
    "recon_no_partners": recon.reconciliation([]),
    "break_open": breaks.break_card(a_break(also=("fee_variance",)), partner_name="Nordbank"),
    "break_acknowledged": breaks.break_card(ACKNOWLEDGED, partner_name="Nordbank"),
    "break_investigating": breaks.break_card(a_break(state=BreakState.INVESTIGATING, owner_id="U0ADA"), partner_name="Nordbank"),
    "break_awaiting_partner": breaks.break_card(a_break(state=BreakState.AWAITING_PARTNER), partner_name="Nordbank"),
    "break_awaiting_us": breaks.break_card(a_break(state=BreakState.AWAITING_US, owner_id="U0ADA"), partner_name="Nordbank"),
    "break_proposed": breaks.break_card(a_break(state=BreakState.PROPOSED, owner_id="U0ADA"), partner_name="Nordbank"),
    "break_matched_late": breaks.break_card(moves.auto_close(ACKNOWLEDGED, now=NOW), partner_name="Nordbank"),
    "break_written_off": breaks.break_card(
        a_break(state=BreakState.WRITTEN_OFF, resolution="fee below cost of asking", resolved_at=NOW, material=False),
        partner_name="Nordbank",
    ),
    "break_batch_in_dinar": breaks.break_card(
        a_break(kind=BreakKind.BATCH_INCOMPLETE, ours=("a", "b", "c"), theirs=("x",), amount_minor=12_500, currency="KWD", lag=None),
        partner_name="Nordbank",
    ),
    "break_acknowledged_by_other": breaks.acknowledged_by_other(ACKNOWLEDGED),
    "break_stale": breaks.stale_card(ACKNOWLEDGED),
    "break_card_shown": breaks.card_shown(a_break(), channel="C0SEPA"),
    "break_list": breaks.break_list([a_break(), ACKNOWLEDGED], total=4_000, partner_names=NAMES),
    "break_list_empty": breaks.break_list([], total=0, partner_names=NAMES, partner="nordbank"),
    "findings_some": findings.findings(
        [a_finding(), a_finding(kind=FindingKind.FILE_LATE, summary="Nordbank's statement is 40 min late.", at_risk_minor=None)],
        at=NOW,
        cards={"F-1": "https://harbour.slack.com/archives/C0PAYOPS/p1"},
    ),
    "findings_recovered": findings.findings([a_finding(state=FindingState.RECOVERED)], at=NOW, cards={}, partner="Meridian"),
    "findings_none": findings.findings([], at=NOW, cards={}, partner="Nordbank"),
    "finding_card": findings.finding_card(a_finding(), partner_name="Meridian", at=NOW),
    "finding_card_recovered": findings.finding_card(a_finding(state=FindingState.RECOVERED, series=()), partner_name="Meridian", at=NOW),
    "digest_busy": digests.digest(a_digest()),
    "digest_quiet": digests.digest(a_digest(partners=(CLEAN,), findings=(), incidents=())),
    "digest_only_breaks": digests.digest(a_digest(partners=(YEN_AND_DINAR,), findings=(), incidents=(), volumes=())),
    "incident_open": incidents.incident_card(
        an_incident(),
        partner_name="Nordbank",
        timeline_tail=(
            an_entry(side=EntrySide.SYSTEM, text="Opened by <@U0ADA>", author_id=None),
            an_entry(),
            an_entry(side=EntrySide.OURS, author_id="U0ADA", text="Thanks!"),
        ),
    ),
    "incident_resolved": incidents.incident_card(RESOLVED, partner_name="Nordbank"),
    "incident_partner_open": incidents.partner_card(an_incident(), company_name="Breakwater Pay"),
    "incident_partner_resolved": incidents.partner_card(RESOLVED, company_name="Breakwater Pay"),
    "incident_resolved_reply_ours": incidents.resolved_reply_ours(RESOLVED),
    "incident_resolved_mail": incidents.incident_card(RESOLVED, partner_name="Nordbank", was_sent=False),
    "incident_resolved_reply_ours_mail": incidents.resolved_reply_ours(RESOLVED, was_sent=False),
    "incident_resolved_reply_partner": incidents.resolved_reply_partner(RESOLVED),
    "incident_timeline_note": incidents.timeline_note(an_entry(text="Resending now.\nETA 09:00."), author_name="Nora (Nordbank)"),
    "incident_list": incidents.incident_list([an_incident(), RESOLVED], partner_names=NAMES),
    "incident_list_empty": incidents.incident_list([], partner_names=NAMES),
    "help_payment": help.command_help("/payment"),
    "help_recon": help.command_help("/recon"),
    "help_anomalies": help.command_help("/anomalies"),
    "help_incident": help.command_help("/incident"),
    "wrong_argument": help.wrong_argument("/recon", "There is no partner 'nordbnk'. Did you mean 'nordbank'?", "/recon nordbank"),
    "problem": help.problem("There is no break B-1.", "List them with `/recon breaks`."),
    "no_access": help.no_access(needed_role="operator", what="acknowledge a break", administrators=("U0ADA",)),
    "file_quarantined": files.quarantined(FILE, partner_name="Nordbank", remedy="Ask Nordbank to send it again."),
}

DRAFT = incident_forms.Draft(
    partner="nordbank",
    title=an_incident().title,
    severity=Severity.SEV1,
    summary=an_incident().summary,
    partner_text=an_incident().partner_text,
)
ENDING: dict[str, Any] = {
    "ending": incident_forms.Ending(
        incident_id=RESOLVED.id, resolution=str(RESOLVED.resolution), partner_resolution=str(RESOLVED.partner_resolution)
    ),
    "safe": incidents.partner_safe(RESOLVED),
    "company_name": "Breakwater Pay",
}
MODALS: dict[str, Block] = {
    "modal_open_unchosen": incident_forms.open_modal(partner=None, partners=(a_partner(), a_partner(id="meridian", name="Meridian"))),
    "modal_open": incident_forms.open_modal(partner=a_partner(), partners=(a_partner(), a_partner(id="meridian", name="Meridian"))),
    "modal_preview": incident_forms.preview_modal(DRAFT, partner=a_partner(), company_name="Breakwater Pay"),
    "modal_preview_mail": incident_forms.preview_modal(DRAFT, partner=a_partner(shared_channel=None), company_name="Breakwater Pay"),
    "modal_resolve": incident_forms.resolve_modal(an_incident(), partner=a_partner()),
    "modal_resolve_mail": incident_forms.resolve_modal(an_incident(), partner=a_partner(shared_channel=None)),
    "modal_resolve_preview": incident_forms.resolve_preview_modal(partner=a_partner(), **ENDING),
    "modal_resolve_preview_mail": incident_forms.resolve_preview_modal(partner=a_partner(shared_channel=None), **ENDING),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_like_its_golden_file(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])

    golden(name, MESSAGES[name].payload())


@pytest.mark.parametrize("name", MODALS)
def test_a_modal_looks_like_its_golden_file(name: str, golden: Callable[[str, Any], None]) -> None:
    accept_modal(MODALS[name])

    golden(name, MODALS[name])


def hostile_messages(word: str) -> dict[str, Message]:
    """Every view with `word` in the place of every foreign word it shows, and far too many of everything."""
    brk = a_break(references=(word,) * 10, pass_name=word, extra={word: word}, partner=word, currency="KWD", also=(word,))
    acknowledged = moves.acknowledge(brk, owner_id=word, now=NOW)
    written_off = a_break(state=BreakState.WRITTEN_OFF, resolution=word, resolved_at=NOW)
    record = a_record(ref_payment_id=word, ref_end_to_end_id=word, ref_uetr=word, ref_batch_id=word, raw_status=word, partner=word)
    evidence = ours(record=record, file_name=word, pass_name=word)
    event = an_event(state=word, raw_code=word, reason=word, payment_id=word, partner=word)
    trace = a_trace(
        reference=word,
        evidence=(evidence,) * 40,
        events=(event,) * 200,
        breaks=(acknowledged,) * 40,
        searched=word,
        other_payment_ids=(word,) * 300,
    )
    finding = a_finding(summary=word, expected=word, seen=word, next_step=word, scope=word, partner=word, id=word)
    state = a_state(
        partner_id=word,
        partner_name=word,
        late_files=(a_late_file(stream=word),) * 30,
        active={
            kind: BreakFigure(count=250, value_minor={"JPY": 10**12, "KWD": 10**15, "EUR": 10**14, "GBP": 1, "USD": 2})
            for kind in BreakKind
        },
        ageing=tuple(AgeFigure(band=band, count=800, value_minor={"EUR": 1}) for band in ("T+0–2", "T+3–5", "T+6–30", "T+31–60", "T+61+")),
    )
    incident = an_incident(title=word, summary=word * 4, partner_text=word * 4, opened_by=word, partner=word)
    over = incident_moves.resolve(incident, by=word, resolution=word * 4, partner_resolution=word * 4, now=NOW + timedelta(days=3))
    entry = an_entry(text=word * 3, author_id=word)
    volume = a_volume(word, usual=900, last=0.2)
    digest = a_digest(partners=(state,) * 40, findings=(finding,) * 60, incidents=(incident,) * 40, volumes=(volume,) * 40)
    return {
        "payment": payments.payment_answer(trace, partner_names={word: word}),
        "payment_not_found": payments.payment_not_found(word, searched=word),
        "recon_one": recon.reconciliation([state]),
        "recon_three": recon.reconciliation([state] * 3),
        "recon_many": recon.reconciliation([state] * 80),
        "break": breaks.break_card(brk, partner_name=word),
        "break_acknowledged": breaks.break_card(acknowledged, partner_name=word),
        "break_written_off": breaks.break_card(written_off, partner_name=word),
        "break_other": breaks.acknowledged_by_other(acknowledged),
        "break_stale": breaks.stale_card(acknowledged),
        "break_list": breaks.break_list([brk] * 4_000, total=4_000, partner_names={word: word}),
        "break_list_of_partner": breaks.break_list([brk] * 20, total=4_000, partner_names={word: word}, partner=word),
        "findings": findings.findings([finding] * 60, at=NOW, cards={}, partner=word),
        "finding_card": findings.finding_card(finding, partner_name=word, at=NOW),
        "digest": digests.digest(digest),
        "incident": incidents.incident_card(incident, partner_name=word, timeline_tail=[entry] * 5),
        "incident_over": incidents.incident_card(over, partner_name=word, timeline_tail=[entry] * 5),
        "incident_partner": incidents.partner_card(over, company_name=word),
        "incident_reply_ours": incidents.resolved_reply_ours(over),
        "incident_reply_partner": incidents.resolved_reply_partner(over),
        "incident_note": incidents.timeline_note(entry, author_name=word),
        "incident_list": incidents.incident_list([incident] * 60, partner_names={word: word}),
        "wrong_argument": help.wrong_argument("/recon", word, word),
        "no_access": help.no_access(needed_role=word, what=word, administrators=(word,) * 9),
        "file": files.quarantined(
            SourceFile(**{**vars(FILE), "name": word, "reason": word, "stream": word, "format": word}), partner_name=word, remedy=word
        ),
    }


@pytest.mark.parametrize("name", hostile_messages("x"))
@pytest.mark.parametrize(
    "word", [NASTY, LONG, "&" * 500, "`*_~>" * 100, "\n\n* \u202e<!here>"], ids=["mentions", "long", "ampersands", "marks", "lines"]
)
def test_no_foreign_word_exceeds_a_limit_or_pings_anybody(name: str, word: str) -> None:
    accept(hostile_messages(word)[name])

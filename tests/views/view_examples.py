"""One builder per record the views show: a believable default, changed by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from breakwater.model.breaks import Break, BreakKind
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.digests import Digest, PartnerVolume, VolumeDay
from breakwater.model.events import Event
from breakwater.model.findings import Finding, FindingKind, SeriesPoint
from breakwater.model.incidents import EntrySide, Incident, Severity, TimelineEntry
from breakwater.model.late_files import LateFile
from breakwater.model.partners import Partner
from breakwater.model.payments import Evidence, PaymentTrace, ReconciliationState
from breakwater.model.records import Kind, Record, Side
from breakwater.model.runs import AgeFigure, BreakFigure, PartnerReconciliation, Run, Totals

NOW = datetime(2026, 11, 24, 7, 12, tzinfo=UTC)
NASTY = "<!channel> & <@U123> *x* `y` @here"
LONG = "Nordbank " * 55 + "<@U12"


def a_break(**changes: Any) -> Break:
    brk = Break(
        id="B-4F1A90C2D7",
        agreement="nordbank",
        fingerprint="4f1a90c2d7",
        partner="nordbank",
        kind=BreakKind.AMOUNT_MISMATCH,
        ours=("ledger/pay_8F2K1/0",),
        theirs=("nordbank/2026-11-20/E2E-8F2K1/0",),
        amount_minor=1_000,
        currency="EUR",
        material=True,
        dated=date(2026, 11, 19),
        opened_at=NOW - timedelta(hours=9),
        pass_name="by_end_to_end",
        lag=1,
        references=("E2E-8F2K1", "pay_8F2K1"),
    )
    return replace(brk, **changes)


def a_record(**changes: Any) -> Record:
    record = Record(
        record_id="ledger/pay_8F2K1/0",
        kind=Kind.PAYMENT,
        amount_minor=12_000,
        currency="EUR",
        booked_on=date(2026, 11, 19),
        partner="nordbank",
        value_date=date(2026, 11, 20),
        ref_payment_id="pay_8F2K1",
        ref_end_to_end_id="E2E-8F2K1",
        line=41,
    )
    return replace(record, **changes)


def ours(**changes: Any) -> Evidence:
    evidence = Evidence(
        side=Side.OURS,
        record=a_record(),
        file_name="ledger_2026-11-19.csv",
        received_at=NOW - timedelta(hours=12),
        reconciliation=ReconciliationState.MATCHED,
        pass_name="by_end_to_end",
    )
    return replace(evidence, **changes)


def theirs(**changes: Any) -> Evidence:
    record = a_record(
        record_id="nordbank/2026-11-20/E2E-8F2K1/0", fee_minor=30, line=1_204, raw_status="BOOK", ref_payment_id=None, ref_uetr="97ed4827"
    )
    received_at = NOW - timedelta(hours=2)
    return replace(ours(side=Side.THEIRS, record=record, file_name="camt053_20261120.xml", received_at=received_at), **changes)


def an_event(**changes: Any) -> Event:
    event = Event(
        event_id="e1",
        payment_id="pay_8F2K1",
        partner="nordbank",
        occurred_at=NOW - timedelta(days=5),
        state="submitted",
        amount_minor=12_000,
        currency="EUR",
        raw_code="ACTC",
    )
    return replace(event, **changes)


def a_trace(**changes: Any) -> PaymentTrace:
    trace = PaymentTrace(
        reference="pay_8F2K1",
        evidence=(ours(), theirs()),
        events=(an_event(), an_event(event_id="e2", occurred_at=NOW - timedelta(days=4), state="settled", raw_code="ACSC")),
        breaks=(),
        searched="payment ids, partner references and EndToEndIds on both sides",
    )
    return replace(trace, **changes)


def a_run(**changes: Any) -> Run:
    run = Run(
        id="run-1",
        partner="nordbank",
        agreement="nordbank",
        as_of=date(2026, 11, 23),
        started_at=NOW - timedelta(minutes=3),
        finished_at=NOW - timedelta(minutes=2),
        ours_rows=10_346,
        theirs_rows=10_337,
        matched={
            "EUR": Totals(
                ours_rows=10_234,
                ours_minor=123_456_700,
                theirs_rows=10_234,
                theirs_minor=123_456_700,
                ours_moved_minor=123_456_700,
                theirs_moved_minor=123_456_700,
            )
        },
        pending={
            "EUR": Totals(
                ours_rows=103,
                ours_minor=1_234_500,
                theirs_rows=100,
                theirs_minor=1_200_000,
                ours_moved_minor=1_234_500,
                theirs_moved_minor=1_200_000,
            )
        },
        in_breaks={
            "EUR": Totals(
                ours_rows=9,
                ours_minor=1_000_000,
                theirs_rows=3,
                theirs_minor=234_500,
                ours_moved_minor=1_000_000,
                theirs_moved_minor=234_500,
            )
        },
        breaks={},
        input_key="k",
    )
    return replace(run, **changes)


def a_state(**changes: Any) -> PartnerReconciliation:
    state = PartnerReconciliation(
        partner_id="nordbank",
        partner_name="Nordbank",
        run=a_run(),
        active={
            BreakKind.AMOUNT_MISMATCH: BreakFigure(count=3, value_minor={"EUR": 1_500}),
            BreakKind.MISSING_AT_PARTNER: BreakFigure(count=9, value_minor={"EUR": 1_000_000}),
        },
        ageing=(
            AgeFigure(band="T+0–2", count=10, value_minor={"EUR": 900_000}),
            AgeFigure(band="T+3–5", count=2, value_minor={"EUR": 101_500}),
        ),
        acknowledged=4,
    )
    return replace(state, **changes)


def a_finding(**changes: Any) -> Finding:
    finding = Finding(
        id="F-1",
        kind=FindingKind.APPROVAL_DROP,
        partner="meridian",
        scope="meridian · cards · GBP",
        since=NOW - timedelta(hours=3),
        summary="Approval rate at Meridian in GBP fell from 92.1 % to 61.0 %.",
        expected="92.1 % approved",
        seen="61.0 % approved, of 1,204 attempts since 24 Nov 04:00 (Europe/London)",
        next_step="Look at the decline reasons since then, and ask Meridian about the most frequent one.",
        at_risk_minor=1_234_500,
        currency="GBP",
        found_at=NOW - timedelta(minutes=10),
        series=tuple(SeriesPoint(at=NOW - timedelta(hours=48 - n), seen=92.0 - 31 * (n > 44), expected=92.1) for n in range(48)),
    )
    return replace(finding, **changes)


def an_incident(**changes: Any) -> Incident:
    incident = Incident(
        id="INC-0007",
        partner="nordbank",
        title="Settlement file of 23 November missing",
        severity=Severity.SEV2,
        summary="Cash position is short by EUR 1.2 M; second time this month.",
        partner_text="We have not received the settlement file of 23 November.\nPlease send it, or tell us when it will come.",
        opened_by="U0ADA",
        opened_at=NOW - timedelta(hours=5, minutes=20),
    )
    return replace(incident, **changes)


def an_entry(**changes: Any) -> TimelineEntry:
    return replace(TimelineEntry(at=NOW, side=EntrySide.PARTNER, text="We are resending it now.", author_id="U0NORD"), **changes)


def a_partner(**changes: Any) -> Partner:
    partner = Partner(
        id="nordbank",
        name="Nordbank",
        network="sepa",
        calendar=BusinessCalendar(),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=date(2026, 10, 1),
        agreement="nordbank",
        internal_channels=("C0SEPA",),
        shared_channel="C0NORDBANK",
    )
    return replace(partner, **changes)


def a_volume(name: str, *, usual: int, last: float, days: int = 28) -> PartnerVolume:
    """A partner's volume that swings a little and ends at `last` of what is usual."""
    first = date(2026, 11, 23) - timedelta(days=days - 1)
    dates = [first + timedelta(days=n) for n in range(days)]
    expected = [usual if day.weekday() < 5 else usual * 0.55 for day in dates]
    swing = [1 + ((7 * n) % 11 - 5) / 100 for n in range(days - 1)] + [last]
    return PartnerVolume(
        partner_id=name.lower(),
        partner_name=name,
        days=tuple(
            VolumeDay(label=f"{d.day} {d:%b}", seen=round(e * s), expected=e) for d, e, s in zip(dates, expected, swing, strict=True)
        ),
    )


def a_late_file(**changes: Any) -> LateFile:
    file = LateFile(
        stream="statement",
        business_date=date(2026, 11, 23),
        due_at=datetime(2026, 11, 24, 6, 0, tzinfo=UTC),
        time_zone=ZoneInfo("Europe/Berlin"),
        is_missing=False,
    )
    return replace(file, **changes)


def a_digest(**changes: Any) -> Digest:
    digest = Digest(
        subscription_id="ops",
        scheduled_at=NOW,
        time_zone=ZoneInfo("Europe/Berlin"),
        partners=(
            a_state(late_files=(a_late_file(),)),
            a_state(partner_id="meridian", partner_name="Meridian", active={}, ageing=()),
        ),
        findings=(a_finding(),),
        incidents=(an_incident(),),
        volumes=(a_volume("Nordbank", usual=3_100, last=0.98), a_volume("Meridian", usual=12_400, last=0.41)),
    )
    return replace(digest, **changes)


def submitted(values: Mapping[str, str], *, chosen: Mapping[str, str], metadata: str = "{}") -> dict[str, Any]:
    """A modal as Slack sends it back: typed `values` and `chosen` options by block id."""
    state: dict[str, Any] = {block_id: {"value": {"type": "plain_text_input", "value": text}} for block_id, text in values.items()}
    state |= {block_id: {"value": {"selected_option": {"value": value}}} for block_id, value in chosen.items()}
    return {"private_metadata": metadata, "state": {"values": state}}

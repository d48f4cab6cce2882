"""One builder per record: everything has a sensible value, and a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from breakwater.model.access import INTERNAL, Actor, Role
from breakwater.model.breaks import Break, BreakKind, break_id
from breakwater.model.files import Notice, SourceFile
from breakwater.model.findings import Finding, FindingKind, SeriesPoint
from breakwater.model.incidents import Incident, Severity
from breakwater.model.records import Side
from breakwater.model.runs import BreakFigure, Run, Totals
from breakwater.store import outbox
from breakwater.store.database import Connection

NOW = datetime(2026, 11, 20, 8, 30, 0, 123456, tzinfo=UTC)
ADA = Actor(id="U0ADA", role=Role.OPERATOR, name="Ada")
BEN = Actor(id="U0BEN", role=Role.OPERATOR, name="Ben")


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_break(**changes: Any) -> Break:
    fingerprint = changes.setdefault("fingerprint", "ab12cd34ef56")
    given: dict[str, Any] = {
        "id": break_id("nordbank", fingerprint),
        "agreement": "nordbank",
        "partner": "nordbank",
        "kind": BreakKind.AMOUNT_MISMATCH,
        "ours": (f"ours-{fingerprint}",),
        "theirs": (f"theirs-{fingerprint}",),
        "amount_minor": 1250,
        "currency": "EUR",
        "material": True,
        "dated": date(2026, 11, 18),
        "opened_at": NOW,
        "pass_name": "by_end_to_end",
        "also": ("fee_variance",),
        "lag": 2,
        "references": ("E2E-1", "Ünïcode ‰ 支付"),
        "extra": {"note": "x"},
        "run_id": "nordbank-1",
    }
    return Break(**{**given, **changes})


def a_file(**changes: Any) -> SourceFile:
    sha256 = changes.setdefault("sha256", "f" * 64)
    given: dict[str, Any] = {
        "partner": "nordbank",
        "stream": "statement",
        "side": Side.THEIRS,
        "format": "camt.053",
        "name": "statement.xml",
        "business_date": date(2026, 11, 19),
        "received_at": NOW,
        "records": 3,
        "events": 0,
        "state": "ingested",
        "parts": (f"records/side=theirs/partner=nordbank/date=2026-11-19/{sha256}-0.parquet",),
        "logical_keys": (f"DE89/{sha256[:6]}",),
        "notices": (Notice("balance-mismatch", "It does not add up."),),
    }
    return SourceFile(**{**given, **changes})


def a_run(**changes: Any) -> Run:
    given: dict[str, Any] = {
        "id": "nordbank-1",
        "partner": "nordbank",
        "agreement": "nordbank",
        "as_of": date(2026, 11, 19),
        "started_at": NOW,
        "finished_at": later(2),
        "ours_rows": 10,
        "theirs_rows": 9,
        "matched": {
            "EUR": Totals(ours_rows=8, ours_minor=800, theirs_rows=8, theirs_minor=800, ours_moved_minor=800, theirs_moved_minor=800)
        },
        "pending": {},
        "in_breaks": {
            "EUR": Totals(ours_rows=2, ours_minor=20, theirs_rows=1, theirs_minor=10, ours_moved_minor=20, theirs_moved_minor=10)
        },
        "breaks": {BreakKind.MISSING_AT_PARTNER: BreakFigure(count=1, value_minor={"EUR": 10})},
        "input_key": "k" * 64,
    }
    return Run(**{**given, **changes})


def a_finding(**changes: Any) -> Finding:
    given: dict[str, Any] = {
        "id": "approval_drop:nordbank:EUR",
        "kind": FindingKind.APPROVAL_DROP,
        "partner": "nordbank",
        "scope": "nordbank · cards · EUR",
        "since": NOW,
        "summary": "Approvals fell.",
        "expected": "91 %",
        "seen": "44 %",
        "next_step": "Ask Nordbank.",
        "at_risk_minor": 123_456_789_012,
        "currency": "EUR",
        "found_at": NOW,
        "series": (SeriesPoint(NOW, 0.44, 0.91), SeriesPoint(later(3600), 0.5, None)),
    }
    return Finding(**{**given, **changes})


def an_incident(**changes: Any) -> Incident:
    given: dict[str, Any] = {
        "id": "INC-0001",
        "partner": "nordbank",
        "title": "Statements are late",
        "severity": Severity.SEV2,
        "summary": "Nothing since yesterday.",
        "partner_text": "We miss your statement.",
        "opened_by": ADA.id,
        "opened_at": NOW,
    }
    return Incident(**{**given, **changes})


def enqueue(tx: Connection, key: str, **changes: Any) -> bool:
    given: dict[str, Any] = {"kind": outbox.Kind.POST, "audience": INTERNAL, "channel": "C0PAYOPS", "payload": {"text": key}, "now": NOW}
    return outbox.enqueue(tx, key=key, **{**given, **changes})


def enqueue_card(tx: Connection, revision: int, *, about: str = "B-1", channel: str = "C0PAYOPS", **changes: Any) -> bool:
    key = f"break:{about}:{channel}:{revision}"
    return enqueue(tx, key, kind=outbox.Kind.CARD, about=about, channel=channel, revision=revision, **changes)


def enqueue_reply(tx: Connection, key: str, *, about: str = "B-1", **changes: Any) -> bool:
    return enqueue(tx, key, kind=outbox.Kind.REPLY, thread_about=about, **changes)

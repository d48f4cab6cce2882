"""Findings as CSV for a spreadsheet, which must take no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from breakwater.model.findings import Finding
from breakwater.model.money import exponent, major_text
from breakwater.views.break_csv import harmless

COLUMNS = (
    "finding", "kind", "partner", "scope", "since", "state", "at_risk", "currency", "at_risk_minor", "expected", "seen", "summary", "cause",
    "acknowledged_by", "muted_until",
)  # fmt: skip


def findings_csv(findings: Iterable[Finding]) -> str:
    """A header and one line for each finding; amounts in major units with a point, and in minor units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(str(cell)) for cell in _cells(found)] for found in findings)
    return text.getvalue()


def _cells(found: Finding) -> tuple[object, ...]:
    has_worth = found.at_risk_minor is not None and found.currency is not None
    return (
        found.id, found.kind, found.partner, found.scope, found.since.isoformat(), found.state,
        major_text(found.at_risk_minor or 0, exponent(found.currency or "")) if has_worth else "", found.currency or "",
        found.at_risk_minor if has_worth else "", found.expected, found.seen, found.summary, found.cause, found.acknowledged_by or "",
        found.silent_until.isoformat() if found.silent_until else "",
    )  # fmt: skip

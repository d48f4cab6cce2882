"""Severity and age of a break in a few words. A square is how badly it needs somebody; a circle is where something stands."""

from __future__ import annotations

from collections.abc import Mapping

from breakwater.model.ageing import AgedBreak, BreakSeverity

SEVERITY_SIGN: Mapping[BreakSeverity, str] = {
    BreakSeverity.CRITICAL: "🟥",
    BreakSeverity.HIGH: "🟧",
    BreakSeverity.MEDIUM: "🟨",
    BreakSeverity.LOW: "⬜",
}


def severity_words(one: AgedBreak) -> str:
    """'🟧 high, T+6–30'."""
    return f"{SEVERITY_SIGN[one.severity]} {one.severity}, {one.band}"

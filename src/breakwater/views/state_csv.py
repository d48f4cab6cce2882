"""A partner's figures by day as CSV, for a spreadsheet or a warehouse: whole numbers, from which every share follows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from breakwater.model.partner_state import AFTER_DAYS, PartnerState

_PLAIN = (
    "partner", "currency", "business_date", "run_id", "due_rows", "due_minor", "matched_rows", "matched_minor", "matched_late_minor",
    "unresolved_minor", "missing_minor",
)  # fmt: skip
COLUMNS = (*_PLAIN, *(f"{name}_{n}_minor" for n in AFTER_DAYS for name in ("explained", "dated")))


def state_csv(states: Iterable[PartnerState]) -> str:
    """A header and one line for each currency and business date."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for state in states:
        cohorts = [figure for pair in zip(state.explained_minor, state.dated_minor, strict=True) for figure in pair]
        writer.writerow([*(getattr(state, name) for name in _PLAIN), *cohorts])
    return text.getvalue()

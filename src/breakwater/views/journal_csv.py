"""The journal as CSV: two lines for each booking, debit and credit, amounts in major units exactly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from breakwater.model.journal import JournalEntry, lines
from breakwater.model.money import exponent, major_text
from breakwater.views.break_csv import harmless

COLUMNS = (
    "entry", "line", "date", "account", "debit", "credit", "currency", "reference", "break", "partner", "booking", "reason", "proposed_by",
    "approved_by", "note", "first_exported_in",
)  # fmt: skip


def journal_csv(entries: Iterable[JournalEntry]) -> str:
    """A header, then two lines for each booking; a point before the decimals of the currency, no grouping. Dates are days of UTC."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(str(cell)) for cell in row] for entry in entries for row in _rows(entry))
    return text.getvalue()


def _rows(entry: JournalEntry) -> Iterator[tuple[object, ...]]:
    places = exponent(entry.currency)
    for number, line in enumerate(lines(entry, contra_account=entry.contra_account or ""), start=1):
        yield (
            entry.id,
            number,
            entry.booked_at.date().isoformat(),
            line.account,
            major_text(line.debit_minor, places) if line.debit_minor else "",
            major_text(line.credit_minor, places) if line.credit_minor else "",
            entry.currency,
            entry.reference,
            entry.break_id,
            entry.partner,
            f"reversal of {entry.kind}" if entry.is_reversal else entry.kind,
            entry.reason,
            entry.proposed_by,
            entry.approved_by,
            " ".join(entry.note.split()),
            entry.export or "",
        )

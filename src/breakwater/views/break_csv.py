"""Breaks as CSV for a spreadsheet, which must take no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from breakwater.model.breaks import Break
from breakwater.model.money import exponent, major_text
from breakwater.views.breaks import break_words

COLUMNS = (
    "break", "partner", "kind", "amount", "currency", "amount_minor", "dated", "state", "owner", "snoozed_until", "material", "references",
    "ours", "theirs", "links", "what",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def breaks_csv(breaks: Iterable[Break]) -> str:
    """A header and one line for each break; amounts in major units with a point, and in minor units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(str(cell)) for cell in _cells(brk)] for brk in breaks)
    return text.getvalue()


def harmless(cell: str) -> str:
    """The cell, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def _cells(brk: Break) -> tuple[object, ...]:
    return (
        brk.id,
        brk.partner,
        brk.kind,
        _major(brk),
        brk.currency,
        brk.amount_minor,
        brk.dated,
        brk.state,
        brk.owner_id or "",
        brk.snoozed_until or "",
        "yes" if brk.material else "no",
        " ".join(brk.references),
        " ".join(brk.ours),
        " ".join(brk.theirs),
        " ".join(brk.links),
        break_words(brk, mark=str),
    )


def _major(brk: Break) -> str:
    try:
        return major_text(brk.amount_minor, exponent(brk.currency))
    except KeyError:
        return ""

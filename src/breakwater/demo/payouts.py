"""The leg from the card PSP to the bank: what its reports pay out in euros is credited by the bank on the next day, all but once.

Nothing here is drawn: what a payout looks like at the bank follows from the report.
"""

from __future__ import annotations

from collections.abc import Iterable

from breakwater.demo.bank_entries import BankEntry, Entries
from breakwater.demo.cases import LegCase, Line, Settled
from breakwater.demo.partners import Days
from breakwater.demo.report_rows import ReportRow, batch_number
from breakwater.model.breaks import BreakKind
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.records import Kind

LEG_ID = "meridian-nordbank"
ARRIVES_WITHIN = 3  # business days, in the agreement of the leg
_LOST_AGE = 6  # business days: the latest payout of this age, or older, never arrived


def arrivals(rows: Iterable[ReportRow], *, bank: Days, psp: BusinessCalendar, entries: Entries) -> list[LegCase]:
    """What became of each payout in euros of the reports' rows. `entries` numbers the credits after what the bank has booked that day."""
    paid_out = sorted((r for r in rows if r.kind is Kind.PAYOUT and r.currency == "EUR"), key=lambda r: r.day)
    lost = max(r.day for r in paid_out if bank.age(r.day) >= _LOST_AGE)
    return [
        _arrival(row, batch_number(row.day, row.account, calendar=psp), bank=bank, entries=entries, lost=lost == row.day)
        for row in paid_out
    ]


def _arrival(row: ReportRow, batch: int, *, bank: Days, entries: Entries, lost: bool) -> LegCase:
    # What leaves the PSP arrives at the bank: a leg turns the amounts of the report.
    payout = Line(kind=Kind.PAYOUT, amount_minor=-row.amount_minor, currency=row.currency, day=row.day, reference=str(batch))
    if lost:
        story = "Paid out by the report, never credited by the bank."
        return LegCase(
            outcome=BreakKind.MISSING_AT_PARTNER, ours=(payout,), value_minor=payout.amount_minor, currency=payout.currency, story=story
        )
    arrives_on = bank.partner.calendar.shift(row.day, 1)
    if not bank.filed(arrives_on):
        return LegCase(outcome=Settled.PENDING, ours=(payout,))
    credit = entries.payout_of_the_psp(payout.amount_minor, arrives_on, batch=batch, text=row.modification_reference)
    return LegCase(outcome=Settled.MATCHED, ours=(payout,), theirs=(credit,))


def credits_of(cases: Iterable[LegCase]) -> list[BankEntry]:
    """The entries of the bank's statements that the leg takes."""
    return [line for case in cases for line in case.theirs if isinstance(line, BankEntry)]

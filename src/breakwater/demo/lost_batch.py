"""A batch that the card PSP left out of its reports: dozens of payments missing for one reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from breakwater.demo.cases import Books, Case, Settled
from breakwater.demo.report_rows import ReportRow
from breakwater.model.breaks import BreakKind
from breakwater.model.records import Kind

_AGES = (6, 7, 5, 8, 9, 10, 11, 12)  # business days: old enough to be missing, and not news of today
_MONDAY = 0  # its batch holds three days
LOST_STORY = "Captured, but its whole batch is in no report."


@dataclass(frozen=True, kw_only=True)
class LostBatch:
    """The batch of a merchant account that should have closed on `day`."""

    day: date
    account: str


def lose_a_batch(books: Books, *, account: str) -> LostBatch | None:
    """Take one batch of an account out of the partner's reports: what it would have matched is missing. None where each batch holds some
    other trouble too, which must stay what it is."""
    troubled = {reference for case in books.cases if case.outcome not in list(Settled) for reference in _references(case)}
    for age in _AGES:
        batch = LostBatch(day=books.days.of_age(age), account=account)
        inside = [n for n, case in enumerate(books.cases) if any(_is_in(line, batch) for line in case.theirs)]
        if inside and batch.day.weekday() != _MONDAY and all(_can_go(books.cases[n], troubled) for n in inside):
            _lose(books, inside)
            return batch
    return None


def _lose(books: Books, places: list[int]) -> None:
    lost = set()
    for n in places:
        (ours,) = books.cases[n].ours
        books.cases[n] = replace(
            books.cases[n],
            outcome=BreakKind.MISSING_AT_PARTNER,
            theirs=(),
            value_minor=abs(ours.amount_minor),
            currency=ours.currency,
            story=LOST_STORY,
        )
        if ours.kind is Kind.PAYMENT:
            lost.add(ours.ref_payment_id)
    told = ("settled", "paid_out")
    books.journal.events[:] = [e for e in books.journal.events if e.payment_id not in lost or e.state not in told]


def _can_go(case: Case, troubled: set[str]) -> bool:
    return case.outcome is Settled.MATCHED and len(case.ours) == 1 and not troubled & _references(case)


def _references(case: Case) -> set[str]:
    return {line.reference for line in case.theirs} | {record.ref_partner_id for record in case.ours if record.ref_partner_id}


def _is_in(line: object, batch: LostBatch) -> bool:
    return isinstance(line, ReportRow) and (line.day, line.account) == (batch.day, batch.account)

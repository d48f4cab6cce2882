"""Cases: records of both sides that belong together, built with what a reconciliation must say of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from breakwater.demo.partners import WINDOW_AFTER, Days
from breakwater.demo.references import References
from breakwater.demo.traffic import Attempt
from breakwater.model.breaks import BreakKind
from breakwater.model.events import Event
from breakwater.model.records import Kind, Record


class Settled(StrEnum):
    """What a reconciliation says of records it does not break."""

    MATCHED = "matched"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a partner's file: what it moves from our point of view, the day of the file, the partner's reference of it."""

    kind: Kind
    amount_minor: int
    currency: str
    day: date
    reference: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """Records that belong together and their outcome. Breaks have a value at stake, its currency and a story."""

    outcome: Settled | BreakKind
    ours: tuple[Record, ...] = ()
    theirs: tuple[Line, ...] = ()
    value_minor: int = 0
    currency: str = ""
    story: str = ""


@dataclass(frozen=True, kw_only=True)
class LegCase:
    """A payout of one partner and its credit at another, as their leg compares them; the rest is as in a case."""

    outcome: Settled | BreakKind
    ours: tuple[Line, ...] = ()
    theirs: tuple[Line, ...] = ()
    value_minor: int = 0
    currency: str = ""
    story: str = ""


@dataclass(frozen=True, kw_only=True)
class PlantedCause:
    """What several breaks have in common, by the words of causes: `kind`, and where, by `scope`."""

    kind: str
    scope: Mapping[str, str]
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class Payment:
    """An attempt with the references it got. Cards have a PSP reference and an ARN, transfers an EndToEndId and a UETR."""

    id: str
    attempt: Attempt
    psp: str | None = None
    arn: str | None = None
    end_to_end_id: str | None = None
    uetr: str | None = None


@dataclass
class Journal:
    """The ledger's event log. Nothing that lies after `now` is written."""

    now: datetime
    events: list[Event] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def add(self, payment: Payment, state: str, at: datetime, *, code: str | None = None, reason: str | None = None) -> None:
        """Something happened to a payment."""
        if at > self.now:
            return
        self._seen[payment.id] = number = self._seen.get(payment.id, 0) + 1
        self.events.append(
            Event(
                event_id=f"evt_{payment.id.removeprefix('pay_')}_{number}",
                payment_id=payment.id,
                partner=payment.attempt.partner,
                occurred_at=at,
                state=state,
                amount_minor=payment.attempt.amount_minor,
                currency=payment.attempt.currency,
                network=payment.attempt.network,
                raw_code=code,
                reason=reason,
                ref_partner_id=payment.psp,
                ref_end_to_end_id=payment.end_to_end_id,
                ref_uetr=payment.uetr,
            )
        )


@dataclass
class LedgerIds:
    """Record ids of our ledger: the booking day and a number within it."""

    _next: dict[date, int] = field(default_factory=dict)

    def take(self, booked_on: date) -> str:
        """The next id of a booking day."""
        self._next[booked_on] = number = self._next.get(booked_on, 0) + 1
        return f"led_{booked_on:%Y%m%d}_{number:06}"


@dataclass(frozen=True, kw_only=True)
class Books:
    """What the books of one partner are made with."""

    days: Days
    refs: References
    rng: random.Random
    journal: Journal
    ids: LedgerIds
    cases: list[Case] = field(default_factory=list)
    causes: list[PlantedCause] = field(default_factory=list)

    def settle(self, *, ours: Record, theirs: Line) -> None:
        """An ordinary case: matched if the partner's file has come, else pending."""
        if self.days.filed(theirs.day):
            self.cases.append(Case(outcome=Settled.MATCHED, ours=(ours,), theirs=(theirs,)))
        else:
            self.cases.append(Case(outcome=Settled.PENDING, ours=(ours,)))

    def break_pair(
        self, kind: BreakKind, ours: Record, theirs: Line, *, story: str, value_minor: int | None = None, currency: str | None = None
    ) -> None:
        """A pair that differs. At stake are our amount and currency, unless the kind has another value."""
        value = abs(ours.amount_minor) if value_minor is None else value_minor
        case = Case(outcome=kind, ours=(ours,), theirs=(theirs,), value_minor=value, currency=currency or ours.currency, story=story)
        self.cases.append(case)

    def break_ours(self, kind: BreakKind, ours: Record, *, story: str) -> None:
        """A record that only our ledger has."""
        self.cases.append(Case(outcome=kind, ours=(ours,), value_minor=abs(ours.amount_minor), currency=ours.currency, story=story))

    def break_theirs(self, kind: BreakKind, theirs: Line, *, story: str) -> None:
        """A line that only the partner has."""
        self.cases.append(Case(outcome=kind, theirs=(theirs,), value_minor=abs(theirs.amount_minor), currency=theirs.currency, story=story))


@dataclass(frozen=True, kw_only=True)
class Planting:
    """One kind of trouble to plant, once per age in business days.

    `settles_after`: how many business days after its due date the partner's last line about it lies; None where the partner
    never has one. It bounds how young the case can be.
    """

    trouble: str
    ages: Sequence[int]
    settles_after: int | None = 0
    currencies: tuple[str, ...] = ("EUR", "GBP")

    def youngest(self, days: Days) -> int:
        """The smallest age at which the trouble is a break already."""
        if self.settles_after is None:
            return WINDOW_AFTER + 1
        return days.age(days.last_filed) + self.settles_after


def choose(plan: Iterable[Planting], due: Mapping[str, tuple[date, str]], *, books: Books) -> dict[str, Planting]:
    """Payment id -> the trouble it gets. `due` has the due date and currency of each payment; each gets at most one."""
    by_age: dict[tuple[int, str], list[str]] = {}
    for payment_id, (day, currency) in due.items():
        by_age.setdefault((books.days.age(day), currency), []).append(payment_id)
    for ids in by_age.values():
        books.rng.shuffle(ids)
    chosen: dict[str, Planting] = {}
    for planting in plan:
        for n, wanted in enumerate(planting.ages):
            currency = planting.currencies[n % len(planting.currencies)]
            fit = [age for age, c in by_age if c == currency and age >= planting.youngest(books.days) and by_age[age, c]]
            nearest = min(fit, key=lambda age, wanted=wanted: (abs(age - wanted), age))  # type: ignore[misc]
            chosen[by_age[nearest, currency].pop()] = planting
    return chosen

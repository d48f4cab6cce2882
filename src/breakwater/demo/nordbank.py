"""The bank's month: SEPA transfers in and out, returns and charges, each as our ledger and as the statement have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from breakwater.demo.bank_entries import OUR_IBAN, BankEntry, Entries
from breakwater.demo.cases import Books, Payment, Planting, Settled, choose
from breakwater.demo.partners import WINDOW_AFTER, arrival, at_local
from breakwater.model.breaks import BreakKind
from breakwater.model.records import Kind, Record

_PAYOUTS_PER_MILLE = 60  # of incoming payments
_PAYOUT_AT, _SEPA_CUT_OFF = time(11, 20), time(17)
_EVERY_NTH_PAYOUT_RETURNS, _CHARGED_EVERY_NTH_DAY = 37, 5
_NEXT_DAY_PERCENT = 17
_DELAYS = (5, 6, 7, 5, 8)
_BEFORE_THE_HISTORY = timedelta(days=40)
_HELD_AFTER = timedelta(minutes=20)

PLAN = (
    Planting(trouble="missing_at_partner", ages=(4, 4, 5, 7, 9, 12, 16), settles_after=None, currencies=("EUR",)),
    Planting(trouble="duplicate_in_ledger", ages=(3, 5, 6, 10), settles_after=1, currencies=("EUR",)),
    Planting(trouble="duplicate_at_partner", ages=(3, 4, 8), settles_after=1, currencies=("EUR",)),
    Planting(trouble="amount_mismatch", ages=(2, 3, 4, 6, 8, 13), currencies=("EUR",)),
    Planting(trouble="status_mismatch", ages=(2, 4, 9), currencies=("EUR",)),
    Planting(trouble="late_settlement", ages=(9, 11, 12, 14, 15), settles_after=max(_DELAYS), currencies=("EUR",)),
    Planting(trouble="recalled", ages=(6, 7, 8, 9, 10, 11, 12, 14), settles_after=3, currencies=("EUR",)),
)
_STRAY_PAYMENT_AGES = (2, 4, 5, 8, 11)
_ORPHAN_RETURN_AGES = (2, 5, 10)
_STRAY_CHARGE_AGES = (3, 6)
_LOST_PAYOUT_AGE = WINDOW_AFTER + 4
_OUR_ORPHAN_AGE = WINDOW_AFTER + 2


def keep_books(books: Books, payments: list[Payment], *, entries: Entries) -> list[BankEntry]:
    """Fill `books.cases` from the month's approved transfers; every entry of the statements that came, in the bank's order."""
    bank = _Nordbank(books, entries)
    due = {p.id: bank.accepted(p) for p in payments}
    troubles = choose(PLAN, {p.id: (due[p.id][1], "EUR") for p in payments}, books=books)
    for payment in payments:
        bank.payment(payment, *due[payment.id], trouble=troubles.get(payment.id))
    bank.hold(payments)
    bank.strays()
    bank.payouts(count=len(payments) * _PAYOUTS_PER_MILLE // 1000)
    bank.charges()
    return sorted((line for case in books.cases for line in case.theirs if isinstance(line, BankEntry)), key=lambda e: e.reference)


class _Nordbank:
    def __init__(self, books: Books, entries: Entries) -> None:
        self.books, self.days, self.refs, self.rng, self.journal = books, books.days, books.refs, books.rng, books.journal
        self.entries = entries
        self.shift = books.days.partner.calendar.shift
        self._delays = iter(_DELAYS)

    def accepted(self, payment: Payment) -> tuple[datetime, date]:
        """When the payer's bank accepted, and the business day the money is due on our account."""
        at = min(payment.attempt.created_at + timedelta(milliseconds=self.rng.randrange(4_000, 90_000)), self.days.now)
        local = at.astimezone(self.days.partner.time_zone)
        return at, self.shift(local.date() + timedelta(days=local.time() >= _SEPA_CUT_OFF), 0)

    def payment(self, payment: Payment, accepted_at: datetime, due_on: date, *, trouble: Planting | None) -> None:
        """One incoming transfer, with the trouble planted on it."""
        self.journal.add(payment, "accepted", accepted_at, code="ACSP")
        ours = self._ours(payment, accepted_at, due_on)
        if trouble:
            self._troubled(payment, ours, due_on, trouble=trouble.trouble)
            return
        day = self.shift(due_on, 1) if self.rng.randrange(100) < _NEXT_DAY_PERCENT else due_on
        self._settled(payment, day)
        self.books.settle(ours=ours, theirs=self.entries.incoming(payment, day))

    def hold(self, payments: list[Payment]) -> None:
        """The oldest transfer that is still on its way is held by the payer's bank."""
        pending = {r.ref_payment_id: r for case in self.books.cases if case.outcome is Settled.PENDING for r in case.ours}
        held = next(p for p in payments if p.id in pending)
        accepted_at = pending[held.id].booked_at
        assert accepted_at
        at = min(accepted_at + _HELD_AFTER, self.days.now)
        self.journal.add(held, "on_hold", at, code="PDNG", reason="Compliance check at the payer's bank")

    def _troubled(self, payment: Payment, ours: Record, due_on: date, *, trouble: str) -> None:
        if trouble == "missing_at_partner":
            self.books.break_ours(BreakKind.MISSING_AT_PARTNER, ours, story="Accepted by the payer's bank, never credited.")
            return
        day = self.shift(due_on, next(self._delays)) if trouble == "late_settlement" else due_on
        entry = self.entries.incoming(payment, day)
        if trouble == "status_mismatch":
            self.journal.add(payment, "rejected", arrival(self.days.partner, day), code="RJCT", reason="MS03")
            rejected = replace(ours, status="rejected", raw_status="RJCT")
            self.books.break_pair(BreakKind.STATUS_MISMATCH, rejected, entry, story="Reported rejected, yet credited.")
            return
        self._settled(payment, day)
        if trouble == "late_settlement":
            self.books.break_pair(BreakKind.LATE_SETTLEMENT, ours, entry, story="Held by the payer's bank for a compliance check.")
        elif trouble == "amount_mismatch":
            charged = self.rng.choice((500, 750, 900))
            short = replace(entry, amount_minor=entry.amount_minor - charged)
            story = "An intermediary bank took its charges out of the transfer."
            self.books.break_pair(BreakKind.AMOUNT_MISMATCH, ours, short, value_minor=charged, story=story)
        else:
            self.books.settle(ours=ours, theirs=entry)
            self._after_the_match(payment, ours, day, trouble=trouble)

    def _after_the_match(self, payment: Payment, ours: Record, day: date, *, trouble: str) -> None:
        again = self.shift(day, 1)
        if trouble == "duplicate_in_ledger":
            twin = replace(ours, record_id=self.books.ids.take(again), booked_on=again, value_date=again, booked_at=None)
            self.books.break_ours(BreakKind.DUPLICATE_IN_LEDGER, twin, story="A replayed webhook booked the payment a second time.")
        elif trouble == "duplicate_at_partner":
            twin_entry = self.entries.incoming(payment, again)
            self.books.break_theirs(BreakKind.DUPLICATE_AT_PARTNER, twin_entry, story="The bank credited the same transfer on two days.")
        else:
            self._recalled(payment, day)

    def _recalled(self, payment: Payment, day: date) -> None:
        """The payer's bank asked for the money back, and we returned it."""
        asked_at = at_local(self.days.partner, self.shift(day, 1), time(9, 40))
        sent_on = self.shift(day, self.rng.choice((2, 3)))
        sent_at = at_local(self.days.partner, sent_on, time(14, 5))
        self.journal.add(payment, "return_requested", asked_at, code="camt.056", reason="FRAD")
        self.journal.add(payment, "returned", sent_at, code="pacs.004", reason="FOCR")
        references: dict[str, Any] = {"ref_end_to_end_id": payment.end_to_end_id, "ref_original": payment.id}
        ours = self._record(Kind.RETURN, -payment.attempt.amount_minor, sent_on, booked_at=sent_at, **references)
        sent = self.entries.incoming(payment, sent_on)
        self.books.settle(
            ours=ours, theirs=_returned(sent, -payment.attempt.amount_minor, code="FOCR", text="Return after cancellation request")
        )

    def strays(self) -> None:
        """What only one side has: transfers nobody announced, and returns of payments nobody knows."""
        for age in _STRAY_PAYMENT_AGES:
            firm = self.refs.firm()
            entry = self._stray(
                Kind.PAYMENT, self.rng.randrange(4_000, 90_000), age, name=firm, text=f"Invoice {self.rng.randrange(4000, 9999)}"
            )
            self.books.break_theirs(BreakKind.MISSING_IN_LEDGER, entry, story=f"{firm} paid by hand, under a reference of its own.")
        for age in _ORPHAN_RETURN_AGES:
            entry = self._stray(Kind.RETURN, self.rng.randrange(3_000, 60_000), age, name=self.refs.firm(), text="")
            entry = replace(_returned(entry, entry.amount_minor, code="AC04", text="Account closed"), family="ICDT")
            self.books.break_theirs(BreakKind.ORPHAN_RETURN, entry, story="A payout from before the migration came back.")
        references: dict[str, Any] = {"ref_end_to_end_id": self._unknown_end_to_end_id(), "ref_original": self.refs.payment()}
        ours = self._record(Kind.RETURN, -self.rng.randrange(5_000, 30_000), self.days.of_age(_OUR_ORPHAN_AGE), **references)
        self.books.break_ours(BreakKind.ORPHAN_RETURN, ours, story="A return booked by hand for a payment that is not in the ledger.")

    def payouts(self, *, count: int) -> None:
        """Transfers we sent, spread over the business days; some came back, and one was never executed."""
        days = [
            day for day in self.days.business_days(until=self.days.now) if at_local(self.days.partner, day, _PAYOUT_AT) <= self.days.now
        ]
        for n in range(max(count, len(days))):
            self._payout(days[n % len(days)], comes_back=n % _EVERY_NTH_PAYOUT_RETURNS == 7)
        lost_on = self.days.of_age(_LOST_PAYOUT_AGE)
        lost = self._our_payout(-self.rng.randrange(40_000, 250_000), lost_on, end_to_end_id=self.refs.end_to_end(lost_on))
        self.books.break_ours(BreakKind.MISSING_AT_PARTNER, lost, story="A payout the bank never executed: its file was cut off.")

    def _payout(self, day: date, *, comes_back: bool) -> None:
        end_to_end_id = self.refs.end_to_end(day)
        ours = self._our_payout(-self.rng.randrange(20_000, 900_000), day, end_to_end_id=end_to_end_id)
        entry = self.entries.outgoing(ours.amount_minor, day, end_to_end_id=end_to_end_id)
        self.books.settle(ours=ours, theirs=entry)
        back_on = self.shift(day, 2)
        if comes_back and self.days.filed(back_on):
            back = replace(entry, day=back_on, reference=self.entries.reference(back_on))
            back = _returned(back, -ours.amount_minor, code=self.rng.choice(("AC04", "AC01", "MD07")), text="Return of payout")
            references: dict[str, Any] = {"ref_end_to_end_id": end_to_end_id, "ref_original": ours.ref_payment_id}
            self.books.settle(ours=self._record(Kind.RETURN, -ours.amount_minor, back_on, **references), theirs=back)

    def charges(self) -> None:
        """Charges the bank takes once a week, and some that nobody here has booked."""
        for day in self.days.business_days()[2::_CHARGED_EVERY_NTH_DAY]:
            entry = self.entries.charge(-self.rng.randrange(1_500, 9_000), day, "Charges for SEPA transactions of the week")
            came_at = arrival(self.days.partner, day)
            ours = self._record(Kind.FEE, entry.amount_minor, day, booked_at=came_at, ref_partner_id=entry.reference)
            self.books.settle(ours=ours, theirs=entry)
        for age in _STRAY_CHARGE_AGES:
            entry = self.entries.charge(-self.rng.choice((1_500, 2_500, 3_500)), self.days.of_age(age), "Charge for an investigation")
            self.books.break_theirs(BreakKind.MISSING_IN_LEDGER, entry, story="The bank charged an investigation that nobody booked.")

    def _settled(self, payment: Payment, day: date) -> None:
        if self.days.filed(day):
            self.journal.add(payment, "settled", arrival(self.days.partner, day), code="BOOK")

    def _unknown_end_to_end_id(self) -> str:
        return self.refs.end_to_end(self.days.first - _BEFORE_THE_HISTORY)

    def _stray(self, kind: Kind, amount_minor: int, age: int, *, name: str, text: str) -> BankEntry:
        unknown = self._unknown_end_to_end_id()
        return self.entries.stray(kind, amount_minor, self.days.of_age(age), end_to_end_id=unknown, name=name, text=text)

    def _ours(self, payment: Payment, accepted_at: datetime, due_on: date) -> Record:
        return self._record(
            Kind.PAYMENT, payment.attempt.amount_minor, due_on, booked_at=accepted_at, status="accepted", raw_status="ACSP",
            ref_payment_id=payment.id, ref_end_to_end_id=payment.end_to_end_id, ref_uetr=payment.uetr,
        )  # fmt: skip

    def _our_payout(self, amount_minor: int, day: date, *, end_to_end_id: str) -> Record:
        booked_at = at_local(self.days.partner, day, _PAYOUT_AT)
        return self._record(
            Kind.PAYOUT, amount_minor, day, booked_at=booked_at, ref_payment_id=self.refs.payout(), ref_end_to_end_id=end_to_end_id
        )

    def _record(self, kind: Kind, amount_minor: int, day: date, *, booked_at: datetime | None = None, **more: Any) -> Record:
        booked_on = self.days.local_date(booked_at) if booked_at else day
        return Record(
            record_id=self.books.ids.take(booked_on), kind=kind, amount_minor=amount_minor, currency="EUR", booked_on=booked_on,
            value_date=day, partner="nordbank", account=OUR_IBAN, network="sepa", booked_at=booked_at, **more,
        )  # fmt: skip


def _returned(entry: BankEntry, amount_minor: int, *, code: str, text: str) -> BankEntry:
    """`entry` as a return: it carries the EndToEndId of the transfer it undoes."""
    return replace(entry, kind=Kind.RETURN, amount_minor=amount_minor, sub_family="RRTN", return_code=code, text=text)

"""The card PSP's month: payments, refunds and chargebacks, batch by batch, as our ledger and as its reports have them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from breakwater.demo.cases import Books, Case, Payment, PlantedCause, Planting, Settled, choose
from breakwater.demo.lost_batch import LOST_STORY, LostBatch, lose_a_batch
from breakwater.demo.partners import WINDOW_AFTER, WINDOW_BEFORE, arrival, at_local
from breakwater.demo.report_rows import ACCOUNTS, PAR_PPM, USD_EUR_PPM, ReportRow, batch_number, fee_of, row_about
from breakwater.demo.traffic import WALLETS
from breakwater.model.breaks import BreakKind
from breakwater.model.money import half_up
from breakwater.model.records import Kind, Record

_MARKED_UP_PPM = 17_000  # 185 basis points: beyond the agreement's 60
_NEXT_BATCH_PERCENT = 12
_REFUNDS_PER_MILLE, _CHARGEBACKS_PER_MILLE = 28, 4
_DELAYS = (5, 6, 8, 5, 7)
_CLOSE, _PAID_AT = time(23, 59, 59), time(8, 15)
_PROCESSING_FEE_MINOR = 8  # per row of a batch

PLAN = (
    Planting(trouble="missing_at_partner", ages=(4, 4, 5, 6, 8, 11, 13, 16), settles_after=None, currencies=("EUR", "GBP", "USD")),
    Planting(trouble="duplicate_in_ledger", ages=(3, 4, 6, 9), settles_after=1),
    Planting(trouble="duplicate_at_partner", ages=(2, 4, 7, 12), settles_after=1),
    Planting(trouble="amount_mismatch", ages=(1, 2, 5, 8, 14)),
    Planting(trouble="fx_variance", ages=(1, 2, 3, 6, 10), currencies=("USD",)),
    Planting(trouble="currency_mismatch", ages=(2, 5, 9), currencies=("GBP",)),
    Planting(trouble="fee_variance", ages=(1, 1, 2, 2, 3, 3, 4, 7, 12)),
    Planting(trouble="status_mismatch", ages=(2, 3, 6, 11)),
    Planting(trouble="late_settlement", ages=(9, 10, 11, 13, 15), settles_after=max(_DELAYS)),
    Planting(trouble="refunded", ages=(4, 6, 8, 11), settles_after=4),
    Planting(trouble="charged_back", ages=(7, 8, 11, 14), settles_after=6),
)
_STRAY_PAYMENT_AGES = (2, 3, 6, 10)
_FRESH_STRAYS = 3
_ORPHAN_REFUND_AGES = (2, 4, 9)
_ORPHAN_CHARGEBACK_AGES = (2, 3, 5, 12)
_PAST_WINDOW = WINDOW_AFTER + 2
_ALTERNATING = ("EUR", "GBP")


def keep_books(books: Books, payments: list[Payment]) -> list[ReportRow]:
    """Fill `books.cases` from the month's captured card payments; every row of the reports that came, batch by batch."""
    psp = _Meridian(books)
    due = {p.id: psp.captured(p) for p in payments}
    troubles = choose(PLAN, {p.id: (due[p.id][1], p.attempt.currency) for p in payments}, books=books)
    for payment in payments:
        psp.payment(payment, *due[payment.id], trouble=troubles.get(payment.id))
    psp.strays()
    lost = lose_a_batch(books, account=ACCOUNTS["GBP"])
    books.causes.extend(_causes(books, lost))
    psp.close_batches()
    return sorted(psp.rows(), key=lambda row: (row.day, row.account, row.kind in (Kind.FEE, Kind.PAYOUT), row.kind, row.created_at))


def _causes(books: Books, lost: LostBatch | None) -> list[PlantedCause]:
    """What many of the breaks have in common: the batch that was lost, and a mark-up on every dollar that was converted wrongly."""
    marked_up = tuple(c for c in books.cases if c.outcome is BreakKind.FX_VARIANCE)
    causes = [PlantedCause(kind="fx_rate", scope={"sold": "USD", "bought": "EUR"}, cases=marked_up)]
    if lost:
        scope = {"side": "theirs", "date": lost.day.isoformat(), "account": lost.account}
        missing = tuple(c for c in books.cases if c.story == LOST_STORY)
        causes.append(PlantedCause(kind="batch_missing", scope=scope, cases=missing))
    return causes


class _Meridian:
    def __init__(self, books: Books) -> None:
        self.books, self.days, self.refs, self.rng, self.journal = books, books.days, books.refs, books.rng, books.journal
        self.shift = books.days.partner.calendar.shift
        self._delays = iter(_DELAYS)

    def rows(self) -> list[ReportRow]:
        return [line for case in self.books.cases for line in case.theirs if isinstance(line, ReportRow)]

    def captured(self, payment: Payment) -> tuple[datetime, date]:
        """When we captured, and the weekday whose batch should settle it."""
        at = min(payment.attempt.created_at + timedelta(seconds=self.rng.randrange(40, 1500)), self.days.now)
        return at, self.shift(self.days.local_date(at), 0)

    def payment(self, payment: Payment, captured_at: datetime, due_on: date, *, trouble: Planting | None) -> None:
        """One card payment, with the trouble planted on it."""
        authorized_at = payment.attempt.created_at + timedelta(milliseconds=self.rng.randrange(600, 4_000))
        by_wallet = payment.attempt.network == WALLETS
        self.journal.add(payment, "authorized", min(authorized_at, self.days.now), code="AUTH_SUCCESS" if by_wallet else "Authorised")
        ours = self._ours(payment, captured_at, due_on)
        if trouble and trouble.trouble == "status_mismatch":
            self._canceled(payment, ours, captured_at, due_on)
            return
        self.journal.add(payment, "captured", captured_at, code="TRADE_SUCCESS" if by_wallet else "SentForSettle")
        if trouble:
            self._troubled(payment, ours, captured_at, due_on, trouble=trouble.trouble)
            return
        row = self._row(payment, at=captured_at, day=self._batch_day(due_on))
        self._settled(payment, row.day)
        self.books.settle(ours=ours, theirs=row)
        if self.days.filed(row.day):
            self._aftermath(payment, row)

    def _canceled(self, payment: Payment, ours: Record, canceled_at: datetime, due_on: date) -> None:
        self.journal.add(payment, "canceled", canceled_at, code="Cancelled", reason="Basket abandoned")
        ours = replace(ours, status="canceled", raw_status="Cancelled")
        row = self._row(payment, at=canceled_at, day=due_on)
        self.books.break_pair(BreakKind.STATUS_MISMATCH, ours, row, story="Cancelled with us, but the capture had already gone out.")

    def _troubled(self, payment: Payment, ours: Record, at: datetime, due_on: date, *, trouble: str) -> None:
        if trouble == "missing_at_partner":
            self.books.break_ours(BreakKind.MISSING_AT_PARTNER, ours, story="Captured, but in no batch since.")
            return
        day = self.shift(due_on, next(self._delays)) if trouble == "late_settlement" else due_on
        row = self._row(payment, at=at, day=day)
        self._settled(payment, day)
        if trouble == "late_settlement":
            self.books.break_pair(BreakKind.LATE_SETTLEMENT, ours, row, story="Held for a risk review, settled a week later.")
        elif trouble == "amount_mismatch":
            cut = half_up(row.gross_minor * self.rng.choice((15, 25, 40)), 100)
            row = self._row(payment, at=at, day=day, gross_minor=row.gross_minor - cut)
            story = "We captured in full, the partner only a part: one item was out of stock."
            self.books.break_pair(BreakKind.AMOUNT_MISMATCH, ours, row, value_minor=cut, story=story)
        elif trouble == "fx_variance":
            row = self._row(payment, at=at, day=day, rate_ppm=USD_EUR_PPM - _MARKED_UP_PPM)
            value = half_up(ours.amount_minor * USD_EUR_PPM, PAR_PPM) - row.amount_minor
            story = "Converted with a mark-up nobody agreed."
            self.books.break_pair(BreakKind.FX_VARIANCE, ours, row, value_minor=value, currency=row.currency, story=story)
        elif trouble == "currency_mismatch":
            row = self._row(payment, at=at, day=day, gross_currency="EUR")
            self.books.break_pair(BreakKind.CURRENCY_MISMATCH, ours, row, story="Sold in pounds, settled as the same figure in euros.")
        elif trouble == "fee_variance":
            extra = max(15, half_up(row.amount_minor * 45, 10_000))
            row = replace(row, fee_minor=row.fee_minor + extra, method="mc", variant="mcpremiumcredit")
            story = "Charged by a fee table that starts next month."
            self.books.break_pair(BreakKind.FEE_VARIANCE, ours, row, value_minor=extra, story=story)
        else:
            self.books.settle(ours=ours, theirs=row)
            self._after_the_match(payment, ours, row, trouble=trouble)

    def _after_the_match(self, payment: Payment, ours: Record, row: ReportRow, *, trouble: str) -> None:
        """The surplus of a duplicate, one weekday after the first; or the money goes back, early enough to be in a report that came."""
        again = self.shift(row.day, 1)
        if trouble == "duplicate_in_ledger":
            twin = replace(ours, record_id=self.books.ids.take(again), booked_on=again, value_date=again, booked_at=None)
            self.books.break_ours(BreakKind.DUPLICATE_IN_LEDGER, twin, story="Booked again when the capture was retried.")
        elif trouble == "duplicate_at_partner":
            twin_row = self._row(payment, at=row.created_at, day=again)
            self.books.break_theirs(BreakKind.DUPLICATE_AT_PARTNER, twin_row, story="Settled in two batches.")
        elif trouble == "refunded":
            self._refund(payment, row, at=self._paid_at(row.day) + timedelta(hours=5))
        else:
            self._chargeback(payment, row, at=self._paid_at(row.day) + timedelta(hours=50))

    def _aftermath(self, payment: Payment, row: ReportRow) -> None:
        """Some settled payments are refunded later, in full or in part; a few come back as chargebacks."""
        luck = self.rng.randrange(1000)
        paid_at = self._paid_at(row.day)
        if luck < _REFUNDS_PER_MILLE:
            self._refund(payment, row, at=paid_at + timedelta(minutes=self.rng.randrange(90, 11_000)))
        elif luck < _REFUNDS_PER_MILLE + _CHARGEBACKS_PER_MILLE:
            self._chargeback(payment, row, at=paid_at + timedelta(minutes=self.rng.randrange(4_000, 23_000)))

    def _refund(self, payment: Payment, row: ReportRow, *, at: datetime) -> None:
        if at >= self.days.now:
            return
        self.journal.add(payment, "refunded", at, code="SentForRefund")
        amount = -half_up(payment.attempt.amount_minor * self.rng.choice((100, 100, 50, 30)), 100)
        refund_id = self.refs.refund()
        due_on = self.shift(self.days.local_date(at), 0)
        ours = self._record(
            Kind.REFUND, amount, payment.attempt.currency, due_on, booked_at=at, status="refunded", raw_status="SentForRefund",
            ref_payment_id=refund_id, ref_partner_id=payment.psp, ref_original=payment.id, ref_arn=self.refs.arn(due_on),
            account=row.account,
        )  # fmt: skip
        back = self._row(payment, at=at, day=self._batch_day(due_on), kind=Kind.REFUND, gross_minor=amount)
        self.books.settle(ours=ours, theirs=replace(back, modification_merchant_reference=refund_id))

    def _chargeback(self, payment: Payment, row: ReportRow, *, at: datetime) -> None:
        if at >= self.days.now:
            return
        self.journal.add(payment, "disputed", at, code="Chargeback", reason="10.4 Fraud, card absent")
        amount = -payment.attempt.amount_minor
        due_on = self.shift(self.days.local_date(at), 0)
        ours = self._record(
            Kind.CHARGEBACK, amount, payment.attempt.currency, due_on, booked_at=at, status="disputed", raw_status="Chargeback",
            ref_partner_id=payment.psp, ref_original=payment.id, ref_arn=payment.arn, account=row.account,
        )  # fmt: skip
        back = self._row(payment, at=at, day=self._batch_day(due_on), kind=Kind.CHARGEBACK, gross_minor=amount)
        self.books.settle(ours=ours, theirs=back)

    def strays(self) -> None:
        """What only one side has: captures by hand, and refunds and chargebacks of payments nobody knows."""
        for n, age in enumerate(_STRAY_PAYMENT_AGES):
            row = self._stray(Kind.PAYMENT, self.rng.randrange(2_000, 20_000), self.days.of_age(age), number=n)
            row = replace(row, merchant_reference=f"BACKOFFICE-{self.rng.randrange(1000, 9999)}")
            self.books.break_theirs(BreakKind.MISSING_IN_LEDGER, row, story="Captured by hand in the partner's back office.")
        for n in range(_FRESH_STRAYS if self.days.age(self.days.last_filed) <= WINDOW_BEFORE else 0):
            row = self._stray(Kind.PAYMENT, self.rng.randrange(2_000, 9_000), self.days.last_filed, number=n)
            self.books.cases.append(Case(outcome=Settled.PENDING, theirs=(row,)))
        for n, age in enumerate(_ORPHAN_REFUND_AGES):
            row = self._stray(Kind.REFUND, -self.rng.randrange(1_500, 9_000), self.days.of_age(age), number=n)
            self.books.break_theirs(BreakKind.ORPHAN_REFUND, row, story="Refunded by a shop's old system; the payment is unknown here.")
        for n, age in enumerate(_ORPHAN_CHARGEBACK_AGES):
            row = self._stray(Kind.CHARGEBACK, -self.rng.randrange(2_500, 15_000), self.days.of_age(age), number=n)
            self.books.break_theirs(BreakKind.ORPHAN_CHARGEBACK, row, story="A dispute of a payment from before the migration.")
        lost = self._record(
            Kind.REFUND, -self.rng.randrange(2_000, 8_000), "EUR", self.days.of_age(_PAST_WINDOW), status="refunded",
            ref_payment_id=self.refs.refund(), ref_partner_id=self.refs.psp(), ref_original=self.refs.payment(), account=ACCOUNTS["EUR"],
        )  # fmt: skip
        self.books.break_ours(BreakKind.ORPHAN_REFUND, lost, story="A refund booked against a payment id that nobody knows.")

    def close_batches(self) -> None:
        """A fee and a payout end each batch, so that it nets to zero; our ledger books both when the report comes."""
        batches: dict[tuple[date, str], list[ReportRow]] = {}
        for row in self.rows():
            batches.setdefault((row.day, row.account), []).append(row)
        for (day, account), rows in sorted(batches.items()):
            fee = -_PROCESSING_FEE_MINOR * len(rows)
            payout = -(sum(row.net_minor for row in rows) + fee)
            assert payout < 0, f"the batch of {day} on {account} owes more than it collected"
            number = batch_number(day, account, calendar=self.days.partner.calendar)
            words = f"TX{self.rng.randrange(10**10):010}XT batch {number}, {account}"
            self._closing(Kind.FEE, fee, rows[0], number, words=f"Transaction Fees {day:%B %d %Y}")
            self._closing(Kind.PAYOUT, payout, rows[0], number, words=words)

    def _closing(self, kind: Kind, amount_minor: int, first: ReportRow, number: int, *, words: str) -> None:
        row = ReportRow(
            kind=kind, amount_minor=amount_minor, currency=first.currency, day=first.day, reference="", modification_reference=words,
            account=first.account, created_at=at_local(self.days.partner, first.day, _CLOSE),
        )  # fmt: skip
        ours = self._record(
            kind, amount_minor, first.currency, first.day, booked_at=arrival(self.days.partner, first.day), account=first.account,
            ref_batch_id=str(number), ref_payment_id=self.refs.payout() if kind is Kind.PAYOUT else None,
        )  # fmt: skip
        self.books.settle(ours=ours, theirs=row)

    def _settled(self, payment: Payment, day: date) -> None:
        if self.days.filed(day):
            self.journal.add(payment, "settled", arrival(self.days.partner, day), code="Settled")
            self.journal.add(payment, "paid_out", self._paid_at(day), code="MerchantPayout")

    def _paid_at(self, day: date) -> datetime:
        """When the payout of a batch reaches our bank: the weekday after its report."""
        return at_local(self.days.partner, self.shift(day, 2), _PAID_AT)

    def _batch_day(self, due_on: date) -> date:
        return self.shift(due_on, 1) if self.rng.randrange(100) < _NEXT_BATCH_PERCENT else due_on

    def _row(self, payment: Payment, *, at: datetime, day: date, **given: Any) -> ReportRow:
        """A row about a payment under a reference of its own; `given` as for `row_about`."""
        return row_about(payment, at=at, day=day, modification_reference=self.refs.psp(), **given)

    def _ours(self, payment: Payment, captured_at: datetime, due_on: date) -> Record:
        amount, currency = payment.attempt.amount_minor, payment.attempt.currency
        account, fee = (ACCOUNTS[currency], fee_of("payment", amount, currency)) if currency in ACCOUNTS else (ACCOUNTS["EUR"], None)
        return self._record(
            Kind.PAYMENT, amount, currency, due_on, booked_at=captured_at, status="captured", raw_status="SentForSettle", fee_minor=fee,
            account=account, ref_payment_id=payment.id, ref_partner_id=payment.psp, ref_arn=payment.arn, network=payment.attempt.network,
        )  # fmt: skip

    def _record(self, kind: Kind, amount_minor: int, currency: str, day: date, *, booked_at: datetime | None = None, **more: Any) -> Record:
        booked_on = self.days.local_date(booked_at) if booked_at else day
        return Record(
            record_id=self.books.ids.take(booked_on), kind=kind, amount_minor=amount_minor, currency=currency, booked_on=booked_on,
            value_date=day, partner="meridian", booked_at=booked_at, **{"network": "cards", **more},
        )  # fmt: skip

    def _stray(self, kind: Kind, amount_minor: int, day: date, *, number: int) -> ReportRow:
        currency = _ALTERNATING[number % 2]
        return ReportRow(
            kind=kind, amount_minor=amount_minor, currency=currency, day=day, reference=self.refs.psp(), account=ACCOUNTS[currency],
            modification_reference=self.refs.psp(), created_at=at_local(self.days.partner, day, time(15, 12)),
            fee_minor=fee_of(kind, amount_minor, currency), gross_currency=currency, gross_minor=amount_minor,
            merchant_reference=self.refs.payment(), method="visa", variant="visadebit",
        )  # fmt: skip

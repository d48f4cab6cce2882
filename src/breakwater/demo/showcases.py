"""Payments worth looking up, one per story."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from breakwater.demo.cases import Books, Case, Payment, Settled
from breakwater.demo.partners import LateFile
from breakwater.demo.traffic import WALLETS
from breakwater.demo.truth import Showcase
from breakwater.model.breaks import BreakKind
from breakwater.model.records import Kind, Record

Fits = Callable[[Case, Record], bool]


def choose(books: Iterable[Books], *, approved: list[Payment], declined: list[Payment], late_file: LateFile) -> tuple[Showcase, ...]:
    """One payment per story, the latest that fits; declined ones stand in no case, so the last attempt is shown."""
    bank, psp = books
    by_id = {payment.id: payment for payment in approved}
    held = {e.payment_id for e in bank.journal.events if e.state == "on_hold"}
    known = {r.ref_original for b in (bank, psp) for case in b.cases for r in case.ours if r.ref_original}

    def show(story: str, of: Books, fits: Fits, *, typed_as: str, expect: str) -> Showcase:
        fitting = (r for c in of.cases for r in c.ours if fits(c, r) and getattr(r, typed_as))
        record = max(fitting, key=lambda r: (r.booked_on, r.record_id))
        goes_back = record.kind not in (Kind.PAYMENT, Kind.PAYOUT)
        payment_id = (record.ref_original if goes_back else record.ref_payment_id) or ""
        reference = getattr(record, typed_as)
        return Showcase(
            story=story, payment_id=payment_id, partner=record.partner, reference=reference, typed_as=typed_as, expect=expect
        )  # fmt: skip

    def settled(case: Case, record: Record) -> bool:
        is_whole = record.kind is Kind.PAYMENT and record.ref_payment_id not in known
        return case.outcome is Settled.MATCHED and is_whole and record.network != WALLETS

    def wallet(case: Case, record: Record) -> bool:
        return case.outcome is Settled.MATCHED and record.network == WALLETS and record.ref_payment_id not in known

    def payout(case: Case, record: Record) -> bool:
        return case.outcome is Settled.MATCHED and record.kind is Kind.PAYOUT

    def on_hold(_: Case, record: Record) -> bool:
        return record.ref_payment_id in held

    def back(kind: Kind) -> Fits:
        return lambda case, record: case.outcome is Settled.MATCHED and record.kind is kind and record.ref_original in by_id

    def broken(kind: BreakKind) -> Fits:
        return lambda case, record: case.outcome is kind and record.kind is Kind.PAYMENT

    def waiting(case: Case, record: Record) -> bool:
        is_free = record.kind is Kind.PAYMENT and record.network != WALLETS and record.ref_payment_id not in held
        return case.outcome is Settled.PENDING and is_free

    def waits_for_the_late_file(case: Case, record: Record) -> bool:
        return waiting(case, record) and record.value_date == late_file.business_date

    last = declined[-1]
    return (
        show("card settled", psp, settled, typed_as="ref_payment_id", expect="Settled and matched."),
        show("transfer settled", bank, settled, typed_as="ref_end_to_end_id", expect="Credited by Nordbank and matched."),
        show("refunded", psp, back(Kind.REFUND), typed_as="ref_payment_id", expect="Settled, then refunded; both are matched."),
        show("returned", bank, back(Kind.RETURN), typed_as="ref_end_to_end_id", expect="Credited, recalled by the payer's bank, returned."),
        show("charged back", psp, back(Kind.CHARGEBACK), typed_as="ref_arn", expect="Settled, then disputed by the cardholder."),
        show("missing", psp, broken(BreakKind.MISSING_AT_PARTNER), typed_as="ref_arn", expect="Captured, in no batch: an open break."),
        show("short paid", bank, broken(BreakKind.AMOUNT_MISMATCH), typed_as="ref_uetr", expect="Less arrived than was sent: a break."),
        show("in the late file", bank, waits_for_the_late_file, typed_as="ref_payment_id", expect="Pending: Nordbank's statement is late."),
        show("on its way", psp, waiting, typed_as="ref_partner_id", expect="Captured, its batch has not been reported yet."),
        show("wallet settled", psp, wallet, typed_as="ref_partner_id", expect="Paid by wallet, settled through the card PSP."),
        show("on hold", bank, on_hold, typed_as="ref_payment_id", expect="Accepted, then held by the payer's bank."),
        show("paid out", bank, payout, typed_as="ref_payment_id", expect="A payout of ours, executed by Nordbank."),
        Showcase(
            story="declined", payment_id=last.id, partner=last.attempt.partner, reference=last.id, typed_as="ref_payment_id",
            expect=f"Declined: {last.attempt.reason}.",
        ),
    )  # fmt: skip

"""One booked entry of a bank statement (ISO 20022 `Ntry`) becomes one record, or one for each of its transaction details.

The one table of what an entry means to us: kind, sign, dates, references, entry or detail.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from breakwater.errors import FileError
from breakwater.model.records import Kind, clean_reference
from breakwater.sources.camt_details import Detail, Details
from breakwater.sources.iso20022 import Elements

CREDIT, DEBIT = "CRDT", "DBIT"
BOOKED = "BOOK"

# Sub-family codes of the ISO 20022 bank transaction code (external code set BankTransactionSubFamily1Code).
# Charges, fees and the four kinds of commission. Interest, too: like a charge it is the bank's own reckoning for the account, so no
# payment of ours will ever explain it. Where both fit, a fee comes before a return: banks mark the charge for a return with the return.
FEE_CODES = frozenset({"CHRG", "FEES", "COMM", "COME", "COMI", "COMT", "INTR"})
# Reversals because of a return, a cancellation request or a reversal; returned ACH items; unpaid cheques, direct debits and cards.
RETURN_CODES = frozenset({"RRTN", "PRTN", "RPCR", "RCDD", "PRDD", "UPDD", "UPCQ", "UPCT", "ARET", "AREV"})

# The columns of an entry's row, after its logical key and line reference.
ROW_COLUMNS = (
    "kind", "amount_minor", "currency", "booked_on", "value_date", "booked_at", "account", "ref_partner_id", "ref_end_to_end_id",
    "ref_batch_id", "ref_original", "ref_uetr", "ref_tx_id", "original_amount_minor", "original_currency", "raw_code", "line",
)  # fmt: skip
_NO_CODE: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one `Ntry` says. `amount_minor` is unsigned; `value_date` None where the bank gives none; `code` and
    `shown_reference` as the bank wrote them."""

    number: int
    amount_minor: int
    currency: str
    direction: str
    status: str
    booked_on: date | None
    booked_at: datetime | None
    value_date: date | None
    reference: str | None
    shown_reference: str | None
    code: str | None
    sub_family: str | None

    @property
    def sign(self) -> int:
        """+1 for money towards us: the direction of the entry alone, whatever a reversal indicator or a detail says."""
        return 1 if self.direction == CREDIT else -1


class EntryReader(Elements):
    """Reads entries and details of one document; its errors say where they stand."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._batch: tuple[Any, dict[str, str]] = (None, {})
        self.entries = 0

    def direction(self, element: Any, *, of: str) -> str:
        """CRDT or DBIT."""
        text = self.text(element)
        if text not in (CREDIT, DEBIT):
            raise self.wrong("malformed", f"{of} says neither CRDT nor DBIT")
        return text

    def entry(self, element: Any) -> Entry:
        """What an `Ntry` says."""
        self.entries += 1
        parts = self.children(element)
        of = f"entry {self.entries}"
        amount_minor, currency = self.amount(parts.get("Amt"), of=of)
        status = parts.get("Sts")
        code, sub_family = self._code(parts.get("BkTxCd"))
        references = (self.text(parts.get("AcctSvcrRef")), self.text(parts.get("NtryRef")))
        booked_on, booked_text = self.day(parts.get("BookgDt"), of=f"booking date of {of}")
        return Entry(
            number=self.entries,
            amount_minor=amount_minor,
            currency=currency,
            direction=self.direction(parts.get("CdtDbtInd"), of=of),
            status=self.text(status) or self.text(status, "Cd") or self.text(status, "Prtry") or BOOKED,
            booked_on=booked_on,
            booked_at=_moment(booked_text),
            value_date=self.day(parts.get("ValDt"), of=f"value date of {of}")[0],
            reference=clean_reference(references[0]) or clean_reference(references[1]),
            shown_reference=references[0] or references[1],
            code=code,
            sub_family=sub_family,
        )

    def detail(self, element: Any) -> Detail:
        """What a `TxDtls` says. Its amount is `Amt`, or the transaction amount of the older versions."""
        parts = self.children(element)
        amount = parts.get("Amt")
        if amount is None and (inside := parts.get("AmtDtls")) is not None and (given := self.children(inside).get("TxAmt")) is not None:
            amount = self.children(given).get("Amt")
        amount_minor, currency = self._explaining(amount)
        references, batch = self._references(parts.get("Refs")), self._batch_of(element)
        code, sub_family = self._code(parts.get("BkTxCd"))
        return Detail(
            amount_minor=amount_minor,
            currency=currency,
            direction=self.text(parts.get("CdtDbtInd")),
            end_to_end_id=references.get("EndToEndId"),
            tx_id=references.get("TxId"),
            instruction_id=references.get("InstrId"),
            uetr=references.get("UETR"),
            servicer_reference=references.get("AcctSvcrRef"),
            batch_id=batch.get("PmtInfId") or references.get("PmtInfId") or batch.get("MsgId") or references.get("MsgId"),
            code=code,
            sub_family=sub_family,
            returned="RtrInf" in parts,
            return_reason=self.reason(parts.get("RtrInf")),
        )

    def _explaining(self, amount: Any) -> tuple[int | None, str | None]:
        """A detail's amount. One that can't be read explains nothing, and refuses nothing: the entry is the money."""
        try:
            return (None, None) if amount is None else self.amount(amount, of="a detail")
        except FileError:
            return None, None

    def _batch_of(self, detail: Any) -> dict[str, str]:
        """The references of the batch a detail is listed under; they stand first, once for all its details."""
        first = detail.getparent()[0]
        if self._batch[0] is not first:
            self._batch = (first, self._references(first) if self.local[first.tag] == "Btch" else {})
        return self._batch[1]

    def _references(self, element: Any) -> dict[str, str]:
        local = self.local
        return {} if element is None else {local[c.tag]: text for c in element if (text := clean_reference(c.text))}

    def _code(self, element: Any) -> tuple[str | None, str | None]:
        """(the code as the bank wrote it, its sub-family): ('PMNT/RCDT/ESCT', 'ESCT'), or the bank's own word."""
        if element is None:
            return _NO_CODE
        parts = self.children(element)
        if (domain := parts.get("Domn")) is not None:
            inside = self.children(domain)
            family = inside.get("Fmly")
            sub_family = self.text(family, "SubFmlyCd")
            words = (self.text(inside.get("Cd")), self.text(family, "Cd"), sub_family)
            return "/".join(word for word in words if word) or None, sub_family
        return self.text(parts.get("Prtry"), "Cd"), None


def _moment(text: str | None) -> datetime | None:
    """The moment of a date time with a zone; None for a mere date or an unknown zone."""
    if text is None or len(text) <= 11:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None  # the day is known, and only the day is promised


def rows(entry: Entry, details: Details, *, logical_key: str, account: str | None, booked_on: date) -> Iterator[tuple[Any, ...]]:
    """The records of a booked entry. The entry is the money: details stand for it only where they add up to it exactly."""
    row = functools.partial(_row, entry, logical_key=logical_key, account=account, booked_on=booked_on)
    if details.count == 1:
        yield row(next(iter(details)), entry.amount_minor, own_line=False)
    elif details.add_up_to(entry.amount_minor, entry.currency):
        for detail in details:
            yield row(detail, detail.amount_minor or 0, own_line=True)
    else:
        # Details that do not explain the entry lend it nothing but what all of them share.
        returned = bool(details.count) and details.all_returned
        yield row(Detail(batch_id=details.shared_batch_id, returned=returned), entry.amount_minor, own_line=False)


def line_reference(entry: Entry, detail: Detail, *, own_line: bool) -> str:
    """What names a line in the bank's own words: the entry, or a detail inside of it where that has a line of its own."""
    within = detail.end_to_end_id or detail.tx_id or detail.instruction_id or ""
    return "/".join(filter(None, (entry.reference, within))) if own_line else entry.reference or within


def _row(
    entry: Entry, detail: Detail, amount_minor: int, *, own_line: bool, logical_key: str, account: str | None, booked_on: date
) -> tuple[Any, ...]:
    kind = kind_of(entry, detail)
    original_minor = detail.amount_minor if detail.currency != entry.currency else None
    return (
        logical_key,
        line_reference(entry, detail, own_line=own_line),
        kind,
        entry.sign * amount_minor,
        entry.currency,
        booked_on,
        entry.value_date,
        entry.booked_at,
        account,
        detail.servicer_reference or entry.reference,
        detail.end_to_end_id,
        detail.batch_id,
        detail.end_to_end_id if kind is Kind.RETURN else None,  # a return carries the EndToEndId of the payment it undoes
        detail.uetr,
        detail.tx_id,
        entry.sign * original_minor if original_minor else None,
        detail.currency if original_minor else None,
        detail.code or entry.code,
        entry.number,
    )


def kind_of(entry: Entry, detail: Detail) -> Kind:
    """What an entry or one detail of it is, by the detail's code where it has one."""
    sub_family = detail.sub_family if detail.code else entry.sub_family
    if sub_family in FEE_CODES:
        return Kind.FEE
    if detail.returned or sub_family in RETURN_CODES:
        return Kind.RETURN
    return Kind.PAYMENT if entry.direction == CREDIT else Kind.PAYOUT

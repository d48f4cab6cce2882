"""One booked entry of a bank statement (ISO 20022 `Ntry`) becomes one record, or one for each of its transaction details.

The one table of what an entry means to us: kind, sign, dates, references, entry or detail.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent
from breakwater.model.records import Kind, clean_reference
from breakwater.sources.amounts import minor_of
from breakwater.sources.documents import RESEND
from breakwater.sources.markup import LocalNames

CREDIT, DEBIT = "CRDT", "DBIT"
BOOKED = "BOOK"
XML_BLANKS = " \t\r\n"

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
_AFTER_DATE = frozenset("Tt Zz+-")
_NO_CODE: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Detail:
    """What one `TxDtls` says: its amount (None where it states none), direction, references, codes and whether it is a return.

    A batch entry may have hundreds of thousands, and all wait for its end: only what a record needs is kept.
    """

    amount_minor: int | None = None
    currency: str | None = None
    direction: str | None = None
    end_to_end_id: str | None = None
    tx_id: str | None = None
    instruction_id: str | None = None
    uetr: str | None = None
    servicer_reference: str | None = None
    batch_id: str | None = None
    code: tuple[str | None, str | None] = _NO_CODE
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What one `Ntry` says, with its details. `amount_minor` is unsigned; `value_date` None where the bank gives none."""

    number: int
    amount_minor: int
    currency: str
    direction: str
    status: str
    booked_on: date | None
    booked_at: datetime | None
    value_date: date | None
    reference: str | None
    code: tuple[str | None, str | None]
    details: list[Detail] = field(default_factory=list)

    @property
    def sign(self) -> int:
        """+1 for money towards us: the direction of the entry alone, whatever a reversal indicator or a detail says."""
        return 1 if self.direction == CREDIT else -1


class EntryReader:
    """Reads entries and details of one document; its errors say where they stand."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._local = LocalNames()
        self._batch: tuple[Any, dict[str, str]] = (None, {})
        self.entries = 0

    def children(self, element: Any) -> dict[str, Any]:
        """An element's children by local name; of several the first."""
        local = self._local
        found: dict[str, Any] = {}
        for child in element:
            found.setdefault(local[child.tag], child)
        return found

    def text(self, element: Any, *path: str) -> str | None:
        """The text at a path below an element, without blanks; None where there is none."""
        for step in path:
            element = None if element is None else self.children(element).get(step)
        return None if element is None else (element.text or "").strip(XML_BLANKS) or None

    def amount(self, element: Any, *, of: str) -> tuple[int, str]:
        """An unsigned `Amt` in minor units of its own currency."""
        if element is None:
            raise self._wrong("bad-amount", f"{of} has no amount")
        text = (element.text or "").strip(XML_BLANKS)
        currency = (element.get("Ccy") or "").strip(XML_BLANKS).upper()
        try:
            places = exponent(currency)
        except KeyError:
            raise self._wrong("bad-amount", f"the amount of {of} is in '{currency}', which is no currency") from None
        try:
            # The direction has its own element, so a sign has no place here.
            return minor_of("" if text[:1] in "+-" else text, places), currency
        except ValueError:
            what = f"the amount of {of}, '{text}' {currency}, is not an unsigned number of {places} decimals"
            raise self._wrong("bad-amount", what) from None

    def direction(self, element: Any, *, of: str) -> str:
        """CRDT or DBIT."""
        text = self.text(element)
        if text not in (CREDIT, DEBIT):
            raise self._wrong("malformed", f"{of} says neither CRDT nor DBIT")
        return text

    def day(self, element: Any, *, of: str) -> tuple[date | None, str | None]:
        """The date in a date choice (`Dt` or `DtTm`), and its text; (None, None) where there is none."""
        for child in () if element is None else element:
            if self._local[child.tag] in ("Dt", "DtTm"):
                text = (child.text or "").strip(XML_BLANKS)
                try:
                    return iso_day(text), text
                except ValueError:
                    raise self._wrong("bad-date", f"the {of} '{text}' does not exist") from None
        return None, None

    def entry(self, element: Any, details: list[Detail]) -> Entry:
        """What an `Ntry` says."""
        self.entries += 1
        parts = self.children(element)
        of = f"entry {self.entries}"
        amount_minor, currency = self.amount(parts.get("Amt"), of=of)
        status = parts.get("Sts")
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
            reference=clean_reference(self.text(parts.get("AcctSvcrRef"))) or clean_reference(self.text(parts.get("NtryRef"))),
            code=self._code(parts.get("BkTxCd")),
            details=details,
        )

    def detail(self, element: Any) -> Detail:
        """What a `TxDtls` says. Its amount is `Amt`, or the transaction amount of the older versions."""
        parts = self.children(element)
        amount = parts.get("Amt")
        if amount is None and (inside := parts.get("AmtDtls")) is not None and (given := self.children(inside).get("TxAmt")) is not None:
            amount = self.children(given).get("Amt")
        amount_minor, currency = self._explaining(amount)
        references, batch = self._references(parts.get("Refs")), self._batch_of(element)
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
            code=self._code(parts.get("BkTxCd")),
            returned="RtrInf" in parts,
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
            self._batch = (first, self._references(first) if self._local[first.tag] == "Btch" else {})
        return self._batch[1]

    def _references(self, element: Any) -> dict[str, str]:
        local = self._local
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

    def _wrong(self, code: str, what: str) -> FileError:
        return FileError(code, f"{self._name}: {mask_cards(what)}.", remedy=RESEND)


@functools.lru_cache(maxsize=4096)
def iso_day(text: str) -> date:
    """The date at the start of an ISO date or date time. ValueError if it does not exist."""
    if text[4:8:3] != "--" or (len(text) > 10 and text[10] not in _AFTER_DATE):  # Python also knows weeks and days without dashes
        raise ValueError(f"'{text}' is no date")
    return date.fromisoformat(text[:10])


def _moment(text: str | None) -> datetime | None:
    """The moment of a date time with a zone; None for a mere date or an unknown zone."""
    if text is None or len(text) <= 11:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None  # the day is known, and only the day is promised


def rows(entry: Entry, *, logical_key: str, account: str | None, booked_on: date) -> Iterator[tuple[Any, ...]]:
    """The records of a booked entry. The entry is the money: details stand for it only where they add up to it exactly."""
    row = functools.partial(_row, entry, logical_key=logical_key, account=account, booked_on=booked_on)
    details = entry.details
    if len(details) == 1:
        yield row(details[0], entry.amount_minor)
    elif details and all(d.currency == entry.currency for d in details) and sum(d.amount_minor or 0 for d in details) == entry.amount_minor:
        for detail in details:
            yield row(detail, detail.amount_minor or 0)
    else:
        # Details that do not explain the entry lend it nothing but what all of them share.
        batches = {d.batch_id for d in details}
        returned = bool(details) and all(d.returned for d in details)
        yield row(Detail(batch_id=batches.pop() if len(batches) == 1 else None, returned=returned), entry.amount_minor)


def _row(entry: Entry, detail: Detail, amount_minor: int, *, logical_key: str, account: str | None, booked_on: date) -> tuple[Any, ...]:
    code, sub_family = detail.code if detail.code[0] else entry.code
    kind = _kind(sub_family, returned=detail.returned, credit=entry.direction == CREDIT)
    own_line = detail.end_to_end_id or detail.tx_id or detail.instruction_id or ""
    original_minor = detail.amount_minor if detail.currency != entry.currency else None
    return (
        logical_key,
        "/".join(filter(None, (entry.reference, own_line))) if len(entry.details) > 1 else entry.reference or own_line,
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
        code,
        entry.number,
    )


def _kind(sub_family: str | None, *, returned: bool, credit: bool) -> Kind:
    if sub_family in FEE_CODES:
        return Kind.FEE
    if returned or sub_family in RETURN_CODES:
        return Kind.RETURN
    return Kind.PAYMENT if credit else Kind.PAYOUT

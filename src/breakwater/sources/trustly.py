"""Trustly's funding (P11KFUN) and reconciliation (P11KREC) reports: a header, items, fundings, and a trail that adds them up.

Source: Trustly's developer documentation, "Reporting". Fields have places, not names. Amounts are in major units and signed; an item's fee
is its last field, signed as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.sources.delimited_rows import Row, first_row, rows
from breakwater.sources.documents import RESEND, Document, Head
from breakwater.sources.report_records import Movement, ReportRecords

FORMAT = "trustly-settlement"
_MAGIC = re.compile(r"P11K[A-Z]{3}")
# Where a record type has its fields, counted from 0.
_ITEM = {
    "id": 1, "created": 2, "original": 3, "reference": 9, "type": 10, "status": 11, "processed": 13, "currency": 14, "amount": 15,
    "trace": 16, "batch": 18, "fee": 22,
}  # fmt: skip
_TRANSACTION = {
    "id": 1,
    "created": 2,
    "original": 3,
    "reference": 9,
    "type": 10,
    "status": 11,
    "processed": 12,
    "currency": 13,
    "amount": 14,
}
_FUNDING = {"trace": 3, "currency": 4, "amount": 5, "date": 6}
_WIDTHS = {"I": 23, "T": 23, "F": 7}
_KINDS: Mapping[str, tuple[Kind, ProcessingState | None]] = {
    "capture": (Kind.PAYMENT, ProcessingState.SETTLED),
    "sale": (Kind.PAYMENT, ProcessingState.SETTLED),
    "deposit": (Kind.PAYMENT, ProcessingState.SETTLED),
    "refund": (Kind.REFUND, ProcessingState.REFUNDED),
    "reversal": (Kind.RETURN, ProcessingState.RETURNED),
    "return": (Kind.RETURN, ProcessingState.RETURNED),
    "reclaim": (Kind.RETURN, ProcessingState.RETURNED),
}


class Trustly:
    """Both reports as one partner language; they differ in the record types they have."""

    side = Side.THEIRS
    formats: tuple[str, ...] = (FORMAT,)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By the magic word in the header."""
        first = first_row(head.text)
        return FORMAT if len(first) > 1 and first[0] == "H" and _MAGIC.fullmatch(first[1]) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        report = _Report(document, reading)
        for row in rows(document):
            yield from report.record(row)
        yield from report.finish()


class _Report:
    def __init__(self, document: Document, reading: Reading) -> None:
        self._document = document
        self._records = ReportRecords(document, reading)
        self._key = ""
        self._account: str | None = None
        self._is_over = False
        self._items: list[tuple[str, int]] = []  # currency and signed amount
        self._fundings: list[tuple[str, int]] = []

    def record(self, row: Row) -> Iterator[pa.RecordBatch]:
        code = row.cells[0]
        if self._is_over:
            row.refuse("malformed", f"a record '{code}' stands after the trail")
        if not self._key and code != "H":
            row.refuse("malformed", "there is no header")
        if len(row.cells) > _WIDTHS.get(code, len(row.cells)):
            row.refuse("malformed", f"a record '{code}' has {len(row.cells)} fields, more than {_WIDTHS[code]}")
        match code:
            case "H" if not self._key:
                self._account = clean_reference(row.cell(5, what="merchant"))
                self._key = ":".join((FORMAT, self._account or "", *row.cells[1:2], *row.cells[3:5], *row.cells[6:7]))
            case "I" | "T":
                return self._item(row, _ITEM if code == "I" else _TRANSACTION)
            case "F":
                return self._funding(row)
            case "L":
                self._trail(row)
            case _:
                row.refuse("malformed", f"there is no record type '{code}' here")
        return iter(())

    def finish(self) -> Iterator[pa.RecordBatch]:
        if not self._is_over:
            raise FileError("truncated", f"{self._document.name} ends before its trail.", remedy=RESEND)
        yield from self._records.finish(account=self._account)

    def _item(self, row: Row, places: Mapping[str, int]) -> Iterator[pa.RecordBatch]:
        text = {name: row.cell(place, what=name) for name, place in places.items()}
        currency, amount_minor = self._amount(row, text)
        fee_minor = row.minor_units(text["fee"], _places(row, currency), what="the fee") if text.get("fee") else None
        totals = self._records.totals(currency)
        totals.add(abs(amount_minor), credit=amount_minor >= 0)
        totals.credits_minor += max(fee_minor or 0, 0)
        totals.debits_minor += max(-(fee_minor or 0), 0)
        self._items.append((currency, amount_minor))
        kind, status = _KINDS.get(text["type"].lower(), (Kind.ADJUSTMENT, None))
        if kind is Kind.PAYMENT and amount_minor < 0:  # taken back by the payer's bank
            kind, status = Kind.RETURN, ProcessingState.RETURNED
        at = _moment(row, text["processed"] or text["created"])
        movement = Movement(
            currency=currency,
            kind=kind,
            amount_minor=amount_minor,
            fee_minor=None if fee_minor is None else -fee_minor,
            booked_on=at.date(),
            booked_at=at if at.tzinfo else None,
            account=self._account,
            status=status,
            raw_status=text["status"] or None,
            raw_code=text["type"] or None,
            ref_payment_id=clean_reference(text["reference"]),
            ref_partner_id=clean_reference(text["id"]),
            ref_original=clean_reference(text["original"]) if kind in (Kind.REFUND, Kind.RETURN) else None,
            ref_batch_id=clean_reference(text.get("batch")),
            ref_payout_trace_id=clean_reference(text.get("trace")),
            line=row.line,
        )
        return self._records.add(movement, key=self._key, reference=text["id"])

    def _funding(self, row: Row) -> Iterator[pa.RecordBatch]:
        """Money that leaves Trustly's balance for our bank account; a negative funding comes from there."""
        text = {name: row.cell(place, what=name) for name, place in _FUNDING.items()}
        currency, amount_minor = self._amount(row, text)
        self._records.totals(currency).add(abs(amount_minor), credit=amount_minor < 0)
        self._fundings.append((currency, amount_minor))
        at = _moment(row, text["date"])
        movement = Movement(
            currency=currency,
            kind=Kind.PAYOUT,
            amount_minor=-amount_minor,
            fee_minor=None,
            booked_on=at.date(),
            booked_at=at if at.tzinfo else None,
            account=self._account,
            status=ProcessingState.PAID_OUT,
            raw_code="F",
            ref_partner_id=clean_reference(text["trace"]),
            ref_payout_trace_id=clean_reference(text["trace"]),
            line=row.line,
        )
        return self._records.add(movement, key=self._key, reference=text["trace"])

    def _amount(self, row: Row, text: Mapping[str, str]) -> tuple[str, int]:
        currency = text["currency"].upper()
        return currency, row.minor_units(text["amount"], _places(row, currency), what="the amount")

    def _trail(self, row: Row) -> None:
        """L, number and sum of items, number and sum of fundings; a report without fundings has only their sum."""
        said = list(row.cells[1:])
        if len(said) == 3 and "." in said[2]:
            said.insert(2, "")
        if len(said) < (4 if self._fundings else 2) or (self._fundings and not said[3]):
            row.refuse("truncated", "the trail ends before its totals")
        _check(row, "items", self._items, count=said[0], total=said[1])
        _check(row, "fundings", self._fundings, count="".join(said[2:3]), total="".join(said[3:4]))
        self._is_over = True


def _check(row: Row, what: str, found: list[tuple[str, int]], *, count: str, total: str) -> None:
    if count and count.lstrip("0") != str(len(found) or ""):
        row.refuse("control-total", f"the trail counts {count} {what}, but there are {len(found):,}")
    if not total:
        return
    places = max((exponent(currency) for currency, _ in found), default=2)
    summed = sum(minor * 10 ** (places - exponent(currency)) for currency, minor in found)
    if row.minor_units(total, places, what="a total") != summed:
        row.refuse("control-total", f"the trail's total of {what} is {total}, but they add up to {summed:,} in minor units")


def _places(row: Row, currency: str) -> int:
    try:
        return exponent(currency)
    except KeyError:
        row.refuse("bad-amount", f"{currency!r} is no currency")


def _moment(row: Row, text: str) -> datetime:
    try:
        if text[4:5] != "-":
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        row.refuse("bad-date", f"{text!r} is no date")

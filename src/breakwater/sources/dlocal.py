"""dLocal's settlement report: a header row with totals and its values, then a second header and the rows that make them up.

Source: dLocal's documentation, "Settlement report". Amounts have six decimals, more than their currency: a statement adds them up exactly
and rounds each side once, so what a row moves is what the rounded sum moves by it. Rows of whole minor units stay as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.sources.amounts import rounded
from breakwater.sources.delimited_rows import Row, first_row, rows
from breakwater.sources.documents import RESEND, Document, Head
from breakwater.sources.report_records import Movement, ReportRecords

FORMAT = "dlocal-settlement"
_TOP = frozenset({"ROW_TYPE", "SETTLEMENT_CURRENCY", "NET_TOTAL_AMOUNT"})
_NEEDED = ("ROW_TYPE", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT")
_DECIMALS = 6
_TOTALS = {"GROSS_AMOUNT": "GROSS_TOTAL_AMOUNT", "FEE_AMOUNT": "FEE_TOTAL_AMOUNT", "NET_AMOUNT": "NET_TOTAL_AMOUNT"}
_KINDS: Mapping[str, tuple[Kind, ProcessingState | None]] = {
    "PAYMENT": (Kind.PAYMENT, ProcessingState.SETTLED),
    "CAPTURE": (Kind.PAYMENT, ProcessingState.SETTLED),
    "REFUND": (Kind.REFUND, ProcessingState.REFUNDED),
    "CHARGEBACK": (Kind.CHARGEBACK, ProcessingState.DISPUTED),
    "CHARGEBACK_REVERSAL": (Kind.CHARGEBACK_REVERSAL, ProcessingState.DISPUTE_WON),
    "SETTLEMENT_FEE": (Kind.FEE, None),
    "ADJUSTMENT": (Kind.ADJUSTMENT, None),
}


class DLocal:
    """The report as a partner language."""

    side = Side.THEIRS
    formats: tuple[str, ...] = (FORMAT,)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By the columns of the first header."""
        return FORMAT if frozenset(first_row(head.text)) >= _TOP else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        found = rows(document)
        first = list(itertools.islice(found, 3))
        if len(first) < 3:
            raise FileError("truncated", f"{document.name} ends before its second header.", remedy=RESEND)
        report = _Report(document, reading, top=_named(first[0], first[1]), second=first[2])
        for row in found:
            yield from report.row(row)
        yield from report.finish()


class _Report:
    def __init__(self, document: Document, reading: Reading, *, top: Mapping[str, str], second: Row) -> None:
        self._document = document
        self._records = ReportRecords(document, reading)
        self._top = top
        self._places = {name: place for place, name in reversed(list(enumerate(second.cells))) if name}
        if missing := [name for name in _NEEDED if name not in self._places]:
            second.refuse("malformed", f"the columns {', '.join(missing)} are missing")
        self._width = len(second.cells)
        reading.columns.extend(name for name in (*top, *second.cells) if name)
        self._second = second
        self._currency = top.get("SETTLEMENT_CURRENCY", "").upper()
        try:
            self._finer_by = _DECIMALS - exponent(self._currency)
        except KeyError:
            second.refuse("bad-amount", f"{self._currency!r} is no currency")
        self._key = f"{FORMAT}::{top.get('TRANSFER_ID', '')}"
        self._count = 0
        self._sums = dict.fromkeys(_TOTALS, 0)
        self._sides = {True: 0, False: 0}  # credits and debits so far, exactly
        self._accounts: set[str] = set()

    def row(self, row: Row) -> Iterator[pa.RecordBatch]:
        if len(row.cells) > self._width:
            row.refuse("malformed", f"the row has {len(row.cells)} cells for {self._width} columns")
        for name in _NEEDED:
            row.cell(self._places[name], what=f"column '{name}'")
        self._count += 1
        if account := self._cell(row, "MID"):
            self._accounts.add(account)
        fine = {name: self._fine(row, name) for name in _TOTALS}
        for name, amount in fine.items():
            self._sums[name] += amount
        net = fine["NET_AMOUNT"]
        net_minor = self._moved(net)
        self._records.totals(self._currency).add(abs(net_minor), credit=net >= 0)
        word = self._cell(row, "ROW_TYPE").upper()
        kind, status = _KINDS.get(word, (Kind.ADJUSTMENT, None))
        fee_minor = None if kind is Kind.FEE or not self._cell(row, "FEE_AMOUNT") else -rounded(fine["FEE_AMOUNT"], self._finer_by)
        at = self._date(row)
        payment = clean_reference(self._cell(row, "TRANSACTION_ID"))
        movement = Movement(
            currency=self._currency,
            kind=kind,
            amount_minor=net_minor + (fee_minor or 0),
            fee_minor=fee_minor,
            booked_on=at.date(),
            booked_at=at if at.tzinfo else None,
            account=account or None,
            status=status,
            raw_status=self._cell(row, "STATUS") or None,
            raw_code=word or None,
            ref_payment_id=payment,
            ref_partner_id=clean_reference(self._cell(row, "DLOCAL_TRANSACTION_ID")),
            ref_original=payment if kind in (Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL) else None,
            ref_batch_id=clean_reference(self._top.get("TRANSFER_ID")),
            line=row.line,
        )
        reference = "/".join(filter(None, (self._cell(row, "DLOCAL_TRANSACTION_ID"), word)))
        return self._records.add(movement, key=self._key, reference=reference)

    def finish(self) -> Iterator[pa.RecordBatch]:
        said = self._top.get("NUMBER_OF_ITEMS", "")
        if said and said.lstrip("0") != str(self._count or ""):
            self._disagree(f"its header counts {said} items, but there are {self._count:,}")
        for name, total_name in _TOTALS.items():
            if total := self._top.get(total_name):
                off = self._second.minor_units(total, _DECIMALS, what=f"'{total_name}'") - self._sums[name]
                if abs(off) > 10**self._finer_by:
                    self._disagree(f"{total_name} is {total}, but its rows add up to {self._sums[name]:,} millionths")
        account = next(iter(self._accounts)) if len(self._accounts) == 1 else None
        yield from self._records.finish(id=self._top.get("TRANSFER_ID") or None, account=account)

    def _disagree(self, what: str) -> None:
        raise FileError("control-total", f"{self._document.name}: {what}.", remedy=RESEND)

    def _fine(self, row: Row, name: str) -> int:
        """Millionths of the currency; an empty net amount is none, an empty gross or fee is 0."""
        text = self._cell(row, name)
        return 0 if not text and name != "NET_AMOUNT" else row.minor_units(text, _DECIMALS, what=f"'{name}'")

    def _moved(self, net: int) -> int:
        """The minor units by which this row moves the rounded sum of its side."""
        before = rounded(self._sides[net >= 0], self._finer_by)
        self._sides[net >= 0] += net
        return rounded(self._sides[net >= 0], self._finer_by) - before

    def _date(self, row: Row) -> datetime:
        texts = (self._cell(row, "APPROVED_DATE"), self._cell(row, "CREATION_DATE"), self._top.get("TRANSFER_DATE", ""))
        text = next(filter(None, texts), "")
        try:
            if text[4:5] != "-":
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError:
            row.refuse("bad-date", f"{text!r} is no date")

    def _cell(self, row: Row, name: str) -> str:
        place = self._places.get(name)
        return row.cells[place] if place is not None and place < len(row.cells) else ""


def _named(names: Row, values: Row) -> dict[str, str]:
    return dict(zip(names.cells, values.cells, strict=False))

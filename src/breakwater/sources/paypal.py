"""PayPal's settlement report (STL) and transaction detail report (TRR): sections of rows between headers and footers that add them up.

Source: PayPal's developer documentation, "Settlement Report" and "Transaction Detail Report". Amounts are unsigned, a CR or DR beside
them says which way they go, and their unit is 1/100 of the major unit in every currency: ¥150 is 15000.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Notice, Reading
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.sources.delimited_rows import Row, first_row, rows
from breakwater.sources.documents import RESEND, Document, Head, head_of
from breakwater.sources.report_records import Movement, ReportRecords

STL = "paypal-stl"
TRR = "paypal-trr"
_STATUS = "Transactional Status"  # a column that only the transaction detail report has
_STARTS = frozenset({"RH", "FH", "SH", "CH"})
_NEEDED = (
    "Transaction ID", "Transaction Event Code", "Transaction Debit or Credit", "Gross Transaction Amount", "Gross Transaction Currency",
    "Fee Debit or Credit", "Fee Amount", "Fee Currency",
)  # fmt: skip
_DATES = ("Transaction Completion Date", "Transaction Initiation Date")
_PENDING_STATUS = frozenset({"V", "D", "P"})  # reversed, denied, pending
_AUTHORIZATION = "T13"
_DATE = re.compile(r"(\d{4})/(\d{2})/(\d{2}) (\d{2}):(\d{2}):(\d{2})(?: ([+-])(\d{2})(\d{2}))?", re.ASCII)
# Event codes, the longest prefix first. A payment that we make is an adjustment.
_KINDS: Mapping[str, Kind] = {
    "T1107": Kind.REFUND,
    "T1106": Kind.CHARGEBACK,  # a payment taken back by PayPal
    "T1201": Kind.CHARGEBACK,
    "T1202": Kind.CHARGEBACK_REVERSAL,
    "T1207": Kind.CHARGEBACK,
    "T00": Kind.PAYMENT,
    "T01": Kind.FEE,
    "T04": Kind.PAYOUT,
}
_STATUS_OF: Mapping[Kind, ProcessingState] = {
    Kind.PAYMENT: ProcessingState.SETTLED,
    Kind.REFUND: ProcessingState.REFUNDED,
    Kind.CHARGEBACK: ProcessingState.DISPUTED,
    Kind.CHARGEBACK_REVERSAL: ProcessingState.DISPUTE_WON,
    Kind.PAYOUT: ProcessingState.PAID_OUT,
}
_REFERS_BACK = frozenset({Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL})
_FAMILIES = frozenset({f"T{n:02}" for n in range(23)} | {"T50", "T97", "T98", "T99"})


class PayPal:
    """Both reports as one partner language."""

    side = Side.THEIRS
    formats: tuple[str, ...] = (STL, TRR)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By the code of the first record; only the transaction detail report has a column for the status."""
        first = first_row(head.text)
        if not first or first[0] not in _STARTS or (first[0] == "CH" and not {"Transaction ID", "Gross Transaction Amount"} & set(first)):
            return None
        return TRR if _STATUS in head.text else STL

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        report = _Report(document, reading, format=self.recognise(head_of(document)) or STL)
        for row in rows(document):
            yield from report.record(row)
        yield from report.finish()


class _Sums(NamedTuple):
    """Hundredths of a currency in one section or report, by the order of the footers: gross and fees, credits before debits."""

    of_all: list[int]
    of_booked: list[int]


class _Counted:
    """What the rows of a section or of the whole report add up to."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums: dict[str, _Sums] = {}

    def add(self, currency: str, place: int, hundredths: int, *, booked: bool) -> None:
        sums = self.sums.setdefault(currency, _Sums([0] * 4, [0] * 4))
        sums.of_all[place] += hundredths
        sums.of_booked[place] += hundredths if booked else 0

    def agrees(self, currency: str, said: list[int | None]) -> bool:
        """True if a footer's sums are those of the rows. Whether pending rows belong to them PayPal does not say, so both is fine."""
        known = self.sums.get(currency, _Sums([0] * 4, [0] * 4))
        return any(all(s is None or s == k for s, k in zip(said, sums, strict=True)) for sums in known)


class _Report:
    def __init__(self, document: Document, reading: Reading, *, format: str) -> None:
        self._document = document
        self._reading = reading
        self._format = format
        self._records = ReportRecords(document, reading)
        self._places: dict[str, int] = {}
        self._width = 0
        self._account: str | None = None
        self._period = ""
        self._sequence = ""
        self._opened: set[str] = set()
        self._is_over = False
        self._section, self._whole = _Counted(), _Counted()
        self._unknown: Counter[str] = Counter()

    def record(self, row: Row) -> Iterator[pa.RecordBatch]:
        code = row.cells[0]
        if self._is_over:
            row.refuse("malformed", f"a {code} record stands after the end of the file")
        if code == "SB":
            return self._body(row)
        self._opened.add(code)
        match code:
            case "RH" | "FH" | "SH":
                self._open(row, code)
            case "CH":
                self._columns(row)
            case "SC" | "RC" | "FF":
                self._check_count(row, self._section if code == "SC" else self._whole)
                self._is_over = code == "FF"
            case "SF" | "RF":
                self._check_sums(row, self._section if code == "SF" else self._whole)
            case _:
                row.refuse("malformed", f"there is no record type '{code}'")
        return iter(())

    def finish(self) -> Iterator[pa.RecordBatch]:
        if "FF" not in self._opened and ("FH" in self._opened or not self._places):
            raise FileError("truncated", f"{self._document.name} ends before its last record, FF.", remedy=RESEND)
        if self._unknown:
            codes = ", ".join(f"'{code}' ({n})" for code, n in self._unknown.most_common(5))
            self._reading.notices.append(Notice("unknown-kind", f"Unknown event codes were read as adjustment: {codes}."))
        yield from self._records.finish()

    def _open(self, row: Row, code: str) -> None:
        if code == "FH":
            self._sequence = "".join(row.cells[1:2])
        if code == "SH":
            self._account = clean_reference("".join(row.cells[3:4]))
            self._period = "".join(row.cells[1:2])
            self._section = _Counted()

    def _columns(self, row: Row) -> None:
        names = [" ".join(name.split()) for name in row.cells]
        if missing := [name for name in _NEEDED if name not in names]:
            row.refuse("malformed", f"the columns {', '.join(missing)} are missing")
        if not any(name in names for name in _DATES):
            row.refuse("malformed", "there is no column with a date")
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}
        self._width = len(names)
        self._reading.columns.extend(name for name in names[1:] if name)

    def _body(self, row: Row) -> Iterator[pa.RecordBatch]:
        if not self._places:
            row.refuse("malformed", "a row stands before the names of its columns")
        if len(row.cells) > self._width:
            row.refuse("malformed", f"the row has {len(row.cells)} cells for {self._width} columns")
        for name in (*_NEEDED, *([_STATUS] if _STATUS in self._places else [])):
            row.cell(self._places[name], what=f"column '{name}'")
        code, status = self._cell(row, "Transaction Event Code"), self._cell(row, _STATUS)
        is_booked = status not in _PENDING_STATUS and not code.startswith(_AUTHORIZATION)
        currency = self._cell(row, "Gross Transaction Currency").upper()
        gross_minor = self._amount(row, "Gross Transaction Amount", "Transaction Debit or Credit", currency, first=0, booked=is_booked)
        if gross_minor is None:
            row.refuse("bad-amount", "the gross amount is empty")
        fee_currency = self._cell(row, "Fee Currency").upper() or currency
        fee_minor = self._amount(row, "Fee Amount", "Fee Debit or Credit", fee_currency, first=2, booked=is_booked)
        if fee_currency != currency and fee_minor:
            row.refuse("malformed", f"the fee is in {fee_currency}, the amount in {currency}")
        for counted in (self._section, self._whole):
            counted.rows += 1
        totals = self._records.totals(currency, account=self._account)
        if not is_booked:
            totals.pending_entries += 1
            return iter(())
        reference = self._cell(row, "Transaction ID")
        totals.add(abs(gross_minor), credit=gross_minor >= 0, reference=reference)
        totals.credits_minor += max(fee_minor or 0, 0)
        totals.debits_minor += max(-(fee_minor or 0), 0)
        return self._movement(row, code, status, currency, gross_minor, fee_minor, reference)

    def _movement(
        self, row: Row, code: str, status: str, currency: str, gross_minor: int, fee_minor: int | None, reference: str
    ) -> Iterator[pa.RecordBatch]:
        kind = self._kind(code, gross_minor)
        at = self._date(row)
        invoice = clean_reference(self._cell(row, "Invoice ID"))
        original = invoice or clean_reference(self._cell(row, "PayPal Reference ID"))
        movement = Movement(
            currency=currency,
            kind=kind,
            amount_minor=gross_minor,
            fee_minor=None if fee_minor is None else -fee_minor,
            booked_on=at.date(),
            booked_at=at if at.tzinfo else None,
            account=self._account,
            status=_STATUS_OF.get(kind),
            raw_status=status or None,
            raw_code=code or None,
            ref_payment_id=invoice,
            ref_partner_id=clean_reference(reference),
            ref_original=original if kind in _REFERS_BACK else None,
            ref_payout_trace_id=clean_reference(self._cell(row, "Bank Reference ID")),
            line=row.line,
        )
        period = self._period or f"{at.date()}.{reference}"
        if not self._period:
            self._period = period
        key = ":".join((self._format, self._account or "", period + (f"#{self._sequence}" if self._sequence else "")))
        return self._records.add(movement, key=key, reference=reference)

    def _kind(self, code: str, gross_minor: int) -> Kind:
        kind = next((_KINDS[code[:length]] for length in (5, 3) if code[:length] in _KINDS), Kind.ADJUSTMENT)
        if code[:3] not in _FAMILIES:
            self._unknown[code] += 1
        return Kind.ADJUSTMENT if kind is Kind.PAYMENT and gross_minor < 0 else kind

    def _amount(self, row: Row, name: str, side_name: str, currency: str, *, first: int, booked: bool) -> int | None:
        """Signed minor units, None where the cell is empty; counted in hundredths at `first` (credits) or the place after it (debits)."""
        text, side = self._cell(row, name), self._cell(row, side_name).upper()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()):
            row.refuse("bad-amount", f"'{name}' {text!r} is no whole number of hundredths")
        try:
            minor = row.minor_units(text, exponent(currency) - 2, what=f"'{name}'")
        except KeyError:
            row.refuse("bad-amount", f"'{currency}' is no currency")
        if side not in ("CR", "DR") and minor:
            row.refuse("malformed", f"'{side_name}' is {side!r}, neither CR nor DR")
        for counted in (self._section, self._whole):
            counted.add(currency, first + (side == "DR"), int(text), booked=booked)
        return -minor if side == "DR" else minor

    def _date(self, row: Row) -> datetime:
        text = next((cell for name in _DATES if (cell := self._cell(row, name))), "")
        found = _DATE.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            moment = datetime(*(int(part) for part in found.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001 -- its zone is next
            if found[7] is None:
                return moment
            ahead = timedelta(hours=int(found[8]), minutes=int(found[9]))
            return moment.replace(tzinfo=timezone(-ahead if found[7] == "-" else ahead))
        except ValueError:
            row.refuse("bad-date", f"{text!r} is no date")

    def _cell(self, row: Row, name: str) -> str:
        place = self._places.get(name)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    def _check_count(self, row: Row, counted: _Counted) -> None:
        text = "".join(row.cells[1:2])
        if row.cells[0] == "FF" and not text:
            row.refuse("truncated", "the last record ends before its count")
        if text and text.lstrip("0") != str(counted.rows or ""):
            row.refuse("control-total", f"{row.cells[0]} counts {text} rows, but there are {counted.rows:,}")

    def _check_sums(self, row: Row, counted: _Counted) -> None:
        currency = row.cell(1, what="currency").upper()
        said = [self._hundredths(row, text) for text in (*row.cells[2:6], "", "", "", "")[:4]]
        if not counted.agrees(currency, said):
            known = counted.sums.get(currency, _Sums([0] * 4, [0] * 4)).of_all
            shown = ", ".join(map(str, known))
            row.refuse("control-total", f"the totals in {currency} are {', '.join(row.cells[2:6])}, but the rows add up to {shown}")

    def _hundredths(self, row: Row, text: str) -> int | None:
        if text and not (text.isascii() and text.isdecimal()):
            row.refuse("bad-amount", f"the total {text!r} is no whole number of hundredths")
        return int(text) if text else None

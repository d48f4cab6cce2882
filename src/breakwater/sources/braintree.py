"""Braintree's disbursement report: one JSON object in each line, a transaction that was paid out or a dispute.

Source: Braintree's documentation of its GraphQL API, "Transaction" and "Dispute". Amounts are decimal texts in major units.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NoReturn

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.sources.amounts import minor_of
from breakwater.sources.documents import RESEND, Document, Head, bad_encoding, utf8_stream
from breakwater.sources.report_records import Movement, ReportRecords

FORMAT = "braintree-disbursement"
_KNOWN_BY = ('"disbursementDetails"', '"amountDisputed"')
_CHUNK_BYTES = 1 << 20
_LONGEST_LINE = 1 << 22
# A dispute's money: taken when it is opened, given back when it is won.
_DISPUTES: Mapping[str, tuple[Kind, ProcessingState, int]] = {
    "OPEN": (Kind.CHARGEBACK, ProcessingState.DISPUTED, -1),
    "LOST": (Kind.CHARGEBACK, ProcessingState.DISPUTE_LOST, -1),
    "WON": (Kind.CHARGEBACK_REVERSAL, ProcessingState.DISPUTE_WON, 1),
}


class Braintree:
    """The report as a partner language."""

    side = Side.THEIRS
    formats: tuple[str, ...] = (FORMAT,)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By the names of the fields that hold the money, in the first line."""
        first = head.text.lstrip("\ufeff \t\r\n").partition("\n")[0]
        return FORMAT if first.startswith("{") and any(name in first for name in _KNOWN_BY) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one report."""
        records = ReportRecords(document, reading)
        key = ""
        for line, item in _objects(document):
            entry = _Entry(document.name, line, item)
            money = entry.money()
            totals = records.totals(entry.currency())
            if money is None:
                totals.pending_entries += 1
                continue
            movement, reference = money
            totals.add(abs(movement.amount_minor), credit=movement.amount_minor >= 0)
            key = key or f"{FORMAT}::{movement.booked_on}.{reference}"
            yield from records.add(movement, key=key, reference=reference)
        yield from records.finish()


class _Entry:
    """One object of the report."""

    def __init__(self, name: str, line: int, item: Mapping[str, Any]) -> None:
        self._name = name
        self._line = line
        self._item = item

    def currency(self) -> str:
        """The currency of what the object is about, booked or not."""
        details = _inside(self._item, "disbursementDetails")
        amounts = (_inside(details, "amount"), _inside(self._item, "amountDisputed"), _inside(self._item, "amount"))
        code = next(filter(None, (_text(amount.get("currencyCode")).upper() for amount in amounts)), "")
        if not code:
            self._refuse("bad-amount", "there is no currency")
        return code

    def money(self) -> tuple[Movement, str] | None:
        """What the object moved, and its id; None where it has moved no money yet."""
        status = str(self._item.get("status") or "").upper()
        if "amountDisputed" in self._item:
            return self._dispute(status) if status in _DISPUTES else None
        details = _inside(self._item, "disbursementDetails")
        return self._disbursed(details, status) if status == "SETTLED" and details.get("amount") else None

    def _disbursed(self, details: Mapping[str, Any], status: str) -> tuple[Movement, str]:
        amount_minor = self._minor_units(_inside(details, "amount"))
        currency = self.currency()
        paid = _inside(self._item, "amount")
        is_converted = bool(paid.get("currencyCode")) and str(paid["currencyCode"]).upper() != currency
        movement = Movement(
            currency=currency,
            kind=Kind.PAYMENT if amount_minor >= 0 else Kind.REFUND,
            amount_minor=amount_minor,
            fee_minor=None,
            booked_on=self._day(details.get("date") or self._item.get("createdAt")),
            status=ProcessingState.SETTLED,
            raw_status=status,
            ref_payment_id=clean_reference(_text(self._item.get("orderId"))),
            ref_partner_id=clean_reference(_text(self._item.get("legacyId") or self._item.get("id"))),
            original_amount_minor=self._minor_units(paid) if is_converted else None,
            original_currency=str(paid["currencyCode"]).upper() if is_converted else None,
            account=clean_reference(_text(self._item.get("merchantAccountId"))),
            line=self._line,
        )
        return movement, _text(self._item.get("id"))

    def _dispute(self, status: str) -> tuple[Movement, str]:
        kind, state, sign = _DISPUTES[status]
        transaction = _inside(self._item, "transaction")
        history = self._item.get("statusHistory") or []
        disbursed = [each.get("disbursementDate") for each in history if isinstance(each, dict)] if isinstance(history, list) else []
        movement = Movement(
            currency=self.currency(),
            kind=kind,
            amount_minor=sign * self._minor_units(_inside(self._item, "amountDisputed")),
            fee_minor=None,
            booked_on=self._day(next(filter(None, disbursed), None) or self._item.get("receivedDate") or self._item.get("createdAt")),
            status=state,
            raw_status=status,
            raw_code=clean_reference(_text(self._item.get("type"))),
            ref_payment_id=clean_reference(_text(transaction.get("orderId"))),
            ref_partner_id=clean_reference(_text(self._item.get("legacyId") or self._item.get("id"))),
            ref_original=clean_reference(_text(transaction.get("orderId"))),
            line=self._line,
        )
        return movement, _text(self._item.get("id"))

    def _minor_units(self, amount: Mapping[str, Any]) -> int:
        currency, value = _text(amount.get("currencyCode")).upper(), _text(amount.get("value"))
        try:
            return minor_of(value, exponent(currency))
        except KeyError:
            self._refuse("bad-amount", f"{currency!r} is no currency")
        except ValueError:
            self._refuse("bad-amount", f"{mask_cards(repr(value))} is no amount in {currency}")

    def _day(self, text: Any) -> date:
        try:
            if _text(text)[4:8:3] != "--":
                raise ValueError
            return datetime.fromisoformat(_text(text)).date()
        except ValueError:
            self._refuse("bad-date", f"{_text(text)!r} is no date")

    def _refuse(self, code: str, what: str) -> NoReturn:
        raise FileError(code, f"{self._name} line {self._line}: {what}.", remedy=RESEND)


def _objects(document: Document) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a document with their lines. A last line that does not end and is no object is `truncated`."""
    number = 0
    for line, is_complete in _lines(document):
        number += 1
        if not line.strip():
            continue
        try:
            # Numbers stay texts: no amount may pass through a float.
            item = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            code = "malformed" if is_complete else "truncated"
            raise FileError(code, f"{document.name} line {number} is no JSON object.", remedy=RESEND) from None
        if not isinstance(item, dict) or not {"disbursementDetails", "amountDisputed"} & set(item):
            what = "is neither a transaction nor a dispute"
            raise FileError("malformed", f"{document.name} line {number} {what}.", remedy=RESEND)
        yield number, item


def _lines(document: Document) -> Iterator[tuple[str, bool]]:
    """The lines of a document, and whether each is complete."""
    stream, pending, number = utf8_stream(document), b"", 0
    while chunk := stream.read(_CHUNK_BYTES):
        *whole, pending = (pending + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield _decoded(document, number, line), True
        if len(pending) > _LONGEST_LINE:
            raise FileError("malformed", f"{document.name} line {number + 1} does not end.", remedy=RESEND)
    stream.close()
    if pending:
        yield _decoded(document, number + 1, pending), False


def _decoded(document: Document, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_encoding(document.name, f"line {number} is not UTF-8") from None


def _inside(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""

"""Interbank payments in ISO 20022 XML: pacs.008 (a credit transfer) and pacs.004 (its return), as their receiver reads them.

Each transaction is one record of money towards us. A return refers to the payment it undoes by the name its initiator gave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from breakwater.model.files import Reading, Statement
from breakwater.model.records import Kind, Side, clean_reference
from breakwater.sources import iso20022, markup
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import Document, Head
from breakwater.sources.payment_messages import Message, MessageReader

# format: the kind of its records, the amount that is settled, that amount as it was instructed, and the total in the group header
SETTLED = {
    "pacs.008": (Kind.PAYMENT, "IntrBkSttlmAmt", "InstdAmt", "TtlIntrBkSttlmAmt"),
    "pacs.004": (Kind.RETURN, "RtrdIntrBkSttlmAmt", "RtrdInstdAmt", "TtlRtrdIntrBkSttlmAmt"),
}
_COLUMNS = (
    "kind", "amount_minor", "currency", "booked_on", "value_date", "ref_partner_id", "ref_end_to_end_id", "ref_batch_id",
    "ref_original", "ref_uetr", "ref_tx_id", "original_amount_minor", "original_currency", "raw_code", "line",
)  # fmt: skip


class Pacs:
    """The language of interbank payments."""

    side = Side.THEIRS
    formats: tuple[str, ...] = tuple(SETTLED)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By its message element, or where that has been cut off, by its namespace."""
        found = iso20022.recognise(head)
        return found if found in self.formats else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one document; each message is a statement for each of its currencies."""
        return _Settlements(document, reading).batches()


class _Settlements(MessageReader):
    formats = Pacs.formats
    names = ("CdtTrfTxInf", "TxInf")

    def __init__(self, document: Document, reading: Reading) -> None:
        super().__init__(document, reading)
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=_COLUMNS, constants=constants)

    def element(self, name: str, element: Any, message: Message) -> Iterator[pa.RecordBatch]:
        """One transaction."""
        self.transactions += 1
        self._rows.add(self._row(self.read.children(element), message))
        if self._rows.full:
            yield from self._rows.take()
        markup.forget(element)

    def _row(self, parts: dict[str, Any], message: Message) -> tuple[Any, ...]:
        kind, settled, instructed, _ = SETTLED[message.format]
        of = f"transaction {self.transactions}"
        amount_minor, currency = self.read.amount(parts.get(settled), of=of)
        message.tally.add(amount_minor, currency)
        original = self.read.given_amount([parts.get(instructed)], of=f"{instructed} of {of}")
        converted = original if original and original[1] != currency else (None, None)
        settled_on, booked_on = self._days(parts, message, of=of)
        refs = self._references(parts, kind)
        return (
            message.logical_key,
            refs["partner"] or refs["tx"] or refs["end_to_end"] or "",
            kind,
            amount_minor,
            currency,
            booked_on,
            settled_on,
            refs["partner"] or refs["tx"],
            refs["end_to_end"],
            message.id,
            (refs["end_to_end"] or refs["tx"]) if kind is Kind.RETURN else None,
            refs["uetr"],
            refs["tx"],
            *converted,
            self.read.reason(parts.get("RtrRsnInf")),
            self.transactions,
        )

    def _references(self, parts: dict[str, Any], kind: Kind) -> dict[str, str | None]:
        """The names of a transaction: its own, or those of the payment it returns beside the return's own."""
        if kind is Kind.RETURN:
            places = {"partner": "RtrId", "tx": "OrgnlTxId", "end_to_end": "OrgnlEndToEndId", "uetr": "OrgnlUETR"}
        else:
            parts = self.read.children(parts.get("PmtId"))
            places = {"partner": "ClrSysRef", "tx": "TxId", "end_to_end": "EndToEndId", "uetr": "UETR"}
        return {name: clean_reference(self.read.text(parts.get(place))) for name, place in places.items()}

    def _days(self, parts: dict[str, Any], message: Message, *, of: str) -> tuple[date | None, date]:
        """The settlement day, of the transaction or else of its message; and the day that counts: that, else the message's creation."""
        days = (self.read.plain_day(found.get("IntrBkSttlmDt"), of=f"settlement day of {of}") for found in (parts, message.header))
        settled_on = next((day for day in days if day), None)
        booked_on = settled_on or (message.created_at.date() if message.created_at else None)
        if booked_on is None:
            raise self.read.wrong("bad-date", f"{of} has no settlement day, nor has its message a day")
        self.notice_day(booked_on)
        return settled_on, booked_on

    def close(self, message: Message) -> None:
        """The message is proven against its group header."""
        *_, total = SETTLED[message.format]
        message.tally.prove(self.read, message.header, of=f"message {message.id}", total=total)
        if not message.tally.entries:
            raise self.read.wrong("malformed", f"message {message.id} holds no transaction")
        for currency, minor in message.tally.minor.items():
            entries = message.tally.counts[currency]
            self.reading.statements.append(Statement(id=message.id, account=None, currency=currency, entries=entries, credits_minor=minor))

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last records."""
        yield from self._rows.take()

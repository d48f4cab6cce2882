"""Payment orders in ISO 20022 XML: pain.001 (to pay) and pain.008 (to collect), of any version.

An order moves no money, and what came of it the bank's statement says: each transaction becomes the first event of its payment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from breakwater.model.files import Reading, Statement
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Side, clean_reference
from breakwater.sources import iso20022, markup
from breakwater.sources.documents import Document, Head
from breakwater.sources.iso20022 import Elements, Tally
from breakwater.sources.payment_events import Names, PaymentEvents
from breakwater.sources.payment_messages import Message, MessageReader

# format: the account the money is ordered from or to, and the day it is ordered for
ORDERS = {"pain.001": ("DbtrAcct", "ReqdExctnDt"), "pain.008": ("CdtrAcct", "ReqdColltnDt")}


class Pain:
    """The language of payment orders."""

    side = Side.THEIRS
    formats: tuple[str, ...] = tuple(ORDERS)
    event_formats: tuple[str, ...] = formats

    def recognise(self, head: Head) -> str | None:
        """By its message element, or where that has been cut off, by its namespace."""
        found = iso20022.recognise(head)
        return found if found in self.formats else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The events of one document, one for each transaction; each batch of orders is a statement for each of its currencies."""
        return _Orders(document, reading).batches()


class _Orders(MessageReader):
    formats = Pain.formats
    names = ("CdtTrfTxInf", "DrctDbtTxInf", "PmtInf")

    def __init__(self, document: Document, reading: Reading) -> None:
        super().__init__(document, reading)
        self._events = PaymentEvents(document, reading)
        self._batch: Any = None
        self._batch_id = ""
        self._tally = Tally()

    def element(self, name: str, element: Any, message: Message) -> Iterator[pa.RecordBatch]:
        """A transaction, or the end of a batch of them."""
        if name == "PmtInf":
            self._enter(element)
            self._end_batch(element, message)
        else:
            self._enter(element.getparent())
            self._transaction(element, message)
            yield from self._events.full()
        markup.forget(element)

    def _enter(self, batch: Any) -> None:
        if self._batch is batch:
            return
        batch_id = self.read.text(batch, "PmtInfId")
        if self.read.local[batch.tag] != "PmtInf" or batch_id is None:
            raise self.read.wrong("malformed", "a transaction is in no batch (PmtInf) with an id")
        self._batch, self._batch_id, self._tally = batch, batch_id, Tally()

    def _transaction(self, element: Any, message: Message) -> None:
        self.transactions += 1
        parts = self.read.children(element)
        of = f"transaction {self.transactions}"
        amount_minor, currency = self.read.amount(ordered_amount(self.read, parts), of=of)
        for tally in (self._tally, message.tally):
            tally.add(amount_minor, currency)
        ids = {name: clean_reference(self.read.text(child)) for name, child in self.read.children(parts.get("PmtId")).items()}
        names = Names(
            end_to_end_id=ids.get("EndToEndId"), uetr=ids.get("UETR"), instruction_id=ids.get("InstrId"), batch_id=self._batch_id or None
        )
        self._events.add(
            names,
            ProcessingState.CREATED,
            key=message.logical_key,
            at=message.created_at,
            money=(amount_minor, currency),
            raw_code=message.format,
            line=self.transactions,
            line_reference=f"{self._batch_id}/{names.payment_id or ''}",
        )

    def _end_batch(self, element: Any, message: Message) -> None:
        parts = self.read.children(element)
        account, wanted_on = ORDERS[message.format]
        of = f"batch {self._batch_id}"
        self.read.plain_day(parts.get(wanted_on), of=f"requested day of {of}")
        self._tally.prove(self.read, parts, of=of)
        if not self._tally.entries:
            raise self.read.wrong("malformed", f"{of} holds no transaction")
        for currency, minor in self._tally.minor.items():
            pays = message.format == "pain.001"
            self.reading.statements.append(
                Statement(
                    id=self._batch_id,
                    account=self.read.account(parts.get(account)),
                    currency=currency,
                    entries=self._tally.counts[currency],
                    credits_minor=0 if pays else minor,
                    debits_minor=minor if pays else 0,
                )
            )
        self._batch = None

    def close(self, message: Message) -> None:
        """The whole message is proven against its group header."""
        message.tally.prove(self.read, message.header, of=f"message {message.id}")
        if not message.tally.entries:
            raise self.read.wrong("malformed", f"message {message.id} holds no transaction")
        self.notice_day(message.created_at.date() if message.created_at else None)

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last events."""
        return self._events.rest()


def ordered_amount(read: Elements, parts: dict[str, Any]) -> Any:
    """The amount of an order by its children: as instructed, else the equivalent of it; None where it has neither."""
    amount = read.children(parts.get("Amt"))
    equivalent = amount.get("EqvtAmt", parts.get("EqvtAmt"))
    return next((e for e in (parts.get("InstdAmt"), amount.get("InstdAmt"), read.at(equivalent, "Amt")) if e is not None), None)

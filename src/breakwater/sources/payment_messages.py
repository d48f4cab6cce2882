"""The walk through ISO 20022 payment messages: a header, then its transactions, each forgotten once it is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Reading
from breakwater.sources import markup
from breakwater.sources.documents import Document
from breakwater.sources.iso20022 import Elements, Tally, format_of

HEADERS = ("GrpHdr", "Assgnmt")  # the assignment is what a cancellation request has for a group header


@dataclass
class Message:
    """One message while its transactions pass by. `header` are the elements of its group header by local name."""

    format: str
    id: str
    header: dict[str, Any]
    created_at: datetime | None
    element: Any
    tally: Tally = field(default_factory=Tally)

    @property
    def logical_key(self) -> str:
        """What the message is, whatever its bytes."""
        return f"{self.format}:{self.id}"


class MessageReader(ABC):
    """Reads the messages of one document. A language says what a transaction, a batch and the end of a message mean to it."""

    formats: tuple[str, ...]
    names: tuple[str, ...]

    def __init__(self, document: Document, reading: Reading) -> None:
        self.document = document
        self.reading = reading
        self.read = Elements(document.name)
        self.message: Message | None = None
        self.transactions = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches of the document, proven message by message."""
        for part in markup.parts(self.document):
            self.message = None
            for element in markup.elements(part, names=(*HEADERS, *self.names), document=self.document):
                name = self.read.local[element.tag]
                if name in HEADERS:
                    self._close()
                    self.message = self._open(element)
                else:
                    yield from self.element(name, element, self._message_of(element))
            if self.message is None:
                raise self.read.wrong("malformed", "it holds no message with a header")
            self._close()
        yield from self.rest()

    @abstractmethod
    def element(self, name: str, element: Any, message: Message) -> Iterator[pa.RecordBatch]:
        """One of the elements in `names`, complete."""

    @abstractmethod
    def close(self, message: Message) -> None:
        """A message is complete: prove it, and add its statements to the reading."""

    @abstractmethod
    def rest(self) -> Iterator[pa.RecordBatch]:
        """What is left at the end of the document."""

    def notice_day(self, day: date | None) -> None:
        """The reading's business date is the latest of its messages."""
        known = self.reading.business_date
        if day:
            self.reading.business_date = day if known is None else max(known, day)

    def _open(self, header: Any) -> Message:
        element = header.getparent()
        local = self.read.local[element.tag] if element is not None else ""
        format = format_of(local)
        if format not in self.formats:
            what = f"a {format}" if format else f"'{local}'"
            raise FileError(
                "malformed",
                f"{self.document.name} mixes {what} with {' and '.join(self.formats)}.",
                remedy="Ask the partner to send each kind of message in files of its own.",
            )
        parts = self.read.children(header)
        id = self.read.text(parts.get("MsgId") if "MsgId" in parts else parts.get("Id"))
        if id is None:
            raise self.read.wrong("malformed", f"a {format} has no message id")
        created_at = self.read.instant(parts.get("CreDtTm"), of=f"creation time of message {id}")
        message = Message(format=format, id=id, header=parts, created_at=created_at, element=element)
        if message.logical_key not in self.reading.logical_keys:
            self.reading.logical_keys.append(message.logical_key)
        return message

    def _message_of(self, element: Any) -> Message:
        if self.message is None or self.message.element not in element.iterancestors():
            raise self.read.wrong("malformed", "a transaction stands outside of a message with a header")
        return self.message

    def _close(self) -> None:
        if self.message is not None:
            self.close(self.message)
        self.message = None

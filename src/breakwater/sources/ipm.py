"""Mastercard IPM clearing files: presentments and chargebacks, proven by the sums in the trailer message; card numbers are never read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Notice, Reading
from breakwater.model.records import Side
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import RESEND, Document, Head
from breakwater.sources.ipm_entries import CHARGEBACK, PRESENTMENT, ROW_COLUMNS, FileId, entry_of, row
from breakwater.sources.ipm_messages import Message, encoding_of, messages
from breakwater.sources.totals import Totals

ADMINISTRATION, FEE_COLLECTION = "1644", "1740"
HEADER, TRAILER = "697", "695"  # function codes of file administration
FILE_ID, SUM_OF_AMOUNTS, NUMBER_OF_MESSAGES = "0105", "0301", "0306"  # PDS


@dataclass
class _File:
    """A logical file while its messages pass by. Totals are by currency, in order of first appearance."""

    id: FileId
    logical_key: str
    messages: int = 0
    amounts: int = 0  # the sum of DE4 as they stand, whatever their currency
    totals: dict[str, Totals] = field(default_factory=dict)


class Ipm:
    """The language of Mastercard clearing files."""

    side = Side.THEIRS
    formats: tuple[str, ...] = ("mastercard-ipm",)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By the length and type of its first message."""
        return "mastercard-ipm" if encoding_of(head.raw) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one document; each logical file in it is a statement of the reading for each of its currencies."""
        return _Reader(document, reading).batches()


class _Reader:
    def __init__(self, document: Document, reading: Reading) -> None:
        self._document = document
        self._reading = reading
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=ROW_COLUMNS, constants=constants)
        self._file: _File | None = None
        self._files = 0
        self._fee_collections = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        for message in messages(self._document):
            self._take(message, message.private_data())
            if self._rows.full:
                yield from self._rows.take()
        if self._file or not self._files:
            raise FileError("truncated", f"{self._document.name} ends without a trailer message (1644/695).", remedy=RESEND)
        yield from self._rows.take()
        if self._fee_collections:
            what = f"{self._fee_collections:,} fee collections (1740) are not counted as money."
            self._reading.notices.append(Notice("fee-collections", what))

    def _take(self, message: Message, private_data: Mapping[str, str]) -> None:
        function = message.text(24) if message.type == ADMINISTRATION else ""
        if function == HEADER and self._file:
            raise message.wrong("truncated", "there is no trailer message (1644/695) before this file header")
        file = self._file = self._file or _opened(private_data.get(FILE_ID))
        file.messages += 1
        file.amounts += message.digits(4, code="bad-amount") or 0
        if message.type in (PRESENTMENT, CHARGEBACK):
            self._book(message, private_data, file)
        elif message.type == FEE_COLLECTION:
            self._fee_collections += 1
        elif function == TRAILER:
            self._close(message, private_data, file)

    def _book(self, message: Message, private_data: Mapping[str, str], file: _File) -> None:
        entry = entry_of(message, private_data)
        file.totals.setdefault(entry.currency, Totals()).add(entry.amount_minor, credit=entry.credit)
        self._rows.add(row(message, entry, file.id, logical_key=file.logical_key))

    def _close(self, message: Message, private_data: Mapping[str, str], file: _File) -> None:
        """The trailer: what it counts must be what came."""
        for tag, what, found in ((SUM_OF_AMOUNTS, "sum of amounts", file.amounts), (NUMBER_OF_MESSAGES, "messages", file.messages)):
            declared = private_data.get(tag, "").strip()
            if declared and not (declared.isascii() and declared.isdecimal()):
                raise message.wrong("malformed", f"the trailer's number of {what} (PDS {tag}) is none")
            if declared and int(declared) != found:
                raise message.wrong("control-total", f"the trailer says {int(declared)} for {what} (PDS {tag}), but there are {found}")
        stated = private_data.get(FILE_ID)
        if stated and file.id.text and stated.strip() != file.id.text:
            raise message.wrong("malformed", "its file id (PDS 0105) is not that of the file header")
        for currency, totals in file.totals.items():
            self._reading.statements.append(totals.statement(id=file.id.text, account=file.id.processor, currency=currency))
        if file.logical_key not in self._reading.logical_keys:
            self._reading.logical_keys.append(file.logical_key)
        if file.id.day:
            self._reading.business_date = max(self._reading.business_date or file.id.day, file.id.day)
        self._file = None
        self._files += 1


def _opened(file_id: str | None) -> _File:
    text = (file_id or "").strip() or None
    return _File(id=FileId(text=text), logical_key=f"mastercard-ipm:{text or ''}")

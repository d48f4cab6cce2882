"""Bank statements, reports and notifications in ISO 20022 XML: camt.053, camt.052 and camt.054, of any version and in any namespace.

Read in one pass and constant memory: the statement's header is taken from the tree when its first entry is complete, entries are
forgotten as they are read, and balances are proven at the statement's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.files import Notice, Reading, Statement
from breakwater.model.records import Side
from breakwater.sources import iso20022, markup
from breakwater.sources.batches import RecordRows
from breakwater.sources.camt_details import Details
from breakwater.sources.camt_entries import BOOKED, CREDIT, ROW_COLUMNS, Entry, EntryReader, rows
from breakwater.sources.camt_notifications import notify
from breakwater.sources.documents import RESEND, Document, Head, head_of
from breakwater.sources.payment_events import PaymentEvents

# statement element: its format
STATEMENTS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_NAMES = (*STATEMENTS, "Ntry", "TxDtls")
_SHOWN_REFERENCES = 5


@dataclass
class _Totals:
    """The figures of one statement in one currency."""

    entries: int = 0
    details: int = 0
    pending_entries: int = 0
    credits_minor: int = 0
    debits_minor: int = 0
    references: list[str] = field(default_factory=list)

    def add(self, entry: Entry, details: int) -> None:
        if entry.status != BOOKED:
            self.pending_entries += 1
            return
        self.entries += 1
        self.details += details
        if entry.direction == CREDIT:
            self.credits_minor += entry.amount_minor
        else:
            self.debits_minor += entry.amount_minor
        if entry.shown_reference and len(self.references) < _SHOWN_REFERENCES:
            self.references.append(entry.shown_reference)


@dataclass
class _Open:
    """A statement while its entries pass by. `totals` are by currency, in order of first appearance."""

    element: Any
    format: str
    id: str
    account: str | None
    logical_key: str
    fallback_day: date | None
    totals: dict[str, _Totals] = field(default_factory=dict)


class Camt:
    """The language of bank statements in XML. A camt.053 is money; camt.052 and camt.054 announce the same entries, and become events."""

    side = Side.THEIRS
    formats = tuple(STATEMENTS.values())
    event_formats: tuple[str, ...] = ("camt.052", "camt.054")

    def recognise(self, head: Head) -> str | None:
        """By its message element, or where that has been cut off, by its namespace."""
        found = iso20022.recognise(head)
        return found if found in self.formats else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records or events of one document; every statement it holds goes into the reading."""
        announces = (self.recognise(head_of(document)) or reading.format) in self.event_formats
        return _Reader(document, reading, announces=announces).batches()


class _Reader:
    def __init__(self, document: Document, reading: Reading, *, announces: bool) -> None:
        self._document = document
        self._reading = reading
        self._announces = announces
        self._entries = EntryReader(document.name)
        self._rows = RecordRows(
            columns=ROW_COLUMNS,
            constants={
                "partner": document.partner,
                "network": document.network,
                "source_file": document.source_file,
                "status": "settled",
                "raw_status": BOOKED,
            },
        )
        self._events = PaymentEvents(document, reading)
        self._statement: _Open | None = None
        self._turned = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        for part in markup.parts(self._document):
            before = len(self._reading.statements)
            yield from self._part(part)
            if len(self._reading.statements) == before:
                raise self._malformed("holds no statement")
        if self._announces:
            yield from self._events.rest()
        else:
            yield from self._rows.take()
            self._reading.events_among_records += self._events.rest()
        if self._turned:
            message = f"{self._turned:,} transaction details say another direction than their entry; the entry counts."
            self._reading.notices.append(Notice("direction-differs", message))

    def _part(self, part: markup.Part) -> Iterator[pa.RecordBatch]:
        local = self._entries.local
        details = Details()
        try:
            for element in markup.elements(part, names=_NAMES, document=self._document):
                name = local[element.tag]
                if name == "TxDtls":
                    details.add(self._entries.detail(element))
                elif name == "Ntry":
                    yield from self._entry(element, details)
                    details.close()
                    details = Details()
                else:
                    self._close(element)
                markup.forget(element)
        finally:
            details.close()

    def _entry(self, element: Any, details: Details) -> Iterator[pa.RecordBatch]:
        container = element.getparent()
        if self._statement is None or self._statement.element is not container:
            self._statement = self._open(container)
        statement = self._statement
        entry = self._entries.entry(element)
        statement.totals.setdefault(entry.currency, _Totals()).add(entry, details.count)
        self._turned += details.against(entry.direction)
        day = entry.booked_on or entry.value_date or statement.fallback_day
        if day is None and entry.status == BOOKED:
            raise FileError("bad-date", f"{self._document.name}: entry {entry.number} has no date, nor has its statement.", remedy=RESEND)
        if day and entry.status == BOOKED and statement.fallback_day is None:
            self._notice_day(day)
        if statement.format in Camt.event_formats:
            batches = notify(self._events, entry, details, logical_key=statement.logical_key, day=day)
            if self._announces:
                yield from batches
            else:
                self._reading.events_among_records += batches
        elif day and entry.status == BOOKED:
            for row in rows(entry, details, logical_key=statement.logical_key, account=statement.account, booked_on=day):
                self._rows.add(row)
                if self._rows.full:
                    yield from self._rows.take()

    def _open(self, container: Any) -> _Open:
        """A statement's header, as far as it stands before the first entry."""
        read = self._entries
        format = STATEMENTS.get(read.local[container.tag])
        if format is None:
            raise self._malformed("has an entry outside of a statement")
        if self._announces and format not in Camt.event_formats:
            # What starts with a notification is read as events, and the money of a statement must not get lost in it.
            message = f"{self._document.name} begins with a notification and goes on with a {format}."
            raise FileError("malformed", message, remedy="Ask the partner to send statements and notifications in files of their own.")
        parts = read.children(container)
        identity = read.text(parts.get("Id"))
        if identity is None:
            raise self._malformed(f"has a {format} statement without an Id")
        account = read.account(parts.get("Acct"))
        sequence = read.text(parts.get("ElctrncSeqNb")) or read.text(parts.get("LglSeqNb"))
        page = next((text for c in parts if c.endswith("Pgntn") and (text := read.text(parts[c], "PgNb"))), None)
        key = [format, account or "", identity, *([sequence] if sequence else []), *([f"page {page}"] if page not in (None, "1") else [])]
        return _Open(
            element=container,
            format=format,
            id=identity,
            account=account,
            logical_key=":".join(key),
            fallback_day=self._statement_day(container, parts),
        )

    def _statement_day(self, container: Any, parts: dict[str, Any]) -> date | None:
        """The day a statement is about: of its closing balance, else the end of its period, else its creation."""
        read = self._entries
        closing = [day for code, _, _, day in self._balances(container) if code == "CLBD" and day]
        if closing:
            return closing[0]
        for text in (read.text(parts.get("FrToDt"), "ToDtTm"), read.text(parts.get("FrToDt"), "ToDt"), read.text(parts.get("CreDtTm"))):
            try:
                if text:
                    return date.fromisoformat(text[:10])
            except ValueError:
                continue  # these dates are only informative
        return None

    def _balances(self, container: Any) -> list[tuple[str | None, int, str, date | None]]:
        """(code, signed amount, currency, day) of each balance of a statement."""
        read = self._entries
        found = []
        for element in container.iterchildren("{*}Bal"):
            parts = read.children(element)
            code = read.text(parts.get("Tp"), "CdOrPrtry", "Cd")
            of = f"the balance {code or ''}".rstrip()
            amount_minor, currency = read.amount(parts.get("Amt"), of=of)
            sign = 1 if read.direction(parts.get("CdtDbtInd"), of=of) == CREDIT else -1
            found.append((code, sign * amount_minor, currency, read.day(parts.get("Dt"), of=f"date of {of}")[0]))
        return found

    def _close(self, container: Any) -> None:
        """A statement is complete: its balances and totals, one statement for each currency."""
        opened = self._statement if self._statement and self._statement.element is container else self._open(container)
        self._statement = None
        balances = self._balances(container)
        opening = [b for code in ("OPBD", "PRCD") for b in balances if b[0] == code]
        closing = [b for b in balances if b[0] == "CLBD"]
        in_order = [b[2] for b in (*opening[:1], *closing[:1])] + list(opened.totals) + [b[2] for b in balances]
        account_currency = self._entries.text(self._entries.children(container).get("Acct"), "Ccy")
        main = (account_currency or next(iter(in_order), "")).upper() or None
        others = [currency for currency in opened.totals if currency != main]
        for currency in (main, *others):
            totals = opened.totals.get(currency or "", _Totals())
            self._reading.statements.append(
                Statement(
                    id=opened.id,
                    account=opened.account,
                    currency=currency,
                    entries=totals.entries,
                    details=totals.details,
                    pending_entries=totals.pending_entries,
                    credits_minor=totals.credits_minor,
                    debits_minor=totals.debits_minor,
                    opening_minor=next((b[1] for b in opening if b[2] == currency == main), None),
                    closing_minor=next((b[1] for b in closing if b[2] == currency == main), None),
                    references=tuple(totals.references),
                )
            )
        if opened.logical_key not in self._reading.logical_keys:
            self._reading.logical_keys.append(opened.logical_key)
        if opened.fallback_day:
            self._notice_day(opened.fallback_day)

    def _notice_day(self, day: date) -> None:
        """The reading's business date is the latest of its statements."""
        known = self._reading.business_date
        self._reading.business_date = day if known is None else max(known, day)

    def _malformed(self, why: str) -> FileError:
        return FileError("malformed", f"{self._document.name} {why}.", remedy=RESEND)

"""NACHA files: batches of ACH entries, returns, notifications of change and international entries, proven by hash and totals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from breakwater.errors import FileError
from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import Notice, Reading
from breakwater.model.masking import mask_cards
from breakwater.model.records import Side
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import RESEND, Document, Head
from breakwater.sources.nacha_entries import EVENT_COLUMNS, ROW_COLUMNS, Batch, Entry, entry_of, events, row
from breakwater.sources.nacha_records import Record, records
from breakwater.sources.totals import Totals

CURRENCY = "USD"
_HASH_DIGITS = 10
_PLAUSIBLE = timedelta(days=366)  # an effective entry date further from the day the file was made is a filler, like 000101
_FILE_HEADER = re.compile(r"\s*1[0-9]{2}[^\n]{20,40}094101")
_BATCH_HEADER = re.compile(r"\s*5(?:200|220|225|280)[^\n]{40,95}\n[67][0-9]{2}")  # of a file that lacks its header


@dataclass
class _Sums:
    """What the control records of a batch or of the file must say."""

    batches: int = 0
    lines: int = 0  # entries and addenda
    hash: int = 0
    debits_minor: int = 0
    credits_minor: int = 0

    def add(self, entry: Entry) -> None:
        self.lines += 1 + entry.addenda
        self.hash = (self.hash + entry.bank) % 10**_HASH_DIGITS
        if entry.credit:
            self.credits_minor += entry.amount_minor
        else:
            self.debits_minor += entry.amount_minor


@dataclass
class _File:
    logical_key: str
    made_on: date | None
    sums: _Sums = field(default_factory=_Sums)


class Nacha:
    """The language of ACH files."""

    side = Side.THEIRS
    formats: tuple[str, ...] = ("nacha",)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By its file header: record size, blocking factor and format code; or by its first batch where the header is missing."""
        text = head.text.lstrip("\ufeff")
        return "nacha" if _FILE_HEADER.match(text) or _BATCH_HEADER.match(text) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one document; every batch is a statement of the reading."""
        return _Reader(document, reading).batches()


class _Reader:
    def __init__(self, document: Document, reading: Reading) -> None:
        self._document = document
        self._reading = reading
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file, "currency": CURRENCY}
        self._rows = RecordRows(columns=ROW_COLUMNS, constants=constants)
        self._events = RecordRows(columns=EVENT_COLUMNS, constants=constants, schema=EVENT_SCHEMA)
        self._file: _File | None = None
        self._files = 0
        self._batch: Batch | None = None
        self._entry: Entry | None = None
        self._sums = _Sums()
        self._totals = Totals()
        self._undated = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        for record in records(self._document):
            self._take(record)
            if self._rows.full:
                yield from self._rows.take()
        if self._file or not self._files:
            raise FileError("truncated", f"{self._document.name} ends without a file control record '9'.", remedy=RESEND)
        yield from self._rows.take()
        self._reading.events_among_records.extend(self._events.take())
        if self._undated:
            what = f"{self._undated:,} batches have no plausible effective entry date; the day the file was made counts."
            self._reading.notices.append(Notice("date-missing", what))

    def _take(self, record: Record) -> None:
        if self._file is None and record.type != "1":
            code, where = ("malformed", "behind the file control") if self._files else ("truncated", "without a file header '1'")
            raise record.wrong(code, f"a record of type {record.type} stands {where}")
        match record.type:
            case "1":
                self._open_file(record)
            case "5" if self._file:
                self._open_batch(record, self._file)
            case "6" if self._batch:
                self._complete_entry()
                self._entry = entry_of(record)
            case "7" if self._entry:
                self._entry.add(record)
            case "8" if self._file and self._batch:
                self._close_batch(record, self._file, self._batch)
            case "9" if self._file:
                self._close_file(record, self._file)
            case _:
                raise record.wrong("malformed", f"a record of type {record.type} has no place here")

    def _open_file(self, record: Record) -> None:
        if self._file:
            raise record.wrong("truncated", "there is no file control '9' before this file header")
        made_on = record.day(24, 29)
        key = ("nacha", record.field(4, 13), record.field(14, 23), record.field(24, 29), record.field(34, 34) or record.field(30, 33))
        self._file = _File(logical_key=":".join(key), made_on=made_on)

    def _open_batch(self, record: Record, file: _File) -> None:
        if self._batch:
            raise record.wrong("truncated", "there is no batch control '8' before this batch header")
        entry_class = record.field(51, 53)
        if entry_class == "ADV":
            raise record.wrong("control-total", "the totals of accounting advices (ADV) stand in other columns, and can't be proven here")
        effective = record.day(70, 75)
        if effective and file.made_on and abs(effective - file.made_on) > _PLAUSIBLE:
            effective = None
        booked_on = effective or file.made_on
        if booked_on is None:
            raise record.wrong("bad-date", "neither the batch nor the file has a date that exists")
        self._undated += effective is None
        self._batch = Batch(
            id=record.field(80, 94),
            company=mask_cards(record.field(41, 50)),
            entry_class=entry_class,
            reversal=record.field(54, 63).upper() == "REVERSAL",
            booked_on=booked_on,
            made_on=file.made_on or booked_on,
            value_date=_settled_on(record.field(76, 78), near=booked_on),
        )
        self._sums, self._totals = _Sums(), Totals()
        about = file.made_on or booked_on
        self._reading.business_date = max(self._reading.business_date or about, about)

    def _complete_entry(self) -> None:
        """The entry before is whole: it counts, and becomes a record or events."""
        entry, batch, file = self._entry, self._batch, self._file
        self._entry = None
        if entry is None or batch is None or file is None:
            return
        self._sums.add(entry)
        self._totals.details += entry.addenda
        self._totals.add(entry.amount_minor, credit=entry.credit, reference=entry.trace)
        if record := row(entry, batch, logical_key=file.logical_key):
            self._rows.add(record)
        for event in events(entry, batch, logical_key=file.logical_key):
            self._events.add(event)
        if self._events.full:
            self._reading.events_among_records.extend(self._events.take())

    def _close_batch(self, record: Record, file: _File, batch: Batch) -> None:
        self._complete_entry()
        sums = self._sums
        _prove(record, sums, first=5, count_digits=6, of="batch")
        file.sums.batches += 1
        file.sums.lines += sums.lines
        file.sums.hash = (file.sums.hash + sums.hash) % 10**_HASH_DIGITS
        file.sums.debits_minor += sums.debits_minor
        file.sums.credits_minor += sums.credits_minor
        self._reading.statements.append(self._totals.statement(id=batch.id, account=batch.company, currency=CURRENCY))
        self._batch = None

    def _close_file(self, record: Record, file: _File) -> None:
        if self._batch:
            raise record.wrong("truncated", "there is no batch control '8' before the file control")
        batches = record.total(2, 7, of="batch count")
        if batches not in (None, file.sums.batches):
            raise record.wrong("control-total", f"the file control says {batches} batches, but there are {file.sums.batches}")
        _prove(record, file.sums, first=14, count_digits=8, of="file")
        if file.logical_key not in self._reading.logical_keys:
            self._reading.logical_keys.append(file.logical_key)
        self._file = None
        self._files += 1


def _prove(record: Record, sums: _Sums, *, first: int, count_digits: int, of: str) -> None:
    """Compare the count, hash, debits and credits that stand side by side from column `first` on."""
    at = first
    for what, digits, found in (
        ("count of entries and addenda", count_digits, sums.lines),
        ("entry hash", _HASH_DIGITS, sums.hash),
        ("total of debits", 12, sums.debits_minor),
        ("total of credits", 12, sums.credits_minor),
    ):
        declared = record.total(at, at + digits - 1, of=what)
        if declared not in (None, found):
            raise record.wrong("control-total", f"the {of}'s {what} says {declared}, but its entries come to {found}")
        at += digits


def _settled_on(text: str, *, near: date) -> date | None:
    """The day of a day number within a year (001-366) that is nearest to `near`."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 366):
        return None
    days = [date(year, 1, 1) + timedelta(days=int(text) - 1) for year in (near.year - 1, near.year, near.year + 1)]
    return min(days, key=lambda day: abs(day - near))

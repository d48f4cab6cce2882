"""Bank statements (MT940) and intraday reports (MT942) of SWIFT, as banks really send them: many messages, pages, any envelope.

A message starts at `:20:`; envelopes and prefixes before it are skipped. It is read field by field, in memory for one entry. MT942
announces what the statement will book: its entries become events where they name a payment, so no money is counted twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import pyarrow as pa

from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import Notice, Reading
from breakwater.model.masking import mask_cards
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Side
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import Document, Head
from breakwater.sources.mt940_entries import CREDIT_MARKS, EXPECTED_MARKS, ROW_COLUMNS, Entry, entry_of, row
from breakwater.sources.swift_fields import Field, Wording, fields
from breakwater.sources.totals import Totals

_INTRADAY = re.compile(r"^:(34F|13D|90[CD]):", re.MULTILINE)
_OPENING = re.compile(r"^:60[FM]:", re.MULTILINE)
_MESSAGE = re.compile(r"^:20:", re.MULTILINE)
_CREATED = re.compile(r"([0-9]{6})([0-9]{4})([+-][0-9]{4})?")
_DECLARED = re.compile(r"([0-9]{1,5})([A-Z]{3})(.*)")
_EVENT_COLUMNS = (
    "payment_id", "occurred_at", "state", "amount_minor", "currency", "raw_code", "ref_partner_id", "ref_end_to_end_id", "line",
)  # fmt: skip


@dataclass
class _Message:
    """A message while its fields pass by. `waiting` are entries whose currency is not known yet; `entry` still waits for its `:86:`."""

    line: int
    reference: str
    account: str | None = None
    number: str | None = None
    currency: str | None = None
    opening: tuple[int, date] | None = None  # signed minor units, day
    closing: tuple[int, date] | None = None
    opening_page: str = "F"
    intraday: bool = False
    created_at: datetime | None = None
    declared: dict[str, tuple[int, int, str, str]] = field(default_factory=dict)  # C or D: (line, count, currency, amount)
    entry: Field | None = None
    waiting: list[Entry] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    counted: Counter[str] = field(default_factory=Counter)  # by mark
    summed: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.reference if self.number is None else f"{self.reference}/{self.number}"

    @property
    def logical_key(self) -> str:
        day = f"{self.opening[1]}" if self.opening else self.reference
        return ":".join(["mt942" if self.intraday else "mt940", self.account or "", self.number or "", day + self.opening_page.strip("F")])


class Mt940:
    """The language of SWIFT statements."""

    side = Side.THEIRS
    formats: tuple[str, ...] = ("mt940", "mt942")
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By its first message: one without an opening balance, but with floor limits, a time or entry totals is intraday."""
        text = head.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        start = _MESSAGE.search(text)
        if start is None:
            return None
        end = _MESSAGE.search(text, start.end())
        message = text[start.start() : end.start() if end else len(text)]
        return "mt942" if _INTRADAY.search(message) and not _OPENING.search(message) else "mt940"

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one document; every message is a statement of the reading."""
        return _Reader(document, reading).batches()


class _Reader:
    def __init__(self, document: Document, reading: Reading) -> None:
        self._document = document
        self._reading = reading
        self._wording = Wording(document.name)
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=ROW_COLUMNS, constants={**constants, "status": "settled"})
        self._events = RecordRows(columns=_EVENT_COLUMNS, constants=constants, schema=EVENT_SCHEMA)
        self._last_closing: dict[tuple[str | None, str | None], int] = {}
        self._gaps = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        message: _Message | None = None
        for found in fields(self._document):
            if found.tag == "20":
                if message:
                    self._finish(message)
                message = _Message(line=found.line, reference=found.joined)
            elif message:
                self._take(message, found)
            if self._rows.full:
                yield from self._rows.take()
        if message is None:
            raise self._wording.wrong("malformed", 1, "there is no message, which would start with ':20:'")
        self._finish(message)
        yield from self._rows.take()
        self._reading.events_among_records.extend(self._events.take())
        if self._gaps:
            what = f"{self._gaps:,} statements do not open with what the one before them closed with; a page or a statement may be missing."
            self._reading.notices.append(Notice("chain-broken", what))

    def _take(self, message: _Message, found: Field) -> None:
        if found.tag == "86" and message.entry:
            self._complete(message, purpose="".join(found.lines))
            return
        if found.tag in ("61", "62F", "62M", "90C", "90D"):
            self._complete(message, purpose="")
        match found.tag:
            case "25" | "25P":
                self._once(message, "25", found)
                message.account = mask_cards(found.joined if found.tag == "25" else found.first) or None
            case "28" | "28C":
                self._once(message, "28", found)
                message.number = found.joined
            case "60F" | "60M":
                self._once(message, "60", found)
                message.opening_page, message.intraday = found.tag[-1], False
                message.opening = self._balance(message, found)
            case "62F" | "62M":
                self._once(message, "62", found)
                message.closing = self._balance(message, found)
            case "61":
                if message.closing:
                    raise self._wording.wrong("malformed", found.line, "an entry stands behind the closing balance")
                message.entry = found
            case "34F":
                message.intraday = message.opening is None
                message.currency = message.currency or found.first[:3]
            case "13" | "13D":
                message.intraday = message.opening is None
                message.created_at = self._created(found)
            case "90C" | "90D":
                message.intraday = message.opening is None
                self._declare(message, found)

    def _once(self, message: _Message, name: str, found: Field) -> None:
        if name in message.seen:
            raise self._wording.wrong("malformed", found.line, f"':{found.tag}:' stands twice in the message of line {message.line}")
        message.seen.add(name)

    def _balance(self, message: _Message, found: Field) -> tuple[int, date]:
        sign, day, currency, amount = self._wording.balance(found.first, line=found.line)
        if message.currency and currency and message.currency != currency:
            raise self._wording.wrong("malformed", found.line, f"the balance is in {currency}, the statement in {message.currency}")
        message.currency = message.currency or currency
        if message.currency is None:
            raise self._wording.wrong("bad-amount", found.line, "the balance has no currency")
        return sign * self._wording.minor(amount, message.currency, line=found.line, of="balance"), day

    def _created(self, found: Field) -> datetime:
        """When an intraday report was made; without an offset in UTC."""
        parts = _CREATED.fullmatch(found.first)
        try:
            text = f"{self._wording.day(parts[1], line=found.line, of='date')}T{parts[2]}{parts[3] or '+0000'}" if parts else ""
            return datetime.strptime(text, "%Y-%m-%dT%H%M%z").astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._wording.wrong("bad-date", found.line, f"the time '{found.first}' does not exist") from None

    def _declare(self, message: _Message, found: Field) -> None:
        parts = _DECLARED.fullmatch(found.first)
        if parts is None:
            raise self._wording.wrong("bad-amount", found.line, f"'{found.first}' is no number and sum of entries")
        message.currency = message.currency or parts[2]
        message.declared[found.tag[-1]] = (found.line, int(parts[1]), parts[2], parts[3])

    def _complete(self, message: _Message, *, purpose: str) -> None:
        """The entry that waited for its `:86:` is whole, and is booked as soon as its currency is known."""
        if message.entry:
            message.waiting.append(entry_of(message.entry, purpose=purpose, wording=self._wording))
            message.entry = None
        if message.currency and (message.opening or message.intraday):
            self._book(message, message.currency)

    def _book(self, message: _Message, currency: str) -> None:
        for entry in message.waiting:
            minor = self._wording.minor(entry.amount, currency, line=entry.line, of="amount")
            message.counted[entry.mark] += 1
            message.summed[entry.mark] += minor
            if entry.expected:
                message.totals.pending_entries += 1
            else:
                message.totals.add(minor, credit=entry.credit)
            if message.intraday:
                self._announce(message, entry, minor, currency)
            elif not entry.expected:
                self._rows.add(
                    row(
                        entry,
                        amount_minor=minor,
                        currency=currency,
                        logical_key=message.logical_key,
                        account=message.account,
                        wording=self._wording,
                    )
                )
        message.waiting.clear()

    def _announce(self, message: _Message, entry: Entry, amount_minor: int, currency: str) -> None:
        if entry.payment is None:
            return
        state = ProcessingState.CLEARING if entry.expected else ProcessingState.SETTLED
        self._events.add(
            (
                message.logical_key,
                entry.bank_reference or entry.payment,
                entry.payment,
                message.created_at or datetime.combine(entry.booked_on, time(), UTC),
                state,
                amount_minor,
                currency,
                "/".join((entry.mark, entry.type)),
                entry.bank_reference,
                entry.references.get("EREF"),
                entry.line,
            )
        )
        if self._events.full:
            self._reading.events_among_records.extend(self._events.take())

    def _finish(self, message: _Message) -> None:
        """A message is complete: its totals are proven, and it is a statement."""
        self._complete(message, purpose="")
        if message.closing is None and not message.intraday:
            raise self._wording.wrong("truncated", message.line, f"the statement '{message.id}' has no closing balance ':62F:'")
        if message.currency is None:
            raise self._wording.wrong("malformed", message.line, f"the message '{message.id}' says no currency")
        self._book(message, message.currency)
        self._prove_declared(message, message.currency)
        opening, closing = (None, None) if message.intraday else (message.opening, message.closing)
        self._reading.statements.append(
            message.totals.statement(
                id=message.id,
                account=message.account,
                currency=message.currency,
                opening_minor=opening[0] if opening else None,
                closing_minor=closing[0] if closing else None,
            )
        )
        if message.logical_key not in self._reading.logical_keys:
            self._reading.logical_keys.append(message.logical_key)
        self._note_day(message, closing[1] if closing else None)
        self._chain(message, opening, closing)

    def _prove_declared(self, message: _Message, currency: str) -> None:
        """`:90C:` and `:90D:` count what is booked, at some banks together with what is expected."""
        for direction, (line, count, of, amount) in message.declared.items() if message.intraday else ():
            declared = (count, of, self._wording.minor(amount, of, line=line, of="sum of entries"))
            marks = [mark for mark in message.counted if (mark in CREDIT_MARKS) == (direction == "C")]
            booked = [mark for mark in marks if mark not in EXPECTED_MARKS]
            found = [(sum(message.counted[m] for m in some), currency, sum(message.summed[m] for m in some)) for some in (booked, marks)]
            if declared not in found:
                what = f"':90{direction}:' says {count} entries of {amount} {of}, but there are {found[0][0]} of {found[0][2]} minor units"
                raise self._wording.wrong("control-total", line, what)

    def _note_day(self, message: _Message, day: date | None) -> None:
        days = (self._reading.business_date, day or (message.created_at.date() if message.created_at else None))
        self._reading.business_date = max(filter(None, days), default=None)

    def _chain(self, message: _Message, opening: tuple[int, date] | None, closing: tuple[int, date] | None) -> None:
        account = (message.account, message.currency)
        if opening and self._last_closing.get(account, opening[0]) != opening[0]:
            self._gaps += 1
        if closing:
            self._last_closing[account] = closing[0]

"""BAI2: balances and transactions of accounts as banks in North America report them, in groups with control totals at each level.

Interim reports (as-of-date modifier 1 or 3) are repeated by the final one: their transactions become events where they name a payment, so
no money is counted twice. Groups marked as a deletion or a test (status 2 or 4) leave nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import pyarrow as pa

from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.files import Notice, Reading
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import Side
from breakwater.sources.bai2_entries import ROW_COLUMNS, Transaction, line_reference, row, transaction_of
from breakwater.sources.bai2_records import Fields, records
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import Document, Head
from breakwater.sources.totals import Totals

OPENING_LEDGER, CLOSING_LEDGER = 10, 15
INTERIM = frozenset({"1", "3"})
NOT_MEANT = frozenset({"2", "4"})

_START = re.compile(r"\s*01,[^,\n]*,[^,\n]*,[0-9]{6},")
_EVENT_COLUMNS = (
    "payment_id", "occurred_at", "state", "amount_minor", "currency", "raw_code", "ref_partner_id", "ref_end_to_end_id", "line",
)  # fmt: skip


@dataclass
class _Group:
    originator: str
    status: str
    as_of: str
    day: date
    currency: str
    modifier: str
    total_minor: int = 0


@dataclass
class _Account:
    number: str | None
    currency: str
    logical_key: str
    total_minor: int = 0
    balances: dict[int | None, int] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)


class Bai2:
    """The language of BAI2 balance reports."""

    side = Side.THEIRS
    formats: tuple[str, ...] = ("bai2",)
    event_formats: tuple[str, ...] = ()

    def recognise(self, head: Head) -> str | None:
        """By its file header."""
        return "bai2" if _START.match(head.text.lstrip("\ufeff")) else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The records of one document; every account of a group is a statement of the reading."""
        return _Reader(document, reading).batches()


class _Reader:
    def __init__(self, document: Document, reading: Reading) -> None:
        self._document = document
        self._reading = reading
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=ROW_COLUMNS, constants={**constants, "status": "settled"})
        self._events = RecordRows(columns=_EVENT_COLUMNS, constants=constants, schema=EVENT_SCHEMA)
        self._file_minor: int | None = None  # None outside of a file
        self._group: _Group | None = None
        self._account: _Account | None = None
        self._left_out: set[str] = set()

    def batches(self) -> Iterator[pa.RecordBatch]:
        for record in records(self._document):
            fields = Fields(self._document, record)
            if record.code == "16" and self._group and self._account:
                self._book(transaction_of(record, fields), self._group, self._account)
            else:
                self._structure(record.code, fields)
            if self._rows.full:
                yield from self._rows.take()
        yield from self._rows.take()
        self._reading.events_among_records.extend(self._events.take())
        for what in sorted(self._left_out):
            self._reading.notices.append(Notice("not-counted", f"{self._document.name} holds {what}: it leaves no records of money."))

    def _structure(self, code: str, fields: Fields) -> None:
        """A header or a trailer: each ends what the level below it began."""
        for level, closed_by, ends_at in (
            (self._account, "49", ("01", "02", "03", "98", "99")),
            (self._group, "98", ("01", "02", "99")),
            (self._file_minor, "99", ("01",)),
        ):
            if level is not None and code in ends_at:
                raise fields.wrong("truncated", f"there is no trailer '{closed_by}' before this '{code}'")
        match code:
            case "01":
                self._file_minor = 0
            case "02" if self._file_minor is not None:
                self._group = self._group_of(fields)
            case "03" if self._group:
                self._account = self._account_of(fields, self._group)
            case "49" if self._group and self._account:
                self._prove(fields, self._account.total_minor, of="account")
                self._group.total_minor += self._account.total_minor
                self._close(self._account, self._group)
            case "98" if self._group and self._file_minor is not None:
                self._prove(fields, self._group.total_minor, of="group")
                self._file_minor += self._group.total_minor
                self._group = None
            case "99" if self._file_minor is not None:
                self._prove(fields, self._file_minor, of="file")
                self._file_minor = None
            case _:
                raise fields.wrong("malformed", f"a record '{code}' has no place here")

    def _group_of(self, fields: Fields) -> _Group:
        _, originator, status, as_of = (fields.next() for _ in range(4))
        fields.back()
        day = fields.day(of="as-of date")
        if day is None:
            raise fields.wrong("bad-date", "the group has no as-of date")
        _, currency, modifier = (fields.next() for _ in range(3))
        return _Group(originator=originator, status=status, as_of=as_of, day=day, currency=currency or "USD", modifier=modifier)

    def _account_of(self, fields: Fields, group: _Group) -> _Account:
        number, currency = mask_cards(fields.next()) or None, fields.next() or group.currency
        try:
            exponent(currency)
        except KeyError:
            raise fields.wrong("bad-amount", f"the account is in '{currency}', which is no currency") from None
        interim = ("interim",) if group.modifier in INTERIM else ()
        key = ":".join(("bai2", group.originator, number or "", currency, f"{group.day}", *interim))
        account = _Account(number=number, currency=currency, logical_key=key)
        while fields.left:
            code, amount_minor = fields.type_code(), fields.amount(of="amount")
            fields.next()  # the number of items
            fields.funds()
            account.total_minor += amount_minor or 0
            if amount_minor is not None:
                account.balances.setdefault(code, amount_minor)
        return account

    def _book(self, found: Transaction, group: _Group, account: _Account) -> None:
        account.total_minor += found.amount_minor or 0
        if not found.money or found.amount_minor is None:
            return
        account.totals.add(found.amount_minor, credit=found.credit)
        if group.status in NOT_MEANT:
            self._left_out.add("a group marked as a deletion or a test")
        elif group.modifier in INTERIM:
            self._left_out.add("an interim report, which the final one will repeat")
            self._announce(found, found.amount_minor, group, account)
        else:
            self._rows.add(
                row(found, logical_key=account.logical_key, account=account.number, currency=account.currency, booked_on=group.day)
            )

    def _announce(self, found: Transaction, amount_minor: int, group: _Group, account: _Account) -> None:
        if found.payment:
            moment = datetime.combine(group.day, time(), UTC)
            state, code = ProcessingState.SETTLED, f"{found.type:03}"
            named = (found.bank_reference, found.end_to_end_id)
            what = (found.payment, moment, state, amount_minor, account.currency, code, *named, found.line)
            self._events.add((account.logical_key, line_reference(found), *what))
        if self._events.full:
            self._reading.events_among_records.extend(self._events.take())

    def _prove(self, fields: Fields, total_minor: int, *, of: str) -> None:
        declared = fields.amount(of=f"control total of the {of}")
        if declared not in (None, total_minor):
            raise fields.wrong("control-total", f"the {of}'s control total says {declared}, but its amounts add up to {total_minor}")

    def _close(self, account: _Account, group: _Group) -> None:
        self._reading.statements.append(
            account.totals.statement(
                id=group.as_of,
                account=account.number,
                currency=account.currency,
                opening_minor=account.balances.get(OPENING_LEDGER),
                closing_minor=account.balances.get(CLOSING_LEDGER),
            )
        )
        if account.logical_key not in self._reading.logical_keys:
            self._reading.logical_keys.append(account.logical_key)
        self._reading.business_date = max(self._reading.business_date or group.day, group.day)
        self._account = None

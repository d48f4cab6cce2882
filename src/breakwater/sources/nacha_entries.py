"""One ACH entry with its addenda, and what it means to us.

The one table of NACHA files: kind, sign, dates, references. Names, account numbers and payment information are never kept.

| ours | theirs |
|---|---|
| sign | second digit of the transaction code: 1-4 is a credit, 5-9 a debit, as in the file's own totals |
| kind | with a return addendum (99) or in a batch described as REVERSAL a return, else by direction |
| `value_date` | the settlement day that the operator inserts |
| `booked_on` | effective entry date, else the day the file was made; of a return, whose batch repeats the original's date, the value date |
| `ref_partner_id` | trace number |
| `ref_original` | of a return: trace number of the entry that came back |
| `ref_tx_id` | of a dishonored return: trace number of the return; of a contested one: that of the dishonored return |
| `ref_payment_id` | identification number, where the entry class has one |
| `ref_end_to_end_id` | of an international entry (IAT): foreign trace number |
| `ref_batch_id` | originating bank and batch number |
| `raw_status`, `raw_code` | transaction code; return reason, else the entry class |

Entries without money leave no record. A notification of change (98) and a return of an entry without money become events of the original.
Source: the Nacha Operating Rules' record layouts, with those of dishonored (R61-R70) and contested (R71-R77) returns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind, clean_reference
from breakwater.sources.nacha_records import Record

DISHONORED = range(61, 71)
CONTESTED = range(71, 78)
# Entry classes with something else in the columns of the identification number: a name, a card's expiry, a check and its place.
WITHOUT_IDENTIFICATION = frozenset({"CIE", "MTE", "SHR", "POP", "IAT"})

# The columns of an entry's row, after its logical key and line reference.
ROW_COLUMNS = (
    "kind", "amount_minor", "booked_on", "value_date", "account", "ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_batch_id",
    "ref_original", "ref_tx_id", "status", "raw_status", "raw_code", "line",
)  # fmt: skip
EVENT_COLUMNS = ("payment_id", "occurred_at", "state", "amount_minor", "raw_code", "ref_partner_id", "line")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a batch header says of its entries."""

    id: str
    company: str
    entry_class: str
    reversal: bool
    booked_on: date
    made_on: date
    value_date: date | None


@dataclass(kw_only=True)
class Entry:
    """An entry while its addenda pass by; of each kind the last one counts. `addenda` are counted."""

    record: Record
    amount_minor: int
    credit: bool
    bank: int
    addenda: int = 0
    last: dict[str, Record] = field(default_factory=dict)

    @property
    def trace(self) -> str | None:
        """Its trace number."""
        return clean_reference(self.record.field(80, 94))

    def add(self, addendum: Record) -> None:
        """One of its addenda."""
        self.addenda += 1
        self.last[addendum.field(2, 3)] = addendum


def entry_of(record: Record) -> Entry:
    """What an entry record says."""
    code = record.number(2, 3, code="malformed", of="transaction code")
    if code % 10 == 0:
        raise record.wrong("malformed", f"the transaction code {code:02} is neither a credit nor a debit")
    return Entry(
        record=record,
        amount_minor=record.number(30, 39, code="bad-amount", of="amount"),
        credit=code % 10 <= 4,
        bank=record.number(4, 11, code="malformed", of="receiving bank"),
    )


def row(entry: Entry, batch: Batch, *, logical_key: str) -> tuple[Any, ...] | None:
    """The record of an entry; None where it moves no money."""
    if entry.amount_minor == 0:
        return None
    came_back = entry.last.get("99")
    international = entry.last.get("10")
    identified = batch.entry_class not in WITHOUT_IDENTIFICATION
    return (
        logical_key,
        f"{batch.id}/{entry.trace or ''}",
        _kind(entry, batch),
        entry.amount_minor if entry.credit else -entry.amount_minor,
        (batch.value_date or batch.made_on) if came_back else batch.booked_on,
        batch.value_date,
        batch.company,
        clean_reference(entry.record.field(40, 54)) if identified else None,
        entry.trace,
        clean_reference(international.field(25, 46)) if international and batch.entry_class == "IAT" else None,
        batch.id,
        clean_reference(came_back.field(7, 21)) if came_back else None,
        _answered(came_back) if came_back else None,
        "returned" if came_back else "settled",
        entry.record.field(2, 3),
        came_back.field(4, 6) if came_back else batch.entry_class,
        entry.record.line,
    )


def _kind(entry: Entry, batch: Batch) -> Kind:
    if "99" in entry.last or batch.reversal:
        return Kind.RETURN
    return Kind.PAYMENT if entry.credit else Kind.PAYOUT


def _answered(addendum: Record) -> str | None:
    """The trace number of the return that this one answers: a dishonored return answers a return, a contested one a dishonored return."""
    number = addendum.field(5, 6)
    reason = int(number) if number.isascii() and number.isdecimal() else 0
    if reason in DISHONORED:
        return clean_reference(addendum.field(39, 53))
    return clean_reference(addendum.field(59, 73)) if reason in CONTESTED else None


def events(entry: Entry, batch: Batch, *, logical_key: str) -> list[tuple[Any, ...]]:
    """What an entry says of another one without moving money.

    A notification of change says that the original was posted and what to correct next time; the correction itself is an account number
    or a name, and not kept.
    """
    told = [("98", ProcessingState.SETTLED)] + ([("99", ProcessingState.RETURNED)] if entry.amount_minor == 0 else [])
    found = []
    for kind, state in told:
        addendum = entry.last.get(kind)
        original = clean_reference(addendum.field(7, 21)) if addendum else None
        if addendum and original:
            moment = datetime.combine(batch.value_date or batch.made_on, time(), UTC)
            own = (original, moment, state, entry.amount_minor, addendum.field(4, 6), entry.trace, addendum.line)
            found.append((logical_key, f"{batch.id}/{entry.trace or ''}/{kind}", *own))
    return found

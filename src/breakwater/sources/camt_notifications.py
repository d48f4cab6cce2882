"""What an entry of a camt.052 or camt.054 means: events of the payments it names, never money.

The bank books each movement once, and its camt.053 is that book. The report during the day and the notification say the same entries
before, often with the details that the statement lacks; counted as records they would double every amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pyarrow as pa

from breakwater.model.payments import ProcessingState
from breakwater.model.records import Kind
from breakwater.sources.camt_details import Detail, Details
from breakwater.sources.camt_entries import BOOKED, Entry, kind_of, line_reference
from breakwater.sources.payment_events import Names, PaymentEvents

# Entry status: what became of the payments below. INFO and FUTR entries move nothing yet, so they are no event.
STATES = {BOOKED: ProcessingState.SETTLED, "PDNG": ProcessingState.CLEARING}
NO_EVENT = frozenset({"INFO", "FUTR"})


def notify(events: PaymentEvents, entry: Entry, details: Details, *, logical_key: str, day: date | None) -> Iterator[pa.RecordBatch]:
    """Add the events of an entry: one for each detail that names a payment. Charges are about no payment. Yields batches as they fill.

    `day` is the entry's, else its statement's.
    """
    if entry.status in NO_EVENT:
        return
    at = entry.booked_at or (datetime.combine(day, time(), UTC) if day else None)
    for detail in details:
        kind = kind_of(entry, detail)
        names = Names(
            end_to_end_id=detail.end_to_end_id,
            tx_id=detail.tx_id,
            uetr=detail.uetr,
            instruction_id=detail.instruction_id,
            partner_id=detail.servicer_reference or entry.reference,
            batch_id=detail.batch_id,
        )
        if kind is not Kind.FEE and names.payment_id:
            state = STATES.get(entry.status, ProcessingState.UNKNOWN)
            events.add(
                names,
                ProcessingState.RETURNED if kind is Kind.RETURN and state is ProcessingState.SETTLED else state,
                key=logical_key,
                at=at,
                money=_money(entry, detail, alone=details.count == 1),
                raw_code=entry.status,
                reason=detail.return_reason,
                line=entry.number,
                line_reference=line_reference(entry, detail, own_line=details.count > 1),
            )
            yield from events.full()


def _money(entry: Entry, detail: Detail, *, alone: bool) -> tuple[int, str] | None:
    """What the payment is worth: the whole entry if it is alone in it, else what the detail says."""
    if alone:
        return entry.amount_minor, entry.currency
    return None if detail.amount_minor is None or detail.currency is None else (detail.amount_minor, detail.currency)

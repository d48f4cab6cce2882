"""Records and statements of a provider's report that is read row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime

import pyarrow as pa

from breakwater.model.files import Reading
from breakwater.model.records import Kind
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import Document
from breakwater.sources.totals import Totals


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One row that moved money, as a record: `amount_minor` is signed and before `fee_minor`, positive when we pay it."""

    currency: str
    kind: Kind
    amount_minor: int
    fee_minor: int | None
    booked_on: date
    booked_at: datetime | None = None
    value_date: date | None = None
    account: str | None = None
    status: str | None = None
    raw_status: str | None = None
    raw_code: str | None = None
    ref_payment_id: str | None = None
    ref_partner_id: str | None = None
    ref_original: str | None = None
    ref_batch_id: str | None = None
    ref_payout_trace_id: str | None = None
    original_amount_minor: int | None = None
    original_currency: str | None = None
    line: int


_COLUMNS = tuple(field.name for field in fields(Movement))


class ReportRecords:
    """Gathers the movements of one document, and adds them up to one statement for each account and currency."""

    def __init__(self, document: Document, reading: Reading) -> None:
        self._reading = reading
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=_COLUMNS, constants=constants)
        self._totals: dict[tuple[str | None, str], Totals] = {}

    def totals(self, currency: str, *, account: str | None = None) -> Totals:
        """The statement of an account in a currency; statements are in the order in which they are first asked for."""
        return self._totals.setdefault((account, currency), Totals())

    def add(self, movement: Movement, *, key: str, reference: str | None) -> Iterator[pa.RecordBatch]:
        """One record, with its logical key and what names it within; a batch once there is one. It is not counted here."""
        if key not in self._reading.logical_keys:
            self._reading.logical_keys.append(key)
        self._reading.business_date = max(filter(None, (self._reading.business_date, movement.booked_on)))
        self._rows.add((key, reference or "", *(getattr(movement, name) for name in _COLUMNS)))
        if self._rows.full:
            yield from self._rows.take()

    def finish(self, *, id: str | None = None, account: str | None = None) -> Iterator[pa.RecordBatch]:
        """The last batch, and the statements."""
        yield from self._rows.take()
        for (of_account, currency), totals in self._totals.items():
            self._reading.statements.append(totals.statement(id=id, account=of_account or account, currency=currency))

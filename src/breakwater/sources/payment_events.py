"""Events in partners' messages: each names a payment and says what became of it, so that it can be traced; none of them counts as money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from breakwater.model.events import EVENT_SCHEMA, NO_CURRENCY
from breakwater.model.files import Notice, Reading
from breakwater.model.payments import ProcessingState
from breakwater.sources.batches import RecordRows
from breakwater.sources.documents import Document

_COLUMNS = (
    "payment_id", "occurred_at", "state", "amount_minor", "currency", "raw_code", "reason",
    "ref_partner_id", "ref_end_to_end_id", "ref_uetr", "ref_tx_id", "ref_instruction_id", "ref_batch_id", "line",
)  # fmt: skip
_NAMED_CODES = 5


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a message calls a payment; each None where it does not, or only says that it has no such name."""

    end_to_end_id: str | None = None
    tx_id: str | None = None
    uetr: str | None = None
    instruction_id: str | None = None
    partner_id: str | None = None
    batch_id: str | None = None

    @property
    def payment_id(self) -> str | None:
        """The name it is known by: what its initiator called it, else what the banks on its way do; None where it has no name."""
        return self.end_to_end_id or self.tx_id or self.uetr or self.instruction_id


class PaymentEvents:
    """Gathers the events of one document. What names no payment, or has no time, is counted and told rather than kept."""

    def __init__(self, document: Document, reading: Reading) -> None:
        self._reading = reading
        constants = {"partner": document.partner, "network": document.network, "source_file": document.source_file}
        self._rows = RecordRows(columns=_COLUMNS, constants=constants, schema=EVENT_SCHEMA)
        self._unknown: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def add(
        self,
        names: Names,
        state: ProcessingState,
        *,
        key: str,
        at: datetime | None,
        money: tuple[int, str] | None,
        raw_code: str | None,
        line: int,
        reason: str | None = None,
        line_reference: str | None = None,
    ) -> None:
        """Something happened to a payment. `money` is unsigned; `line_reference` names the event within `key`, if not by its payment."""
        if state is ProcessingState.UNKNOWN:
            self._unknown[raw_code or "none"] += 1
        payment_id = names.payment_id
        if payment_id is None or at is None:
            self._lost["name no payment" if payment_id is None else "have no time"] += 1
            return
        amount_minor, currency = money or (0, NO_CURRENCY)
        known = (payment_id, at, str(state), amount_minor, currency, raw_code, reason)
        called = (names.partner_id, names.end_to_end_id, names.uetr, names.tx_id, names.instruction_id, names.batch_id)
        self._rows.add((key, line_reference or payment_id, *known, *called, line))

    def full(self) -> Iterator[pa.RecordBatch]:
        """A batch, once there are rows enough for one."""
        if self._rows.full:
            yield from self._rows.take()

    def rest(self) -> Iterator[pa.RecordBatch]:
        """What is left at the end of the document, and the notices that are due."""
        if self._unknown:
            codes = ", ".join(f"{code} ({n:,})" for code, n in self._unknown.most_common(_NAMED_CODES))
            self._reading.notices.append(Notice("unknown-status", f"Status codes that are not known here and count as unknown: {codes}."))
        for why, n in self._lost.items():
            self._reading.notices.append(Notice("event-not-kept", f"Transactions that {why}, and so can't be traced: {n:,}."))
        yield from self._rows.take()

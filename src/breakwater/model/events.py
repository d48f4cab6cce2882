"""Events: something that happened to a payment, and the columns they have at rest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import pyarrow as pa

NO_CURRENCY = "XXX"  # ISO 4217's code where no currency is involved: the event states no amount, and `amount_minor` is 0


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to a payment, at `occurred_at` (aware UTC). `amount_minor` is unsigned: what the payment is worth.

    `state` is a canonical processing state (`model.payments.ProcessingState`); `raw_code` is the source's own word for it, and
    `reason` its decline or return reason.
    """

    event_id: str
    payment_id: str
    partner: str
    occurred_at: datetime
    state: str
    amount_minor: int
    currency: str
    network: str | None = None
    raw_code: str | None = None
    reason: str | None = None
    ref_partner_id: str | None = None
    ref_end_to_end_id: str | None = None
    ref_uetr: str | None = None
    ref_tx_id: str | None = None
    ref_instruction_id: str | None = None
    ref_batch_id: str | None = None
    ref_arn: str | None = None
    ref_rrn: str | None = None
    ref_network_id: str | None = None
    source_file: str | None = None
    line: int | None = None


_TYPES = {"amount_minor": pa.int64(), "line": pa.int64(), "occurred_at": pa.timestamp("us", tz="UTC")}
_NEVER_NULL = {"event_id", "payment_id", "partner", "occurred_at", "state", "amount_minor", "currency"}

EVENT_SCHEMA = pa.schema([pa.field(f.name, _TYPES.get(f.name, pa.string()), nullable=f.name not in _NEVER_NULL) for f in fields(Event)])
EVENT_REFERENCE_COLUMNS = tuple(f.name for f in fields(Event) if f.name.startswith("ref_"))

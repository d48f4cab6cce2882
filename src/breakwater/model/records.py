"""Records: one normalised line of a source that moves money, and the columns it has at rest.

The first columns are those of the canonical record (CONTRACTS 7); the rest is what tracing needs beside them. The
Arrow schema is a word of the house, since bulk data crosses rooms as Arrow batches.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

import pyarrow as pa

from breakwater.model.arrow import do_without_pandas

do_without_pandas()  # before anything of the house hands values to Arrow


class Side(StrEnum):
    """The two sides of a reconciliation: our ledger, the partner's report."""

    OURS = "ours"
    THEIRS = "theirs"


class Kind(StrEnum):
    """What a record is, by the trade's words."""

    PAYMENT = "payment"
    REFUND = "refund"
    RETURN = "return"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    FEE = "fee"
    PAYOUT = "payout"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One normalised line of a source. Amounts are signed from OUR point of view: money towards us is positive.

    `fee_minor` is the partner's cost on this line, positive when we pay, None when not stated. `line` is the 1-based line
    or entry number in the source file. `raw_status` and `raw_code` are the partner's own words, never translated.
    """

    record_id: str
    kind: Kind
    amount_minor: int
    currency: str
    booked_on: date
    partner: str
    fee_minor: int | None = None
    value_date: date | None = None
    status: str | None = None
    account: str | None = None
    ref_payment_id: str | None = None
    ref_partner_id: str | None = None
    ref_end_to_end_id: str | None = None
    ref_arn: str | None = None
    ref_batch_id: str | None = None
    ref_original: str | None = None
    original_amount_minor: int | None = None
    original_currency: str | None = None
    network: str | None = None
    booked_at: datetime | None = None
    raw_status: str | None = None
    raw_code: str | None = None
    ref_uetr: str | None = None
    ref_tx_id: str | None = None
    ref_rrn: str | None = None
    ref_network_id: str | None = None
    ref_payout_trace_id: str | None = None
    source_file: str | None = None
    line: int | None = None


_TIME = pa.timestamp("us", tz="UTC")
_TYPES = {
    "amount_minor": pa.int64(),
    "fee_minor": pa.int64(),
    "original_amount_minor": pa.int64(),
    "line": pa.int64(),
    "booked_on": pa.date32(),
    "value_date": pa.date32(),
    "booked_at": _TIME,
}
_NEVER_NULL = {"record_id", "kind", "amount_minor", "currency", "booked_on", "partner"}

RECORD_SCHEMA = pa.schema([pa.field(f.name, _TYPES.get(f.name, pa.string()), nullable=f.name not in _NEVER_NULL) for f in fields(Record)])
CANONICAL_COLUMNS = (
    "record_id", "kind", "amount_minor", "fee_minor", "currency", "booked_on", "value_date", "status", "account",
    "ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_arn", "ref_batch_id", "ref_original",
    "original_amount_minor", "original_currency",
)  # fmt: skip
REFERENCE_COLUMNS = tuple(f.name for f in fields(Record) if f.name.startswith("ref_"))
NOT_A_REFERENCE = frozenset({"NOTPROVIDED"})  # ISO 20022's word for an absent EndToEndId: never a key


def record_id(logical_key: str, line_reference: str, ordinal: int) -> str:
    """A record's identity: where its file logically belongs, the partner's reference of the line, and an ordinal among equals.

    Never bytes or line numbers, so a re-issued file keeps it. `ordinal` counts from 0 the lines of one file with the same reference.
    """
    return f"{logical_key}/{line_reference or '-'}/{ordinal}"


def clean_reference(text: str | None) -> str | None:
    """A reference without surrounding blanks, or None where it is empty or says that there is none."""
    stripped = (text or "").strip(" \t\n\r\f\v")
    return None if not stripped or stripped.upper() in NOT_A_REFERENCE else stripped

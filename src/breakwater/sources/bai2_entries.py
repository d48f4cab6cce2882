"""One BAI2 transaction (`16`), and what it means to us.

The one table of BAI2: kind, sign, dates, references. The text itself is never kept.

| ours | theirs |
|---|---|
| sign | type 100-399 is a credit, 400-699 a debit; other types move no money |
| kind | fee, return by the type code, else by direction |
| `booked_on`, `value_date` | the group's as-of date; the date of funds type V |
| `ref_partner_id`, `ref_payment_id` | the bank's and the customer's reference number |
| `ref_end_to_end_id`, `ref_network_id` | `EREF:` and `CREF:` (clearing reference) in a continuation of the text |
| `ref_original` | of a return: the customer's reference number, which is that of the payment it undoes |
| `raw_code` | the type code |

Source: BAI's "Cash Management Balance Reporting Specifications, version 2", as banks publish it with its type codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from breakwater.model.records import Kind, clean_reference
from breakwater.sources.bai2_records import Fields, Record

CREDITS, DEBITS = range(100, 400), range(400, 700)
# Interest, account analysis and other fees: the bank's own reckoning, which no payment of ours explains.
FEE_TYPES = frozenset({354, 654, 661, 698})
# Returned checks, deposits, ACH items and transfers; rejected ones; reversals.
RETURN_TYPES = frozenset({252, 255, 257, 258, 261, 266, 268, 552, 555, 557, 558, 561, 566, 568})

# The columns of a transaction's row, after its logical key and line reference.
ROW_COLUMNS = (
    "kind", "amount_minor", "booked_on", "value_date", "ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_network_id",
    "ref_original", "raw_code", "currency", "account", "line",
)  # fmt: skip
_NAMED = re.compile(r"\s*(EREF|CREF):\s*(\S+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What one `16` says. `amount_minor` is unsigned; None only where the type moves no money."""

    line: int
    type: int | None
    amount_minor: int | None
    value_date: date | None
    bank_reference: str | None
    own_reference: str | None
    end_to_end_id: str | None
    clearing_reference: str | None

    @property
    def credit(self) -> bool:
        """True for money towards the account."""
        return self.type in CREDITS

    @property
    def money(self) -> bool:
        """True where the type moves money."""
        return self.type in CREDITS or self.type in DEBITS

    @property
    def payment(self) -> str | None:
        """The reference by which we would know the payment."""
        return self.own_reference or self.end_to_end_id


def transaction_of(record: Record, fields: Fields) -> Transaction:
    """What a `16` and its continuations say."""
    type_code = fields.type_code()
    amount_minor = fields.amount(of="amount")
    value_date = fields.funds()
    named = {found[1]: found[2] for text in record.segments[1:] if (found := _NAMED.fullmatch(text))}
    transaction = Transaction(
        line=record.line,
        type=type_code,
        amount_minor=amount_minor,
        value_date=value_date,
        bank_reference=clean_reference(fields.next()),
        own_reference=clean_reference(fields.next()),
        end_to_end_id=clean_reference(named.get("EREF")),
        clearing_reference=clean_reference(named.get("CREF")),
    )
    if transaction.money and (amount_minor is None or amount_minor < 0):
        raise fields.wrong("bad-amount", f"a transaction of type {type_code} has no unsigned amount")
    return transaction


def line_reference(found: Transaction) -> str:
    """What names a transaction in its account: its references, else its type and amount."""
    return "/".join(filter(None, (found.bank_reference, found.payment))) or f"{found.type}:{found.amount_minor}"


def row(found: Transaction, *, logical_key: str, account: str | None, currency: str, booked_on: date) -> tuple[Any, ...]:
    """The record of a transaction that moves money."""
    amount_minor = found.amount_minor or 0
    kind = _kind(found)
    return (
        logical_key,
        line_reference(found),
        kind,
        amount_minor if found.credit else -amount_minor,
        booked_on,
        found.value_date,
        found.own_reference,
        found.bank_reference,
        found.end_to_end_id,
        found.clearing_reference,
        found.payment if kind is Kind.RETURN else None,
        f"{found.type:03}",
        currency,
        account,
        found.line,
    )


def _kind(found: Transaction) -> Kind:
    if found.type in FEE_TYPES:
        return Kind.FEE
    if found.type in RETURN_TYPES:
        return Kind.RETURN
    return Kind.PAYMENT if found.credit else Kind.PAYOUT

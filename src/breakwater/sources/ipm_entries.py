"""One presentment or chargeback of a Mastercard IPM file, and what it means to us, as acquirer.

The one table of IPM: kind, sign, dates, references.

| ours | theirs |
|---|---|
| entries | 1240 presentments and 1442 chargebacks; fee collections (1740) and file messages (1644) are none |
| sign | a presentment is a credit, a chargeback a debit; the other way round where the processing code (DE3) begins with 20 or 28 |
| `amount_minor` | DE4, with the decimals that PDS 0148 states for its currency (DE49), else with ISO 4217's |
| kind, 1442 | chargeback |
| kind, 1240 | chargeback reversal for function codes (DE24) 205 and 282; refund for processing code 20, payout for 28; else payment |
| `booked_on` | the day in the file's id (PDS 0105), else that of the transaction (DE12) |
| `account`, `ref_batch_id` | the processor in the file's id, the file's id |
| `ref_arn`, `ref_rrn`, `ref_network_id` | DE31, DE37, DE63 |
| `ref_original` | of a refund none; of a chargeback and its reversal: DE31, which is the presentment's |
| `raw_status`, `raw_code` | message reason (DE25); message type, function and processing code |

The card number is not kept, and nothing else that would name a person.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from breakwater.model.money import currency_of_number, exponent
from breakwater.model.records import Kind, clean_reference
from breakwater.sources.amounts import LARGEST_MINOR
from breakwater.sources.ipm_messages import Message
from breakwater.sources.text_lines import six_digit_day

PRESENTMENT, CHARGEBACK = "1240", "1442"
SECOND_PRESENTMENTS = frozenset({"205", "282"})  # function codes: full, partial
REFUND, PAYMENT_TO_CARD = "20", "28"  # the first digits of the processing code that turn the direction

ROW_COLUMNS = (
    "kind", "amount_minor", "currency", "booked_on", "account", "ref_arn", "ref_rrn", "ref_network_id", "ref_batch_id", "ref_original",
    "status", "raw_status", "raw_code", "line",
)  # fmt: skip
_TIME = re.compile(r"[0-9]{6}([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]|")  # YYMMDDhhmmss, or none
_STATUS = {Kind.CHARGEBACK: "disputed", Kind.CHARGEBACK_REVERSAL: "dispute_won", Kind.REFUND: "refunded"}


@dataclass(frozen=True, kw_only=True)
class FileId:
    """The id of a clearing file (PDS 0105): 3 digits of type, 6 of date, 11 of processor, 5 of sequence."""

    text: str | None

    @property
    def day(self) -> date | None:
        """The day the file was made; None where it is none that exists."""
        return _day((self.text or "")[3:9])

    @property
    def processor(self) -> str | None:
        """The processor that the file is of."""
        return (self.text or "")[9:20] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a presentment or chargeback says of money. `amount_minor` is unsigned, in minor units by ISO 4217."""

    amount_minor: int
    currency: str
    credit: bool


def entry_of(message: Message, private_data: Mapping[str, str]) -> Entry:
    """The money of a presentment or chargeback; `bad-date` if it says a time that does not exist."""
    if not _TIME.fullmatch(message.text(12)) or (message.text(12) and _day(message.text(12)[:6]) is None):
        raise message.wrong("bad-date", "its time (data element 12) does not exist")
    amount = message.digits(4, code="bad-amount")
    if amount is None:
        raise message.wrong("bad-amount", "it has no amount (data element 4)")
    numeric = message.text(49)
    try:
        currency = _currency(numeric)
    except (KeyError, ValueError):
        raise message.wrong("bad-amount", "its currency (data element 49) is none") from None
    stated = _stated_exponent(message, private_data.get("0148", ""), numeric)
    turned = message.text(3)[:2] in (REFUND, PAYMENT_TO_CARD)
    return Entry(
        amount_minor=_minor(message, amount, stated=stated, places=exponent(currency)),
        currency=currency,
        credit=(message.type == PRESENTMENT) != turned,
    )


@functools.cache
def _currency(numeric: str) -> str:
    currency = currency_of_number(int(numeric))
    exponent(currency)
    return currency


def _stated_exponent(message: Message, listed: str, numeric: str) -> int | None:
    """The decimals that PDS 0148 states for a currency: entries of three digits of currency and one of decimals."""
    if len(listed) % 4 or (listed and not (listed.isascii() and listed.isdecimal())):
        raise message.wrong("malformed", "its currency exponents (PDS 0148) can't be read")
    return next((int(listed[at + 3]) for at in range(0, len(listed), 4) if listed[at : at + 3] == numeric), None)


def _minor(message: Message, amount: int, *, stated: int | None, places: int) -> int:
    """An amount with the stated decimals in the currency's own minor units; other digits than zeros beyond them are `bad-amount`."""
    over = 0 if stated is None else stated - places
    factor = int(10 ** abs(over))
    amount_minor, rest = divmod(amount, factor) if over > 0 else (amount * factor, 0)
    if rest or amount_minor > LARGEST_MINOR:
        raise message.wrong("bad-amount", f"its amount with {stated} decimals is no whole number of minor units")
    return amount_minor


def row(message: Message, entry: Entry, file: FileId, *, logical_key: str) -> tuple[Any, ...]:
    """The record of a presentment or chargeback."""
    kind = _kind(message)
    booked_on = file.day or _day(message.text(12)[:6])
    if booked_on is None:
        raise message.wrong("bad-date", "neither it nor its file has a date that exists")
    arn = clean_reference(message.text(31))
    function, processing = message.text(24), message.text(3)
    return (
        logical_key,
        "/".join(filter(None, (message.type, function, arn))),
        kind,
        entry.amount_minor if entry.credit else -entry.amount_minor,
        entry.currency,
        booked_on,
        file.processor,
        arn,
        clean_reference(message.text(37)),
        clean_reference(message.text(63)),
        file.text,
        arn if kind in (Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL) else None,
        _STATUS.get(kind, "settled"),
        clean_reference(message.text(25)),
        "/".join((message.type, function, processing)),
        message.number,
    )


def _kind(message: Message) -> Kind:
    if message.type == CHARGEBACK:
        return Kind.CHARGEBACK
    if message.text(24) in SECOND_PRESENTMENTS:
        return Kind.CHARGEBACK_REVERSAL
    return {REFUND: Kind.REFUND, PAYMENT_TO_CARD: Kind.PAYOUT}.get(message.text(3)[:2], Kind.PAYMENT)


def _day(text: str) -> date | None:
    try:
        return six_digit_day(text)
    except ValueError:
        return None

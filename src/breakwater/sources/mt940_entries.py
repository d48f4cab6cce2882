"""One statement line (`:61:` with its `:86:`) of a SWIFT statement, and what it means to us.

The one table of MT940 and MT942: kind, sign, dates, references. The purpose text itself is never kept.

| ours | theirs |
|---|---|
| sign | C and RD are credits, D and RC debits; EC and ED are only expected |
| kind | fee, return by the transaction type of `:61:` or the German business code of `:86:`; a reversal is a return; else by direction |
| `value_date`, `booked_on` | value date, entry date (else the value date) |
| `ref_partner_id` | reference of the bank, behind `//` |
| `ref_payment_id` | reference of the account owner, before `//` |
| `ref_end_to_end_id`, `ref_batch_id` | `EREF+` or `/EREF/`, `KREF+` or `/PREF/` in `:86:` |
| `ref_original` | of a return: the reference of the payment it undoes, which is its own `EREF`, else the reference of the account owner |
| `raw_status`, `raw_code` | the mark; transaction type, business code and return reason |

Sources: SWIFT's published MT940 field layouts, Deutsche Kreditwirtschaft's "DFÜ-Abkommen, Anlage 3" for the structured `:86:`.
"""

from __future__ import annotations

import calendar
import functools
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from breakwater.errors import FileError
from breakwater.model.records import Kind, clean_reference
from breakwater.sources.swift_fields import AMOUNT, Field, Wording

CREDIT_MARKS = frozenset({"C", "RD", "EC"})
EXPECTED_MARKS = frozenset({"EC", "ED"})
REVERSAL_MARKS = frozenset({"RC", "RD"})

# SWIFT transaction types behind their N, F or S: charges, commission, interest; returned item.
FEE_TYPES = frozenset({"CHG", "COM", "INT"})
RETURN_TYPES = frozenset({"RTI"})
# German business codes: account closing, charges, commission, interest; direct debits and credit transfers that came back.
FEE_BUSINESS_CODES = frozenset({"805", "808", "809", "814"})
RETURN_BUSINESS_CODES = frozenset({"009", "059", "108", "109", "159"})

# The columns of an entry's row, after its logical key and line reference.
ROW_COLUMNS = (
    "kind", "amount_minor", "booked_on", "value_date", "ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_batch_id",
    "ref_original", "original_amount_minor", "original_currency", "raw_status", "raw_code", "currency", "account", "line",
)  # fmt: skip

# What banks write where there is no reference, or where it stands in :86: instead.
_NO_REFERENCE = frozenset({"NONREF", "NOREF", "N", "KREF+", "EREF+", "KREF", "EREF", "PREF", "MARF"})
_MARK = re.compile(r"(EC|ED|RC|RD|C|D)([A-Z]?)")
_BUSINESS_CODE = re.compile(r"\s*([0-9]{3})\s*\?")
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_PURPOSE = frozenset([*range(20, 30), *range(60, 64)])  # subfields ?20-?29 and ?60-?63: one text, cut to fit
_SUBFIELD_LENGTH = 27  # what does not fit goes on in the next subfield, so a shorter one ends its value
_MARKER = re.compile(r"(?:^|\b|(?<=[\n\x1f]))(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|IBAN|BIC)\+")
_SLASHED = re.compile(r"/(EREF|PREF|KREF|RTRN)/(.*?)\s*(?=//|/[A-Z]{3,4}/|/?$)")
_LONGEST_REFERENCE = 35  # of ISO 20022; what is longer ran into somebody's words
_ORIGINAL_AMOUNT = re.compile(r"/OCMT/([A-Z]{3})([0-9]*,[0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one `:61:` says. `amount` is still text: its currency stands elsewhere."""

    line: int
    value_date: date
    booked_on: date
    mark: str
    amount: str
    type: str
    owner_reference: str | None
    bank_reference: str | None
    original: tuple[str, str] | None
    references: dict[str, str]

    @property
    def credit(self) -> bool:
        """True for money towards the account."""
        return self.mark in CREDIT_MARKS

    @property
    def expected(self) -> bool:
        """True for an entry that is announced, not booked."""
        return self.mark in EXPECTED_MARKS

    @property
    def payment(self) -> str | None:
        """The reference by which we would know the payment."""
        return self.references.get("EREF") or self.owner_reference


def entry_of(found: Field, *, purpose: str, wording: Wording) -> Entry:
    """What a `:61:` and the `:86:` behind it say."""
    text, line = found.first, found.line
    value_date = _value_date(text[:6], line=line, wording=wording)
    rest = text[6:]
    entry_day = rest[:4] if rest[:4].strip().isdecimal() else ""
    if entry_day or not rest[:4].strip():
        rest = rest[4:]
    mark = _MARK.match(rest)
    if mark is None:
        raise wording.wrong("malformed", line, f"'{text}' says neither C nor D")
    amount = AMOUNT.match(rest, mark.end())
    if amount is None or amount[0] == ",":
        raise wording.wrong("bad-amount", line, f"'{text}' has no amount with a decimal comma")
    reason = rest[amount.end() :].lstrip()
    owner, _, bank = reason[4:].partition("//")
    original = _ORIGINAL_AMOUNT.search("".join(found.lines[1:]))
    return Entry(
        line=line,
        value_date=value_date,
        booked_on=_entry_date(entry_day, near=value_date, line=line, wording=wording) if entry_day else value_date,
        mark=mark[1],
        amount=amount[0],
        type=reason[:4].strip(),
        owner_reference=_reference(owner),
        bank_reference=_reference(bank),
        original=(original[1], original[2]) if original else None,
        references=references_in(purpose),
    )


def _value_date(text: str, *, line: int, wording: Wording) -> date:
    if text[2:] in ("0229", "0230"):  # interest is reckoned in months of 30 days: the day is the month's last then
        last = calendar.monthrange(wording.day(text[:2] + "0201", line=line, of="value date").year, 2)[1]
        return wording.day(f"{text[:4]}{min(int(text[4:]), last)}", line=line, of="value date")
    return wording.day(text, line=line, of="value date")


def _entry_date(text: str, *, near: date, line: int, wording: Wording) -> date:
    """The day of MMDD that is nearest to the value date: entries of one year are valued in the next, and the other way round."""
    days = [day for year in (near.year - 1, near.year, near.year + 1) if (day := _day_of(year, text))]
    if not days:
        raise wording.wrong("bad-date", line, f"the entry date '{text}' does not exist")
    return min(days, key=lambda day: abs(day - near))


@functools.lru_cache(maxsize=4096)
def _day_of(year: int, text: str) -> date | None:
    try:
        return date(year, int(text[:2]), int(text[2:]))
    except ValueError:
        return None


def _reference(text: str) -> str | None:
    cleaned = clean_reference(text)
    return None if cleaned in _NO_REFERENCE else cleaned


def references_in(purpose: str) -> dict[str, str]:
    """The named references of an `:86:`: by `?NN` subfields with `EREF+…` markers, or by `/EREF/…` words; GVC is the business code."""
    code = _BUSINESS_CODE.match(purpose)
    if code is None:
        return _kept(_SLASHED.findall(purpose))
    _, *subfields = _SUBFIELD.split(purpose)
    texts = [text for number, text in zip(subfields[::2], subfields[1::2], strict=True) if int(number) in _PURPOSE]
    marked = _MARKER.split("".join(text + ("\x1f" if len(text) >= _SUBFIELD_LENGTH else "\n") for text in texts))
    values = [value.partition("\n")[0].replace("\x1f", "") for value in marked[2::2]]
    return {"GVC": code[1]} | _kept([(name, value) for name, value in zip(marked[1::2], values, strict=True) if name in ("EREF", "KREF")])


def _kept(found: list[tuple[str, str]]) -> dict[str, str]:
    cleaned = ((name, clean_reference(value)) for name, value in found)
    return {name: value for name, value in cleaned if value and len(value) <= _LONGEST_REFERENCE}


def row(entry: Entry, *, amount_minor: int, currency: str, logical_key: str, account: str | None, wording: Wording) -> tuple[Any, ...]:
    """The record of a booked entry of `amount_minor` unsigned minor units."""
    sign = 1 if entry.credit else -1
    named = entry.references
    kind = _kind(entry)
    original_minor, original_currency = _original(entry, currency, wording)
    own_line = "/".join(filter(None, (entry.bank_reference, entry.payment)))
    return (
        logical_key,
        own_line or f"{entry.value_date:%y%m%d}{entry.mark}{entry.amount}",
        kind,
        sign * amount_minor,
        entry.booked_on,
        entry.value_date,
        entry.owner_reference,
        entry.bank_reference,
        named.get("EREF"),
        named.get("KREF") or named.get("PREF"),
        entry.payment if kind is Kind.RETURN else None,
        sign * original_minor if original_minor is not None else None,
        original_currency,
        entry.mark,
        "/".join(filter(None, (entry.type, named.get("GVC"), named.get("RTRN")))) or None,
        currency,
        account,
        entry.line,
    )


def _original(entry: Entry, currency: str, wording: Wording) -> tuple[int | None, str | None]:
    """The amount before conversion. One that can't be read explains nothing, and refuses nothing."""
    if entry.original is None or entry.original[0] == currency:
        return None, None
    try:
        return wording.minor(entry.original[1], entry.original[0], line=entry.line, of="original amount"), entry.original[0]
    except FileError:
        return None, None


def _kind(entry: Entry) -> Kind:
    swift, business = entry.type[1:], entry.references.get("GVC")
    if swift in FEE_TYPES or business in FEE_BUSINESS_CODES:
        return Kind.FEE
    if swift in RETURN_TYPES or business in RETURN_BUSINESS_CODES or "RTRN" in entry.references or entry.mark in REVERSAL_MARKS:
        return Kind.RETURN
    return Kind.PAYMENT if entry.credit else Kind.PAYOUT

"""Comparing one of ours with one of theirs in plain Python: amount, window, fee, status, references.

This is the meaning, written to be read; the fast engine says the same in set expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from breakwater.matching.agreement import KEY_COLUMNS, Agreement, Kinds
from breakwater.matching.outcome import PRECEDENCE
from breakwater.model.breaks import BreakKind
from breakwater.model.records import CANONICAL_COLUMNS

AMOUNT_FINDINGS = frozenset(PRECEDENCE[:3])
REFERENCES = tuple(name for name in KEY_COLUMNS if name != "account")
ASCII_WHITESPACE = " \t\n\r\v\f"
CUT = 16  # references are cut to this length in SWIFT fields
BPS = 10_000
_ASCII_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}


@dataclass(frozen=True, kw_only=True)
class Item:
    """A canonical record with cleaned references, its date and `b`, the business days up to that date."""

    record_id: str
    kind: str
    amount_minor: int
    fee_minor: int | None
    currency: str
    date: date
    b: int
    status: str | None
    account: str | None
    ref_payment_id: str | None
    ref_partner_id: str | None
    ref_end_to_end_id: str | None
    ref_arn: str | None
    ref_batch_id: str | None
    ref_original: str | None
    original_amount_minor: int | None
    original_currency: str | None

    def values(self, columns: tuple[str, ...]) -> tuple[str, ...] | None:
        """The values of key columns, or None where one of them is null."""
        found = tuple(getattr(self, column) for column in columns)
        return None if None in found else found


def item(row: Mapping[str, Any], agreement: Agreement) -> Item:
    """A canonical row, cleaned."""
    day = row["value_date"] or row["booked_on"]
    fields = {name: row[name] for name in CANONICAL_COLUMNS if name not in ("booked_on", "value_date")}
    plain = Item(**fields, date=day, b=agreement.calendar.between(date(1970, 1, 1), day))
    cleaned = {name: clean(row[name], agreement.not_keys) for name in KEY_COLUMNS}
    return replace(plain, status=plain.status or None, original_currency=plain.original_currency or None, **cleaned)  # type: ignore[arg-type]


def clean(text: str | None, not_keys: frozenset[str]) -> str | None:
    """A reference without surrounding blanks; None where it is empty or a word that is no key."""
    stripped = (text or "").strip(ASCII_WHITESPACE)
    return None if not stripped or stripped.translate(_ASCII_UPPER) in not_keys else stripped


def form(text: str) -> str:
    """F(x): upper case, letters and digits only, runs of digits without leading zeros."""
    letters_and_digits = re.sub("[^A-Z0-9]", "", text.translate(_ASCII_UPPER))
    return re.sub("[0-9]+", lambda run: run[0].lstrip("0") or "0", letters_and_digits)


def alike(x: str, y: str) -> bool:
    """The same reference, written differently or cut."""
    if x == y:
        return True
    shorter, longer = sorted((x, y), key=len)
    return form(x) == form(y) or (len(shorter) == CUT < len(longer) and form(longer[:CUT]) == form(shorter))


def conflict(a: Item, b: Item, agreement: Agreement) -> bool:
    """An identity column contradicts."""
    both = ((getattr(a, column), getattr(b, column)) for column in agreement.identity)
    return any(x is not None and y is not None and not alike(x, y) for x, y in both)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A pair and what was found: findings in the order of precedence, with the figures their breaks are worth."""

    o: Item
    t: Item
    lag: int
    delta: int
    findings: tuple[BreakKind, ...]
    fee_off: int

    @property
    def amount_agrees(self) -> bool:
        return not AMOUNT_FINDINGS & set(self.findings)

    @property
    def in_window(self) -> bool:
        return BreakKind.LATE_SETTLEMENT not in self.findings

    @property
    def cost(self) -> tuple[object, ...]:
        """Greedy pairing takes the smallest first."""
        return (
            BreakKind.CURRENCY_MISMATCH in self.findings,
            not self.in_window,
            self.delta,
            abs(self.lag),
            abs((self.t.date - self.o.date).days),
            BreakKind.STATUS_MISMATCH in self.findings,
            self.o.record_id,
            self.t.record_id,
        )

    @property
    def value(self) -> tuple[int, str]:
        """What the break of the first finding is worth, and in which currency."""
        match self.findings[0]:
            case BreakKind.AMOUNT_MISMATCH | BreakKind.FX_VARIANCE:
                return self.delta, self.t.currency
            case BreakKind.FEE_VARIANCE:
                return self.fee_off, self.t.currency
            case _:
                return abs(self.o.amount_minor), self.o.currency


def compare(o: Item, t: Item, agreement: Agreement) -> Comparison:
    """All findings of a pair but the reference's, which only similar passes know."""
    amount, delta = amount_finding(o, t, agreement)
    lag, fee_off = t.b - o.b, fee_difference(o, t, agreement)
    found = {amount} if amount else set()
    if not in_window(lag, agreement):
        found.add(BreakKind.LATE_SETTLEMENT)
    if fee_off > agreement.fee_tolerance.of(t.currency):
        found.add(BreakKind.FEE_VARIANCE)
    if status_differs(o.status, t.status, agreement):
        found.add(BreakKind.STATUS_MISMATCH)
    return Comparison(o=o, t=t, lag=lag, delta=delta, findings=tuple(k for k in PRECEDENCE if k in found), fee_off=fee_off)


def in_window(lag: int, agreement: Agreement) -> bool:
    return -agreement.before <= lag <= agreement.after


def open_at(side: str, b: int, b_as_of: int, agreement: Agreement) -> bool:
    """Still inside its window at as-of."""
    return b_as_of - b <= (agreement.after if side == "ours" else agreement.before)


def amount_finding(o: Item, t: Item, agreement: Agreement) -> tuple[BreakKind | None, int]:
    """(what is wrong with the amount, by how much), by the first rule that applies."""
    tolerance = agreement.amount_tolerance.of
    if o.currency == t.currency:
        delta = abs(t.amount_minor - o.amount_minor)
        agrees = delta <= tolerance(t.currency)
        if _same_original(o, t, agreement):
            agrees = agrees or delta * BPS <= abs(o.amount_minor) * agreement.rate_tolerance_bps
            return (None if agrees else BreakKind.FX_VARIANCE), delta
        return (None if agrees else BreakKind.AMOUNT_MISMATCH), delta
    rate = agreement.rates.get((o.currency, t.currency))
    if rate and t.original_currency == o.currency and abs((t.original_amount_minor or 0) - o.amount_minor) <= tolerance(o.currency):
        expected = converted(o.amount_minor, rate, agreement.exponents.of(t.currency) - agreement.exponents.of(o.currency))
        delta = abs(t.amount_minor - expected)
        agrees = delta <= tolerance(t.currency) or delta * BPS <= abs(expected) * agreement.rate_tolerance_bps
        return (None if agrees else BreakKind.FX_VARIANCE), delta
    return BreakKind.CURRENCY_MISMATCH, 0


def _same_original(o: Item, t: Item, agreement: Agreement) -> bool:
    if o.original_currency is None or o.original_currency != t.original_currency or o.original_currency == o.currency:
        return False
    off = abs((t.original_amount_minor or 0) - (o.original_amount_minor or 0))
    return off <= agreement.amount_tolerance.of(o.original_currency)


def converted(amount_minor: int, rate: Decimal, shift: int) -> int:
    """amount × rate × 10^shift, rounded half away from zero."""
    numerator, denominator = (Fraction(rate) * Fraction(10) ** shift * abs(amount_minor)).as_integer_ratio()
    rounded = (2 * numerator + denominator) // (2 * denominator)
    return rounded if amount_minor >= 0 else -rounded


def fee_difference(o: Item, t: Item, agreement: Agreement) -> int:
    """How far the partner's fee is from the expected one; 0 where there is nothing to check."""
    if t.fee_minor is None:
        return 0
    for fee in agreement.fees:
        if fee.fits(t.kind, t.currency):
            share = (2 * abs(t.amount_minor) * fee.basis_points + BPS) // (2 * BPS)
            return abs(t.fee_minor - share - fee.fixed_minor)
    return 0 if o.fee_minor is None or o.currency != t.currency else abs(t.fee_minor - o.fee_minor)


def status_differs(x: str | None, y: str | None, agreement: Agreement) -> bool:
    if x is None or y is None or x == y:
        return False
    return not any(x in words and y in words for words in agreement.equivalent)


def seen_by(kinds: Kinds, kind: str) -> bool:
    """A pass without a list of kinds sees every kind."""
    return kinds is None or kind in kinds

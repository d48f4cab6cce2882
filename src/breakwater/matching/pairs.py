"""Comparing ours with theirs as set expressions: the rules of `comparing`, for millions of pairs at once.

A table of pairs has the columns of both records, `o_…` and `t_…`. Amounts are decimal(38,0): whole, and wide enough for differences.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

import ibis
import ibis.expr.datatypes as dt
from ibis import Table, Value

from breakwater.errors import CallError
from breakwater.matching.agreement import ANY, Agreement, Fee, PerCurrency
from breakwater.model.breaks import BreakKind

WHOLE = "decimal(38,0)"
AMOUNT = "decimal(19,0)"  # holds every 64-bit amount
FACTOR_DIGITS = 19  # times an amount, still within 38 digits
CUT = 16  # references are cut to this length in SWIFT fields
BPS = 10_000
COMPARED = (
    "n", "record_id", "kind", "amount_minor", "fee_minor", "currency", "b", "day", "status", "original_amount_minor", "original_currency",
)  # fmt: skip
_FIRST_VISIBLE = "!"
_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def hash_of(text: str) -> dt.uint64:
    """The engine's own hash of a text. Ibis' `hash` takes a detour through bits that costs more than the hash itself."""


def clean(text: Value, not_keys: Collection[str]) -> Value:
    """A reference without surrounding blanks; null where it is empty or a word that is no key."""
    stripped = text.strip()
    is_no_key = stripped.translate(_LOWER, _UPPER).isin(["", *sorted(not_keys)])
    return ibis.ifelse(is_suspect(text, not_keys), ibis.ifelse(is_no_key, None, stripped), text)


def is_suspect(text: Value, not_keys: Collection[str]) -> Value:
    """False where a reference is surely clean. The exact look is slow, and rarely needed."""
    # upper() folds more than a to z, so enough is suspect, and so are all control characters and an empty text.
    suspect = (text < _FIRST_VISIBLE) | (text.right(1) < _FIRST_VISIBLE)
    for word in sorted(not_keys):
        suspect = suspect | (text.upper() == ibis.literal(word).upper())
    return suspect


def form(text: Value) -> Value:
    """F(x): upper case, letters and digits only, runs of digits without leading zeros."""
    letters_and_digits = text.re_replace("[^A-Za-z0-9]", "").upper()
    return letters_and_digits.re_replace("(^|[^0-9])0+([0-9])", r"\1\2")


def alike(x: Value, y: Value) -> Value:
    """The same reference, written differently or cut."""
    return (x == y) | (form(x) == form(y)) | _cut(x, y) | _cut(y, x)


def _cut(short: Value, long: Value) -> Value:
    return (short.length() == CUT) & (long.length() > CUT) & (form(long.left(CUT)) == form(short))


class Beside:
    """One of ours beside one of theirs before they are joined, with the names of a table of pairs: to say which pairs there shall be."""

    def __init__(self, o: Table, t: Table) -> None:
        self._o, self._t = o, t

    def __getattr__(self, name: str) -> Value:
        return self[name]

    def __getitem__(self, name: str) -> Value:
        return (self._o if name.startswith("o_") else self._t)[name]


Pairs: TypeAlias = Table | Beside


def side_by_side(o: Table, t: Table, same: Sequence[str], *crossed: tuple[str, str]) -> Table:
    """Every pair with equal columns `same`, and of each crossed (o's, t's) column too."""
    equal = [*((name, name) for name in same), *crossed]
    return o.rename("o_{name}").join(t.rename("t_{name}"), [(f"o_{x}", f"t_{y}") for x, y in equal])


def no_conflict(p: Pairs, agreement: Agreement, equal: Collection[str] = ()) -> Value:
    """No identity column contradicts. Columns known to be `equal` need no look."""
    fine = ibis.literal(True)
    for column in agreement.identity:
        if column not in equal:
            x, y = p[f"o_{column}"], p[f"t_{column}"]
            fine = fine & (x.isnull() | y.isnull() | alike(x, y))
    return fine


def compared(p: Table, agreement: Agreement) -> Table:
    """The pairs with what `comparison` says of them."""
    return p.mutate(**comparison(p, agreement))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What two sides tell at all: of what no record has, or all have the same, no pair needs a look."""

    originals: bool = True
    """Any of theirs has an original amount."""
    fees: bool = True
    """Theirs have fees, and there is something to hold against them."""
    statuses: bool = True
    """There is a status of ours and one of theirs that differ."""


EVERYTHING = Told()


def comparison(p: Pairs, agreement: Agreement, *, told: Told = EVERYTHING) -> dict[str, Value]:
    """Of each pair `amount` (a finding or null), `delta`, `lag`, `days`, `late`, `fee_off`, `fee_differs`, `status_differs`; and
    `amount_agrees`, which says less than `amount` and costs less."""
    rules = [_plain(p, agreement)]
    if told.originals:
        rules = [_by_original(p, agreement), *rules, *([_by_rate(p, agreement)] if agreement.rates else [])]
    fee_off = _fee_off(p, agreement)
    return {
        "amount": ibis.cases(
            *((rule.applies, ibis.ifelse(rule.agrees, None, rule.finding.value)) for rule in rules), else_=BreakKind.CURRENCY_MISMATCH.value
        ),
        "amount_agrees": _first_of([(rule.applies, rule.agrees) for rule in rules]),
        "delta": ibis.cases(*((rule.applies, rule.delta) for rule in rules), else_=ibis.literal(0).cast(WHOLE)),
        "lag": p.t_b - p.o_b,
        "days": p.t_day - p.o_day,
        "late": ~in_window(p.t_b - p.o_b, agreement),
        "fee_off": fee_off,
        "fee_differs": (fee_off > _of(agreement.fee_tolerance, p.t_currency)).fill_null(False) if told.fees else ibis.literal(False),
        "status_differs": _status_differs(p.o_status, p.t_status, agreement) if told.statuses else ibis.literal(False),
    }


def _first_of(branches: Sequence[tuple[Value, Value]]) -> Value:
    """What the first branch that applies says, else false. Of a single branch, engines can join by the equalities in it."""
    if len(branches) == 1:
        ((applies, says),) = branches
        return applies & says
    return ibis.cases(*branches, else_=False)


def in_window(lag: Value, agreement: Agreement) -> Value:
    """Theirs is not too early and not too late."""
    return lag.between(-agreement.before, agreement.after)


def plain_amount_agrees(p: Pairs, agreement: Agreement) -> Value:
    """Within the tolerance of their common currency, without regard to an original amount."""
    if not any((agreement.amount_tolerance.default, *agreement.amount_tolerance.listed.values())):
        return p.t_amount_minor == p.o_amount_minor
    return _gap(p.t_amount_minor, p.o_amount_minor) <= amount_tolerance(p.o_currency, agreement)


def amount_tolerance(currency: Value, agreement: Agreement) -> Value:
    """The tolerance for amounts of a currency."""
    return _of(agreement.amount_tolerance, currency)


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """One way to compare amounts: to which pairs it `applies`, whether they agree then, by how much they are off, and what that is."""

    applies: Value
    agrees: Value
    delta: Value
    finding: BreakKind


def _plain(p: Pairs, agreement: Agreement) -> _Rule:
    return _Rule(
        applies=p.o_currency == p.t_currency,
        agrees=plain_amount_agrees(p, agreement),
        delta=_gap(p.t_amount_minor, p.o_amount_minor),
        finding=BreakKind.AMOUNT_MISMATCH,
    )


def _by_original(p: Pairs, agreement: Agreement) -> _Rule:
    """Both were converted from one amount of another currency."""
    plain = _plain(p, agreement)
    original = (
        (p.o_original_currency == p.t_original_currency)
        & (p.o_original_currency != p.o_currency)
        & (_gap(p.t_original_amount_minor, p.o_original_amount_minor) <= amount_tolerance(p.o_original_currency, agreement))
    ).fill_null(False)
    by_rate = _within_rate(plain.delta, p.o_amount_minor.cast(WHOLE), agreement)
    return replace(plain, applies=plain.applies & original, agrees=plain.agrees | by_rate, finding=BreakKind.FX_VARIANCE)


def _by_rate(p: Pairs, agreement: Agreement) -> _Rule:
    """Theirs was converted from ours, at a rate of the agreement."""
    expected = _expected(p, agreement)
    off = (p.t_amount_minor.cast(WHOLE) - expected).abs()
    convertible = (
        (p.t_original_currency == p.o_currency)
        & (_gap(p.t_original_amount_minor, p.o_amount_minor) <= amount_tolerance(p.o_currency, agreement))
        & expected.notnull()
    ).fill_null(False)
    agrees = (off <= amount_tolerance(p.t_currency, agreement)) | _within_rate(off, expected, agreement)
    return _Rule(applies=convertible, agrees=agrees, delta=off, finding=BreakKind.FX_VARIANCE)


def _gap(x: Value, y: Value) -> Value:
    return (x.cast(WHOLE) - y.cast(WHOLE)).abs()


def _within_rate(delta: Value, base: Value, agreement: Agreement) -> Value:
    return delta * _whole(BPS) <= base.abs() * _whole(agreement.rate_tolerance_bps)


def _expected(p: Pairs, agreement: Agreement) -> Value:
    """Ours in their currency, rounded half away from zero; null without a rate in exactly this direction."""
    exponent = agreement.exponents.of
    branches = [
        ((p.o_currency == first) & (p.t_currency == second), _times(p.o_amount_minor, rate, exponent(second) - exponent(first)))
        for (first, second), rate in agreement.rates.items()
        if first != second
    ]
    return ibis.cases(*branches, else_=None) if branches else ibis.literal(None, WHOLE)


def _times(amount: Value, factor: Decimal, shift: int) -> Value:
    """amount × factor × 10^shift, exactly, then rounded half away from zero, as casts of decimals do (divisions go through floats)."""
    _, digits, exponent = factor.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    scale = -(int(exponent) + shift)
    trailing = min(max(scale, 0), len(text) - len(text.rstrip("0")))
    text, zeros, scale = text[: len(text) - trailing], max(-scale, 0), max(scale - trailing, 0)
    if max(len(text) + zeros, scale) > FACTOR_DIGITS:
        raise CallError(
            f"The agreement multiplies amounts by {factor} × 10^{shift}, which has more than {FACTOR_DIGITS} digits.",
            remedy="Shorten that rate, exponent or fee.",
        )
    exact = Decimal((0, tuple(int(d) for d in text + "0" * zeros), -scale))
    return (amount.cast(AMOUNT) * ibis.literal(exact, f"decimal({FACTOR_DIGITS},{scale})")).cast(WHOLE)


def _fee_off(p: Pairs, agreement: Agreement) -> Value:
    """How far the partner's fee is from the expected one; null where there is nothing to check."""
    branches = [(_fits(p, fee), _scheduled(p, fee)) for fee in agreement.fees]
    unscheduled = ibis.ifelse(p.o_currency == p.t_currency, p.o_fee_minor.cast(WHOLE), None)
    expected = ibis.cases(*branches, else_=unscheduled) if branches else unscheduled
    return (p.t_fee_minor.cast(WHOLE) - expected).abs()


def _fits(p: Pairs, fee: Fee) -> Value:
    kind = ibis.literal(True) if fee.kind == ANY else p.t_kind == fee.kind
    return kind if fee.currency == ANY else kind & (p.t_currency == fee.currency)


def _scheduled(p: Pairs, fee: Fee) -> Value:
    share = _times(p.t_amount_minor.cast(AMOUNT).abs(), Decimal(fee.basis_points), -4)
    return share + _whole(fee.fixed_minor)


def _status_differs(x: Value, y: Value, agreement: Agreement) -> Value:
    differs = x != y
    for words in agreement.equivalent:
        differs = differs & ~(x.isin(sorted(words)) & y.isin(sorted(words)))
    return differs.fill_null(False)


def may_differ(ours: Collection[str] | None, theirs: Collection[str] | None, agreement: Agreement) -> bool:
    """Whether a status of ours differs from one of theirs, where these are all there are; None is any."""
    if ours is None or theirs is None:
        return True
    return any(x != y and not any(x in words and y in words for words in agreement.equivalent) for x in ours for y in theirs)


def _of(figures: PerCurrency, currency: Value) -> Value:
    branches = [(currency == name, _whole(figure)) for name, figure in figures.listed.items()]
    return ibis.cases(*branches, else_=_whole(figures.default)) if branches else _whole(figures.default)


def _whole(number: int) -> Value:
    return ibis.literal(Decimal(number), AMOUNT)

"""What both the engine and the reference find, and how it becomes the tables of an Outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from breakwater.errors import CallError
from breakwater.model.breaks import BreakKind
from breakwater.model.runs import Totals

MOST_REFERENCES = 10
MOST_PAIRS = 4_000_000
SIDES = ("ours", "theirs")
REFERENCE_NOTICE = "reference_mismatch"
DUPLICATE = {"ours": BreakKind.DUPLICATE_IN_LEDGER, "theirs": BreakKind.DUPLICATE_AT_PARTNER}
MISSING = {"ours": BreakKind.MISSING_AT_PARTNER, "theirs": BreakKind.MISSING_IN_LEDGER}
ORPHANS = {
    "refund": BreakKind.ORPHAN_REFUND,
    "return": BreakKind.ORPHAN_RETURN,
    "chargeback": BreakKind.ORPHAN_CHARGEBACK,
    "chargeback_reversal": BreakKind.ORPHAN_CHARGEBACK,
}
PRECEDENCE = (
    BreakKind.CURRENCY_MISMATCH,
    BreakKind.FX_VARIANCE,
    BreakKind.AMOUNT_MISMATCH,
    BreakKind.LATE_SETTLEMENT,
    BreakKind.FEE_VARIANCE,
    BreakKind.STATUS_MISMATCH,
    BreakKind.REFERENCE_MISMATCH,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Records that explain each other; the ids of a side are sorted."""

    pass_name: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    notice: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Records that do not explain each other: a break without its fingerprint. `dated` is their earliest date."""

    kind: BreakKind
    pass_name: str | None
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    amount_minor: int
    currency: str
    dated: date
    references: tuple[str, ...]
    also: tuple[BreakKind, ...] = ()
    lag: int | None = None
    of: str | None = None

    @property
    def place(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Where it stands in the list of breaks."""
        return self.kind, self.ours, self.theirs


def references_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """The distinct references among them, sorted, at most ten."""
    return tuple(sorted({value for value in values if value is not None}))[:MOST_REFERENCES]


def coarse(pass_name: str, key: Iterable[str]) -> CallError:
    """A key that says too little to pair by."""
    return CallError(
        f"The pass '{pass_name}' has more than {MOST_PAIRS:,} pairs under one key: '{', '.join(key)}'.",
        remedy="If that value is no key, list it in not_keys; else give the pass a narrower key.",
    )


Share = tuple[str, str, int, int, int]
"""(side, currency, rows, sum of amounts, sum of their absolute values): a part of an outcome's totals."""


def share(side: str, currency: str, amount_minor: int) -> Share:
    """What one record adds to the totals."""
    return side, currency, 1, amount_minor, abs(amount_minor)


def totals(rows: Iterable[Share]) -> Mapping[str, Totals]:
    """Totals by currency, from their parts; currencies sorted."""
    found: dict[str, dict[str, int]] = {}
    for side, currency, count, amount_minor, moved_minor in rows:
        figures = found.setdefault(currency, {})
        figures[f"{side}_rows"] = figures.get(f"{side}_rows", 0) + count
        figures[f"{side}_minor"] = figures.get(f"{side}_minor", 0) + amount_minor
        figures[f"{side}_moved_minor"] = figures.get(f"{side}_moved_minor", 0) + moved_minor
    return {currency: Totals(**found[currency]) for currency in sorted(found) if any(found[currency].values())}

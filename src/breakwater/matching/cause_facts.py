"""What causes are found in: breaks with the facts of their records, how many records each slice has, and how much each break weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.matching.agreement import Agreement
from breakwater.matching.comparing import ASCII_WHITESPACE
from breakwater.model.breaks import BreakKind
from breakwater.model.causes import SLICES, AbsentFile, CauseKind

REFERENCES = ("ref_payment_id", "ref_partner_id", "ref_end_to_end_id", "ref_arn")
MILLION = 1_000_000
SIDES = ("ours", "theirs")


class Half(NamedTuple):
    """What one record of a break says. `refs` are its cleaned references by the order of REFERENCES."""

    kind: str
    amount_minor: int
    fee_minor: int | None
    currency: str
    date: date
    account: str | None
    hour: int | None
    bin: str | None
    batch: str | None
    source_file: str | None
    refs: tuple[str | None, ...]
    original_amount_minor: int | None
    original_currency: str | None


class Broken(NamedTuple):
    """One break with its records: one of each side, or of one side only."""

    fingerprint: str
    kind: str
    value_minor: int
    currency: str
    lag: int | None
    ours: Half | None
    theirs: Half | None

    @property
    def one_sided(self) -> tuple[str, Half] | None:
        """Which side has its only record, and that record; None for pairs."""
        if self.ours and not self.theirs:
            return "ours", self.ours
        return ("theirs", self.theirs) if self.theirs and not self.ours else None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A possible cause: of these breaks, by their places. `fit` is how much of the slice or pattern they are, in millionths.

    `still` says whether it holds for those that no better cause has taken, and gives it anew: None where it does not.
    """

    kind: CauseKind
    scope: Mapping[str, str]
    members: frozenset[int]
    fit: int
    evidence: Mapping[str, str] = field(default_factory=dict)
    still: Callable[[Candidate, frozenset[int]], Candidate | None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that is known: the breaks, the slices, the agreement, and the files that did not count."""

    breaks: Sequence[Broken]
    rows: Mapping[tuple[tuple[str, ...], str], Mapping[tuple[object, ...], int]]
    """By the names of a slice and the side: how many due records have these values."""
    agreement: Agreement
    absent: Sequence[AbsentFile]

    def rows_of(self, side: str, **where: object) -> int:
        """How many due records of a side have these values; the names are those of one of SLICES."""
        return self.rows.get((tuple(where), side), {}).get(tuple(where.values()), 0)

    def rows_of_side(self, side: str) -> int:
        """How many due records a side has."""
        return sum(self.rows.get((("date",), side), {}).values())

    @cached_property
    def dates(self) -> Mapping[str, Sequence[date]]:
        """The dates of each side's due records, in order."""
        return {side: sorted(day for (day,) in self.rows.get((("date",), side), {})) for side in SIDES}  # type: ignore[misc]

    def kinds(self, side: str) -> set[object]:
        """The kinds of records a side has."""
        return {kind for _, kind in self.rows.get((("date", "kind"), side), {})}

    @cached_property
    def weights(self) -> Sequence[int]:
        """What each break weighs, in millionths of all: currencies can't be added, so each counts by its number of breaks, and a break by
        its share of the value in its currency."""
        value: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for b in self.breaks:
            value[b.currency] += b.value_minor
            count[b.currency] += 1
        return [
            b.value_minor * count[b.currency] * MILLION * MILLION // (max(value[b.currency], 1) * max(len(self.breaks), 1))
            for b in self.breaks
        ]

    def weight(self, members: Iterable[int]) -> int:
        """What some of the breaks weigh together."""
        return sum(self.weights[n] for n in members)

    def of_kind(self, kind: BreakKind, *, among: Collection[int]) -> list[int]:
        """The places of the breaks of one kind, in order."""
        return [n for n in sorted(among) if self.breaks[n].kind == kind]

    def span(self, members: Iterable[int]) -> tuple[date, date]:
        """The first and last date of the breaks' records (ours, where there is one)."""
        days = [half.date for n in members if (half := self.breaks[n].ours or self.breaks[n].theirs)]
        return min(days), max(days)


def read(broken: pa.Table, population: pa.Table, *, agreement: Agreement, absent: Sequence[AbsentFile]) -> Case:
    """The case that the two tables of a run make (`lake.evidence` says which columns they have)."""
    halves = {
        side: [_half(values) for values in zip(*(_column(broken[f"{side}_{name}"], name, agreement) for name in _COLUMNS), strict=True)]
        for side in ("o", "t")
    }
    plain = (broken[name].to_pylist() for name in ("fingerprint", "kind", "amount_minor", "currency", "lag"))
    breaks = [Broken(*values) for values in zip(*plain, halves["o"], halves["t"], strict=True)]
    return Case(breaks=breaks, rows=_rows(population), agreement=agreement, absent=tuple(absent))


_REFS = Half._fields.index("refs")
_COLUMNS = (*Half._fields[:_REFS], *REFERENCES, *Half._fields[_REFS + 1 :])
_CLEANED = frozenset({"account", "batch", *REFERENCES})


def _half(values: tuple[Any, ...]) -> Half | None:
    if values[0] is None:
        return None
    return Half._make((*values[:_REFS], values[_REFS:-2], *values[-2:]))


def _column(column: pa.ChunkedArray, name: str, agreement: Agreement) -> list[Any]:
    """The values of a column; accounts and references cleaned as before any comparison."""
    if name not in _CLEANED:
        return list(column.to_pylist())
    trimmed = pc.utf8_trim(column, characters=ASCII_WHITESPACE)
    is_key = pc.invert(pc.is_in(pc.ascii_upper(trimmed), value_set=pa.array(["", *sorted(agreement.not_keys)], pa.string())))
    return list(pc.if_else(is_key, trimmed, None).to_pylist())


def _rows(population: pa.Table) -> dict[tuple[tuple[str, ...], str], dict[tuple[object, ...], int]]:
    columns = {name: population[name].to_pylist() for name in population.column_names}
    found: dict[tuple[tuple[str, ...], str], dict[tuple[object, ...], int]] = {}
    for n, (place, side, rows) in enumerate(zip(columns["slice"], columns["side"], columns["rows"], strict=True)):
        names = SLICES[place]
        found.setdefault((names, side), {})[tuple(columns[name][n] for name in names)] = rows
    return found

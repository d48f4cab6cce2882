"""What is true of the company by the way it was built: counts, money, breaks. No matcher is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from breakwater.demo.cases import Books, Case, LegCase, Line, PlantedCause, Settled
from breakwater.demo.partners import LateFile
from breakwater.demo.traffic import Attempt, Drop
from breakwater.model.records import Record

AnyCase = Case | LegCase
_IN_BREAKS = "in_breaks"
_FIGURES = tuple(f"{side}_{figure}" for side in ("ours", "theirs") for figure in ("rows", "minor", "moved_minor"))


@dataclass(frozen=True, kw_only=True)
class Showcase:
    """A payment worth looking up: what happened to it, and the reference to type (`typed_as` says of which sort it is)."""

    story: str
    payment_id: str
    partner: str
    reference: str
    typed_as: str
    expect: str


@dataclass(frozen=True, kw_only=True)
class KnownLeg:
    """What became of the payouts of a leg, as of a date."""

    id: str
    as_of: date
    cases: Sequence[LegCase]


def tell(
    *,
    now: datetime,
    attempts: list[Attempt],
    books: Iterable[Books],
    legs: Iterable[KnownLeg],
    late_file: LateFile,
    drop: Drop,
    showcases: Iterable[Showcase],
) -> dict[str, Any]:
    """The whole truth, ready for JSON: dates and times in ISO form."""
    approved = sum(attempt.code is None for attempt in attempts)
    told: dict[str, Any] = plain(
        {
            "now": now,
            "payments": approved,
            "attempts": len(attempts),
            "declined": len(attempts) - approved,
            "partners": {b.days.partner.id: _partner(b) for b in books},
            "legs": {leg.id: {"as_of": leg.as_of, **_outcomes(leg.cases)} for leg in legs},
            "late_file": asdict(late_file),
            "drop": asdict(drop),
            "showcases": [asdict(s) for s in showcases],
        }
    )
    return told


def _partner(books: Books) -> dict[str, Any]:
    return {
        "as_of": books.days.as_of,
        "last_filed": books.days.last_filed,
        **_outcomes(books.cases),
        "causes": [_cause(cause) for cause in books.causes],
    }


def _outcomes(cases: Sequence[AnyCase]) -> dict[str, Any]:
    """What a reconciliation has to say of the cases of a partner, or of a leg."""
    breaks = [case for case in cases if case.outcome not in list(Settled)]
    kinds = sorted({str(case.outcome) for case in breaks})
    return {
        "rows": {side: sum(len(getattr(case, side)) for case in cases) for side in ("ours", "theirs")},
        "matched": _totals(case for case in cases if case.outcome is Settled.MATCHED),
        "pending": _totals(case for case in cases if case.outcome is Settled.PENDING),
        _IN_BREAKS: _totals(breaks),
        "breaks": {kind: _figure([case for case in breaks if case.outcome == kind]) for kind in kinds},
    }


def _cause(cause: PlantedCause) -> dict[str, Any]:
    """What several breaks have in common: what and where, how many there are, and what they are worth."""
    figure = _figure(list(cause.cases))
    return {"kind": cause.kind, "scope": dict(cause.scope), "count": figure["count"], "value_minor": figure["value_minor"]}


def _totals(cases: Iterable[AnyCase]) -> dict[str, dict[str, int]]:
    """Rows, signed sums and sums of absolute amounts by currency of the record."""
    found: dict[str, dict[str, int]] = {}
    for case in cases:
        for side in ("ours", "theirs"):
            for record in getattr(case, side):
                total = found.setdefault(record.currency, dict.fromkeys(_FIGURES, 0))
                total[f"{side}_rows"] += 1
                total[f"{side}_minor"] += record.amount_minor
                total[f"{side}_moved_minor"] += abs(record.amount_minor)
    return dict(sorted(found.items()))


def _figure(cases: Sequence[AnyCase]) -> dict[str, Any]:
    value: dict[str, int] = {}
    for case in cases:
        value[case.currency] = value.get(case.currency, 0) + case.value_minor
    return {"count": len(cases), "value_minor": dict(sorted(value.items())), "items": [_item(case) for case in cases]}


def _item(case: AnyCase) -> dict[str, Any]:
    """One break: our record ids, the partners' references and the day of its file."""
    return {
        "ours": sorted(of.record_id if isinstance(of, Record) else of.reference for of in case.ours),
        "theirs": sorted(line.reference for line in case.theirs),
        "dated": min(_day(of) for of in (*case.ours, *case.theirs)),
        "value_minor": case.value_minor,
        "currency": case.currency,
        "story": case.story,
    }


def _day(of: Record | Line) -> date:
    return (of.value_date or of.booked_on) if isinstance(of, Record) else of.day


def plain(value: Any) -> Any:
    """`value` with dates and times as ISO text, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value

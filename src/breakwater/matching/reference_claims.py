"""What the plain-Python meaning claims: who is free, who is in a match, a break or pending."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from breakwater.matching.agreement import Agreement, Pass
from breakwater.matching.comparing import REFERENCES, Comparison, Item, seen_by
from breakwater.matching.outcome import SIDES, Found, Match, references_of
from breakwater.model.breaks import BreakKind

Group = Mapping[str, list[Item]]


@dataclass
class Result:
    """Every record in exactly one of the three lists."""

    matches: list[Match] = field(default_factory=list)
    pending: list[tuple[str, str]] = field(default_factory=list)
    breaks: list[Found] = field(default_factory=list)


class Claims:
    """The state of one reconciliation: `free` shrinks as records are claimed, once each."""

    def __init__(self, sides: dict[str, list[Item]], agreement: Agreement, as_of: date) -> None:
        self.sides, self.agreement = sides, agreement
        self.b_as_of = agreement.calendar.between(date(1970, 1, 1), as_of)
        self.free = {side: {r.record_id: r for r in records} for side, records in sides.items()}
        self.found = Result()
        self.duplicates: dict[str, set[str]] = {side: set() for side in SIDES}

    def claim(self, ours: Iterable[Item], theirs: Iterable[Item]) -> None:
        for side, records in (("ours", ours), ("theirs", theirs)):
            for record in records:
                del self.free[side][record.record_id]

    def match(self, name: str, group: Group, notice: str | None = None) -> None:
        self.claim(group["ours"], group["theirs"])
        self.found.matches.append(Match(pass_name=name, ours=_ids(group["ours"]), theirs=_ids(group["theirs"]), notice=notice))

    def break_group(self, kind: BreakKind, name: str, group: Group, amount_minor: int, currency: str) -> None:
        self.claim(group["ours"], group["theirs"])
        self.found.breaks.append(
            Found(kind=kind, pass_name=name, ours=_ids(group["ours"]), theirs=_ids(group["theirs"]),
                  amount_minor=abs(amount_minor), currency=currency, **_facts(group['ours'] + group['theirs']))
        )  # fmt: skip

    def pair(self, name: str, c: Comparison, notice: str | None = None) -> None:
        """A pair without findings is a match; otherwise its first finding is the kind of a break."""
        if not c.findings:
            return self.match(name, {"ours": [c.o], "theirs": [c.t]}, notice)
        self.claim([c.o], [c.t])
        first, *also = c.findings
        amount_minor, currency = c.value
        self.found.breaks.append(
            Found(kind=first, pass_name=name, ours=(c.o.record_id,), theirs=(c.t.record_id,),
                  amount_minor=amount_minor, currency=currency, also=tuple(also), lag=c.lag, **_facts([c.o, c.t]))
        )  # fmt: skip
        return None

    def groups(self, each: Pass, by: Callable[[Item], tuple[Any, ...] | None]) -> Iterable[Group]:
        """Free records the pass sees, by whatever `by` says; None is in no group. Only groups with both sides."""
        found: dict[tuple[Any, ...], dict[str, list[Item]]] = defaultdict(lambda: {"ours": [], "theirs": []})
        for side, kinds in (("ours", each.kinds_ours), ("theirs", each.kinds_theirs)):
            for record in self.free[side].values():
                key = by(record)
                if seen_by(kinds, record.kind) and key is not None:
                    found[key][side].append(record)
        return [group for group in found.values() if group["ours"] and group["theirs"]]

    def single(self, side: str, kind: BreakKind, record: Item, *, pass_name: str | None = None, of: str | None = None) -> None:
        del self.free[side][record.record_id]
        self.found.breaks.append(
            Found(
                kind=kind,
                pass_name=pass_name,
                ours=(record.record_id,) if side == "ours" else (),
                theirs=(record.record_id,) if side == "theirs" else (),
                amount_minor=abs(record.amount_minor),
                currency=record.currency,
                of=of,
                **_facts([record]),
            )
        )


def _ids(records: Iterable[Item]) -> tuple[str, ...]:
    return tuple(sorted(r.record_id for r in records))


def _facts(records: Sequence[Item]) -> dict[str, Any]:
    """What a break says of its records beside their ids."""
    return {"dated": min(r.date for r in records), "references": references_of(getattr(r, name) for r in records for name in REFERENCES)}

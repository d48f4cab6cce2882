"""Legs: the way of payouts from a provider's report to our bank's statement, as a reconciliation of its own.

The side called 'ours' in a leg is what the provider reports as paid out, the side called 'theirs' is what the bank shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import CallError
from breakwater.model.records import REFERENCE_COLUMNS, Kind, Side

COLUMNS = ("account", "currency", "status", "network", "raw_status", "raw_code", *REFERENCE_COLUMNS)
"""What `where` may look at."""
_GROUP = re.compile(r"\(\?P?<(\w+)>")


@dataclass(frozen=True, kw_only=True)
class LegEnd:
    """Which of a partner's records a leg takes: those of `kinds` whose columns fit `where`, patterns of RE2 for the whole of a text.

    With a `stream`, only files of that stream are looked at, else all of the partner's. A named group in a pattern is a column: what it
    found stands there in the leg. Where `stays`, the partner's own agreement compares the records too; else they are taken out of it.
    """

    partner: str
    name: str
    kinds: tuple[Kind, ...]
    where: tuple[tuple[str, str], ...] = ()
    stays: bool = False
    stream: str = ""

    def is_about(self, stream: str) -> bool:
        """Whether it looks at files of a stream."""
        return self.stream in ("", stream)


@dataclass(frozen=True, kw_only=True)
class Leg:
    """From `source`, the provider that reports a payout, to `target`, the bank where it has to arrive. `id` is that of the pair.

    `before_source` and `before_target` are ends of earlier legs at the same partners: what they take is no longer there to be taken.
    """

    id: str
    source: LegEnd
    target: LegEnd
    before_source: tuple[LegEnd, ...] = ()
    before_target: tuple[LegEnd, ...] = ()

    @property
    def ends(self) -> tuple[str, str]:
        """The names of the provider and of the bank."""
        return self.source.name, self.target.name

    @property
    def between(self) -> tuple[str, str]:
        """The ids of the two partners."""
        return self.source.partner, self.target.partner

    def end(self, side: Side) -> LegEnd:
        """Whose records stand on a side of the leg."""
        return self.source if side is Side.OURS else self.target

    def before(self, side: Side) -> tuple[LegEnd, ...]:
        """Who takes records before that end does."""
        return self.before_source if side is Side.OURS else self.before_target


def in_order(legs: Sequence[Leg]) -> list[Leg]:
    """The legs, each knowing what the ones before it take. CallError where two contradict each other, or one goes nowhere."""
    known: list[tuple[str, LegEnd]] = []
    ordered = []
    for leg in legs:
        if leg.source.partner == leg.target.partner:
            raise CallError(
                f"The leg '{leg.id}' goes from '{leg.source.partner}' to itself.",
                remedy="Name in `to` the bank where the payouts arrive.",
            )
        for end in (leg.source, leg.target):
            for other, before in known:
                _check_apart(leg.id, end, other, before)
        before_source, before_target = (tuple(b for _, b in known if b.partner == e.partner) for e in (leg.source, leg.target))
        ordered.append(replace(leg, before_source=before_source, before_target=before_target))
        known += [(leg.id, leg.source), (leg.id, leg.target)]
    return ordered


def _check_apart(leg_id: str, end: LegEnd, other: str, before: LegEnd) -> None:
    shared = [kind for kind in end.kinds if kind in before.kinds]
    told_apart = end.where and before.where and end.where != before.where
    if end.partner == before.partner and shared and not told_apart and (end.is_about(before.stream) or before.is_about(end.stream)):
        raise CallError(
            f"The legs '{other}' and '{leg_id}' both take the {shared[0]}s of '{end.partner}'.",
            remedy="Give each of them a `where`, or a `stream`, that tells them apart.",
        )


def taken_by(legs: Sequence[Leg], partner: str) -> tuple[LegEnd, ...]:
    """The ends of legs at a partner, in the order in which they take; none where all that they take stays in its own reconciliation."""
    ends = tuple(end for leg in legs for end in (leg.source, leg.target) if end.partner == partner)
    return () if all(end.stays for end in ends) else ends


def wrong_pattern(pattern: str) -> str:
    """What is wrong with a pattern; empty for one that can be used."""
    nothing = pa.array([""])
    try:
        pc.match_substring_regex(nothing, pattern)
        if groups_of(pattern):
            pc.extract_regex(nothing, pattern)
    except pa.ArrowInvalid as wrong:
        return str(wrong).splitlines()[0]
    return ""


def whole(pattern: str) -> str:
    """A pattern that has to fit the whole of a text."""
    return f"^(?:{pattern})$"


def groups_of(pattern: str) -> tuple[str, ...]:
    """The named groups of a pattern: the columns that it fills."""
    return tuple(_GROUP.findall(pattern))

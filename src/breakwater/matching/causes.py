"""Causes: the few explanations that cover most of what breaks are worth. Pure; `lake.evidence` says what it is given.

Explanations compete in tiers, the more exact first: breaks that belong together though their references differ, figures that follow one
rule, places in which nearly everything is broken. In a tier the one that explains most is taken, and what it explains is taken from the
others, which have to hold for what is left. A break is under one cause at most; what no cause explains stays single.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

import pyarrow as pa

from breakwater.matching import cause_patterns, cause_references, cause_slices
from breakwater.matching.agreement import Agreement
from breakwater.matching.cause_facts import MILLION, Candidate, Case, read
from breakwater.model.causes import AbsentFile, CauseKind, Explanation

_SMALLEST_PPM = 2_000  # what explains less of all than this, and few breaks, is not worth a card
_MANY = 25
_KINDS = tuple(CauseKind)

_TIERS: Sequence[Sequence[Callable[[Case, Collection[int]], Iterable[Candidate]]]] = (
    (cause_references.paired,),
    cause_patterns.PATTERNS,
    (cause_slices.gone, cause_slices.again),
    (cause_slices.places,),
)


def explain(broken: pa.Table, population: pa.Table, *, agreement: Agreement, absent: Sequence[AbsentFile] = ()) -> list[Explanation]:
    """The causes of a run's breaks, the one that explains most first. `absent` are the partner's files that we know did not count."""
    case = read(broken, population, agreement=agreement, absent=absent)
    free = set(range(len(case.breaks)))
    taken: list[Candidate] = []
    for tier in _TIERS:
        for candidate in _best_of((c for propose in tier for c in propose(case, free)), case, free):
            free -= candidate.members
            taken.append(candidate)
    worth = [c for c in taken if len(c.members) >= _MANY or case.weight(c.members) >= _SMALLEST_PPM]
    return [_explanation(c, case) for c in sorted(worth, key=lambda c: (-case.weight(c.members), c.kind, sorted(c.scope.items())))]


def _best_of(candidates: Iterable[Candidate], case: Case, free: Collection[int]) -> list[Candidate]:
    """Candidates one after the other, the heaviest first, each as far as the earlier ones left it."""
    left = set(free)
    queue = [(*_order(c, case), n, c) for n, c in enumerate(candidates)]
    heapq.heapify(queue)
    taken = []
    while queue:
        *_, n, candidate = heapq.heappop(queue)
        members = candidate.members & left
        if len(members) == len(candidate.members):
            taken.append(candidate)
            left -= members
        elif (smaller := candidate.still(candidate, members)) is not None:
            heapq.heappush(queue, (*_order(smaller, case), n, smaller))
    return taken


def _order(c: Candidate, case: Case) -> tuple[int, int, list[tuple[str, str]]]:
    """A slice that is broken through and through goes before a larger one that is so in part; of equals, a file before its batches."""
    return (-(case.weight(c.members) * c.fit * c.fit // MILLION // MILLION), _KINDS.index(c.kind), sorted(c.scope.items()))


def _explanation(c: Candidate, case: Case) -> Explanation:
    value: Counter[str] = Counter()
    for n in c.members:
        value[case.breaks[n].currency] += case.breaks[n].value_minor
    return Explanation(
        kind=c.kind,
        scope=dict(sorted(c.scope.items())),
        evidence=dict(sorted(c.evidence.items())),
        fingerprints=tuple(sorted(case.breaks[n].fingerprint for n in c.members)),
        value_minor=dict(sorted(value.items())),
        confidence=_confidence(c),
    )


def _confidence(c: Candidate) -> int:
    """In per cent: how well the pattern fits, less where few breaks show it. Never certain."""
    return min(99, 100 * c.fit * len(c.members) // (MILLION * (len(c.members) + 1)))

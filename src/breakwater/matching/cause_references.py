"""Causes seen in two breaks of one side each that belong together: a reference was cut or written otherwise, an account mapped wrongly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from breakwater.matching.cause_facts import MILLION, REFERENCES, Candidate, Case, Half
from breakwater.matching.comparing import form
from breakwater.model.causes import CauseKind

FEWEST_PAIRS = 3
SHORTEST = 6  # characters of a reference that can't be equal by chance
MOST_COMPARED = 400  # pairs of one kind, currency and amount; more are twins that nothing tells apart
_KEY_OF_ACCOUNT = "account"


class _Link(NamedTuple):
    """Two one-sided breaks that say the same: why, and where it shows."""

    kind: CauseKind
    scope: tuple[tuple[str, str], ...]
    detail: str
    example: tuple[str, str]


def paired(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Breaks of ours and theirs of the same kind, currency and amount whose references differ only in how they are written."""
    sides: dict[tuple[str, str, int], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for n in sorted(free):
        if one := case.breaks[n].one_sided:
            side, half = one
            sides[half.kind, half.currency, half.amount_minor][side == "theirs"].append(n)
    is_key = any(_KEY_OF_ACCOUNT in getattr(p, "keys", ()) for p in case.agreement.passes)
    links: dict[tuple[CauseKind, tuple[tuple[str, str], ...]], list[tuple[int, int, _Link]]] = defaultdict(list)
    for ours, theirs in sides.values():
        if len(ours) * len(theirs) <= MOST_COMPARED:
            for o, t, link in _linked(case, ours, theirs, account_is_key=is_key):
                links[link.kind, link.scope].append((o, t, link))
    for (kind, scope), found in sorted(links.items()):
        members = frozenset(n for o, t, _ in found for n in (o, t))
        if len(found) >= FEWEST_PAIRS:
            detail, _ = Counter(link.detail for *_, link in found).most_common(1)[0]
            ours_example, theirs_example = next(link.example for *_, link in found if link.detail == detail)
            evidence = {"detail": detail, "ours_example": ours_example, "theirs_example": theirs_example, "pairs": str(len(found))}
            yield Candidate(kind=kind, scope=dict(scope), members=members, fit=MILLION, evidence=evidence, still=_pairs_left)


def _pairs_left(candidate: Candidate, left: frozenset[int]) -> Candidate | None:
    return replace(candidate, members=left) if len(left) >= 2 * FEWEST_PAIRS else None


def _linked(case: Case, ours: list[int], theirs: list[int], *, account_is_key: bool) -> Iterator[tuple[int, int, _Link]]:
    """Which of ours belongs to which of theirs: each once, the nearest dates first."""
    options = []
    for o in ours:
        for t in theirs:
            one, other = case.breaks[o].ours, case.breaks[t].theirs
            if one and other and (link := _link(one, other, account_is_key=account_is_key)):
                options.append((abs((one.date - other.date).days), o, t, link))
    taken: set[int] = set()
    for _, o, t, link in sorted(options, key=lambda option: option[:3]):
        if not {o, t} & taken:
            taken |= {o, t}
            yield o, t, link


def _link(o: Half, t: Half, *, account_is_key: bool) -> _Link | None:
    written = [
        (column, x, y) for column, x, y in zip(REFERENCES, o.refs, t.refs, strict=True) if x and y and min(len(x), len(y)) >= SHORTEST
    ]
    if account_is_key and o.account and t.account and o.account != t.account and any(x == y for _, x, y in written):
        scope = (("ours", o.account), ("theirs", t.account))
        return _Link(CauseKind.ACCOUNT_MAPPED, scope, "", (o.account, t.account))
    for column, x, y in written:
        if x != y and (how := _how(x, y)) is not None:
            shorter = "theirs" if len(y) < len(x) else "ours" if len(x) < len(y) else "same"
            kept = f"{how} {min(len(x), len(y))}" if how in ("first", "last") else how
            return _Link(CauseKind.REFERENCE_CHANGED, (("column", column), ("how", how), ("shorter", shorter)), kept, (x, y))
    return None


def _how(x: str, y: str) -> str | None:
    """How one reference became the other: 'first' or 'last' characters kept, or 'written' otherwise; None if it did not."""
    shorter, longer = sorted((x, y), key=len)
    if longer.startswith(shorter):
        return "first"
    if longer.endswith(shorter):
        return "last"
    form_of_shorter, form_of_longer = form(shorter), form(longer)
    if form_of_shorter == form_of_longer:
        return "written"
    if len(form_of_shorter) >= SHORTEST and (form_of_longer.startswith(form_of_shorter) or form_of_longer.endswith(form_of_shorter)):
        return "written"
    return None

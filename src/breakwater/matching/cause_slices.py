"""Causes seen in where breaks lie: a file, a batch, a kind, a merchant or a range of BINs in which nearly everything is broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from breakwater.matching.cause_facts import MILLION, SIDES, Candidate, Case, Half
from breakwater.model.breaks import BreakKind
from breakwater.model.causes import AbsentFile, CauseKind

FEWEST = 5
FEWEST_OF_A_PLACE = 10  # a merchant or BIN range has breaks of its own; so many of one are no chance
_NEARLY_ALL, _MOSTLY, _MUCH = 800_000, 500_000, 300_000
_BESIDE = 30_000  # of the days beside a missing file, this share is missing with it: what usually comes a day later or earlier
_TIMES_BASE = 4
_FEWEST_BESIDE = 3
_FEWEST_DAYS = 3  # what a merchant misses on fewer days is a batch
_TWICE = 450_000  # a batch that is there twice is half duplicates
_LIFT = 5  # a place breaks so many times as often as the others
_OTHER = {"ours": "theirs", "theirs": "ours"}

_GONE = frozenset({BreakKind.MISSING_AT_PARTNER, BreakKind.MISSING_IN_LEDGER, BreakKind.ORPHAN_REFUND, BreakKind.ORPHAN_RETURN})
_GONE |= {BreakKind.ORPHAN_CHARGEBACK}
_AGAIN = frozenset({BreakKind.DUPLICATE_IN_LEDGER, BreakKind.DUPLICATE_AT_PARTNER})


def gone(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Records without a counterpart that are nearly all of a day, a batch, a kind or a merchant: what should have held the others is
    missing on the other side."""
    held = _one_sided(case, free, _GONE)
    yield from _files(case, held)
    yield from _batches(case, held)
    yield from _kinds(case, held)
    for name, kind in (("account", CauseKind.ONE_MERCHANT), ("bin", CauseKind.ONE_BIN)):
        for (side, place), members in _grouped(held, _place(name)).items():
            if place and len({_half(case, n).date for n in members}) >= _FEWEST_DAYS:
                scope = {"side": side, name: str(place)}
                yield from _whole(kind, scope, members, case, {name: place}, side, least=_MOSTLY, fewest=FEWEST_OF_A_PLACE)


def again(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Duplicates that are a whole file, or half of a batch and more."""
    held = _one_sided(case, free, _AGAIN)
    for (side, file), members in _grouped(held, lambda side, half: (side, half.source_file)).items():
        if file:
            scope = {"side": side, "source_file": str(file)}
            yield from _whole(CauseKind.FILE_TWICE, scope, members, case, {"source_file": file}, side, least=_NEARLY_ALL)
    for (side, batch), members in _grouped(held, lambda side, half: (side, half.batch)).items():
        if batch:
            scope = {"side": side, "batch": str(batch)}
            yield from _whole(CauseKind.BATCH_TWICE, scope, members, case, {"batch": batch}, side, least=_TWICE)
    for (side, day, account), members in _grouped(held, lambda side, half: (side, half.date, half.account)).items():
        if account:
            scope = {"side": side, "date": day.isoformat(), "account": str(account)}
            where = {"date": day, "account": account}
            yield from _whole(CauseKind.BATCH_TWICE, scope, members, case, where, side, least=_TWICE)


def places(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """One merchant or BIN range whose records break, whatever way, many times as often as the others'."""
    for name, kind in (("account", CauseKind.ONE_MERCHANT), ("bin", CauseKind.ONE_BIN)):
        by_place: dict[tuple[str, str], set[int]] = defaultdict(set)
        for n in free:
            b = case.breaks[n]
            half, side = (b.ours, "ours") if b.ours else (b.theirs, "theirs")
            if half and (place := getattr(half, name)):
                by_place[side, place].add(n)
        rows = {side: case.rows_of_side(side) for side in SIDES}
        broken = {side: sum(len(m) for (s, _), m in by_place.items() if s == side) for side in SIDES}
        for (side, place), members in sorted(by_place.items()):
            own = case.rows_of(side, **{name: place})
            others, others_broken = max(rows[side] - own, 1), broken[side] - len(members)
            if own and len(members) * others >= _LIFT * max(others_broken, 1) * own:
                scope = {"side": side, name: place}
                yield from _whole(kind, scope, sorted(members), case, {name: place}, side, least=_MUCH, fewest=FEWEST_OF_A_PLACE)


def _files(case: Case, held: Sequence[tuple[int, str, Half]]) -> Iterator[Candidate]:
    by_day = _grouped(held, lambda side, half: (side, half.date))
    for (side, day), members in by_day.items():
        known = _known_absent(case, _OTHER[side], day)
        scope = {"side": _OTHER[side], "date": day.isoformat()}
        found = list(_whole(CauseKind.FILE_MISSING, scope, members, case, {"date": day}, side, least=_MUCH if known else _NEARLY_ALL))
        if known and known.lags and not found:  # a leg has a payout or two a day
            found = list(_whole(CauseKind.FILE_MISSING, scope, members, case, {"date": day}, side, least=_NEARLY_ALL, fewest=1))
        for candidate in found:
            beside = _beside(case, side, day, {d: m for (s, d), m in by_day.items() if s == side}, where={})
            evidence = {**candidate.evidence, **(_of_file(known, day) if known else {})}
            fit = max(candidate.fit, _NEARLY_ALL) if known else candidate.fit
            yield replace(candidate, members=candidate.members | beside, evidence=evidence, fit=fit)


def _known_absent(case: Case, side: str, day: date) -> AbsentFile | None:
    """The file of a side that would have held the counterparts of a day, and is known not to count; of several the nearest."""
    agreement = case.agreement
    fitting = [
        a
        for a in case.absent
        if a.side == side
        and (a.business_date == day or (a.lags and -agreement.before <= _lag(case, day, a.business_date, side=side) <= agreement.after))
    ]
    return min(fitting, key=lambda a: (abs(a.business_date - day), a.business_date, a.stream), default=None)


def _lag(case: Case, day: date, of_file: date, *, side: str) -> int:
    """How many business days theirs would be after ours, if a record of `day` and one in the file of `side` were a pair."""
    between = case.agreement.calendar.between(day, of_file)
    return between if side == "theirs" else -between


def _of_file(known: AbsentFile, day: date) -> dict[str, str]:
    of = {} if known.business_date == day else {"file_date": known.business_date.isoformat()}
    return {"stream": known.stream, "why": known.why, **of}


def _batches(case: Case, held: Sequence[tuple[int, str, Half]]) -> Iterator[Candidate]:
    for (side, batch), members in _grouped(held, lambda side, half: (side, half.batch)).items():
        if batch:
            scope = {"side": _OTHER[side], "batch": str(batch)}
            yield from _whole(CauseKind.BATCH_MISSING, scope, members, case, {"batch": batch}, side, least=_NEARLY_ALL)
    by_account: dict[tuple[str, str], dict[date, list[int]]] = defaultdict(dict)
    for (side, account, day), members in _grouped(held, lambda side, half: (side, half.account, half.date)).items():
        if account:
            by_account[side, account][day] = members
    for (side, account), days in by_account.items():
        for day, members in days.items():
            scope = {"side": _OTHER[side], "date": day.isoformat(), "account": account}
            where = {"date": day, "account": account}
            for candidate in _whole(CauseKind.BATCH_MISSING, scope, members, case, where, side, least=_NEARLY_ALL):
                beside = _beside(case, side, day, days, where={"account": account})
                yield replace(candidate, members=candidate.members | beside)


def _kinds(case: Case, held: Sequence[tuple[int, str, Half]]) -> Iterator[Candidate]:
    for (side, kind), members in _grouped(held, lambda side, half: (side, half.kind)).items():
        first, last = case.span(members)
        rows = sum(case.rows_of(side, date=d, kind=kind) for d in case.dates[side] if first <= d <= last)
        is_a_class = len(case.kinds(side)) > 1
        all_days = {_half(case, n).date for n in members}
        if is_a_class and rows and len(members) >= FEWEST and len(all_days) > 1 and MILLION * len(members) >= _NEARLY_ALL * rows:
            evidence = {"rows": str(rows), "broken": str(len(members)), "first": first.isoformat(), "last": last.isoformat()}
            fit = MILLION * len(members) // rows
            scope = {"side": _OTHER[side], "kind": str(kind)}
            yield Candidate(
                kind=CauseKind.KIND_MISSING, scope=scope, members=frozenset(members), fit=fit, evidence=evidence, still=_enough(FEWEST)
            )


def _beside(case: Case, side: str, day: date, by_day: Mapping[date, Sequence[int]], *, where: Mapping[str, object]) -> frozenset[int]:
    """What is missing on the days around a missing file far beyond what is missing on other days: it would have stood in that file."""
    calendar, agreement = case.agreement.calendar, case.agreement
    near = [
        d
        for d in (day + timedelta(days=n) for n in range(-7, 8))
        if d != day and d in by_day and -agreement.before <= calendar.between(d, day) <= agreement.after
    ]
    far = [d for d in case.dates[side] if d not in near and d != day]
    rows = sum(case.rows_of(side, date=d, **where) for d in far)
    base = (
        MILLION
        * sum(len(by_day.get(d, ())) for d in far if len(by_day.get(d, ())) * 2 < case.rows_of(side, date=d, **where))
        // max(rows, 1)
    )
    taken = [
        n
        for d in near
        if len(by_day[d]) >= _FEWEST_BESIDE
        and MILLION * len(by_day[d]) >= max(_BESIDE, _TIMES_BASE * base) * case.rows_of(side, date=d, **where)
        for n in by_day[d]
    ]
    return frozenset(taken)


def _whole(
    kind: CauseKind,
    scope: dict[str, str],
    members: Sequence[int],
    case: Case,
    where: Mapping[str, Any],
    side: str,
    *,
    least: int,
    fewest: int = FEWEST,
) -> Iterator[Candidate]:
    """A slice of which at least the share `least` (millionths) is broken."""
    rows = max(case.rows_of(side, **where), 1)
    if len(members) >= fewest and MILLION * len(members) >= least * rows:
        evidence = {"rows": str(rows), "broken": str(len(members))}
        fit = min(MILLION, MILLION * len(members) // rows)
        if kind in (CauseKind.FILE_TWICE, CauseKind.BATCH_TWICE):
            fit = MILLION
        yield Candidate(kind=kind, scope=scope, members=frozenset(members), fit=fit, evidence=evidence, still=_enough(fewest))


def _enough(fewest: int) -> Callable[[Candidate, frozenset[int]], Candidate | None]:
    """It holds for those that are left while they are most of what it was."""

    def still(candidate: Candidate, left: frozenset[int]) -> Candidate | None:
        if len(left) < fewest or 2 * len(left) < len(candidate.members):
            return None
        return replace(candidate, members=left, fit=candidate.fit * len(left) // len(candidate.members))

    return still


def _one_sided(case: Case, free: Collection[int], kinds: Collection[BreakKind]) -> list[tuple[int, str, Half]]:
    found = []
    for n in sorted(free):
        if case.breaks[n].kind in kinds and (one := case.breaks[n].one_sided):
            found.append((n, *one))
    return found


def _grouped(held: Sequence[tuple[int, str, Half]], key: Callable[[str, Half], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for n, side, half in held:
        groups[key(side, half)].append(n)
    return groups


def _place(name: str) -> Callable[[str, Half], tuple[Any, ...]]:
    return lambda side, half: (side, getattr(half, name))


def _half(case: Case, n: int) -> Half:
    half = case.breaks[n].ours or case.breaks[n].theirs
    assert half
    return half

"""Causes seen in the figures of pairs: flipped signs, shifted decimals, other fees, other rates, another cut-off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from breakwater.matching.cause_facts import MILLION, Broken, Candidate, Case, Half
from breakwater.matching.comparing import BPS, converted
from breakwater.model.breaks import BreakKind
from breakwater.model.causes import CauseKind
from breakwater.model.money import half_up

FEWEST_EXACT = 3  # a flipped sign or a shifted decimal is hardly ever chance
FEWEST_ALIKE = 5  # breaks that share an inferred figure
FEWEST_WITH_TWO_UNKNOWNS = 8
SCALES = (10, 100, 1000)
_TOO_SMALL = 10  # minor units: a tenth of it is anything
_OTHER_SOURCE_PPM = 20_000  # two sources of a rate are hardly ever further apart
_FEWEST_OF_A_SCHEDULE = 20  # one in so many of what was charged in those days
_TRIED = 12  # breaks whose figures are taken for a guess, the largest first: rounding blurs them least
_RATE_BLUR_PPM = 200  # two basis points: rates are printed with four or five digits
_LATE_SHARE = 600_000  # of the late pairs of these days, so many have the same lag
_OF_THE_DAYS, _OF_THE_HOURS = 50_000, 300_000  # so many of all records of the days, or of those in the hours before the cut-off
_HOURS_OF_A_CUT_OFF = 8  # a third of the day is no cut-off any more


def sign_flipped(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """One side books with the other sign: the amounts are each other's negative."""
    members = [n for n, o, t, expected in _amounts(case, free) if o.amount_minor * t.amount_minor < 0 and _near(expected, t)]
    if len(members) < FEWEST_EXACT:
        return
    kinds = Counter(_ours(case.breaks[n]).kind for n in members)
    swapped = "yes" if 10 * len(members) >= 9 * max(case.rows_of_side("ours"), 1) else "no"
    yield _fixed(CauseKind.SIGN_FLIPPED, {}, members, fit=MILLION, kinds=" ".join(sorted(kinds)), swapped=swapped)


def amount_scaled(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Amounts differ by the factor 10, 100 or 1000: the exponent of a currency was read wrongly. What was cut off does not count."""
    found: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for n, o, t, expected in _amounts(case, free):
        larger = "theirs" if abs(t.amount_minor) > expected else "ours"
        for factor in SCALES:
            scaled = expected * factor if larger == "theirs" else expected // factor
            if o.amount_minor * t.amount_minor > 0 and min(expected, abs(t.amount_minor)) >= _TOO_SMALL and _near(scaled, t):
                found[o.currency, larger, factor].append(n)
    for (currency, larger, factor), members in found.items():
        if len(members) >= FEWEST_EXACT:
            scope = {"currency": currency, "larger": larger, "factor": str(factor)}
            yield _fixed(CauseKind.AMOUNT_SCALED, scope, members, fit=MILLION)


def _amounts(case: Case, free: Collection[int]) -> Iterator[tuple[int, Half, Half, int]]:
    """Pairs whose amounts differ, with what theirs should be without its sign."""
    for n, o, t in _pairs(case, BreakKind.AMOUNT_MISMATCH, free):
        yield n, o, t, abs(o.amount_minor)
    for n, o, t in _pairs(case, BreakKind.FX_VARIANCE, free):
        if (known := _expected(case, o, t)) is not None:
            yield n, o, t, known[1]


def _near(amount_minor: int, t: Half) -> bool:
    """Theirs is that amount, whatever its sign: exactly, or as near as rates of two sources are."""
    blur = amount_minor * _OTHER_SOURCE_PPM // MILLION if t.original_currency and t.original_currency != t.currency else 0
    return abs(abs(t.amount_minor) - amount_minor) <= blur


def fee_schedule(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Fees of one kind and currency follow another schedule than the agreed one; its figures are inferred."""
    groups: dict[tuple[str, str], list[tuple[int, Half]]] = defaultdict(list)
    for n, _, t in _pairs(case, BreakKind.FEE_VARIANCE, free):
        groups[t.kind, t.currency].append((n, t))
    for (kind, currency), group in sorted(groups.items()):
        agreed = next((f for f in case.agreement.fees if f.fits(kind, currency)), None)
        tolerance = case.agreement.fee_tolerance.of(currency)
        old = (agreed.basis_points, agreed.fixed_minor) if agreed else None
        best = _best_schedule([t for _, t in group], old, tolerance=tolerance)
        if best is None:
            continue
        members = [n for n, t in group if abs((t.fee_minor or 0) - _fee(t, *best)) <= tolerance]
        first, last = case.span(members)
        days = (d for d in case.dates["theirs"] if first <= d <= last)
        charged = max(len(members), sum(case.rows_of("theirs", kind=kind, currency=currency, date=d) for d in days))
        if _FEWEST_OF_A_SCHEDULE * len(members) < charged:
            continue  # a handful among hundreds that are charged as agreed is no schedule
        evidence = {"basis_points": str(best[0]), "fixed_minor": str(best[1]), "first": first.isoformat(), "last": last.isoformat()}
        evidence |= {"agreed_basis_points": str(old[0]), "agreed_fixed_minor": str(old[1])} if old else {}
        evidence |= {"of": str(charged)}
        # Of all that was charged in those days this many were charged otherwise: what lowers our trust, not the explanation.
        fit = MILLION // 2 + MILLION // 2 * len(members) // charged
        yield _fixed(CauseKind.FEE_SCHEDULE, {"kind": kind, "currency": currency}, members, fit=fit, **evidence)


def _best_schedule(records: Sequence[Half], old: tuple[int, int] | None, *, tolerance: int) -> tuple[int, int] | None:
    """The schedule (basis points, fixed) that explains most of the fees; of equals the one that changes least, then the smaller."""
    largest = sorted(records, key=lambda t: (-abs(t.amount_minor), t.fee_minor or 0))[:_TRIED]
    smallest = sorted(records, key=lambda t: (abs(t.amount_minor), t.fee_minor or 0))[:_TRIED]
    guesses: dict[tuple[int, int], int] = {}
    for t in largest:
        for fixed in {old[1] if old else 0, 0}:
            guesses.setdefault((_basis_points((t.fee_minor or 0) - fixed, t.amount_minor), fixed), FEWEST_ALIKE)
        if old:
            guesses.setdefault((old[0], (t.fee_minor or 0) - _fee(t, old[0], 0)), FEWEST_ALIKE)
        for small in smallest:
            if abs(t.amount_minor) > abs(small.amount_minor):
                slope = _basis_points((t.fee_minor or 0) - (small.fee_minor or 0), abs(t.amount_minor) - abs(small.amount_minor))
                guesses.setdefault((slope, (t.fee_minor or 0) - _fee(t, slope, 0)), FEWEST_WITH_TWO_UNKNOWNS)
    ranked = []
    for (basis_points, fixed), fewest in guesses.items():
        fits = sum(abs((t.fee_minor or 0) - _fee(t, basis_points, fixed)) <= tolerance for t in records)
        if fits >= fewest and 3 * fits >= len(records):
            changes = (old is None or basis_points != old[0]) + (old is None or fixed != old[1])
            ranked.append((-fits, changes, abs(fixed - (old[1] if old else 0)), basis_points, fixed))
    return min(ranked)[-2:] if ranked else None


def _basis_points(fee_minor: int, amount_minor: int) -> int:
    return half_up(max(fee_minor, 0) * BPS, abs(amount_minor)) if amount_minor else 0


def _fee(t: Half, basis_points: int, fixed_minor: int) -> int:
    return half_up(abs(t.amount_minor) * basis_points, BPS) + fixed_minor


def fx_rate(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Conversions are off by the same share, or each day by a share of its own: another source of the rate, or another day's rate."""
    groups: dict[tuple[str, str], list[tuple[int, int, int, date]]] = defaultdict(list)
    for n, o, t in _pairs(case, BreakKind.FX_VARIANCE, free):
        if (known := _expected(case, o, t)) is not None and o.amount_minor * t.amount_minor > 0:
            pair, amount = known
            groups[pair].append((n, amount, abs(t.amount_minor), o.date))
    for (sold, bought), group in sorted(groups.items()):
        scope = {"sold": sold, "bought": bought}
        steady = _steady(group)
        if len(steady) >= FEWEST_ALIKE and 2 * len(steady) >= len(group):
            yield _fixed(
                CauseKind.FX_RATE, scope, steady, fit=MILLION, off_ppm=str(_off_ppm(group, steady)), by_day="no", **_days(case, steady)
            )
            continue
        by_day: dict[date, list[tuple[int, int, int, date]]] = defaultdict(list)
        for row in group:
            by_day[row[3]].append(row)
        members = [n for rows in by_day.values() if len(same := _steady(rows)) >= FEWEST_EXACT for n in same]
        if len(members) >= FEWEST_WITH_TWO_UNKNOWNS and 10 * len(members) >= 7 * len(group):
            yield _fixed(CauseKind.FX_RATE, scope, members, fit=MILLION * 9 // 10, by_day="yes", **_days(case, members))


def _expected(case: Case, o: Half, t: Half) -> tuple[tuple[str, str], int] | None:
    """Which currencies were converted, and what theirs should be: ours where both tell the amount before, else by the agreed rate."""
    if o.currency == t.currency:
        return ((o.original_currency or o.currency, o.currency), abs(o.amount_minor))
    rate = case.agreement.rates.get((o.currency, t.currency))
    if rate is None:
        return None
    shift = case.agreement.exponents.of(t.currency) - case.agreement.exponents.of(o.currency)
    return ((o.currency, t.currency), abs(converted(o.amount_minor, rate, shift)))


def _steady(group: Sequence[tuple[int, int, int, date]]) -> list[int]:
    """The largest set of conversions that are off by the same share, within what rounding blurs."""
    best: list[int] = []
    for _, expected, seen, _ in sorted(group, key=lambda row: -row[1])[:_TRIED]:
        off = (seen - expected) * MILLION // max(expected, 1)
        same = [n for n, e, s, _ in group if abs(s - e - e * off // MILLION) <= 1 + e * _RATE_BLUR_PPM // MILLION]
        best = max(best, same, key=len)
    return best


def _off_ppm(group: Sequence[tuple[int, int, int, date]], members: Sequence[int]) -> int:
    mine = set(members)
    expected = sum(e for n, e, _, _ in group if n in mine)
    return (sum(s for n, _, s, _ in group if n in mine) - expected) * MILLION // max(expected, 1)


def cut_off(case: Case, free: Collection[int]) -> Iterator[Candidate]:
    """Pairs of some days are apart by about the same number of business days: another cut-off, or another time zone."""
    late = [(n, o, case.breaks[n].lag or 0) for n, o, _ in _pairs(case, BreakKind.LATE_SETTLEMENT, free)]
    for direction, sign in (("later", 1), ("earlier", -1)):
        lags = Counter(lag for _, _, lag in late if lag * sign > 0)
        if not lags:
            continue
        usual = min(lags, key=lambda lag: (-lags[lag], abs(lag)))
        first, last = case.span([n for n, _, lag in late if lag == usual])
        around = [(n, o, lag) for n, o, lag in late if first <= o.date <= last]
        members = [(n, o) for n, o, lag in around if lag * sign > 0 and abs(lag - usual) <= 1]
        hours = {o.hour for _, o in members}
        span = {hour for hour in hours if hour is not None} if None not in hours and len(hours) <= _HOURS_OF_A_CUT_OFF else set()
        days = [d for d in case.dates["ours"] if first <= d <= last]
        seen = sum(case.rows_of("ours", date=d, hour=h) for d in days for h in span) or sum(case.rows_of("ours", date=d) for d in days)
        is_much = MILLION * len(members) >= (_OF_THE_HOURS if span else _OF_THE_DAYS) * seen
        if len(members) >= FEWEST_ALIKE and is_much and MILLION * len(members) >= _LATE_SHARE * len(around):
            when = {"from_hour": str(min(span)), "to_hour": str(max(span) + 1)} if span else {}
            places = [n for n, _ in members]
            scope = {"direction": direction}
            yield _fixed(CauseKind.CUT_OFF, scope, places, fit=MILLION * 9 // 10, lag=str(usual), **when, **_days(case, places))


PATTERNS: tuple[Callable[[Case, Collection[int]], Iterable[Candidate]], ...] = (sign_flipped, amount_scaled, fee_schedule, fx_rate, cut_off)


def _pairs(case: Case, kind: BreakKind, free: Collection[int]) -> Iterator[tuple[int, Half, Half]]:
    for n in case.of_kind(kind, among=free):
        b = case.breaks[n]
        if b.ours and b.theirs:
            yield n, b.ours, b.theirs


def _ours(b: Broken) -> Half:
    assert b.ours
    return b.ours


def _days(case: Case, members: Sequence[int]) -> dict[str, str]:
    first, last = case.span(members)
    return {"first": first.isoformat(), "last": last.isoformat()}


def _fixed(kind: CauseKind, scope: dict[str, str], members: Sequence[int], *, fit: int, **evidence: str) -> Candidate:
    """A candidate whose breaks each fit by themselves: it holds for whichever of them are left, if enough are."""
    return Candidate(kind=kind, scope=scope, members=frozenset(members), fit=fit, evidence=evidence, still=_any_left)


def _any_left(candidate: Candidate, left: frozenset[int]) -> Candidate | None:
    return replace(candidate, members=left) if len(left) >= FEWEST_EXACT else None

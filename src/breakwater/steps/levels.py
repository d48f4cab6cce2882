"""Levels of partners day by day: fees, exchange rates, time to settlement and breaks, read again when a partner's files change."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from breakwater.detection import feedback
from breakwater.detection.continuing import Change, Seen, changes
from breakwater.detection.levels import AGAIN, DailyFigure, Shift, shifts, too_new
from breakwater.detection.levels_told import cost_minor, in_short, told_shift
from breakwater.lake import levels
from breakwater.lake.parts import Lake
from breakwater.model.backtests import Budget, WouldTell
from breakwater.model.findings import Finding, FindingKind, Place, Unmonitored, level_of
from breakwater.model.learning import detector_of
from breakwater.model.money import exponent
from breakwater.model.partners import Partner
from breakwater.model.records import Side
from breakwater.store import learning, partner_states, reads
from breakwater.store.database import Database

LOOK_BACK = timedelta(days=63)
SURER: Mapping[Budget, float] = {Budget.STRICTER: 2.0, Budget.AS_NOW: 0.0, Budget.LOOSER: -1.5}  # deviations
LEAST_COST_MAJOR = 10  # a drift that costs less is counted in nobody's books
_BP = 10_000


_Caution = Mapping[tuple[FindingKind, Place], float]


class Levels:
    """The daily figures of the configured partners as this process knows them; `unmonitored` is of what no level was known."""

    def __init__(self, database: Database, lake: Lake, *, partners: Mapping[str, Partner]) -> None:
        self._database, self._lake, self._partners = database, lake, partners
        self._read_before: dict[str, tuple[frozenset[str], date, list[DailyFigure]]] = {}
        self._shifts: dict[str, tuple[object, list[Shift]]] = {}
        self._lock = threading.Lock()
        self.unmonitored: tuple[Unmonitored, ...] = ()

    def known(self, *, now: datetime) -> dict[str, list[DailyFigure]]:
        """The figures of the last weeks by partner: read from its records when a file of it came or went, or a day began; breaks always.

        Days that have not come yet are left out, whatever files say of them.
        """
        since, today = (now - LOOK_BACK).date(), now.date()
        with self._lock, self._database.reading() as tx:
            all_days = {p.id: [*self._of_records(tx, p, since=since), *_broken(tx, p, since=since)] for p in self._partners.values()}
            figures = {partner_id: [figure for figure in of if figure.day <= today] for partner_id, of in all_days.items()}
            self.unmonitored = tuple(said for p in self._partners.values() if (said := _too_new(p, figures[p.id])))
        return figures

    def shifts(self, partner_id: str, figures: Sequence[DailyFigure], *, said: Sequence[Finding], caution: _Caution) -> list[Shift]:
        """The shifts of a partner's levels; worked out anew where something is different from the last time."""
        given = (list(figures), [f for f in said if f.partner == partner_id], dict(caution))
        before = self._shifts.get(partner_id)
        if before is None or before[0] != given:
            before = self._shifts[partner_id] = given, shifts(figures, said=given[1], caution=caution)
        return before[1]

    def would_tell(self, partner: Partner, *, since: datetime, now: datetime) -> dict[Budget, list[WouldTell]]:
        """What would have been told of a partner's levels from `since` on under each budget."""
        figures = self.known(now=now)[partner.id]
        series = {(figure.kind, figure.place) for figure in figures}
        found = {budget: shifts(figures, caution=dict.fromkeys(series, more)) for budget, more in SURER.items()}
        return {
            budget: [told for shift in of if _is_worth_telling(shift) and (told := in_short(shift)).fired_at >= since]
            for budget, of in found.items()
        }

    def _of_records(self, tx: Connection, partner: Partner, *, since: date) -> list[DailyFigure]:
        theirs = reads.active_parts(tx, side=Side.THEIRS, content="records", partner=partner.id)
        before = self._read_before.get(partner.id)
        if before is None or before[:2] != (frozenset(theirs), since):
            ours = reads.active_parts(tx, side=Side.OURS, content="records", partner=partner.id)
            before = frozenset(theirs), since, self._read(partner, ours=ours, theirs=theirs, since=since)
            self._read_before[partner.id] = before
        return before[2]

    def _read(self, partner: Partner, *, ours: Sequence[str], theirs: Sequence[str], since: date) -> list[DailyFigure]:
        return [
            *map(_fee, levels.daily_fees(self._lake, theirs=theirs, since=since)),
            *(_rate(row) for row in levels.daily_rates(self._lake, ours=ours, theirs=theirs, since=since) if _is_known(row)),
            *_lags(levels.daily_lags(self._lake, ours=ours, theirs=theirs, since=since), partner),
        ]


def about_levels(
    tx: Connection,
    watched: Levels,
    known: Mapping[str, Sequence[DailyFigure]],
    current: Sequence[Finding],
    *,
    partners: Mapping[str, Partner],
    now: datetime,
) -> list[Change]:
    """What levels show now, against what was told before. `known` are the figures by partner."""
    seen, accepted = [], []
    said = learning.said_findings(tx, since=now - LOOK_BACK)
    cautions = feedback.cautions(feedback.learnt(learning.answers(tx)))
    for partner_id, figures in known.items():
        partner = partners[partner_id]
        for shift in watched.shifts(partner_id, figures, said=said, caution=_caution(figures, cautions)):
            finding = told_shift(shift, partner=partner, now=now)
            if shift.closed is None and _is_worth_telling(shift):
                seen.append(Seen(finding=finding, at=now))
            if shift.accepted:
                accepted.append(finding)
    return changes(current, seen, same=_same, now=now, accepted=accepted)


def _same(fresh: Finding, earlier: Sequence[Finding]) -> Finding | None:
    """The earlier finding about the same level; late figures may move its beginning by some days."""
    near = [f for f in earlier if (f.kind, f.place) == (fresh.kind, fresh.place) and (f.open or abs(f.since - fresh.since) <= _NEAR)]
    return min(near, key=lambda f: (abs(f.since - fresh.since), f.id), default=None)


_NEAR = timedelta(days=3)


def _caution(figures: Iterable[DailyFigure], cautions: Mapping[tuple[str, str], float]) -> _Caution:
    """How many deviations more each series must stray, from what was learnt of its cell."""
    more = {}
    for kind, place in {(figure.kind, figure.place) for figure in figures}:
        surer = cautions.get((detector_of(kind), level_of(place)), 0.0)
        more[kind, place] = feedback.stricter(AGAIN, caution=surer) - AGAIN
    return more


def _is_worth_telling(shift: Shift) -> bool:
    cost = abs(cost_minor(shift))
    return shift.kind is FindingKind.SETTLEMENT_SLOW or cost >= LEAST_COST_MAJOR * 10 ** exponent(shift.currency)


def _too_new(partner: Partner, figures: Iterable[DailyFigure]) -> Unmonitored | None:
    """One sentence for the levels of a partner that are not known yet."""
    names = [f"{_NAMES[kind]} ({place[-1][1]})" for kind, place in sorted(too_new(f for f in figures if f.kind in _NAMES))]
    if not names:
        return None
    text = f"No usual level is known at {partner.name} of {', '.join(names)}: ten days of at least 20 payments each are needed."
    return Unmonitored(partner=partner.id, text=text)


_NAMES: Mapping[FindingKind, str] = {FindingKind.FEE_DRIFT: "fees", FindingKind.SETTLEMENT_SLOW: "the time to settlement"}


def _fee(row: Mapping[str, Any]) -> DailyFigure:
    names = (("partner", row["partner"]), ("network", row["network"]), ("currency", row["currency"]), ("fee", row["fee"]))
    place = tuple((name, value) for name, value in names if value)
    return DailyFigure(
        kind=FindingKind.FEE_DRIFT, place=place, currency=row["currency"], day=row["day"], count=row["records"],
        value=_BP * row["fee_minor"] / max(row["volume_minor"], 1), volume_minor=row["volume_minor"],
    )  # fmt: skip


def _is_known(row: Mapping[str, Any]) -> bool:
    return bool(
        row["records"] and row["theirs_minor"] and row["ours_minor"] and row["theirs_original_minor"] and row["ours_original_minor"]
    )


def _rate(row: Mapping[str, Any]) -> DailyFigure:
    """The partner's rate against ours: what one unit of the original currency became, theirs over ours."""
    ratio = row["theirs_minor"] * row["ours_original_minor"] / (row["theirs_original_minor"] * row["ours_minor"])
    place = (("partner", row["partner"]), ("currency", row["currency"]), ("original currency", row["original_currency"]))
    return DailyFigure(
        kind=FindingKind.RATE_DRIFT, place=place, currency=row["currency"], day=row["day"], count=row["records"], value=_BP * (ratio - 1),
        volume_minor=row["theirs_minor"],
    )  # fmt: skip


def _lags(rows: Iterable[Mapping[str, Any]], partner: Partner) -> list[DailyFigure]:
    """The mean of the business days from our booking to settlement, by day of settlement."""
    by_day: dict[tuple[str, date], list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows:
        lag = partner.calendar.between(row["captured_on"], row["settled_on"])
        by_day[row["currency"], row["settled_on"]].append((lag, row["records"], row["volume_minor"]))
    found = []
    for (currency, day), told in sorted(by_day.items()):
        count = sum(records for _, records, _ in told)
        found.append(
            DailyFigure(
                kind=FindingKind.SETTLEMENT_SLOW, place=(("partner", partner.id), ("currency", currency)), currency=currency, day=day,
                count=count, value=sum(lag * records for lag, records, _ in told) / count, volume_minor=sum(minor for *_, minor in told),
            )
        )  # fmt: skip
    return found


def _broken(tx: Connection, partner: Partner, *, since: date) -> list[DailyFigure]:
    """What is in unresolved breaks, of what is due, by business date."""
    return [
        DailyFigure(
            kind=FindingKind.BREAK_RATE_UP,
            place=(("partner", partner.id), ("currency", currency)),
            currency=currency,
            day=state.business_date,
            count=state.due_rows,
            value=_BP * state.unresolved_minor / state.due_minor,
            volume_minor=state.due_minor,
        )
        for currency, history in sorted(partner_states.history(tx, partner=partner.id, since=since).items())
        for state in history
        if state.due_minor
    ]

"""The state of a partner is what a plain count of its records says, to the last minor unit, and so is the query to take along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from planted import AGREEMENT, AS_OF, World, a_world, match

from breakwater.lake import standing
from breakwater.lake.outcomes import beside
from breakwater.lake.parts import Lake
from breakwater.matching import state as states
from breakwater.model.partner_state import Measure, PartnerState, Share
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.model.runs import BREAK_SCHEMA

FIRST = AS_OF - timedelta(days=89)
AFTER = {date(2026, 3, 26): 0, date(2026, 3, 25): 1, date(2026, 3, 23): 2}  # of 27 March: one, two and four business days before


class Reconciled:
    """A noisy world after its run, with what every record became."""

    def __init__(self, folder: Path, *, as_of: date = AS_OF) -> None:
        world = a_world()
        self.lake, self.as_of = Lake(folder), as_of
        self.parts = {side: self._write(side, rows) for side, rows in ((Side.OURS, world.ours), (Side.THEIRS, world.theirs))}
        outcome = match(ours=self._paths(Side.OURS), theirs=self._paths(Side.THEIRS), agreement=AGREEMENT, as_of=as_of)
        self.lake.write_outcome("run", outcome, beside=beside(parts=self.parts, by_hand=[], opening=BREAK_SCHEMA.empty_table()))
        self.records = _records(world)
        self.breaks = outcome.breaks.to_pylist()
        self.kind = {(side, r): b["kind"] for b in self.breaks for side in ("ours", "theirs") for r in b[side]}
        self.pending = {(row["side"], row["record_id"]) for row in outcome.pending.to_pylist()}

    def state(self, known: standing.Known | None = None) -> dict[str, PartnerState]:
        rows = standing.figures(
            self.lake,
            "run",
            ours=self.parts[Side.OURS],
            theirs=self.parts[Side.THEIRS],
            first=FIRST,
            last=self.as_of,
            days=states.days_before(self.as_of, calendar=AGREEMENT.calendar),
            known=known or standing.Known(),
        )
        found = [states.measured(row, partner="meridian", business_date=self.as_of, run_id="run") for row in rows.to_pylist()]
        return {s.currency: s for s in found}

    def sum(self, places: Iterable[tuple[str, str]]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for place in places:
            currency, minor, _ = self.records[place]
            total[currency] += minor
        return dict(total)

    def _write(self, side: Side, rows: list[dict[str, Any]]) -> list[str]:
        letter = {Side.OURS: "a", Side.THEIRS: "b"}[side]
        batch = pa.RecordBatch.from_pylist(rows, schema=RECORD_SCHEMA)
        return self.lake.write(iter([batch]), content="records", side=side, sha256=letter * 64)

    def _paths(self, side: Side) -> list[Path]:
        return self.lake.paths(self.parts[side])


def _records(world: World) -> dict[tuple[str, str], tuple[str, int, date]]:
    return {
        (side, row["record_id"]): (row["currency"], abs(row["amount_minor"]), row["booked_on"])
        for side, rows in (("ours", world.ours), ("theirs", world.theirs))
        for row in rows
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Reconciled:
    return Reconciled(tmp_path_factory.mktemp("lake"))


def test_the_figures_are_those_of_a_plain_count(done: Reconciled) -> None:
    due = [place for place in done.records if place not in done.pending]
    matched = [place for place in due if place not in done.kind]
    missing = [place for place in due if done.kind.get(place) in ("missing_at_partner", "missing_in_ledger")]

    found = done.state()

    assert {c: s.due_minor for c, s in found.items()} == done.sum(due)
    assert {c: s.matched_minor for c, s in found.items()} == done.sum(matched)
    assert {c: s.unresolved_minor for c, s in found.items()} == done.sum(set(due) - set(matched))
    assert {c: s.missing_minor for c, s in found.items() if s.missing_minor} == done.sum(missing)
    assert sum(s.due_rows for s in found.values()) == len(due)
    assert sum(s.matched_rows for s in found.values()) == len(matched)


def test_what_people_closed_is_cleared_but_no_less_missing(done: Reconciled) -> None:
    gone = next(b for b in done.breaks if b["kind"] == "missing_at_partner" and b["currency"] == "EUR")

    before, after = done.state()["EUR"], done.state(standing.Known(settled=[gone["fingerprint"]]))["EUR"]

    assert after.unresolved_minor == before.unresolved_minor - gone["amount_minor"]
    assert after.missing_minor == before.missing_minor


def test_what_matched_after_it_was_a_break_is_not_in_time(done: Reconciled) -> None:
    place = next(p for p in done.records if p not in done.kind and p not in done.pending and done.records[p][0] == "EUR")

    found = done.state(standing.Known(late=[(Side(place[0]), place[1])]))["EUR"]

    assert found.matched_late_minor == done.records[place][1]


def test_explained_counts_what_is_n_business_days_old_with_what_is_pending(tmp_path: Path) -> None:
    done = Reconciled(tmp_path, as_of=date(2026, 3, 27))
    day = {1: date(2026, 3, 26), 2: date(2026, 3, 25), 4: date(2026, 3, 23)}
    cohort = {n: [p for p, (_, _, on) in done.records.items() if on == d] for n, d in day.items()}

    found = done.state()["EUR"]

    dated = tuple(done.sum(cohort[n])["EUR"] for n in (1, 2, 4))
    explained = tuple(done.sum([p for p in cohort[n] if p not in done.kind and p not in done.pending])["EUR"] for n in (1, 2, 4))
    assert (found.dated_minor, found.explained_minor) == (dated, explained)


def test_a_break_under_a_confirmed_cause_is_explained(tmp_path: Path) -> None:
    done = Reconciled(tmp_path, as_of=date(2026, 3, 27))
    alone = (b for b in done.breaks if len(b["ours"]) + len(b["theirs"]) == 1 and b["currency"] == "EUR")
    brk = next(b for b in alone if b["dated"] in AFTER)

    before, after = done.state()["EUR"], done.state(standing.Known(confirmed=[brk["fingerprint"]]))["EUR"]

    place = AFTER[brk["dated"]]
    assert after.explained_minor[place] == before.explained_minor[place] + brk["amount_minor"]
    assert after.unresolved_minor == before.unresolved_minor


def test_the_query_to_take_along_gives_the_very_figures(done: Reconciled) -> None:
    sql = standing.sql_to_take_along(done.lake, "run", first=FIRST, last=AS_OF)

    with duckdb.connect() as warehouse:
        rows = warehouse.execute(sql).fetchall()

    assert len(sql) < 2_900
    assert [tuple(map(str, row)) for row in rows] == [
        (s.currency, *map(str, (s.due_rows, s.due_minor, s.matched_rows, s.matched_minor, s.unresolved_minor, s.missing_minor)))
        for s in done.state().values()
    ]


def a_state(business_date: date = date(2026, 3, 27), **changes: Any) -> PartnerState:
    given: dict[str, Any] = {
        "partner": "meridian",
        "currency": "EUR",
        "business_date": business_date,
        "run_id": "run",
        "due_rows": 10,
        "due_minor": 1_000,
        "matched_rows": 8,
        "matched_minor": 900,
        "matched_late_minor": 50,
        "unresolved_minor": 60,
        "missing_minor": 30,
        "explained_minor": (10, 20, 30),
        "dated_minor": (40, 40, 40),
    }
    return PartnerState(**{**given, **changes})


def test_the_shares_follow_from_the_figures() -> None:
    shares = states.shares([a_state()])

    assert shares[Measure.CLEARING] == Share(940, 1_000)
    assert shares[Measure.TIMELINESS] == Share(850, 1_000)
    assert shares[Measure.COMPLETENESS] == Share(970, 1_000)
    assert shares[Measure.MATCHED_BY_VALUE] == Share(900, 1_000)
    assert shares[Measure.MATCHED_BY_COUNT] == Share(8, 10)


def test_what_was_explained_is_summed_over_ninety_days_and_no_longer() -> None:
    last = date(2026, 3, 27)
    history = [a_state(last - timedelta(days=n), explained_minor=(n, 0, 0), dated_minor=(100, 0, 0)) for n in (90, 89, 1, 0)]

    assert states.shares(history)[Measure.EXPLAINED_1] == Share(89 + 1 + 0, 300)


def test_a_share_is_below_its_threshold_exactly() -> None:
    assert not Share(995, 1_000).is_below(995_000)
    assert Share(994, 1_000).is_below(995_000)
    assert not Share(0, 0).is_below(995_000)

"""One day's files into 90 days of history: what the run after them costs, against matching everything again.

Each day brings a file of either side; 1 % of payments are missing on a side, 3 % have another amount, 2 % are reported a day late. What
counts is processor time, of matching alone and of all that a run does beside reading and writing its own tables.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from benchmarks.matching import AGREEMENT
from breakwater.matching import engines, incremental, pieces
from breakwater.matching.agreement import parse
from breakwater.matching.tables import match_table
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import Earlier, MatchPiece, Rematched

DAYS = 90
PAYMENTS_A_DAY = 20_000
_FIRST_DAY = date(2026, 1, 5)
_GIVEN = {
    "record_id": "'{side}-' || payment",
    "kind": "'payment'",
    "amount_minor": "100 + payment % 99991 + CASE WHEN '{side}' = 'theirs' AND payment % 33 = 7 THEN 5 ELSE 0 END",
    "currency": "'EUR'",
    "booked_on": "DATE '{day}'",
    "value_date": "DATE '{day}'",
    "ref_payment_id": "'P' || md5(payment::VARCHAR)",
    "ref_partner_id": "'Q' || payment",
}
_INTEGERS = {"fee_minor", "original_amount_minor"}
T = TypeVar("T")


def main(days: int = DAYS, payments_a_day: int = PAYMENTS_A_DAY) -> None:
    """Print what the last day costs, both ways, and that both find the same."""
    agreement = parse(AGREEMENT, name="benchmark")
    match = engines.open(None)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rematch = incremental.open(match, hashes=place / "hashes")
        sides = {side: [_write(place, side, day, payments_a_day) for day in range(days)] for side in ("ours", "theirs")}
        as_of = _FIRST_DAY + timedelta(days=days - 1)
        earlier = None
        for day in (3, 2, 1):  # what is known of files is made by the first run that carries something over
            given = {side: files[:-day] for side, files in sides.items()}
            found = rematch(**given, agreement=agreement, as_of=as_of, earlier=earlier, matches_to=place / f"{day}")
            earlier = _kept(found, given, as_of=as_of, matches=place / f"{day}")
        _, whole_s = _timed(lambda: match(**sides, agreement=agreement, as_of=as_of, matches_to=place / "whole"))
        found, taken_s = _timed(lambda: rematch(**sides, agreement=agreement, as_of=as_of, earlier=earlier, matches_to=place / "last"))
        last = _kept(found, sides, as_of=as_of, matches=place / "last").outcome
        with duckdb.connect() as connection:
            pieces.write(connection, last.carried, place / "together")
        assert match_table(place / "together") == match_table(place / "whole")
    records = last.ours_rows + last.theirs_rows
    print(
        f"a day into {days}: {found.looked_at:,} of {records:,} records matched in {taken_s:.2f} s of processor time, all of them in "
        f"{whole_s:.2f} s: {taken_s / whole_s:.2f} of it"
    )


def _kept(found: Rematched, given: Mapping[str, Sequence[Path]], *, as_of: date, matches: Path) -> Earlier:
    outcome = replace(found.outcome, carried=[MatchPiece(path=matches), *found.outcome.carried])
    return Earlier(ours=given["ours"], theirs=given["theirs"], by_hand=(), as_of=as_of, outcome=outcome)


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    return job(), time.process_time() - began


def _write(folder: Path, side: str, day: int, payments: int) -> Path:
    path = folder / f"{side}-{day:03}.parquet"
    on = (_FIRST_DAY + timedelta(days=day)).isoformat()
    columns = ", ".join(f"{_expression(name).format(side=side, day=on)} AS {name}" for name in CANONICAL_COLUMNS)
    missing = f"payment % 100 <> {1 if side == 'ours' else 2}"
    rows = f"""
SELECT payment FROM range({day * payments}, {(day + 1) * payments}) AS of_the_day(payment) WHERE payment % 50 <> 9 OR '{side}' = 'ours'
UNION ALL
SELECT payment FROM range({max(day - 1, 0) * payments}, {day * payments}) AS of_the_day_before(payment)
WHERE payment % 50 = 9 AND '{side}' = 'theirs'
"""
    duckdb.sql(f"COPY (SELECT {columns} FROM ({rows}) WHERE {missing}) TO '{path}' (FORMAT parquet)")
    return path


def _expression(name: str) -> str:
    empty = "NULL::BIGINT" if name in _INTEGERS else "NULL::VARCHAR"
    return _GIVEN.get(name, empty)

"""Looking up payments in lakes of 2, 6 and 20 million records with twice as many references; and what the index costs who writes it.

Records are written part by part as an ingest writes them, two streams of 100,000 records a day. A look-up is a reference or an amount of a
record chosen by chance, with an index that was opened before, as in a bot that runs; the slowest in twenty is what counts. What the index
costs is processor time, with it and without, of taking in the report of `csv_reports`, the format of which the index is the largest share.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import csv_reports
from breakwater.lake import amounts, references
from breakwater.lake.index import IndexWriter
from breakwater.lake.parts import Lake
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.sources import files

SIZES = (2_000_000, 6_000_000, 20_000_000)
ROWS_PER_PART = 100_000
LOOKUPS = 200
BUDGET_REFERENCE_MS = 50.0
BUDGET_AMOUNT_MS = 100.0
BUDGET_SLOWER = 0.20
_FIRST_DAY = date(2026, 1, 1)
_AMOUNTS = 50_000  # so many different ones: each is there 400 times among 20 million
_BATCH_ROWS = 32_768


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print how long look-ups take as the lake grows, and whether the budgets are kept."""
    with tempfile.TemporaryDirectory() as place:
        lake = Lake(Path(place))
        parts: list[str] = []
        for size in sizes:
            for number in range(len(parts), size // ROWS_PER_PART):
                parts += lake.write(_batches(number), content="records", side=_side(number), sha256=f"{number:064x}")
            _measure(lake, parts, size)
        _measure_ingest(Path(place))


def _measure(lake: Lake, parts: Sequence[str], size: int) -> None:
    chance = random.Random(size)  # the same look-ups every time
    by_reference = _p95_ms(lambda row: references.find_records(lake, parts, [_reference(row, chance)]), size, chance)
    near = _p95_ms(lambda row: references.find_near(lake, parts, [_order(row).replace("-", "")]), size, chance)
    by_amount = _p95_ms(lambda row: _by_amount(lake, parts, row), size, chance)
    kept = "kept" if by_reference <= BUDGET_REFERENCE_MS and by_amount <= BUDGET_AMOUNT_MS else "MISSED"
    print(
        f"{size / 1e6:.0f} M records in {len(parts)} parts: p95 by reference {by_reference:.1f} ms, by another spelling {near:.1f} ms, "
        f"by amount, currency and date {by_amount:.1f} ms; {_own_mb():.0f} MB; "
        f"budget {BUDGET_REFERENCE_MS:.0f} and {BUDGET_AMOUNT_MS:.0f} ms {kept}"
    )


def _own_mb() -> float:
    """What this process holds. Pages of indexes it has looked at are the system's, which takes them back when it needs them."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) / 1024


def _p95_ms(look_up: Callable[[int], Sequence[object]], size: int, chance: random.Random) -> float:
    taken = []
    for row in (chance.randrange(size) for _ in range(LOOKUPS)):
        began = time.perf_counter()
        found = look_up(row)
        taken.append(1000 * (time.perf_counter() - began))
        assert found, f"row {row} was not found"
    return sorted(taken)[LOOKUPS * 95 // 100]


def _reference(row: int, chance: random.Random) -> str:
    return chance.choice((_order(row), f"{8_815_000_000_000_000 + row}"))


def _by_amount(lake: Lake, parts: Sequence[str], row: int) -> Sequence[object]:
    day = _day(row // ROWS_PER_PART)
    return amounts.find_records(lake, parts, amount_minor=_amount(row), currency="EUR", dated_from=day, dated_to=day + timedelta(days=1))


def _batches(number: int) -> Iterator[pa.RecordBatch]:
    """The records of one part: an order number and a reference of the partner's each."""
    first = number * ROWS_PER_PART
    for begin in range(first, first + ROWS_PER_PART, _BATCH_ROWS):
        rows = np.arange(begin, min(begin + _BATCH_ROWS, first + ROWS_PER_PART))
        numbers = pa.array(rows)
        partner_references = pc.cast(pa.array(rows + 8_815_000_000_000_000), pa.string())
        given = {
            "record_id": pc.binary_join_element_wise(f"AcmeEU/{number}", partner_references, "0", "/"),
            "kind": "payment",
            "amount_minor": pa.array(_amount(rows)),
            "currency": "EUR",
            "booked_on": _day(number),
            "partner": "adyen",
            "ref_payment_id": pc.binary_join_element_wise("ORD", pc.utf8_lpad(pc.cast(numbers, pa.string()), 9, "0"), "-"),
            "ref_partner_id": partner_references,
            "source_file": f"{number:064x}",
            "line": numbers,
        }
        columns = [_column(given.get(field.name), field.type, len(rows)) for field in RECORD_SCHEMA]
        yield pa.RecordBatch.from_arrays(columns, schema=RECORD_SCHEMA)


def _column(value: object, type_: pa.DataType, rows: int) -> pa.Array:
    return value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, type_), rows)


def _order(row: int) -> str:
    return f"ORD-{row:09d}"


def _amount(row: int) -> int:
    """Of one row, or of an array of them."""
    return row * 7_919 % _AMOUNTS + 100


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number // 2)


def _side(number: int) -> Side:
    return Side.THEIRS if number % 2 else Side.OURS


def _measure_ingest(place: Path) -> None:
    path = place / "report.csv"
    csv_reports.write_report(path)
    lake = Lake(place / "ingested")
    with_index = min(_ingested_s(lake, path) for _ in range(3))
    index_s = min(_indexed_s(place / "index", path) for _ in range(3))
    slower = index_s / (with_index - index_s)
    kept = "kept" if slower <= BUDGET_SLOWER else "MISSED"
    print(f"Adyen CSV, {csv_reports.ROWS:,} rows: ingest is slowed by its index by {slower:.0%}; budget {BUDGET_SLOWER:.0%} {kept}")


def _ingested_s(lake: Lake, path: Path) -> float:
    began = time.process_time()
    lake.write(files.read(path, partner="adyen").records, content="records", side=Side.THEIRS, sha256="0" * 64)
    return time.process_time() - began


def _indexed_s(path: Path, report: Path) -> float:
    """Of what an ingest does, only the index."""
    tables = [pa.Table.from_batches([batch]) for batch in files.read(report, partner="adyen").records]
    writer = IndexWriter(path, content="records")
    began = time.process_time()
    for table in tables:
        writer.add(table)
    writer.close()
    return time.process_time() - began


if __name__ == "__main__":
    main()

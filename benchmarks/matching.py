"""`breakwater reconcile` against the least a database has to do: one full join of both sides that pairs and classifies.

The join knows no calendar, no candidates, no identity and no JSON. Both are whole processes, from reading to writing. The same sides
are then reconciled from CSV: from the bytes of files to breaks, in records a second. CPU seconds tell more than the clock where others
work on the machine, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROWS = 1_000_000
AGREEMENT = """
name = "benchmark"
identity = ["ref_payment_id"]
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 3
[[passes]]
name = "by-payment-id"
type = "exact"
keys = ["ref_payment_id"]
"""
# 1 % missing on each side, 3 % of other amounts, 0.2 % twice; references in no order.
SIDE = """
COPY (
  SELECT '{letter}' || lpad(CAST(hash(n * 2 + copy) % 10000000000 AS VARCHAR), 10, '0') || n || copy AS record_id, 'payment' AS kind,
    CAST(100 + hash(n) % 500000 + {off} AS BIGINT) AS amount_minor, CAST(NULL AS BIGINT) AS fee_minor,
    ['EUR', 'USD', 'GBP'][1 + n % 3] AS currency, DATE '2026-03-02' + CAST(n % 20 // 5 * 7 + n % 5 AS INTEGER) AS booked_on,
    CAST(NULL AS DATE) AS value_date, '{status}' AS status, 'MAIN' AS account, 'PAY' || lpad(CAST(n AS VARCHAR), 12, '0') AS ref_payment_id,
    CAST(NULL AS VARCHAR) AS ref_partner_id, CAST(NULL AS VARCHAR) AS ref_end_to_end_id, CAST(NULL AS VARCHAR) AS ref_arn,
    CAST(NULL AS VARCHAR) AS ref_batch_id, CAST(NULL AS VARCHAR) AS ref_original, CAST(NULL AS BIGINT) AS original_amount_minor,
    CAST(NULL AS VARCHAR) AS original_currency
  FROM (SELECT range AS n FROM range({rows})), (SELECT unnest([0, 1]) AS copy)
  WHERE (n % 100) <> {missing} AND (copy = 0 OR n % 500 = {missing} + 1) ORDER BY hash(n + {missing})
) TO '{path}' (ROW_GROUP_SIZE 122880)
"""
JOIN = """
COPY (
  WITH o AS (SELECT *, row_number() OVER (PARTITION BY ref_payment_id ORDER BY record_id) AS nth FROM '{place}/ours.parquet'),
       t AS (SELECT *, row_number() OVER (PARTITION BY ref_payment_id ORDER BY record_id) AS nth FROM '{place}/theirs.parquet')
  SELECT o.record_id AS ours, t.record_id AS theirs,
    CASE WHEN o.record_id IS NULL OR t.record_id IS NULL THEN 'alone' WHEN o.currency <> t.currency THEN 'currency'
         WHEN o.amount_minor <> t.amount_minor THEN 'amount' ELSE 'matched' END AS found
  FROM o FULL JOIN t ON o.ref_payment_id = t.ref_payment_id AND o.nth = t.nth
) TO '{place}/join.parquet'
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process took: seconds on the clock, of the processor, and its largest memory in bytes."""

    clock_s: float
    cpu_s: float
    peak_bytes: int

    def __str__(self) -> str:
        return f"{self.clock_s:.2f} s ({self.cpu_s:.2f} s of CPU, {self.peak_bytes / 1e6:,.0f} MB)"


def main() -> None:
    """Print what both took and their ratio, and the records a second from CSV."""
    with tempfile.TemporaryDirectory() as place:
        for letter, side, missing, off, status in (("o", "ours", 7, "0", "settled"), ("t", "theirs", 13, "(n % 33 = 5)::INT", "settled")):
            path = Path(place) / f"{side}.parquet"
            duckdb.execute(SIDE.format(letter=letter, missing=missing, off=off, status=status, rows=ROWS, path=path))
            duckdb.execute(f"COPY (FROM '{path}') TO '{path.with_suffix('.csv')}' (HEADER)")
        (Path(place) / "agreement.toml").write_text(AGREEMENT)
        join = _cost([sys.executable, "-c", f"import duckdb; duckdb.execute({JOIN.format(place=place)!r})"])
        product, from_csv = (_cost(_reconcile(place, suffix)) for suffix in ("parquet", "csv"))
        records = sum(duckdb.sql(f"SELECT count(*) FROM '{place}/{side}.parquet'").fetchall()[0][0] for side in ("ours", "theirs"))
    print(f"matching {ROWS:,} + {ROWS:,} rows: {product}, plain join {join}, ratio {product.clock_s / join.clock_s:.2f}")
    print(f"from CSV to breaks: {from_csv}, {records / from_csv.clock_s:,.0f} records/s")


def _reconcile(place: str, suffix: str) -> list[str]:
    sides = [f"--{side}={place}/{side}.{suffix}" for side in ("ours", "theirs")]
    terms = [f"--agreement={place}/agreement.toml", "--as-of=2026-04-30", f"--json={place}/{suffix}.json"]
    return [sys.executable, "-m", "breakwater", "reconcile", *sides, *terms]


def _cost(command: list[str]) -> Cost:
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(clock_s=time.perf_counter() - started, cpu_s=usage.ru_utime + usage.ru_stime, peak_bytes=usage.ru_maxrss * 1024)

"""An Adyen settlement report of 500,000 rows: from its bytes to Arrow batches, and to parts of the lake; memory beside it.

Each measurement is a process of its own and the best of three; wall time, with the processor's beside it, since a busy machine says little
about the former. For comparison, what it takes Arrow to split the same file into columns of text.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROWS = 500_000
BUDGET_ROWS_PER_S = 500_000

HEADER = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,"
    "Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),"
    "Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Modification Merchant Reference,Batch Number,Reserved4,Reserved5,"
    "Reserved6,Reserved7,Reserved8,Reserved9,Reserved10,Booking Date,Booking Date TimeZone\n"
)
MEASURE = """
import json, resource, sys, time
from pathlib import Path
import pyarrow as pa
import pyarrow.csv
from breakwater.lake.parts import Lake
from breakwater.model.records import Side
from breakwater.sources import files
path, place = sys.argv[1:]
def peak_mb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def split():
    names = open(path).readline().strip().split(",")
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return sum(batch.num_rows for batch in pyarrow.csv.open_csv(path, convert_options=options))
def batches():
    return sum(batch.num_rows for batch in files.read(path, partner="adyen").records)
def parts():
    lake = Lake(Path(place))
    records = files.read(path, partner="adyen").records
    return lake.rows(lake.write(records, content="records", side=Side.THEIRS, sha256="0" * 64))
loaded, best = peak_mb(), None
for _ in range(3):
    began, worked = time.perf_counter(), time.process_time()
    rows = {what}()
    taken = time.perf_counter() - began, time.process_time() - worked
    best = min(best or taken, taken)
print(json.dumps({{"rows": rows, "wall_s": best[0], "cpu_s": best[1], "grown_mb": peak_mb() - loaded}}))
"""


def main() -> None:
    """Print rows per second, and whether the budget is kept."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "report.csv"
        write_report(path)
        found = {what: _measured(what, path, f"{place}/lake") for what in ("split", "batches", "parts")}
    for what, said in (("split", "split into text by Arrow"), ("batches", "to Arrow batches"), ("parts", "to committed parts")):
        one = found[what]
        per_s, per_cpu_s = one["rows"] / one["wall_s"], one["rows"] / one["cpu_s"]
        print(
            f"Adyen CSV, {one['rows']:,.0f} rows, {said}: {per_s:,.0f} rows/s, {per_cpu_s:,.0f} per CPU second, +{one['grown_mb']:.0f} MB"
        )
    kept = "kept" if found["parts"]["rows"] / found["parts"]["wall_s"] >= BUDGET_ROWS_PER_S else "MISSED"
    print(f"Adyen CSV: budget {BUDGET_ROWS_PER_S:,} rows/s from bytes to committed parts {kept}")


def write_report(path: Path) -> None:
    """The report that is measured."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(_rows())


def _rows() -> Iterator[str]:
    """Settled payments, every twentieth of them refunded, in batches of 100,000."""
    for n in range(ROWS):
        amount = f"{n % 5000 + 1}.{n % 100:02d}"
        (debit, credit), word = (("", amount), "Settled") if n % 20 else ((amount, ""), "Refunded")
        yield (
            f"Acme,AcmeEU,{8815000000000000 + n},ORD-{n:09d},visa,2026-11-{n % 28 + 1:02d} {n % 24:02d}:{n % 60:02d}:11,CET,{word},"
            f"{8825000000000000 + n},EUR,{debit},{credit},1,EUR,{debit},{credit},,0.02,0.1,0.2,visacredit,,{1000 + n // 100_000},,,,,,,,"
            f"2026-11-{n % 28 + 1:02d} 23:59:59,CET\n"
        )


def _measured(what: str, *arguments: Path | str) -> dict[str, float]:
    program = MEASURE.format(what=what)
    run = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(run.stdout))


if __name__ == "__main__":
    main()

"""`python -m benchmarks`: run every benchmark, or the ones named."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = ("matching", "incremental", "detection", "charts", "camt", "csv_reports", "lookup", "first_answer")

for name in sys.argv[1:] or BENCHMARKS:
    importlib.import_module(f"benchmarks.{name}").main()

"""Rows of a database or an API as a file of ledger records: texts as they are, proven when the file is read."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from breakwater.errors import FileError
from breakwater.model.records import RECORD_SCHEMA

COLUMNS = tuple(name for name in RECORD_SCHEMA.names if name not in ("source_file", "line"))
_WORDS = (str, int, date, datetime, Decimal)


class RowFile:
    """A CSV file of ledger records. Its columns are those of the first row that a record has; others are left out."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._columns: tuple[str, ...] = ()
        self.rows = 0

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, row: Mapping[str, Any]) -> None:
        """One more row. FileError for a value that is no text, whole number, date or time: money is never a float."""
        if not self._columns:
            self._columns = tuple(name for name in COLUMNS if name in row)
            self._writer.writerow(self._columns)
        self._writer.writerow([self._text(name, row.get(name)) for name in self._columns])
        self.rows += 1

    def _text(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, _WORDS) or isinstance(value, bool):
            message = f"Row {self.rows + 1}: '{name}' is {type(value).__name__}, not a text, whole number, date or time."
            raise FileError("malformed", message, remedy="Give amounts as whole minor units, and cast other columns to text.")
        return value.isoformat() if isinstance(value, date) else str(value)

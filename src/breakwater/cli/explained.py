"""What `breakwater inspect --explain` shows: the first rows of a file, and from which columns each field of a record was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from breakwater.cli.printing import printable
from breakwater.sources.explaining import ExplainedRow


def figures(rows: Iterable[ExplainedRow]) -> list[dict[str, Any]]:
    """The rows as JSON."""
    return [
        {
            "line": row.line,
            "text": row.text,
            "why": row.why,
            "fields": [{"field": f.name, "value": f.value, "from": [{"column": c, "text": t} for c, t in f.cells]} for f in row.fields],
        }
        for row in rows
    ]


def show(console: Console, rows: Iterable[ExplainedRow]) -> None:
    """The rows as tables."""
    for row in rows:
        console.print(f"  line {row.line}" + (f": {printable(row.text)}" if row.text else ""), style="bold")
        if row.why:
            console.print(f"    {printable(row.why)}")
        if row.fields:
            console.print(_table(row))


def _table(row: ExplainedRow) -> Table:
    table = Table(box=None, pad_edge=True)
    has_columns = any(field.cells for field in row.fields)
    for name in ("column", "text") if has_columns else ():
        table.add_column(name, overflow="fold")
    for name in ("field", "value"):
        table.add_column(name, overflow="fold")
    for field in row.fields:
        columns, texts = (
            "\n".join(printable(part) for part in parts) for parts in (zip(*field.cells, strict=True) if field.cells else ((), ()))
        )
        table.add_row(*((columns, texts) if has_columns else ()), field.name, printable(field.value))
    return table

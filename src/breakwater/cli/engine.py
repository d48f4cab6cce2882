"""`breakwater engine check`: whether an engine finds, byte for byte, what the rules of matching say."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from breakwater.matching import engines, proof


@click.group()
def engine() -> None:
    """Matching engines: prove that one finds what the others find."""


@engine.command()
@click.argument("url", required=False)
def check(*, url: str | None) -> int:
    """Run the golden break sets on the engine at URL (the embedded DuckDB by default), twice, and compare every byte.

    URL is postgresql://…, spark://host:7077, local[2], or that of any other backend Ibis has a driver for. Exit code 1 if a set differs.
    """
    verdicts = Table("golden set", "")
    different = 0
    for verdict in proof.prove(engines.open(url, proven=True)):
        verdicts.add_row(verdict.name, verdict.difference or "agrees")
        different += bool(verdict.difference)
    console = Console(highlight=False, markup=False)
    console.print(verdicts)
    console.print(f"{different} of {verdicts.row_count} sets differ: do not reconcile there." if different else "All sets agree, twice.")
    return 1 if different else 0

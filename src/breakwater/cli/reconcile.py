"""`breakwater reconcile`: two files of canonical records, compared by an agreement."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from breakwater.cli.days import DAY
from breakwater.cli.uncollected import uncollected
from breakwater.errors import CallError
from breakwater.matching import agreement as agreements
from breakwater.matching import engines, out
from breakwater.matching.backend import EngineError, Means
from breakwater.model.money import format_minor
from breakwater.model.runs import Outcome, Totals

_MEMORY = re.compile(r"[1-9][0-9]{0,5}(MB|GB)")
_FILE = click.Path(path_type=Path)


class _Memory(click.ParamType[str]):
    """An amount of memory like 4GB."""

    name = "4GB"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _MEMORY.fullmatch(str(value)):
            self.fail(f"'{value}' is no amount of memory like 4GB or 500MB.", param, ctx)
        return str(value)


@click.command()
@click.option("--ours", required=True, type=_FILE, help="Our side: canonical records, Parquet or CSV.")
@click.option("--theirs", required=True, type=_FILE, help="The partner's side: the same columns.")
@click.option("--agreement", required=True, type=_FILE, help="How the sides are compared (TOML).")
@click.option("--as-of", required=True, type=DAY, help="The business date of the reconciliation.")
@click.option("--json", "target", required=True, type=_FILE, metavar="OUT", help="Where the result goes.")
@click.option("--engine", metavar="URL", help="postgresql://…, spark://host:7077, local[2]; the embedded DuckDB by default.")
@click.option("--proven", is_flag=True, help="Another engine is meant, and `breakwater engine check` agreed on it.")
@click.option("--memory-limit", type=_Memory(), default="1500MB", show_default=True, help="Memory of DuckDB, or of Spark's driver.")
@click.option("--spill-dir", type=_FILE, help="Where what does not fit into memory goes; the temporary folder by default.")
def reconcile(
    *,
    ours: Path,
    theirs: Path,
    agreement: Path,
    as_of: date,
    target: Path,
    engine: str | None,
    proven: bool,
    memory_limit: str,
    spill_dir: Path | None,
) -> int:
    """Reconcile two files of canonical records by an agreement."""
    if not target.parent.is_dir():
        raise CallError(f"There is no folder {target.parent} for OUT.", remedy="Create it, or name another file.")
    if target.is_dir():
        raise CallError(f"{target} is a folder, and OUT has to be a file.", remedy="Name a file in it.")
    terms = agreements.load(agreement)
    match = engines.open(engine, proven=proven, means=Means(memory_limit=memory_limit, spill_dir=spill_dir))
    with _enough_memory(memory_limit), uncollected(), tempfile.TemporaryDirectory(prefix="breakwater-") as scratch:
        matches = Path(scratch) / "matches.parquet"
        outcome = match(ours=[ours], theirs=[theirs], agreement=terms, as_of=as_of, matches_to=matches)
        out.write(target, outcome, agreement=terms.name, as_of=as_of, matches=matches)
    _show(outcome, name=terms.name, as_of=as_of)
    return 0


@contextmanager
def _enough_memory(limit: str) -> Iterator[None]:
    """An engine that ran out of memory says so; who called it learns which option gives it more."""
    try:
        yield
    except EngineError as lost:
        if "out of memory" not in lost.message.casefold():
            raise
        raise EngineError(
            f"{lost.message} It may take {limit}.",
            remedy="Give it more with --memory-limit, and --spill-dir a folder with room for what does not fit. Nothing was written.",
        ) from lost


def _show(outcome: Outcome, *, name: str, as_of: date) -> None:
    """What a person wants to know at once."""
    console = Console(highlight=False, markup=False)
    console.print(f"{name} as of {as_of}: {outcome.ours_rows:,} of ours, {outcome.theirs_rows:,} of theirs")
    states = Table("", "currency", *(("ours", "theirs", "value ours", "value theirs")))
    for word, totals in (("matched", outcome.matched), ("pending", outcome.pending_totals), ("in breaks", outcome.in_breaks)):
        for currency, figures in totals.items():
            states.add_row(word, *_state_row(currency, figures))
            word = ""
    console.print(states)
    kinds = Table("break", "count", "value at stake")
    for kind, figure in sorted(out.break_figures(outcome).items()):
        worth = [format_minor(value, currency) for currency, value in sorted(figure["value"].items())]
        kinds.add_row(kind, f"{figure['count']:,}", "\n".join(worth))
    console.print(kinds if kinds.row_count else "No breaks.")


def _state_row(currency: str, figures: Totals) -> tuple[str, ...]:
    amounts = (format_minor(minor, currency).removeprefix(f"{currency} ") for minor in (figures.ours_minor, figures.theirs_minor))
    return (currency, f"{figures.ours_rows:,}", f"{figures.theirs_rows:,}", *amounts)

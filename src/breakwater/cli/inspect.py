"""`breakwater inspect`: read partner files without storing anything, and say what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from breakwater import config as settings
from breakwater.cli import explained, progress
from breakwater.cli.printing import printable, printer
from breakwater.errors import CallError, FileError, nearest
from breakwater.model.files import Statement
from breakwater.model.masking import mask_cards
from breakwater.model.money import exponent, major_text
from breakwater.sources import explaining, files, own_formats
from breakwater.sources.documents import Language
from breakwater.sources.explaining import ExplainedRow

_EXPLAINED_ROWS = 3


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--format", "format_name", metavar="NAME", help="Read every file in this format instead of finding it by content.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file and line.")
@click.option("--explain", is_flag=True, help="Show for the first rows how each field was read.")
@click.option("--config", "config", type=click.Path(path_type=Path), help="Read with the [[layouts]] of this configuration too.")
@click.option("--layout", "own", type=click.Path(path_type=Path), multiple=True, help="Read with this layout too; may be repeated.")
def inspect(
    paths: tuple[str, ...], format_name: str | None, as_json: bool, explain: bool, config: Path | None, own: tuple[Path, ...]
) -> int:
    """Read partner files without storing anything, and say what they say.

    The exit code is 1 if a file is refused or a statement does not add up.
    """
    layouts = own_formats.load((*(settings.load(config).layouts if config else ()), *own))
    formats = [*(name for language in layouts for name in language.formats), *files.FORMATS]
    if format_name and format_name not in formats:
        raise CallError(f"There is no format '{format_name}'.{nearest(format_name, formats)}", remedy=f"Use one of: {', '.join(formats)}.")
    for path in paths:
        _require_readable(path)
    wrong = False
    for path in paths:
        with progress.of_file(path) as watch:
            answer = _answer(path, format_name=format_name, layouts=layouts, watch=watch)
        rows = _explained(path, format_name=format_name, layouts=layouts) if explain else []
        if explain and as_json:
            answer["explained"] = explained.figures(rows)
        wrong = wrong or bool(answer["error"]) or any(s["balanced"] is False for s in answer["statements"])
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _show(answer, rows)
    return 1 if wrong else 0


def _require_readable(path: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except OSError as wrong:
        raise CallError(f"'{path}' can't be read: {(wrong.strerror or 'unknown reason').lower()}.", remedy="Check the path.") from None


def _explained(path: str, *, format_name: str | None, layouts: Sequence[Language]) -> list[ExplainedRow]:
    """How the first rows are read; none of a file whose first rows can't be, since its answer says why."""
    try:
        return explaining.explain(path, rows=_EXPLAINED_ROWS, format=format_name, layouts=layouts)
    except FileError:
        return []


def _answer(path: str, *, format_name: str | None, layouts: Sequence[Language], watch: files.Watch | None = None) -> dict[str, Any]:
    """What one file says. A card number in it is masked wherever it stands."""
    answer: dict[str, Any] = {"file": path, "sha256": files.sha256_of(path), "format": None, "statements": [], "notices": [], "error": None}
    try:
        reading = files.read(path, partner="", format=format_name, layouts=layouts, watch=watch)
        for batches in (reading.records, reading.events):
            for _ in batches:
                pass  # the totals are proven once every batch has been read
    except FileError as refused:
        answer["error"] = {"code": refused.code, "message": mask_cards(refused.message), "remedy": refused.remedy}
        return answer
    answer["format"] = reading.format
    answer["statements"] = [_statement(statement) for statement in reading.statements]
    answer["notices"] = [{"code": notice.code, "message": mask_cards(notice.message)} for notice in reading.notices]
    return answer


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "id": _masked(statement.id),
        "account": _masked(statement.account),
        "currency": statement.currency,
        "entries": statement.entries,
        "details": statement.details,
        "pending_entries": statement.pending_entries,
        "credits_minor": statement.credits_minor,
        "debits_minor": statement.debits_minor,
        "opening_minor": statement.opening_minor,
        "closing_minor": statement.closing_minor,
        "balanced": statement.balanced,
        "references": [mask_cards(reference) for reference in statement.references],
    }


def _masked(text: str | None) -> str | None:
    return None if text is None else mask_cards(text)


def _show(answer: dict[str, Any], rows: Sequence[ExplainedRow]) -> None:
    console = printer(soft_wrap=True)
    console.print(f"{printable(answer['file'])}: {answer['format'] or 'refused'}", style="bold")
    if answer["error"]:
        console.print(
            f"  {answer['error']['code']}: {printable(answer['error']['message'])}\n  try: {printable(answer['error']['remedy'])}"
        )
    elif not answer["statements"]:
        console.print("  holds no statements")
    else:
        console.print(_table(answer["statements"]))
    explained.show(console, rows)
    for notice in answer["notices"]:
        console.print(f"  {notice['code']}: {printable(notice['message'])}")


def _table(statements: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=True)
    for name in ("statement", "account"):
        table.add_column(name, overflow="fold", min_width=len(name))
    table.add_column("currency", no_wrap=True)
    for name in ("entries", "pending", "opening", "credits", "debits", "closing"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("adds up")
    for s in statements:
        money = (_major(s[f"{name}_minor"], s["currency"]) for name in ("opening", "credits", "debits", "closing"))
        adds_up = {True: "yes", False: "NO", None: ""}[s["balanced"]]
        names = (printable(s[name]) for name in ("id", "account", "currency"))
        table.add_row(*names, f"{s['entries']:,}", f"{s['pending_entries']:,}", *money, adds_up)
    return table


def _major(amount_minor: int | None, currency: str | None) -> str:
    if amount_minor is None or currency is None:
        return ""
    whole, point, fraction = major_text(abs(amount_minor), exponent(currency)).partition(".")
    return f"{'-' if amount_minor < 0 else ''}{int(whole):,}{point}{fraction}"

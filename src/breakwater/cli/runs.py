"""`breakwater runs`, `rerun` and `agreement`: what was reconciled when, a day once more, and an agreement tried before it counts."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click
from rich.table import Table

from breakwater.agreement_files import terms_of
from breakwater.cli.days import DAY
from breakwater.cli.offline import CONFIG, offline, partner_known, whose_account
from breakwater.cli.printing import printable, printer
from breakwater.model.money import format_minor
from breakwater.model.partners import Partner
from breakwater.model.run_differences import RunDifference
from breakwater.model.runs import Run, total_of
from breakwater.views.runs import difference_lines

_MARKUP = re.compile(r"[*`]")


@click.command()
@click.argument("partner")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many of the last runs.")
@CONFIG
def runs(partner: str, limit: int, path: Path) -> None:
    """The last runs of a partner: as of which day, what came in, what opened and closed, matches that changed."""
    with offline(path) as bot:
        found = bot.runs.history(partner_known(bot, partner), limit=limit)
    if not found:
        click.echo("No run yet.")
        return
    table = Table(
        "run", "as of", "finished", "files", "looked at", "breaks", "worth", "opened", "closed", "matches changed", "agreement", "by"
    )
    table.columns[1].no_wrap = True
    for run in found:
        table.add_row(*map(printable, _row(run)))
    printer().print(table)


@click.command()
@click.argument("partner")
@click.option("--as-of", type=DAY, help="The day; today's business date if it is left out.")
@CONFIG
def rerun(partner: str, as_of: date | None, path: Path) -> None:
    """Reconcile a day of a partner once more, everything of it, and say what differs. A past day's run moves no break."""
    with offline(path) as bot:
        known = partner_known(bot, partner)
        diff = bot.runs.rerun(known, as_of=as_of, actor=whose_account())
    click.echo(f"{diff.after.id}, as of {diff.after.as_of}")
    _say(diff, known)


@click.group()
def agreement() -> None:
    """Agreements: what a changed one would do."""


@agreement.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--partner", required=True, metavar="ID", help="Whose last run it is held against.")
@CONFIG
def try_agreement(file: Path, partner: str, path: Path) -> None:
    """What the last run would have said by the agreement in FILE: matches, breaks and value that differ. Nothing is stored."""
    with offline(path) as bot:
        known = partner_known(bot, partner)
        diff = bot.runs.tried(known, terms_of(known, path=file))
    click.echo(f"{file}, on what the run {diff.before.id if diff.before else ''} was given:")
    _say(diff, known)
    click.echo("Nothing was stored. To accept it, name the file as the partner's agreement in breakwater.toml.")


def _say(diff: RunDifference, partner: Partner) -> None:
    for line in difference_lines(diff, ends=partner.ends):
        click.echo(f"  {printable(_MARKUP.sub('', line))}")


def _row(run: Run) -> tuple[str, ...]:
    total, changes = total_of(run.breaks.values()), run.changes
    worth = ", ".join(format_minor(minor, currency) for currency, minor in total.value_minor.items())
    looked_at = "" if run.looked_at is None else f"{run.looked_at:,} of {run.ours_rows + run.theirs_rows:,}"
    return (
        run.id,
        f"{run.as_of}{' (again)' if run.is_restatement else ''}",
        f"{run.finished_at:%Y-%m-%d %H:%M}",
        f"+{changes.files_in} -{changes.files_out}",
        looked_at,
        f"{total.count:,}",
        worth,
        f"{changes.opened + changes.reopened:,}",
        f"{changes.closed:,}",
        f"{changes.matches:,}",
        run.agreement_sha256[:8],
        run.asked_by or "",
    )

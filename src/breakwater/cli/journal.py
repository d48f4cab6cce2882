"""`breakwater journal export`: approved write-offs and corrections for accounting."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from breakwater import config as settings
from breakwater.cli.offline import CONFIG, whose_account
from breakwater.steps import journal as steps
from breakwater.store.database import open_database

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def journal() -> None:
    """Approved write-offs and corrections, for accounting."""


@journal.command()
@click.option("--from", "first", type=_DAY, required=True, help="The first day, as UTC counts days.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day; it must be over.")
@CONFIG
def export(first: datetime, last: datetime, path: Path) -> None:
    """Write the period's journal to stdout as CSV: two lines for each booking. The same period again gives the same bytes."""
    config = settings.load(path)
    database = open_database(config.database_url)
    try:
        with database.transaction() as tx:
            made = steps.export(
                tx, actor=whose_account(), first=first.date(), last=last.date(), partners=config.partners, now=datetime.now(UTC)
            )
    finally:
        database.close()
    click.echo(made.csv.encode(), nl=False)  # bytes, so that no line end is changed
    click.echo(f"{made.bookings:,} {'booking' if made.bookings == 1 else 'bookings'}.", err=True)

"""`breakwater audit`: the trail of who changed what, verified and exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from breakwater import config as settings
from breakwater.cli.offline import CONFIG
from breakwater.errors import CallError
from breakwater.store import audit as trail
from breakwater.store.database import Database, open_database

_JSON = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, and nothing else there.")


@click.group()
def audit() -> None:
    """The audit trail: verify that no row was changed, taken out or moved, or export it."""


@audit.command()
@CONFIG
@_JSON
def verify(path: Path, as_json: bool) -> int:
    """Follow the chain from its first row to its last. Exit code 1 if a row was changed, taken out or moved; each is named."""
    with _database(path) as database, database.reading() as tx:
        rows, complaints = trail.length(tx), trail.verify(tx)
    if as_json:
        click.echo(json.dumps({"rows": rows, "whole": not complaints, "complaints": complaints}, ensure_ascii=False))
    else:
        click.echo("\n".join(complaints) or f"The audit trail is whole: {rows:,} rows.")
    return 1 if complaints else 0


@audit.command()
@click.option("--about", default="", metavar="ID", help="Only what was done to one thing, such as a break.")
@CONFIG
@_JSON
def export(about: str, path: Path, as_json: bool) -> None:
    """Write the trail to stdout, one JSON object per row and line, oldest first, with the hashes that chain the rows."""
    if not as_json:
        raise CallError("The trail is exported as JSON only.", remedy="Add --json, and send stdout to a file.")
    with _database(path) as database, database.reading() as tx:
        for row in trail.rows(tx, about_id=about or None):
            click.echo(json.dumps({**row, "at": row["at"].isoformat(), "detail": json.loads(row["detail"])}, ensure_ascii=False))


@contextmanager
def _database(path: Path) -> Iterator[Database]:
    """The database of these settings, as it is: nothing is migrated."""
    database = open_database(settings.load(path).database_url)
    try:
        yield database
    finally:
        database.close()

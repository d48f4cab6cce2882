"""`breakwater quarantine`: refused files from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from breakwater.app import Breakwater
from breakwater.cli.offline import CONFIG, offline, whose_account
from breakwater.cli.printing import printable, printer
from breakwater.model.files import SourceFile
from breakwater.steps.quarantine import QUARANTINED, file_known
from breakwater.store import reads

_PARTNER = click.option("--partner", default="", metavar="ID", help="Files of this partner only ('ledger' for our own side).")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object per file and line.")


@click.group()
def quarantine() -> None:
    """Refused files: list them, try one again, or put it aside for good."""


@quarantine.command("list")
@CONFIG
@_PARTNER
@_JSON
def list_files(path: Path, partner: str, as_json: bool) -> None:
    """List the files that were refused and wait for somebody."""
    with offline(path) as bot, bot.database.reading() as tx:
        waiting = reads.source_files(tx, partner=partner or None, state=QUARANTINED)
    if as_json:
        for file in waiting:
            click.echo(json.dumps(_figures(file), ensure_ascii=False))
    elif not waiting:
        click.echo("No file waits in quarantine.")
    else:
        _show(waiting)


@quarantine.command()
@click.argument("sha256")
@CONFIG
@_PARTNER
@_JSON
def retry(sha256: str, path: Path, partner: str, as_json: bool) -> int:
    """Read a refused file again, after its layout or reader was put right. SHA256 may be cut short. Exit code 1 if it is refused again."""
    with offline(path) as bot:
        done = bot.deliveries.retry(actor=whose_account(), file=_known(bot, partner, sha256))
    said = f"{done.file.name} was taken in: {done.file.records:,} records booked." if not done.refused else ""
    _answer(done.file, as_json=as_json, said=said or f"{done.file.name} is still refused. {done.file.reason}")
    if done.refused and not as_json and done.refused.remedy:
        click.echo(f"  try: {done.refused.remedy}")
    return 1 if done.refused else 0


@quarantine.command()
@click.argument("sha256")
@CONFIG
@_PARTNER
@_JSON
def discard(sha256: str, path: Path, partner: str, as_json: bool) -> None:
    """Put a refused file aside for good: nothing of it will be booked. SHA256 may be cut short."""
    with offline(path) as bot:
        gone = bot.deliveries.discard(actor=whose_account(), file=_known(bot, partner, sha256))
    _answer(gone, as_json=as_json, said=f"{gone.name} was discarded.")


def _known(bot: Breakwater, partner: str, sha256: str) -> SourceFile:
    with bot.database.reading() as tx:
        return file_known(tx, partner=partner, sha256=sha256)


def _answer(file: SourceFile, *, as_json: bool, said: str) -> None:
    click.echo(json.dumps(_figures(file), ensure_ascii=False) if as_json else said)


def _figures(file: SourceFile) -> dict[str, Any]:
    return {
        "partner": file.partner,
        "stream": file.stream,
        "file": file.name,
        "sha256": file.sha256,
        "format": file.format,
        "state": file.state,
        "reason": file.reason,
        "records": file.records,
        "received_at": file.received_at.isoformat(),
        "handled_by": file.handled_by,
        "handled_at": file.handled_at.isoformat() if file.handled_at else None,
    }


def _show(files: list[SourceFile]) -> None:
    table = Table("sha256", "partner", "stream", "file", "since", "why", box=None)
    for file in files:
        since = f"{file.received_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(*map(printable, (file.sha256[:12], file.partner, file.stream, file.name, since, file.reason or "")))
    printer(soft_wrap=True).print(table)

"""What commands beside a running bot have in common: the settings, the bot without Slack, and who acts."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from breakwater import config as settings
from breakwater.app import Breakwater
from breakwater.cli import logs
from breakwater.errors import CallError, nearest
from breakwater.model.access import Actor, Role
from breakwater.model.partners import Partner

CONFIG = click.option(
    "--config", "path", type=click.Path(path_type=Path), default=Path("breakwater.toml"), show_default=True, help="The settings."
)


@contextmanager
def offline(path: Path) -> Iterator[Breakwater]:
    """The bot of these settings, not connected to Slack: the running one shows what changed."""
    logs.to_stderr(quiet=True)
    bot = Breakwater(settings.load(path))
    try:
        yield bot
    finally:
        bot.database.close()


def partner_known(bot: Breakwater, name: str) -> Partner:
    """The partner with this id. CallError names those there are."""
    if name not in bot.partners:
        known = ", ".join(bot.partners)
        raise CallError(f"There is no partner '{name}'.{nearest(name, bot.partners)}", remedy=f"Use one of: {known}.")
    return bot.partners[name]


def whose_account() -> Actor:
    """Whoever may read the settings and the database acts under the name of their account."""
    return Actor(id=f"{getpass.getuser()} (command line)", role=Role.ADMIN)

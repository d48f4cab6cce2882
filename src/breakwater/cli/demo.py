"""`breakwater demo`: a payment company, its partners' files, a Slack-like workspace and the real bot, all on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from breakwater import config as settings
from breakwater import sandbox as slack
from breakwater.app import Breakwater
from breakwater.cli import logs
from breakwater.cli.demo_check import check_everything
from breakwater.demo import people
from breakwater.demo.company import Company, build
from breakwater.demo.settings import DigestTime
from breakwater.errors import CallError, WorldError
from breakwater.views.help import HELP, SHORTCUTS, USAGE

PORT = 8765
PAYMENTS = 20_000


@dataclass(frozen=True)
class Demo:
    """The demo while it runs."""

    company: Company
    sandbox: slack.Sandbox
    bot: Breakwater


@click.command()
@click.option("--check", is_flag=True, help="Drive the bot through its main jobs, compare with the company's known truth, and stop.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Where the page is served; 0 takes a free one."
)
def demo(check: bool, port: int) -> int:
    """Serve a whole payment company until stopped: four weeks of payments, two partners, and a workspace to click in."""
    logs.to_stderr(quiet=True)
    with _folder() as folder, running(folder, now=datetime.now(UTC), port=0 if check else port) as shown:
        if check:
            return check_everything(company=shown.company, sandbox=shown.sandbox, bot=shown.bot, say=click.echo)
        _welcome(shown)
        _wait_until_stopped()
    return 0


@contextmanager
def running(
    folder: Path, *, now: datetime, port: int, payments: int = PAYMENTS, database_url: str = "", timing: slack.Timing | None = None
) -> Iterator[Demo]:
    """The demo, built in `folder`, with its files taken in and reconciled, its workspace open and the bot connected.

    `database_url` empty is SQLite in the same folder; without `timing` the workspace is as patient as Slack.
    """
    # Due in the minute that has just begun, so that the clock of the bot posts it while somebody watches.
    first_digest = DigestTime(cron=f"{now.minute} {now.hour} * * *", time_zone="UTC")
    click.echo(f"Building Harbour Payments: four weeks, {payments:,} payments, two partners …", err=True)
    company = build(folder, now=now, payments=payments, digests=[first_digest])
    sandbox = slack.Sandbox(workspace(), port=port, rates=slack.Rates.generous(), timing=timing or slack.Timing())
    try:
        sandbox.start()
    except OSError as taken:
        raise CallError(f"Port {port} can't be used: {taken.strerror}.", remedy="Choose another one with --port, or --port 0.") from None
    environment = {
        **os.environ,
        "SLACK_API_URL": sandbox.api_url,
        "SLACK_BOT_TOKEN": sandbox.workspace.app.bot_token,
        "SLACK_APP_TOKEN": sandbox.workspace.app.app_token,
        "BREAKWATER_DATABASE_URL": database_url,
        "BREAKWATER_DATA_DIR": "",
    }
    try:
        bot = Breakwater(settings.load(company.config, environment=environment), settle_s=0)
        click.echo("Reading the partners' files, reconciling, looking for what is wrong …", err=True)
        bot.work()
        bot.start()
        try:
            yield Demo(company, sandbox, bot)
        finally:
            bot.stop()
    finally:
        sandbox.stop()


def workspace() -> slack.Workspace:
    """The company's people and channels, with Breakwater installed and invited."""
    bot = slack.App(
        commands=tuple(slack.Command(name=name, description=about, usage_hint=USAGE[name]) for name, (about, _) in HELP.items()),
        shortcuts=tuple(slack.Shortcut(callback_id=to, name=name, description=about) for to, name, about in SHORTCUTS),
    )
    return slack.Workspace(
        team=next(slack.Team(id=t.id, name=t.name, domain=t.domain) for t in people.TEAMS if t.id == people.HOME_TEAM),
        partners=tuple(slack.Team(id=t.id, name=t.name, domain=t.domain) for t in people.TEAMS if t.id != people.HOME_TEAM),
        users=tuple(
            slack.User(id=p.id, name=p.name.split()[0].lower(), real_name=p.name, team=p.team, title=p.title, tz=p.time_zone)
            for p in people.PEOPLE
        ),
        user_groups=tuple(slack.UserGroup(id=g.id, handle=g.handle, name=g.name, users=g.people) for g in people.USER_GROUPS),
        channels=tuple(
            slack.Channel(
                id=c.id,
                name=c.name,
                topic=c.purpose,
                members=(*c.people, bot.user_id),
                connected_team_ids=(c.shared_with,) if c.shared_with else (),
            )
            for c in people.CHANNELS
        ),
        app=bot,
    )


def _welcome(shown: Demo) -> None:
    company = shown.company
    click.echo(f"\nBreakwater is running. Open  {shown.sandbox.url}\n")
    click.echo("You are Ada, head of payment operations; switch to other people at the top left. Try in #payments-ops:")
    for line in (
        "/recon",
        *(f"/recon {leg}   (payouts on their way to the bank)" for leg in company.truth["legs"]),
        *(f"/payment {s.reference}   ({s.story})" for s in company.showcases[:4]),
        "/anomalies",
        f"/incident open {company.late_file.partner}",
    ):
        click.echo(f"  {line}")
    click.echo("In the menu of any message: Find payment, and Add to break or incident.")
    click.echo("Break cards with Acknowledge are in #sepa-ops and #cards-ops. Stop with Ctrl-C.\n")


def _wait_until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


@contextmanager
def _folder() -> Iterator[Path]:
    try:
        folder = Path(tempfile.mkdtemp(prefix="breakwater-demo-"))
    except OSError as full:
        raise WorldError(f"There is no room for the demo: {full.strerror}.", remedy="Free some space, or set TMPDIR.") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""The command line: one file per subject, each loaded only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from breakwater import __version__
from breakwater.cli.uncollected import uncollected
from breakwater.errors import BreakwaterError, nearest

# command: (module, what it is for). A command's module is imported only when it runs, so that each starts fast.
COMMANDS = {
    "backtest": ("breakwater.cli.backtest", "Replay past hours and files through the detectors, as if live."),
    "run": ("breakwater.cli.run", "Run the bot: Slack, schedules, files (Socket Mode, or --http)."),
    "demo": ("breakwater.cli.demo", "A whole payment company on this machine, with a Slack-like page to click in."),
    "engine": ("breakwater.cli.engine", "Matching engines: prove that one finds what the others find."),
    "audit": ("breakwater.cli.audit", "The audit trail: verify that no row was changed, or export it."),
    "journal": ("breakwater.cli.journal", "Approved write-offs and corrections, for accounting."),
    "inspect": ("breakwater.cli.inspect", "Read partner files without storing anything, and say what they say."),
    "payment": ("breakwater.cli.payment", "Where a payment is: by any reference, or by amount, currency and day."),
    "quarantine": ("breakwater.cli.quarantine", "Refused files: list them, try one again, or put it aside for good."),
    "runs": ("breakwater.cli.runs", "The last runs of a partner, and what each changed."),
    "rerun": ("breakwater.cli.runs", "Reconcile a day of a partner once more, and say what differs."),
    "agreement": ("breakwater.cli.runs", "Try a changed agreement on the last run, before it counts."),
    "reconcile": ("breakwater.cli.reconcile", "Reconcile two files of canonical records by an agreement."),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with uncollected():
            command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"There is no command '{args[0]}'.{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="breakwater")
def commands() -> None:
    """Breakwater: a Slack bot for the people who keep money moving."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 done, 1 found something wrong, 2 wrong call, 3 the world failed."""
    try:
        result = commands.main(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="breakwater", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return 0
    except click.ClickException as wrong:
        command = wrong.ctx.command_path if isinstance(wrong, click.UsageError) and wrong.ctx else "breakwater"
        return _say(wrong.format_message(), f"Run `{command} --help`.", 2)
    except BreakwaterError as wrong:
        return _say(wrong.message, wrong.remedy, wrong.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        return 0
    except Exception as unexpected:  # noqa: BLE001  the roof: whatever comes here must not reach a person as a traceback
        if os.environ.get("BREAKWATER_DEBUG"):
            traceback.print_exc()
        return _say(
            f"Breakwater failed unexpectedly ({type(unexpected).__name__}: {unexpected}).",
            "Set BREAKWATER_DEBUG=1 and run it again to see where, and report it.",
            3,
        )
    return result if isinstance(result, int) else 0


def _say(message: str, remedy: str, exit_code: int) -> int:
    click.echo(f"error: {message}", err=True)
    if remedy:
        click.echo(f"  try: {remedy}", err=True)
    return exit_code

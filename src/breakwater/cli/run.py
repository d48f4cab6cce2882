"""`breakwater run`: the bot itself."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click
import uvicorn

from breakwater import config as settings
from breakwater.app import Breakwater
from breakwater.cli import logs
from breakwater.errors import CallError


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), default=Path("breakwater.toml"), show_default=True, help="The settings.")
@click.option("--http", "address", metavar="HOST:PORT", help="Serve signed HTTP instead of Socket Mode, with health and metrics.")
def run(path: Path, address: str | None) -> None:
    """Run the bot until it is stopped: answer Slack, take in files, reconcile, post what is due."""
    logs.to_stderr()
    config = settings.load(path)
    if address is None:
        _until_stopped(Breakwater(config))
    else:
        host, port = _host_and_port(address)
        config.secret("SLACK_SIGNING_SECRET", where="Slack app > Basic Information > App Credentials")
        _serve(Breakwater(config), host=host, port=port)


def _until_stopped(bot: Breakwater) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        bot.start()
        stopped.wait()
    finally:
        bot.stop()


def _serve(bot: Breakwater, *, host: str, port: int) -> None:
    try:
        bot.start(socket_mode=False)
        uvicorn.run(bot.web(), host=host, port=port, log_config=None)
    finally:
        bot.stop()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise CallError(f"--http {address} is no address.", remedy="Write HOST:PORT, for example --http 0.0.0.0:8080.")
    return host, int(port)

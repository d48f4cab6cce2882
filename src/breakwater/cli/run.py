"""`breakwater run`: the bot itself."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import click
import uvicorn

from breakwater import config as settings
from breakwater.app import Breakwater
from breakwater.cli import logs
from breakwater.cli.offline import CONFIG
from breakwater.errors import CallError

BACKLOG = 512  # connections that wait to be taken: Slack opens hundreds at once when everybody types


@click.command()
@CONFIG
@click.option("--http", "address", metavar="HOST:PORT", help="Serve signed HTTP instead of Socket Mode, with health and metrics.")
def run(path: Path, address: str | None) -> None:
    """Run the bot until it is stopped: answer Slack, take in files, reconcile, post what is due."""
    logs.to_stderr()
    config = settings.load(path)
    if address is None:
        _until_stopped(Breakwater(config))
    else:
        config.secret("SLACK_SIGNING_SECRET", where="Slack app > Basic Information > App Credentials")
        with _listening(address) as listener:
            _serve(Breakwater(config), listener)


def _until_stopped(bot: Breakwater) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        bot.start()
        stopped.wait()
    finally:
        bot.stop()


def _serve(bot: Breakwater, listener: socket.socket) -> None:
    # The server ends on these signals and raises them once more, which must not keep the bot from ending too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        bot.start(socket_mode=False)
        uvicorn.Server(uvicorn.Config(bot.web(), log_config=None)).run(sockets=[listener])
    finally:
        bot.stop()


def _listening(address: str) -> socket.socket:
    """A socket at HOST:PORT, taken before anything else begins."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise CallError(f"--http {address} is no address.", remedy="Write HOST:PORT, for example --http 0.0.0.0:8080.")
    host = host.strip("[]")
    try:
        return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG)
    except OSError as wrong:
        raise CallError(f"--http {address} can't be used: {wrong.strerror}.", remedy="Choose another one.") from None

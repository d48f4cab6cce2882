"""A bot with one partner, ready to be served over HTTP, and the workspace that talks to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from breakwater import config
from breakwater.app import Breakwater
from breakwater.sandbox import App, Channel, Command, Rates, Sandbox, Signer, Team, User, Workspace

OPS, BOT = "C0PAYOPS", "U0BREAKWATER"
SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[roles]
operator = ["*"]
[ledger]
drop = "inbox/ledger"
[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
calendar = "weekends"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0PAYOPS"]
agreement = "nordbank.toml"
"""
AGREEMENT = """
name = "nordbank"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 2
[[passes]]
name = "by-end-to-end-id"
type = "exact"
keys = ["ref_end_to_end_id"]
"""


def write_settings(folder: Path) -> Path:
    """The settings of the bot, the agreement they name, and its empty drop."""
    (folder / "inbox" / "ledger").mkdir(parents=True)
    (folder / "nordbank.toml").write_text(AGREEMENT)
    path = folder / "breakwater.toml"
    path.write_text(SETTINGS)
    return path


def a_workspace(*, request_url: str = "", people: int = 1) -> Workspace:
    users = tuple(User(id=f"U0P{n}", name=f"person-{n}") for n in range(people))
    app = App(commands=(Command(name="/recon"), Command(name="/payment")), request_url=request_url)
    return Workspace(
        team=Team(id="T0HOME", name="Harbour"),
        users=users,
        channels=(Channel(id=OPS, name="payops", members=(*(u.id for u in users), BOT)),),
        app=app,
    )


def environment(sandbox: Sandbox, *, database_url: str = "") -> dict[str, str]:
    app = sandbox.workspace.app
    return {
        "SLACK_API_URL": sandbox.api_url,
        "SLACK_BOT_TOKEN": app.bot_token,
        "SLACK_APP_TOKEN": app.app_token,
        "SLACK_SIGNING_SECRET": app.signing_secret,
        "BREAKWATER_DATABASE_URL": database_url,
    }


@dataclass
class Served:
    """A bot behind HTTP, the workspace it belongs to, and a client that knows its secret."""

    bot: Breakwater
    sandbox: Sandbox
    url: str

    def post(self, body: bytes, *, secret: str = "", at: float | None = None, **headers: str) -> httpx.Response:
        """A request as Slack signs it, or as somebody else would."""
        app, clock = self.sandbox.workspace.app, self.sandbox.state.clock
        signed = Signer(secret or app.signing_secret, (lambda: at) if at is not None else clock).headers(body)
        given = {"Content-Type": "application/x-www-form-urlencoded", **signed, **headers}
        return httpx.post(f"{self.url}/slack/events", content=body, headers=given)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path)


@contextlib.contextmanager
def a_listener() -> Iterator[tuple[socket.socket, str]]:
    """A socket that takes connections already, and its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def serving(app: Starlette, listener: socket.socket) -> Iterator[None]:
    """An ASGI app in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def served(folder: Path, *, database_url: str = "", **changes: str) -> Iterator[Served]:
    """The whole bot, connected to a workspace that talks to it over HTTP."""
    with a_listener() as (listener, url), Sandbox(a_workspace(request_url=f"{url}/slack/events"), rates=Rates.off()) as sandbox:
        settings = config.load(write_settings(folder), environment=environment(sandbox, database_url=database_url) | changes)
        bot = Breakwater(settings)
        try:
            bot.start(socket_mode=False)
            with serving(bot.web(), listener):
                yield Served(bot, sandbox, url)
        finally:
            bot.stop()

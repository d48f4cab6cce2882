"""A payment team's workspace, a sandbox serving it, and the real Bolt app connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from slack_bolt import App as BoltApp
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from breakwater.sandbox import App, Channel, Command, Rates, Sandbox, Shortcut, Team, Timing, User, UserGroup, Workspace

HOME, NORDBANK = Team(id="T0HOME", name="Harbour", domain="harbour"), Team(id="T0NORD", name="Nordbank")
BOT = "U0BREAKWATER"


def a_workspace(**changes: Any) -> Workspace:
    given: dict[str, Any] = {
        "team": HOME,
        "partners": (NORDBANK,),
        "users": (
            User(id="U0ADA", name="ada", real_name="Ada Byron", title="Payment operations", email="ada@harbour.example"),
            User(id="U0GRACE", name="grace", real_name="Grace Hopper", title="Head of operations"),
            User(id="U0NILS", name="nils", real_name="Nils Holm", team=NORDBANK.id, title="Nordbank settlement"),
        ),
        "channels": (
            Channel(id="C0PAYOPS", name="payops", members=("U0ADA", "U0GRACE", BOT), topic="Money in motion"),
            Channel(id="C0NORD", name="nordbank", members=("U0ADA", "U0NILS", BOT), connected_team_ids=(NORDBANK.id,)),
            Channel(id="C0LUNCH", name="lunch", members=("U0ADA", "U0GRACE")),
            Channel(id="G0LEADS", name="leads", members=("U0GRACE",), is_private=True),
            Channel(id="C0OLD", name="old", members=("U0ADA", BOT), is_archived=True),
        ),
        "user_groups": (UserGroup(id="S0OPS", handle="ops", name="Operators", users=("U0ADA",)),),
        "app": an_app(),
    }
    return Workspace(**(given | changes))


def an_app(**changes: Any) -> App:
    given: dict[str, Any] = {
        "commands": (Command(name="/recon", description="What is reconciled", usage_hint="[partner]"), Command(name="/payment")),
        "shortcuts": (
            Shortcut(callback_id="timeline", name="Add to the timeline"),
            Shortcut(callback_id="new_incident", name="New incident", type="global"),
        ),
    }
    return App(**(given | changes))


class Clock:
    """Time that moves when told to, from a start that never changes."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes, and stops them when the test is over. Rate limits are off unless asked for."""
    with ExitStack() as stack:

        def start(workspace: Workspace | None = None, **settings: Any) -> Sandbox:
            return stack.enter_context(Sandbox(workspace or a_workspace(), **({"rates": Rates.off()} | settings)))

        yield start


@pytest.fixture
def sandbox(serve: Callable[..., Sandbox]) -> Sandbox:
    return serve(timing=Timing(event_retry_delays_s=(0.0, 0.05)))


def client_of(sandbox: Sandbox, *, token: str | None = None) -> WebClient:
    """A Web API client that does not repeat a call by itself."""
    app = sandbox.workspace.app
    return WebClient(token=app.bot_token if token is None else token, base_url=sandbox.api_url, retry_handlers=[], timeout=60)


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    return client_of(sandbox)


@dataclass
class Bot:
    """A Bolt app with its Socket Mode handler; register listeners on `app`, then `connect()`."""

    app: BoltApp
    handler: SocketModeHandler
    sandbox: Sandbox

    def connect(self) -> None:
        before = self.sandbox.connections
        self.handler.connect()
        self.sandbox.wait_for(lambda: self.sandbox.connections > before)

    def close(self) -> None:
        """Close quickly: the client would first wait three seconds for a word on its open connection."""
        self.handler.client.auto_reconnect_enabled = False
        self.sandbox.reset_connections()
        self.handler.close()


def a_bot(sandbox: Sandbox) -> Bot:
    app = BoltApp(client=client_of(sandbox), signing_secret=sandbox.workspace.app.signing_secret, token_verification_enabled=False)
    return Bot(app=app, handler=SocketModeHandler(app, app_token=sandbox.workspace.app.app_token), sandbox=sandbox)


@pytest.fixture
def bot(sandbox: Sandbox) -> Iterator[Bot]:
    made = a_bot(sandbox)
    yield made
    made.close()


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": action_id, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def text_input(label: str, block_id: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text", **more}
    return {"type": "input", "block_id": block_id, "label": {"type": "plain_text", "text": label}, "element": element}


def modal(title: str, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    submit = {"type": "plain_text", "text": "Send"}
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": title},
        "submit": submit,
        "blocks": list(blocks),
    } | more

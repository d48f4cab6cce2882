"""The sandbox itself: a Slack workspace served from a thread of this process, and the handles to drive and watch it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from breakwater.sandbox.clock import Timing
from breakwater.sandbox.deeds import Deeds
from breakwater.sandbox.delivery import Delivery
from breakwater.sandbox.faults import Faults
from breakwater.sandbox.messages import Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.pageapi import PageApi
from breakwater.sandbox.person import Person
from breakwater.sandbox.posting import Hooks
from breakwater.sandbox.rates import RateLimiter, Rates
from breakwater.sandbox.refusal import Refusal
from breakwater.sandbox.sockets import Sockets
from breakwater.sandbox.state import State
from breakwater.sandbox.webapi import WebApi
from breakwater.sandbox.workspace import User, UserGroup, Workspace

Found = TypeVar("Found")
PATIENCE_S = 30.0
HOST = "127.0.0.1"


class Sandbox:
    """A small Slack on this machine. `port` 0 takes a free one; `url` is its page, `api_url` what a bot's client is given.

    Also a context manager. `clock` (seconds since the epoch) decides timestamps, expiries and rate limits; acknowledgements are
    timed in real time.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        port: int = 0,
        timing: Timing | None = None,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.workspace = workspace
        self.state = State(workspace, timing=timing or Timing(), clock=clock)
        self.faults = Faults()
        self._port = port
        self._sockets = Sockets(app_id=workspace.app.id, changed=self._touch)
        self.delivery = Delivery(self.state, self._sockets)
        hooks = Hooks(self.state, announce=self.delivery.announce)
        self._deeds = Deeds(self.state, delivery=self.delivery, hooks=hooks)
        self._web = WebApi(
            self.state,
            sockets=self._sockets,
            delivery=self.delivery,
            hooks=hooks,
            limiter=RateLimiter(rates or Rates(), clock=clock),
            faults=self.faults,
        )
        self._page = PageApi(self.state, deeds=self._deeds, connections=lambda: self._sockets.count)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # Running

    def start(self) -> Sandbox:
        """Serve from a thread; the address is known when this returns. OSError when the port is taken."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self._port))
        listener.listen(512)
        self.state.base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        running = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listener, running)), name="sandbox", daemon=True)
        self._thread.start()
        running.wait(PATIENCE_S)
        return self

    async def _serve(self, listener: socket.socket, running: threading.Event) -> None:
        app = Starlette(routes=self._routes())
        config = uvicorn.Config(
            app,
            http=_HttpProtocol,
            ws=_WebSocketProtocol,
            lifespan="off",
            log_level="error",
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.get_running_loop()
        self._page.attach(self._loop)
        running.set()
        await self._server.serve(sockets=[listener])

    def stop(self) -> None:
        """Stop serving and close every connection."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(PATIENCE_S)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"{self.state.base_url}/"

    @property
    def api_url(self) -> str:
        """The address of the Web API: `base_url` of a client, or SLACK_API_URL."""
        return f"{self.state.base_url}/api/"

    def _routes(self) -> list[BaseRoute]:
        web = self._web
        return [
            Route("/api/{method}", web.api, methods=["GET", "POST"]),
            Route("/response/{team}/{name}", web.response_url, methods=["POST"]),
            Route("/upload/v1/{file_id}", web.upload, methods=["POST", "PUT"]),
            Route("/files-pri/{file_id}/{name:path}", web.private_file),
            WebSocketRoute("/link/", self._sockets.serve),
            *self._page.routes(),
        ]

    def _run(self, work: Coroutine[Any, Any, Found]) -> Found:
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox is not running; call start() first")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(self.state.timing.ack_s + PATIENCE_S)

    def _touch(self) -> None:
        with self.state.changing():
            pass

    # Driving and watching

    def person(self, user_id: str) -> Person:
        """The handle of a person, to act and to see as they do."""
        return Person(user_id, state=self.state, deeds=self._deeds, run=self._run)

    def change_user(self, user: User) -> None:
        """The person is as given from now on: gone, back, a guest. The app hears of it."""
        self._run(self._deeds.change_user(user))

    def change_group(self, group: UserGroup) -> None:
        """The user group has these members from now on. The app hears of it."""
        self._run(self._deeds.change_group(group))

    def messages(self, channel: str) -> tuple[Message, ...]:
        """What stands in a channel, oldest first, without replies in threads and without private messages."""
        return self.state.in_channel(channel)

    def thread(self, channel: str, ts: str) -> tuple[Message, ...]:
        """The replies below a message, oldest first."""
        return self.state.replies(channel, ts)

    def home(self, user_id: str) -> View | None:
        """A person's App Home, once published."""
        return self.state.views.home(user_id)

    @property
    def files(self) -> tuple[Any, ...]:
        """All files announced so far."""
        return tuple(self.state.files)

    @property
    def refusals(self) -> list[Refusal]:
        """Everything Slack would have refused so far; a good bot leaves this empty."""
        return list(self.state.refusals)

    @property
    def connections(self) -> int:
        """Open Socket Mode connections of the app."""
        return self._sockets.count

    def set_rates(self, rates: Rates) -> None:
        """Change the rate limits from now on."""
        self._web.limiter = RateLimiter(rates, clock=self.state.clock)

    def wait_for(self, predicate: Callable[[], Found], timeout_s: float = 60.0) -> Found:
        """The first true result of `predicate`, tried at each change of the workspace; TimeoutError when none came in time."""
        return self.state.wait_for(predicate, timeout_s=timeout_s)

    def refresh_connections(self) -> None:
        """Ask every Socket Mode connection to reconnect, as Slack does every few hours."""
        self._run(self._sockets.refresh())

    def reset_connections(self) -> None:
        """Cut every Socket Mode connection without a word."""

        async def cut() -> None:
            self._sockets.reset()

        self._run(cut())


class _KnowsTransport:
    """Hands the connection to the application, which may have to cut it off (see faults)."""

    app: Any

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        served = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            await served({**scope, "sandbox.transport": transport}, receive, send)

        self.app = with_transport


class _HttpProtocol(_KnowsTransport, H11Protocol):
    pass


class _WebSocketProtocol(_KnowsTransport, WebSocketsSansIOProtocol):
    pass

"""Socket Mode: the app's WebSocket connections, the envelopes sent over any one of them, and their acknowledgements."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from breakwater.sandbox.messages import Json

MOST_CONNECTIONS = 10


class NoConnectionError(Exception):
    """The app has no open connection."""


class Sockets:
    """The open connections. Use it on the server's event loop only."""

    def __init__(self, *, app_id: str, changed: Callable[[], None]) -> None:
        self._app_id = app_id
        self._changed = changed
        self._tickets: set[str] = set()
        self._open: list[WebSocket] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    @property
    def count(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """A one-time permission to connect."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from hello to its end."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(code=4003)
            return
        self._tickets.remove(ticket)
        await websocket.accept()
        if self.count >= MOST_CONNECTIONS:
            await self._disconnect(websocket, reason="too_many_websockets")
            return
        self._open.append(websocket)
        await websocket.send_json(
            {
                "type": "hello",
                "num_connections": self.count,
                "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
                "connection_info": {"app_id": self._app_id},
            }
        )
        self._changed()
        try:
            while True:
                self._hear(await websocket.receive_text())
        except (WebSocketDisconnect, RuntimeError):  # Starlette raises RuntimeError when we closed it ourselves
            pass
        finally:
            if websocket in self._open:
                self._open.remove(websocket)
            self._changed()

    def _hear(self, text: str) -> None:
        answer: Any = json.loads(text)
        waiting = self._waiting.get(answer.get("envelope_id", "")) if isinstance(answer, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(answer.get("payload") or {})

    async def ask(self, kind: str, payload: Json, *, timeout_s: float, retry: Json) -> Json:
        """Send an envelope over the next connection; the payload of its acknowledgement.

        NoConnectionError when there is none; TimeoutError when no acknowledgement came in time.
        """
        if not self._open:
            raise NoConnectionError
        envelope_id = secrets.token_hex(16)
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        self._turn += 1
        connection = self._open[self._turn % len(self._open)]
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **retry,
        }
        try:
            await connection.send_json(envelope)
            return await asyncio.wait_for(waiting, timeout_s)
        except (WebSocketDisconnect, RuntimeError):
            raise NoConnectionError from None
        finally:
            del self._waiting[envelope_id]

    async def refresh(self) -> None:
        """End every connection politely, as Slack does every few hours: a warning first."""
        for websocket in tuple(self._open):
            await self._disconnect(websocket, reason="refresh_requested")

    def reset(self) -> None:
        """Cut every connection without a word, as a broken network does."""
        for websocket in tuple(self._open):
            websocket.scope["sandbox.transport"].abort()

    async def _disconnect(self, websocket: WebSocket, *, reason: str) -> None:
        if websocket in self._open:
            self._open.remove(websocket)
        await websocket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
        await websocket.close()

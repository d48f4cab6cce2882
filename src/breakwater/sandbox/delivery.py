"""Delivery to the app, over Socket Mode or signed HTTP: one answer in time for interactions, retries for events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from breakwater.sandbox.messages import Json
from breakwater.sandbox.outgoing import Reply, Signer, post
from breakwater.sandbox.sockets import NoConnectionError, Sockets
from breakwater.sandbox.state import State

TIMED_OUT = "operation_timeout"
NOT_REACHED = "dispatch_failed"


@dataclass(frozen=True)
class Answer:
    """How the app answered: `ok` within the time allowed, with a payload; else an error in Slack's words."""

    ok: bool
    payload: Json = field(default_factory=dict)
    error: str = ""
    elapsed_s: float = 0.0


class Delivery:
    """Sends what happens to the app. Use it on the server's event loop only."""

    def __init__(self, state: State, sockets: Sockets) -> None:
        app = state.workspace.app
        self._state = state
        self._sockets = sockets
        self.request_url = app.request_url
        self.signer = Signer(secret=app.signing_secret, clock=state.clock)
        self._background: set[asyncio.Task[None]] = set()

    async def ask(self, kind: str, payload: Json, *, retry: Json | None = None) -> Answer:
        """Deliver once (`kind` is slash_commands, interactive or events_api) and wait for the acknowledgement."""
        began_s = time.monotonic()
        limit_s = self._state.timing.ack_s
        try:
            if self.request_url:
                reply = await asyncio.wait_for(self._post(kind, payload, retry or {}), limit_s)
                ok, answer = reply.status == 200, _content(reply)
                error = "" if ok else NOT_REACHED
            else:
                ok, answer, error = True, await self._sockets.ask(kind, payload, timeout_s=limit_s, retry=retry or {}), ""
        except TimeoutError:
            ok, answer, error = False, {}, TIMED_OUT
        except (NoConnectionError, OSError):
            ok, answer, error = False, {}, NOT_REACHED
        return Answer(ok=ok, payload=answer, error=error, elapsed_s=time.monotonic() - began_s)

    async def _post(self, kind: str, payload: Json, retry: Json) -> Reply:
        if kind == "slash_commands":
            body, content_type = urlencode(payload).encode(), "application/x-www-form-urlencoded"
        elif kind == "interactive":
            body, content_type = urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded"
        else:
            body, content_type = json.dumps(payload).encode(), "application/json"
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (sandbox)", **self.signer.headers(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry["retry_attempt"]), "X-Slack-Retry-Reason": retry["retry_reason"]}
        return await post(self.request_url, body=body, headers=headers)

    def announce(self, event: Json) -> None:
        """Deliver an event the app has subscribed to, in the background, again and again until it is acknowledged."""
        if event["event"]["type"] in self._state.workspace.app.events:
            self.in_background(self._insist(event))

    async def tell(self, event: Json) -> None:
        """Deliver an event the app has subscribed to, and wait until it was acknowledged or not."""
        if event["event"]["type"] in self._state.workspace.app.events:
            await self.ask("events_api", event)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that nobody waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _insist(self, event: Json) -> None:
        answer = await self.ask("events_api", event)
        for n, delay_s in enumerate(self._state.timing.event_retry_delays_s, start=1):
            if answer.ok:
                return
            await asyncio.sleep(delay_s)
            reason = "timeout" if answer.error == TIMED_OUT else "http_error"
            answer = await self.ask("events_api", event, retry={"retry_attempt": n, "retry_reason": reason})


def _content(reply: Reply) -> Json:
    """The answer's payload: JSON, or plain text for commands."""
    if not reply.body:
        return {}
    if reply.content_type.startswith("application/json"):
        found: Json = json.loads(reply.body)
        return found
    return {"text": reply.body.decode("utf-8", "replace")}

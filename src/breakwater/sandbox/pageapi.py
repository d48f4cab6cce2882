"""The page and its own endpoints, all under /page/ and for this page only.

    GET  /                      the page; also at /archives/CHANNEL/pTIMESTAMP, where permalinks lead
    GET  /page/static/…         its modules and styles
    GET  /page/workspace        what does not change: team, people, groups, the app with its commands and shortcuts
    GET  /page/state            ?user=&channel=&thread=: what this person sees now
    GET  /page/file/FILE        the content of an uploaded file
    WS   /page/changes          a word after each change of the workspace; the page then reads /page/state again
    POST /page/say              {user, channel, text, thread_ts?, in_channel_too?}
    POST /page/command          {user, channel, command, text}
    POST /page/act              {user, channel, ts | view_id, blocks, block_id, action_id, choose?, values?}: a click or a choice in
                                `blocks`, those that the person sees, which may be those of a moment ago
    POST /page/submit           {user, view_id, values}: values by `block_id/action_id`
    POST /page/close            {user, view_id, all_of_them?}
    POST /page/shortcut         {user, callback_id, channel?, ts?}
    POST /page/react            {user, channel, ts, name}
    POST /page/home             {user, tab}: the app's home or messages tab was opened

Each POST answers {ok, error} once the app has acknowledged the deed or failed to; 409 when Slack would not let the person do it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from breakwater.sandbox.deeds import Deeds
from breakwater.sandbox.delivery import Answer
from breakwater.sandbox.inputs import STATEFUL, action_on, collect, entered, find_element
from breakwater.sandbox.messages import Json, Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.snapshot import seen_by, workspace_json
from breakwater.sandbox.state import State

PAGE = Path(__file__).parent / "page"
PAUSE_S = 0.03  # changes closer together than this are one word to the page
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' https: http: data:; object-src 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}
Deed = Callable[[Json], Awaitable[Answer | None]]


class PageApi:
    """The page's side of the server: it shows what one person sees, and does what they do."""

    def __init__(self, state: State, *, deeds: Deeds, connections: Callable[[], int]) -> None:
        self._state = state
        self._deeds = deeds
        self._connections = connections
        self._watchers: set[asyncio.Event] = set()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell open pages of changes, through the loop they are served from."""

        def tell() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self._state.listen(tell)

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    def routes(self) -> list[BaseRoute]:
        posts: dict[str, Deed] = {
            "say": self._say,
            "command": self._command,
            "act": self._act,
            "submit": self._submit,
            "close": self._close,
            "shortcut": self._shortcut,
            "react": self._react,
            "home": self._home,
        }
        return [
            Route("/", _index),
            Route("/archives/{rest:path}", _index),
            Mount("/page/static", _Static(directory=PAGE)),
            Route("/page/workspace", self._workspace),
            Route("/page/state", self._snapshot),
            Route("/page/file/{file_id}", self._file),
            WebSocketRoute("/page/changes", self._changes),
            *(Route(f"/page/{name}", _endpoint(deed), methods=["POST"]) for name, deed in posts.items()),
        ]

    async def _workspace(self, _: Request) -> Response:
        return JSONResponse(workspace_json(self._state), headers=HEADERS)

    async def _snapshot(self, request: Request) -> Response:
        user, query = request.query_params.get("user", ""), request.query_params
        try:
            seen = seen_by(self._state, user, channel_id=query.get("channel", ""), thread_ts=query.get("thread", ""))
        except RefusalError as wrong:
            return JSONResponse({"error": wrong.error}, status_code=404)
        return JSONResponse(seen | {"connections": self._connections()}, headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        try:
            file = self._state.files.get(request.path_params["file_id"])
        except RefusalError:
            return PlainTextResponse("no such file", status_code=404)
        safe = HEADERS | {"X-Content-Type-Options": "nosniff"}
        if not file.mimetype.startswith("image/"):
            safe["Content-Disposition"] = f'attachment; filename="{file.id}"'
        return Response(file.content, media_type=file.mimetype, headers=safe)

    async def _changes(self, websocket: WebSocket) -> None:
        await websocket.accept()
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        gone = asyncio.ensure_future(websocket.receive())
        try:
            while not gone.done():
                await websocket.send_json({"version": self._state.version})
                waiting = asyncio.ensure_future(watcher.wait())
                await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                await asyncio.sleep(PAUSE_S)
                watcher.clear()
        finally:
            self._watchers.discard(watcher)
            gone.cancel()

    # Deeds

    async def _say(self, given: Json) -> None:
        thread_ts, too = given.get("thread_ts"), bool(given.get("in_channel_too"))
        await self._deeds.say(given["user"], given["channel"], given["text"], thread_ts=thread_ts, in_channel_too=too)

    async def _command(self, given: Json) -> Answer:
        return await self._deeds.command(given["user"], given["channel"], given["command"], given["text"])

    async def _act(self, given: Json) -> Answer:
        place, seen = self._place(given), given["blocks"]
        block, element = find_element(seen, given["action_id"], block_id=given["block_id"])
        choose = given.get("choose")
        action = action_on(block, element, choose) | {"action_ts": self._state.timestamps.next()}
        values = collect(seen, given.get("values") or {})
        if element["type"] in STATEFUL:
            values[block["block_id"]][element["action_id"]] = entered(element, choose)
        if isinstance(place, Message):
            return await self._deeds.act_in_message(given["user"], place, action, values)
        return await self._deeds.act_in_view(given["user"], place, action, values)

    async def _submit(self, given: Json) -> Answer:
        view = self._view(given)
        return await self._deeds.submit(given["user"], view, collect(view.blocks, given.get("values") or {}))

    async def _close(self, given: Json) -> Answer:
        return await self._deeds.close(given["user"], self._view(given), all_of_them=bool(given.get("all_of_them")))

    async def _shortcut(self, given: Json) -> Answer:
        message = self._message(given) if given.get("ts") else None
        return await self._deeds.shortcut(given["user"], given["callback_id"], message=message)

    async def _react(self, given: Json) -> None:
        await self._deeds.react(given["user"], given["channel"], given["ts"], given["name"])

    async def _home(self, given: Json) -> None:
        await self._deeds.open_home(given["user"], tab=given["tab"])

    def _place(self, given: Json) -> Message | View:
        return self._view(given) if given.get("view_id") else self._message(given)

    def _view(self, given: Json) -> View:
        view = self._state.views.find(view_id=given["view_id"])
        if view.user != given["user"]:
            raise RefusalError("not_found")
        return view

    def _message(self, given: Json) -> Message:
        message = self._state.message(given["channel"], given["ts"])
        if message is None:
            raise RefusalError("message_not_found")
        return message


def _endpoint(deed: Deed) -> Callable[[Request], Awaitable[Response]]:
    """A POST endpoint: JSON in (which other sites can't send unasked), the deed's answer out."""

    async def endpoint(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"ok": False, "error": "send JSON"}, status_code=415)
        try:
            given: Any = await request.json()
            answer = await deed(given)
        except RefusalError as wrong:
            return JSONResponse({"ok": False, "error": wrong.error}, status_code=409)
        except (ValueError, LookupError, TypeError) as wrong:
            return JSONResponse({"ok": False, "error": f"not understood: {wrong}"}, status_code=400)
        return JSONResponse({"ok": answer is None or answer.ok, "error": answer.error if answer else ""})

    return endpoint


async def _index(_: Request) -> Response:
    return Response((PAGE / "index.html").read_bytes(), media_type="text/html", headers=HEADERS)


class _Static(StaticFiles):
    """The page's files, never cached: they belong to this very version of the sandbox."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers.update(HEADERS)
        return response

"""The Web API over HTTP: who calls, whether they may, how often, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from breakwater.sandbox.delivery import Delivery
from breakwater.sandbox.faults import Fault, FaultKind, Faults
from breakwater.sandbox.messages import Json
from breakwater.sandbox.methods import chat, conversations, files, people, views
from breakwater.sandbox.methods.call import Call, Method
from breakwater.sandbox.posting import Hooks
from breakwater.sandbox.rates import RateLimiter
from breakwater.sandbox.refusal import RefusalError
from breakwater.sandbox.sockets import Sockets
from breakwater.sandbox.state import State

METHODS: dict[str, Method] = {**chat.METHODS, **conversations.METHODS, **files.METHODS, **people.METHODS, **views.METHODS}
Work = Callable[[], Awaitable[Response]]


class WebApi:
    """The HTTP surface the bot talks to: /api/METHOD, /response/…, /upload/…, /files-pri/…"""

    def __init__(self, state: State, *, sockets: Sockets, delivery: Delivery, hooks: Hooks, limiter: RateLimiter, faults: Faults) -> None:
        self._state = state
        self._sockets = sockets
        self._delivery = delivery
        self._hooks = hooks
        self.limiter = limiter
        self._faults = faults

    async def api(self, request: Request) -> Response:
        """/api/METHOD"""
        name = request.path_params["method"]

        async def work() -> Response:
            try:
                arguments = await _arguments(request)
                return JSONResponse({"ok": True} | self._run(name, arguments, _token(request, arguments)))
            except RefusalError as wrong:
                return self._refused(name, wrong)

        return await self._with_faults(name, request, work)

    def _run(self, name: str, arguments: Mapping[str, Any], token: str) -> Json:
        found = METHODS.get(name)
        if found is None:
            raise RefusalError("unknown_method", [f"[ERROR] {name} is not a method of the sandbox"])
        self._check_token(found, token, needed=name != "api.test")
        channel = str(arguments.get("channel", ""))
        if wait_s := self._limiter_wait_s(name, found, channel):
            raise RefusalError("ratelimited", retry_after_s=wait_s)
        call = Call(arguments=arguments, state=self._state, sockets=self._sockets, announce=self._delivery.announce)
        return found.run(call)

    def _limiter_wait_s(self, name: str, found: Method, channel: str) -> int:
        return self.limiter.wait_s(name, found.tier, channel=channel)

    def _check_token(self, found: Method, token: str, *, needed: bool) -> None:
        app = self._state.workspace.app
        if not token and needed:
            raise RefusalError("not_authed")
        if needed and token not in {app.bot_token, app.app_token}:
            raise RefusalError("invalid_auth")
        if needed and found.takes_app_token != (token == app.app_token):
            raise RefusalError("not_allowed_token_type")
        if found.scopes and app.scopes is not None and not found.scopes & app.scopes:
            raise RefusalError("missing_scope", [f"needed: {', '.join(sorted(found.scopes))}"])

    async def response_url(self, request: Request) -> Response:
        """/response/TEAM/NAME"""

        async def work() -> Response:
            try:
                body = json.loads(await request.body())
                self._hooks.use(request.path_params["name"], body if isinstance(body, dict) else {})
            except ValueError:
                return PlainTextResponse("invalid_payload", status_code=400)
            except RefusalError as wrong:
                self._state.refuse("response_url", wrong)
                gone = wrong.error in {"invalid_url", "expired_url", "used_url"}
                return JSONResponse({"ok": False, "error": wrong.error}, status_code=404 if gone else 400)
            return PlainTextResponse("ok")

        return await self._with_faults("response_url", request, work)

    async def upload(self, request: Request) -> Response:
        """/upload/v1/FILE"""

        async def work() -> Response:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                async with request.form() as form:
                    part = next((v for v in form.values() if not isinstance(v, str)), None)
                    content = await part.read() if part else b""
            else:
                content = await request.body()
            try:
                with self._state.changing():
                    self._state.files.upload(request.path_params["file_id"], content)
            except RefusalError as wrong:
                self._state.refuse("upload", wrong)
                return PlainTextResponse(str(wrong), status_code=400)
            return PlainTextResponse(f"OK - {len(content)}")

        return await self._with_faults("upload", request, work)

    async def private_file(self, request: Request) -> Response:
        """/files-pri/FILE/…: the content, for the bot's token only."""
        try:
            file = self._state.files.get(request.path_params["file_id"])
        except RefusalError:
            return PlainTextResponse("file_not_found", status_code=404)
        if _token(request, {}) != self._state.workspace.app.bot_token:
            return PlainTextResponse("a token is needed", status_code=403)
        return Response(file.content, media_type=file.mimetype)

    def _refused(self, name: str, wrong: RefusalError) -> Response:
        self._state.refuse(name, wrong)
        body: Json = {"ok": False, "error": wrong.error}
        if wrong.reasons:
            body |= {"errors": wrong.reasons, "response_metadata": {"messages": wrong.reasons}}
        if wrong.retry_after_s:
            return JSONResponse(body, status_code=429, headers={"Retry-After": str(wrong.retry_after_s)})
        return JSONResponse(body)

    async def _with_faults(self, name: str, request: Request, work: Work) -> Response:
        """Do the work, or let it fail as the next fault says: before it, or after it."""
        fault = self._faults.take(name)
        if fault is None:
            return await work()
        if fault.kind.comes_after:
            await work()
        return await self._fail(name, fault, request)

    async def _fail(self, name: str, fault: Fault, request: Request) -> Response:
        match fault.kind:
            case FaultKind.SERVER_ERROR | FaultKind.SERVER_ERROR_AFTER:
                return PlainTextResponse("Internal Server Error", status_code=500)
            case FaultKind.BAD_GATEWAY | FaultKind.BAD_GATEWAY_AFTER:
                return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", status_code=502)
            case FaultKind.GARBLED_AFTER:
                return PlainTextResponse('{"ok": true, "chan')
            case FaultKind.RATE_LIMITED:
                return self._refused(name, RefusalError("ratelimited", retry_after_s=fault.retry_after_s))
            case FaultKind.REFUSED:
                return self._refused(name, RefusalError(fault.error))
            case FaultKind.TIME_OUT | FaultKind.TIME_OUT_AFTER:
                await asyncio.sleep(fault.hold_s)
            case FaultKind.DROP | FaultKind.DROP_AFTER:
                pass
        request.scope["sandbox.transport"].abort()
        await asyncio.sleep(0)  # the loop tells the server that the connection is gone before it would answer
        return Response()


async def _arguments(request: Request) -> Mapping[str, Any]:
    """The arguments of a call: query, form or JSON body."""
    found: dict[str, Any] = dict(request.query_params)
    body, content_type = await request.body(), request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            raise RefusalError("invalid_json") from None
        if not isinstance(document, dict):
            raise RefusalError("json_not_object")
        return found | document
    if content_type.startswith("multipart/form-data"):
        async with request.form() as form:
            return found | {name: value for name, value in form.items() if isinstance(value, str)}
    return found | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _token(request: Request, arguments: Mapping[str, Any]) -> str:
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else str(arguments.get("token", ""))

"""HTTP: Slack's signed requests, and what a load balancer and a monitor ask."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from slack_bolt import App, BoltRequest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from breakwater.errors import BreakwaterError
from breakwater.store import outbox
from breakwater.store.database import Database

Check = Callable[[], None]
MOST_BODY_BYTES = 1 << 20


def create(*, bolt: App, database: Database, checks: dict[str, Check]) -> Starlette:
    """The ASGI app. `checks`: what readiness depends on; each returns, or raises a BreakwaterError with the reason."""

    async def slack_events(request: Request) -> Response:
        # Bolt's own ASGI adapter would dispatch a synchronous app on the event loop and hold up every other request.
        body = await request.body()
        if len(body) > MOST_BODY_BYTES or not request.headers.get("x-slack-request-timestamp", "").isdecimal():
            return PlainTextResponse("invalid request", status_code=401)
        text = body.decode("utf-8", errors="replace")
        asked = BoltRequest(body=text, query=str(request.url.query), headers={k: [v] for k, v in request.headers.items()})
        answer = await run_in_threadpool(bolt.dispatch, asked)
        return Response(answer.body, status_code=answer.status, headers={k: v[0] for k, v in answer.headers.items()})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        failed = await run_in_threadpool(_failed, checks)
        return JSONResponse({"status": "not ready" if failed else "ready", "failed": failed}, status_code=503 if failed else 200)

    async def metrics(_: Request) -> Response:
        return Response(await run_in_threadpool(_metrics, database), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/slack/events", slack_events, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def _failed(checks: dict[str, Check]) -> dict[str, str]:
    failed = {}
    for name, check in checks.items():
        try:
            check()
        except BreakwaterError as wrong:
            failed[name] = wrong.message
    return failed


def _metrics(database: Database) -> bytes:
    registry = CollectorRegistry()
    waiting = Gauge("breakwater_outbox_pending", "Messages that have not left for Slack yet.", registry=registry)
    with database.transaction() as tx:
        waiting.set(outbox.pending_count(tx))
    return generate_latest(registry)

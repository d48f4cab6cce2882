"""HTTP: Slack's signed requests, and what a load balancer and a monitor ask.

| path | answers |
|---|---|
| POST /slack/events | Slack, if its signature is right and no older than five minutes; 401 if not, 413 beyond `MOST_BODY_BYTES` |
| GET /healthz | 200 while the process runs |
| GET /readyz | 200, or 503 with the reason of each failed check as JSON |
| GET /metrics | text for Prometheus, from the database all processes share |

| metric | what it says |
|---|---|
| breakwater_database_up | 0 if the database does not answer: then nothing else is known |
| breakwater_outbox_pending{state} | messages that wait to be sent (waiting), or that a sender has (claimed) |
| breakwater_outbox_oldest_pending_age_seconds | the age of the oldest of them, else 0; minutes mean that Slack is not reached |
| breakwater_outbox_failed | messages given up: nobody has seen them. The log has each with its reason |
| breakwater_files{partner,state} | files ingested, superseded by a re-issue, quarantined |
| breakwater_last_run_age_seconds{partner} | since the last reconciliation of a partner that is configured |
| breakwater_open_breaks{partner} | breaks somebody still has to do something about |
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from slack_bolt import App, BoltRequest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from breakwater.errors import BreakwaterError
from breakwater.store import monitor
from breakwater.store.database import Database

Check = Callable[[], None]
MOST_BODY_BYTES = 1 << 20
EVENT_WORKERS = 40  # threads for Slack's requests, each until its acknowledgement; probes have others, so neither waits for the other
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def create(
    *,
    bolt: App,
    database: Database,
    checks: dict[str, Check],
    partners: Collection[str],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """The ASGI app. `checks`: what readiness depends on; each returns, or raises a BreakwaterError with the reason.

    `partners` are the ids of those that are configured: nobody runs another one, so the age of its last run is no news.
    """
    workers = ThreadPoolExecutor(EVENT_WORKERS, thread_name_prefix="slack-http")

    async def slack_events(request: Request) -> Response:
        # Bolt's own ASGI adapter would dispatch a synchronous app on the event loop and hold up every other request.
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        if not _TIMESTAMP.fullmatch(request.headers.get("x-slack-request-timestamp", "")):
            return PlainTextResponse("invalid request", status_code=401)
        return await asyncio.get_running_loop().run_in_executor(workers, _dispatched, bolt, request, body)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        failed = await run_in_threadpool(_failed, checks)
        return JSONResponse({"status": "not ready" if failed else "ready", "failed": failed}, status_code=503 if failed else 200)

    async def metrics(_: Request) -> Response:
        return Response(await run_in_threadpool(_metrics, database, partners, now()), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/slack/events", slack_events, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """The body, read no further than it may be long; None if it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            return None
    return bytes(body)


def _dispatched(bolt: App, request: Request, body: bytes) -> Response:
    headers: dict[str, str | Sequence[str]] = {name: [value] for name, value in request.headers.items()}
    try:
        asked = BoltRequest(body=body.decode(), query=request.url.query, headers=headers)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # Bolt reads the body before it looks at the signature
        return PlainTextResponse("invalid request", status_code=400)
    answer = bolt.dispatch(asked)
    return Response(answer.body, status_code=answer.status, headers={name: values[0] for name, values in answer.headers.items()})


def _failed(checks: dict[str, Check]) -> dict[str, str]:
    failed = {}
    for name, check in checks.items():
        try:
            check()
        except BreakwaterError as wrong:
            failed[name] = wrong.message
    return failed


def _metrics(database: Database, partners: Collection[str], now: datetime) -> bytes:
    registry = CollectorRegistry()
    up = Gauge("breakwater_database_up", "Whether the database answers.", registry=registry)
    try:
        with database.reading() as tx:
            figures = monitor.figures(tx)
    except BreakwaterError:
        up.set(0)
        return generate_latest(registry)
    up.set(1)
    pending = Gauge("breakwater_outbox_pending", "Messages that have not left for Slack yet.", ["state"], registry=registry)
    for state, count in figures.unsent.items():
        pending.labels(state).set(count)
    oldest = Gauge("breakwater_outbox_oldest_pending_age_seconds", "How long the oldest of them has waited.", registry=registry)
    oldest.set((now - figures.oldest_unsent_at).total_seconds() if figures.oldest_unsent_at else 0)
    failed = Gauge("breakwater_outbox_failed", "Messages that were given up.", registry=registry)
    failed.set(figures.failed)
    files = Gauge("breakwater_files", "Files that partners and our ledger delivered.", ["partner", "state"], registry=registry)
    for (partner, state), count in figures.files.items():
        files.labels(partner, state).set(count)
    age = Gauge("breakwater_last_run_age_seconds", "Since the last reconciliation.", ["partner"], registry=registry)
    for partner, at in figures.last_run_at.items():
        if partner in partners:
            age.labels(partner).set((now - at).total_seconds())
    breaks = Gauge("breakwater_open_breaks", "Breaks that are not resolved.", ["partner"], registry=registry)
    for partner, count in figures.open_breaks.items():
        breaks.labels(partner).set(count)
    return generate_latest(registry)

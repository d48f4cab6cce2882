"""The bot behind HTTP: who is listened to, and what a load balancer and a monitor are told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from bot_on_http import OPS, Served, a_listener, a_workspace, environment, served, serving, write_settings
from slack_bolt import App as BoltApp
from sqlalchemy import make_url

from breakwater import web
from breakwater.model.access import INTERNAL, SYSTEM
from breakwater.model.breaks import Break, BreakKind, BreakState, break_id
from breakwater.model.files import SourceFile
from breakwater.model.records import Side
from breakwater.model.runs import Run
from breakwater.sandbox import Rates, Sandbox
from breakwater.store import outbox, sending, writes
from breakwater.store.database import Database
from breakwater.web import MOST_BODY_BYTES

COMMAND = b"command=%2Frecon&text=help&user_id=U0P0&team_id=T0HOME&channel_id=C0PAYOPS"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("bot")) as made:
        yield made


# --- Slack ---


def test_a_command_is_acknowledged_and_answered(bot: Served) -> None:
    person = bot.sandbox.person("U0P0")

    answer = person.command("/recon", "help", channel=OPS)

    assert answer.ok
    said = bot.sandbox.wait_for(lambda: person.private(OPS))
    assert "/recon" in said[0].words
    assert bot.sandbox.refusals == []


def test_a_request_that_slack_signed_is_accepted(bot: Served) -> None:
    assert bot.post(COMMAND).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "somebody else's"},
        {"X-Slack-Signature": "v0=0"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "yesterday"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1" * 5000},
        {"at": 1_000_000_000},
    ],
    ids=["secret", "signature", "no signature", "no number", "no time", "negative", "endless", "old"],
)
def test_nobody_else_is_listened_to(bot: Served, changes: dict[str, Any]) -> None:
    assert bot.post(COMMAND, **changes).status_code == 401


def test_a_request_older_than_five_minutes_is_refused(bot: Served) -> None:
    now = bot.sandbox.state.clock()

    assert bot.post(COMMAND, at=now - 301).status_code == 401
    assert bot.post(COMMAND, at=now - 290).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"payload=%7B", b"payload=%5B%5D", b"\xff\xfe", b'{"a":' * 100_000, b"{}", b""])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_nonsense_is_refused_before_anything_is_made_of_it(bot: Served, body: bytes, content_type: str) -> None:
    answer = bot.post(body, secret="somebody else's", **{"Content-Type": content_type})

    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("pieces", [1, 40], ids=["at once", "in pieces"])
def test_a_body_beyond_all_measure_is_not_read_to_its_end(bot: Served, pieces: int) -> None:
    body = b"x" * (MOST_BODY_BYTES + pieces)
    size = len(body) // pieces

    answer = httpx.post(f"{bot.url}/slack/events", content=(body[n * size : (n + 1) * size] for n in range(pieces)))

    assert answer.status_code == 413


def test_without_a_secret_no_signature_is_good_enough(tmp_path: Path) -> None:
    with served(tmp_path, SLACK_SIGNING_SECRET="") as bot:
        assert [bot.post(COMMAND, secret=secret).status_code for secret in ("none", "socket mode does not sign")] == [401, 401]


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")

    with served(tmp_path, SLACK_SIGNING_SECRET="", SLACK_SIGNING_SECRET_FILE=str(tmp_path / "secret")) as bot:
        assert bot.post(COMMAND, secret="from a file").status_code == 200
        assert bot.post(COMMAND, secret="sandbox-signing-secret").status_code == 401


def test_only_posts_are_taken(bot: Served) -> None:
    assert bot.get("/slack/events").status_code == 405


# --- load balancer and monitor ---


def test_a_bot_that_runs_and_reaches_everything_is_alive_and_ready(bot: Served) -> None:
    assert (bot.get("/healthz").status_code, bot.get("/healthz").json()) == (200, {"status": "alive"})
    assert (bot.get("/readyz").status_code, bot.get("/readyz").json()) == (200, {"status": "ready", "failed": {}})


def test_a_bot_whose_slack_is_gone_is_alive_but_not_ready(tmp_path: Path) -> None:
    with served(tmp_path) as bot:
        bot.sandbox.stop()

        answer = bot.get("/readyz")

        assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert answer.json()["failed"] == {"slack": "Slack does not answer (URLError)."}
        assert bot.get("/healthz").status_code == 200


@pytest.mark.real("postgresql")
def test_a_bot_whose_database_is_gone_is_alive_but_not_ready(postgres_server: Any, postgres_url: str, tmp_path: Path) -> None:
    with served(tmp_path, database_url=postgres_url) as bot:
        assert bot.get("/readyz").status_code == 200
        name = make_url(postgres_url).database
        with psycopg.connect(postgres_server("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

            answer, metrics = bot.get("/readyz"), bot.get("/metrics")

            assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
            assert list(answer.json()["failed"]) == ["database"]
            assert "failed" in answer.json()["failed"]["database"]
            assert bot.get("/healthz").status_code == 200
            assert (metrics.status_code, figures(metrics)) == (200, {"breakwater_database_up": 0})
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

        assert bot.get("/readyz").status_code == 200


def figures(answer: httpx.Response) -> dict[str, float]:
    """Every figure of a Prometheus text by its name and labels."""
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_the_monitor_is_told_what_an_operator_needs(database: Database) -> None:
    with database.transaction() as tx:
        for key, age_s, channel in (("old", 90, OPS), ("new", 30, "C0CARDS"), ("lost", 500, "C0NOWHERE"), ("out", 900, "C0OUT")):
            outbox.enqueue(tx, key=key, **a_post(channel), now=NOW - timedelta(seconds=age_s))
        for row in sending.claim(tx, now=NOW, lease_s=60, limit=10):
            ENDS.get(row.key, lambda *_: None)(tx, row)
        for name, state in (("a", "ingested"), ("b", "quarantined"), ("c", "ingested")):
            writes.save_source_file(tx, a_file(name, state), actor=SYSTEM, now=NOW)
        for minutes, partner in ((90, "nordbank"), (5, "nordbank"), (20, "alipay")):
            writes.save_run(tx, a_run(partner, NOW - timedelta(minutes=minutes)), actor=SYSTEM, now=NOW)
        writes.insert_breaks(tx, [a_break("1"), a_break("2"), a_break("3", state=BreakState.RESOLVED)], actor=SYSTEM, now=NOW)
    bolt = BoltApp(token="xoxb-x", signing_secret="x", token_verification_enabled=False)

    served = web.create(bolt=bolt, database=database, checks={}, partners=["nordbank"], now=lambda: NOW)  # alipay is configured no longer

    with a_listener() as (listener, url), serving(served, listener):
        told = figures(httpx.get(f"{url}/metrics"))

    assert told == {
        "breakwater_database_up": 1,
        'breakwater_outbox_pending{state="waiting"}': 1,
        'breakwater_outbox_pending{state="claimed"}': 1,
        "breakwater_outbox_oldest_pending_age_seconds": 90,
        "breakwater_outbox_failed": 1,
        'breakwater_files{partner="nordbank",state="ingested"}': 2,
        'breakwater_files{partner="nordbank",state="quarantined"}': 1,
        'breakwater_last_run_age_seconds{partner="nordbank"}': 300,
        'breakwater_open_breaks{partner="alipay"}': 0,
        'breakwater_open_breaks{partner="nordbank"}': 2,
    }


ENDS: dict[str, Any] = {
    "old": lambda tx, row: sending.retry(tx, row_id=row.id, not_before=NOW, error="429", ambiguous=False),
    "lost": lambda tx, row: sending.give_up(tx, row_id=row.id, error="channel_not_found"),
    "out": lambda tx, row: sending.sent(tx, row_id=row.id, ts="1700.1", now=NOW),
}


def a_post(channel: str) -> dict[str, Any]:
    return {"kind": outbox.Kind.POST, "audience": INTERNAL, "channel": channel, "payload": {"text": "x", "blocks": []}}


def a_file(name: str, state: str) -> SourceFile:
    return SourceFile(
        sha256=name * 64,
        partner="nordbank",
        stream="statement",
        side=Side.THEIRS,
        format="camt.053",
        name=name,
        business_date=NOW.date(),
        received_at=NOW,
        records=0,
        events=0,
        state=state,
    )


def a_run(partner: str, at: datetime) -> Run:
    nothing: dict[str, Any] = {name: {} for name in ("matched", "pending", "in_breaks", "breaks")}
    named = {"id": f"{partner}-{at:%H%M}", "partner": partner, "agreement": partner, "as_of": at.date(), "input_key": "k"}
    return Run(**named, started_at=at, finished_at=at, ours_rows=0, theirs_rows=0, **nothing)


def a_break(fingerprint: str, *, state: BreakState = BreakState.OPEN) -> Break:
    return Break(
        id=break_id("nordbank", fingerprint),
        agreement="nordbank",
        fingerprint=fingerprint,
        partner="nordbank",
        kind=BreakKind.MISSING_AT_PARTNER,
        ours=(fingerprint,),
        theirs=(),
        amount_minor=1,
        currency="EUR",
        material=True,
        dated=NOW.date(),
        opened_at=NOW,
        state=state,
    )


# --- the command, in a process of its own ---

BURST, PATIENCE_S = 300, 60


def a_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_run_with_http_answers_a_burst_in_time_and_ends_when_told_to(tmp_path: Path) -> None:
    """Three hundred people type within a second. Slack's own rule decides: an acknowledgement within three seconds, or an error."""
    port = a_free_port()
    workspace = a_workspace(request_url=f"http://127.0.0.1:{port}/slack/events", people=BURST)
    with Sandbox(workspace, rates=Rates.off()) as sandbox:
        command = [sys.executable, "-m", "breakwater", "run", "--config", write_settings(tmp_path), "--http", f"127.0.0.1:{port}"]
        given = {**os.environ, **environment(sandbox)}
        with subprocess.Popen(command, env=given, stderr=subprocess.PIPE, cwd=tmp_path) as process, ThreadPoolExecutor(BURST) as people:
            deadline = time.monotonic() + PATIENCE_S
            assert any(is_ready(port) for _ in iter(lambda: time.monotonic() < deadline, False))
            sandbox.person("U0P0").command("/recon", "help", channel=OPS)

            answers = list(people.map(lambda n: sandbox.person(f"U0P{n}").command("/recon", "help", channel=OPS), range(BURST)))
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=120)

    assert [a.error for a in answers if not a.ok] == []
    assert process.returncode == 0
    assert b"Traceback" not in said


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False

"""Empties the outbox into Slack: in order, once, and only where the audience is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.errors import BreakwaterError, RefusedError
from breakwater.slack import own_messages
from breakwater.slack.guard import Guard
from breakwater.store import outbox
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, OutboxRow
from breakwater.views import charts

LEASE_S = 60
BATCH = 20
IDLE_S = 0.25  # how long the sender sleeps when nobody wakes it
BACK_OFF_S = (1, 2, 5, 15, 60, 300)
MOST_ATTEMPTS = 40
# Slack will answer the same however often it is asked.
HOPELESS = frozenset(
    {
        "account_inactive", "cant_update_message", "channel_not_found", "edit_window_closed", "invalid_auth", "invalid_blocks",
        "is_archived", "message_not_found", "missing_scope", "msg_blocks_too_long", "msg_too_long", "no_permission", "no_text",
        "not_in_channel", "restricted_action", "thread_not_found", "token_revoked", "user_not_in_channel",
    }
)  # fmt: skip


class Sender:
    """One thread per process; several processes share the outbox by claims. `report(what, error)` is the log."""

    def __init__(
        self,
        database: Database,
        client: WebClient,
        *,
        guard: Guard,
        now: Callable[[], datetime],
        wake: threading.Event,
        report: Callable[[str, BaseException], None],
    ) -> None:
        self._database, self._client, self._guard = database, client, guard
        self._now, self._wake, self._report = now, wake, report
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the message under way and end."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LEASE_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                sent = self.send_due()
            except BreakwaterError as lost:  # the database is away: nothing is lost, look again later
                self._report("the outbox could not be read", lost)
                sent = 0
            if not sent:
                self._wake.wait(IDLE_S)

    def send_due(self) -> int:
        """Send what is due now; the number of rows that were handled."""
        with self._database.transaction() as tx:
            rows = outbox.claim(tx, now=self._now(), lease_s=LEASE_S, limit=BATCH)
        for row in rows:
            self._send(row)
        return len(rows)

    def _send(self, row: OutboxRow) -> None:
        try:
            self._guard.check_delivery(row)
            ts = self._already_there(row) if row.ambiguous else None
            ts = ts or self._deliver(row)
        except RefusedError as refused:
            self._give_up(row, refused.message, refused)
        except SlackApiError as answer:
            self._answered(row, answer)
        except (OSError, HTTPException) as lost:  # time-outs and broken connections: it may have arrived
            self._again(row, error=str(lost) or type(lost).__name__, wait_s=_wait_s(row), ambiguous=True)
        else:
            with self._database.transaction() as tx:
                outbox.sent(tx, row_id=row.id, ts=ts, now=self._now())

    def _answered(self, row: OutboxRow, answer: SlackApiError) -> None:
        code = str(answer.response.get("error") or answer.response.status_code)
        if answer.response.status_code == 429 or code == "ratelimited":
            self._again(row, error=code, wait_s=float(answer.response.headers.get("Retry-After", 1)), ambiguous=False)
        elif code in HOPELESS or row.attempts >= MOST_ATTEMPTS:
            self._give_up(row, code, answer)
        else:
            self._again(row, error=code, wait_s=_wait_s(row), ambiguous=answer.response.status_code >= 500)

    def _deliver(self, row: OutboxRow) -> str:
        payload = row.payload
        blocks = self._with_chart(payload)
        metadata = own_messages.metadata(row.key)
        if row.kind is Kind.PRIVATE:
            answer = self._client.chat_postEphemeral(channel=row.channel, user=payload["user"], text=payload["text"], blocks=blocks)
            return str(answer["message_ts"])
        if row.kind is Kind.CARD and row.card_ts:
            self._client.chat_update(channel=row.channel, ts=row.card_ts, text=payload["text"], blocks=blocks, metadata=metadata)
            return row.card_ts
        answer = self._client.chat_postMessage(
            channel=row.channel,
            text=payload["text"],
            blocks=blocks,
            thread_ts=row.card_ts if row.kind is Kind.REPLY else None,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    def _with_chart(self, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The blocks, with the chart drawn, uploaded unshared and put where its place was kept."""
        blocks = list(payload["blocks"])
        if not payload.get("chart"):
            return blocks
        chart = charts.Chart.from_json(payload["chart"])
        file_id = self._upload(charts.draw(chart), chart)
        return charts.place(blocks, charts.chart_block(file_id, chart))

    def _upload(self, png: bytes, chart: charts.Chart) -> str:
        answer = self._client.files_upload_v2(content=png, filename="chart.png", title=chart.title, alt_txt=chart.alt_text)
        return str(answer["files"][0]["id"])

    def _already_there(self, row: OutboxRow) -> str | None:
        """The timestamp of this very message, if an earlier attempt did arrive."""
        if row.kind is Kind.PRIVATE:
            return "at most once"  # private answers can't be looked up, and are not sent twice
        if row.kind is Kind.CARD and row.card_ts:
            return None  # an edit may be repeated
        thread_ts = row.card_ts if row.kind is Kind.REPLY else None
        return own_messages.find(self._client, channel=row.channel, key=row.key, thread_ts=thread_ts)

    def _again(self, row: OutboxRow, *, error: str, wait_s: float, ambiguous: bool) -> None:
        with self._database.transaction() as tx:
            not_before = self._now() + timedelta(seconds=wait_s)
            still_unknown = ambiguous or row.ambiguous
            outbox.retry(tx, row_id=row.id, not_before=not_before, error=error, ambiguous=still_unknown, attempt=row.attempts)

    def _give_up(self, row: OutboxRow, error: str, cause: BaseException) -> None:
        self._report(f"message {row.key} could not be sent: {error}", cause)
        with self._database.transaction() as tx:
            outbox.give_up(tx, row_id=row.id, error=error, attempt=row.attempts)


def _wait_s(row: OutboxRow) -> float:
    return BACK_OFF_S[min(row.attempts, len(BACK_OFF_S) - 1)]

"""Empties the outbox into Slack: in order, once, and only where the audience is.

Until the one call that shows a message has begun, nothing is in doubt. Once it has, only Slack's clear answer tells whether the
message is there; without one it is looked for by its key before it is sent again.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from breakwater.errors import RefusedError
from breakwater.slack import own_messages
from breakwater.slack.chart_uploads import ChartError, ChartUploads
from breakwater.slack.guard import Guard
from breakwater.store import sending
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.store.sending import OutboxRow

LEASE_S = 60.0
BEGIN_WITHIN = 2 / 3  # of a lease: what is begun then has timed out before the lease ends and another sender takes over
BATCH = 20
POST_EVERY_S = 1.0  # new messages in one channel (docs.slack.dev/apis/web-api/rate-limits)
IDLE_S = 0.25  # how long the sender sleeps when nobody wakes it
LOST_S = 5.0  # and when the database is away
BACK_OFF_S = (1, 2, 5, 15, 60, 300)
MOST_ATTEMPTS = 40  # with an answer from Slack that we do not know; no answer at all is waited out
MOST_FAILURES = 5  # of our own doing
REPORTED_ATTEMPT = 3
# Slack will answer the same however often it is asked.
HOPELESS = frozenset(
    {
        "cannot_reply_to_message", "cant_update_message", "channel_not_found", "edit_window_closed", "invalid_arguments", "invalid_blocks",
        "invalid_blocks_format", "invalid_metadata_format", "is_archived", "message_not_found", "metadata_too_large", "msg_blocks_too_long",
        "msg_too_long", "no_permission", "no_text", "not_in_channel", "restricted_action", "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "thread_not_found", "user_not_in_channel",
    }
)  # fmt: skip
# About the installation, not the message: everything must still be there when somebody has repaired it.
NOT_INSTALLED = frozenset(
    {
        "access_denied", "account_inactive", "ekm_access_denied", "invalid_auth", "missing_scope", "not_authed", "org_login_required",
        "team_access_not_granted", "token_expired", "token_revoked",
    }
)  # fmt: skip
# "It's possible some aspect of the operation succeeded before the error was raised", says Slack of these.
IN_DOUBT = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})

_ERROR_NAME = re.compile(r"[a-z0-9_]+")  # else it is the client's own sentence about an answer it could not read


class Sender:
    """One thread per process; several processes share the outbox by claims. `report(what, error)` is the log.

    A message whose sender stops is taken up after `lease_s` seconds, which must exceed three time-outs of `client`; a
    channel gets a new message every `post_every_s` seconds at most.
    """

    def __init__(
        self,
        database: Database,
        client: WebClient,
        *,
        guard: Guard,
        now: Callable[[], datetime],
        wake: threading.Event,
        report: Callable[[str, BaseException], None],
        lease_s: float = LEASE_S,
        post_every_s: float = POST_EVERY_S,
        lost_s: float = LOST_S,
    ) -> None:
        self._database, self._client, self._guard = database, client, guard
        self._now, self._wake, self._report = now, wake, report
        self._lease_s, self._post_every_s, self._lost_s = lease_s, post_every_s, lost_s
        self._charts = ChartUploads(client)
        self._posts_from: dict[str, datetime] = {}  # by channel
        self._edits_from: datetime | None = None
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
            self._thread.join(timeout=self._lease_s)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                handled = self.send_due()
            except Exception as lost:  # noqa: BLE001  most likely the database is away; whatever it is, nothing is lost
                self._report("the outbox could not be emptied", lost)
                self._stopped.wait(self._lost_s)
            else:
                if not handled:
                    self._wake.wait(IDLE_S)

    def send_due(self) -> int:
        """Send what is due now; the number of rows that were handled."""
        now = self._now()
        self._posts_from = {channel: at for channel, at in self._posts_from.items() if at > now}
        with self._database.transaction() as tx:
            rows = sending.claim(tx, now=now, lease_s=self._lease_s, limit=BATCH, busy_channels=self._posts_from)
        for row in rows:
            self._send(row, begin_by=now + timedelta(seconds=self._lease_s * BEGIN_WITHIN))
        return len(rows)

    def _send(self, row: OutboxRow, *, begin_by: datetime) -> None:
        begun = False
        try:
            if (wait_s := self._wait_for_edits_s(row)) > 0:
                self._again(row, error="ratelimited", wait_s=wait_s)
                return
            self._guard.check_delivery(row)
            ts = self._already_there(row) if row.ambiguous else None
            if ts is None:
                blocks = self._charts.blocks(row)
                if self._stopped.is_set() or self._now() > begin_by:
                    self._again(row, error="its sender had no time for it", wait_s=0)
                    return
                begun = True
                ts = self._deliver(row, blocks)
        except RefusedError as refused:
            self._give_up(row, refused.message, refused)
        except ChartError as lost:
            self._again(row, error=str(lost), wait_s=_back_off_s(row), cause=lost)
        except SlackApiError as answer:
            self._answered(row, answer, begun=begun)
        except (OSError, HTTPException) as lost:  # time-outs and broken connections
            self._again(row, error=str(lost) or type(lost).__name__, wait_s=_back_off_s(row), ambiguous=begun, cause=lost)
        except Exception as wrong:  # noqa: BLE001  one message that can't be made must not stop all others
            self._failed(row, wrong, begun=begun)
        else:
            with self._database.transaction() as tx:
                sending.sent(tx, row_id=row.id, ts=ts, now=self._now())
            self._charts.forget(row)

    def _answered(self, row: OutboxRow, answer: SlackApiError, *, begun: bool) -> None:
        """Slack said no, or something in front of it did."""
        status, code = answer.response.status_code, str(answer.response.get("error") or answer.response.status_code)
        is_clear = status == 200 and code not in IN_DOUBT and _ERROR_NAME.fullmatch(code) is not None
        if status == 429 or code == "ratelimited":
            wait_s = _retry_after_s(answer.response.headers)
            if begun:
                self._hold(row, wait_s=wait_s)
            self._again(row, error=code, wait_s=wait_s)
        elif code == "invalid_blocks" and self._charts.is_shown(row):  # the file is not ready, or not acceptable
            self._charts.failed(row)
            self._again(row, error=code, wait_s=_back_off_s(row), cause=answer)
        elif code in HOPELESS or (is_clear and code not in NOT_INSTALLED and row.attempts >= MOST_ATTEMPTS):
            self._give_up(row, code, answer)
        else:
            self._again(row, error=code, wait_s=_back_off_s(row), ambiguous=begun and not is_clear, cause=answer)

    def _failed(self, row: OutboxRow, wrong: BaseException, *, begun: bool) -> None:
        """Something nobody thought of: by chance at first, by design after some attempts."""
        error = f"{type(wrong).__name__}: {wrong}"
        if row.attempts < MOST_FAILURES:
            self._again(row, error=error, wait_s=_back_off_s(row), ambiguous=begun, cause=wrong)
        else:
            self._give_up(row, error, wrong)

    def _deliver(self, row: OutboxRow, blocks: list[dict[str, Any]]) -> str:
        text, metadata = row.payload["text"], own_messages.metadata(row.key)
        if row.kind is Kind.PRIVATE:
            answer = self._client.chat_postEphemeral(channel=row.channel, user=row.payload["user"], text=text, blocks=blocks)
            return str(answer["message_ts"])
        if _is_edit(row):
            self._client.chat_update(channel=row.channel, ts=str(row.card_ts), text=text, blocks=blocks, metadata=metadata)
            return str(row.card_ts)
        self._hold(row, wait_s=self._post_every_s)
        answer = self._client.chat_postMessage(
            channel=row.channel,
            text=text,
            blocks=blocks,
            thread_ts=row.card_ts if row.kind is Kind.REPLY else None,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )
        self._hold(row, wait_s=self._post_every_s)  # from its arrival on, wherever on the way it was counted
        return str(answer["ts"])

    def _hold(self, row: OutboxRow, *, wait_s: float) -> None:
        """No more calls of this sort for a while: of posts in the same channel, of edits anywhere, as Slack counts them."""
        until = self._now() + timedelta(seconds=wait_s)
        if _is_edit(row):
            self._edits_from = until
        elif row.kind is not Kind.PRIVATE:
            self._posts_from[row.channel] = until

    def _wait_for_edits_s(self, row: OutboxRow) -> float:
        return (self._edits_from - self._now()).total_seconds() if _is_edit(row) and self._edits_from else 0.0

    def _already_there(self, row: OutboxRow) -> str | None:
        """The timestamp of this very message, if an earlier attempt did arrive."""
        if _is_edit(row):
            return None  # an edit may be repeated
        thread_ts = row.card_ts if row.kind is Kind.REPLY else None
        return own_messages.find(self._client, channel=row.channel, key=row.key, since=row.created_at, thread_ts=thread_ts)

    def _again(self, row: OutboxRow, *, error: str, wait_s: float, ambiguous: bool = False, cause: BaseException | None = None) -> None:
        if cause and row.attempts == REPORTED_ATTEMPT:
            self._report(f"message {row.key} is still not sent: {error}", cause)
        with self._database.transaction() as tx:
            not_before = self._now() + timedelta(seconds=wait_s)
            still_unknown = ambiguous or row.ambiguous
            sending.retry(tx, row_id=row.id, not_before=not_before, error=error, ambiguous=still_unknown, attempt=row.attempts)

    def _give_up(self, row: OutboxRow, error: str, cause: BaseException) -> None:
        self._report(f"message {row.key} could not be sent: {error}", cause)
        with self._database.transaction() as tx:
            sending.give_up(tx, row_id=row.id, error=error, attempt=row.attempts)
        self._charts.forget(row)


def _is_edit(row: OutboxRow) -> bool:
    return row.kind is Kind.CARD and row.card_ts is not None


def _back_off_s(row: OutboxRow) -> float:
    return BACK_OFF_S[min(row.attempts, len(BACK_OFF_S)) - 1]


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """How long Slack asks to wait; a whole number of seconds, where it says so."""
    given = headers.get("Retry-After", "")
    return float(given) if given.isdecimal() else BACK_OFF_S[0]

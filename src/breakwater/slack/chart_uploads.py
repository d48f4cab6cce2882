"""Charts of messages: drawn and uploaded unshared before the message is sent, which then shows them by an image block."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from breakwater.store.sending import OutboxRow
from breakwater.views import charts

MOST_FAILURES = 3  # then the message goes without its chart: the place kept for it says the same in words


class ChartError(Exception):
    """The chart could not be uploaded. Its message was not sent, and can be tried again."""


class ChartUploads:
    """Remembers what was uploaded until its message is out. Slack may need a moment before a message can show a new file."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._file_ids: dict[int, str] = {}
        self._failures: dict[int, int] = {}

    def blocks(self, row: OutboxRow) -> list[dict[str, Any]]:
        """The blocks of a message with its chart in place, or with words in its place once it failed too often. ChartError if it fails."""
        blocks = list(row.payload["blocks"])
        if not self.is_shown(row):
            return blocks
        chart = charts.Chart.from_json(row.payload["chart"])
        if row.id not in self._file_ids:
            try:
                self._file_ids[row.id] = self._upload(charts.draw(chart), title=chart.title)
            except (SlackClientError, OSError, HTTPException) as lost:
                self.failed(row)
                raise ChartError(f"the chart was not uploaded: {lost}") from lost
        return charts.place(blocks, charts.chart_block(self._file_ids[row.id], chart))

    def is_shown(self, row: OutboxRow) -> bool:
        """True if the message has a chart that has not failed too often."""
        return bool(row.payload.get("chart")) and self._failures.get(row.id, 0) < MOST_FAILURES

    def failed(self, row: OutboxRow) -> None:
        """Count one failure of a chart."""
        self._failures[row.id] = self._failures.get(row.id, 0) + 1

    def forget(self, row: OutboxRow) -> None:
        """The message is out, or never will be."""
        self._file_ids.pop(row.id, None)
        self._failures.pop(row.id, None)

    def _upload(self, png: bytes, *, title: str) -> str:
        # No alt_txt: files uploaded with one are at times not shown at all (python-slack-sdk#1818), and the block has its own.
        answer = self._client.files_upload_v2(content=png, filename="chart.png", title=title)
        return str(answer["files"][0]["id"])

"""Time as a sandbox keeps it: handed in, unique per message, and the deadlines Slack sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Slack's deadlines, in seconds. Events are sent again after each of `event_retry_delays_s` until one is acknowledged.

    Sources: docs.slack.dev, "Handling user interaction" and "The Events API".
    """

    ack_s: float = 3.0
    trigger_s: float = 3.0
    response_url_s: float = 30 * 60.0
    response_url_uses: int = 5
    event_retry_delays_s: tuple[float, ...] = (0.0, 60.0, 300.0)


class Timestamps:
    """Message timestamps (`1712345678.000100`): time to the microsecond, never twice the same, always growing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_us = 0

    def next(self) -> str:
        self._last_us = max(int(self._clock() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

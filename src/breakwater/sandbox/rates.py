"""Rate limits as Slack documents them: a tier per method, and about one message per second and channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

POSTING = 0  # the special tier of chat.postMessage
PER_MINUTE: Mapping[int, int] = {POSTING: 300, 1: 10, 2: 20, 3: 50, 4: 100, 5: 600}


@dataclass(frozen=True)
class Rates:
    """Calls allowed per minute by tier (0 is posting in the whole workspace), and posts per second in one channel with a burst.

    Source: docs.slack.dev/apis/web-api/rate-limits. Tier 1 is set above its documented one per minute, which no one enforces for
    apps.connections.open; 5 stands for "special", several hundred.
    """

    per_minute: Mapping[int, int] = field(default_factory=lambda: PER_MINUTE)
    posts_per_s: float = 1.0
    post_burst: int = 3
    enabled: bool = True

    @staticmethod
    def generous() -> Rates:
        """For a page on which somebody clicks around: present, but hardly ever felt."""
        return Rates(per_minute={tier: 20 * rate for tier, rate in PER_MINUTE.items()}, posts_per_s=5.0, post_burst=50)

    @staticmethod
    def off() -> Rates:
        return Rates(enabled=False)


class RateLimiter:
    """Token buckets, one per method and one per channel posted in."""

    def __init__(self, rates: Rates, *, clock: Callable[[], float]) -> None:
        self.rates = rates
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens left, when counted

    def wait_s(self, method: str, tier: int, *, channel: str = "") -> int:
        """0 and one call is counted, or the whole seconds to wait before the next try (Retry-After)."""
        if not self.rates.enabled:
            return 0
        rate = self.rates.per_minute[tier]
        buckets = [(f"method {method}", rate / 60, float(rate))]
        if tier == POSTING and channel:
            buckets.append((f"channel {channel}", self.rates.posts_per_s, float(self.rates.post_burst)))
        waits = [self._wait(name, per_s, most) for name, per_s, most in buckets]
        if max(waits) > 0:
            return math.ceil(max(waits))
        for name, _, _ in buckets:
            left, counted = self._buckets[name]
            self._buckets[name] = (left - 1, counted)
        return 0

    def _wait(self, name: str, per_s: float, most: float) -> float:
        now = self._clock()
        left, counted = self._buckets.get(name, (most, now))
        left = min(most, left + (now - counted) * per_s)
        self._buckets[name] = (left, now)
        return 0.0 if left >= 1 else (1 - left) / per_s
